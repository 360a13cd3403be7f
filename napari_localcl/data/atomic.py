"""Writing a file so that it is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[Path]:
    """Give a temporary file to write; it takes the place of `path` when the block ends well.

    Parameters
    ----------
    path : Path
        The file to make or replace; its folder is made if needed.
    durable : bool
        Wait until the bytes are on the disk, so that a power cut leaves the old or the new file.

    Yields
    ------
    Path
        A name in the same folder that no file has; what is written there is removed if the block
        raises.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not by tempfile: its files are readable by their owner only, which a shared folder keeps.
    part = path.with_name(f".{uuid4().hex}.part")
    try:
        yield part
        if durable:
            _flush(part)
        part.replace(path)
    except BaseException:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise


def keep_last(path: Path) -> None:
    """Copy a file that is about to be replaced to `<name>.bak`, for :func:`way_back`.

    Parameters
    ----------
    path : Path
        The file; nothing happens if it is not there.
    """
    if path.exists():
        with replacing(_backup(path)) as part:
            shutil.copyfile(path, part)


def retire(path: Path) -> None:
    """Take a file away but keep it as `<name>.bak`.

    Parameters
    ----------
    path : Path
        The file; nothing happens if it is not there.
    """
    if path.exists():
        path.replace(_backup(path))


def has_copy(path: Path) -> bool:
    """Tell whether :func:`keep_last` has kept a copy of a file.

    Parameters
    ----------
    path : Path
        The file itself, which may be gone.

    Returns
    -------
    bool
        True if there is a `<name>.bak`.
    """
    return _backup(path).exists()


def way_back(path: Path) -> str:
    """Return what to do about a file that is damaged or gone.

    Parameters
    ----------
    path : Path
        A file that :func:`keep_last` may have kept a copy of.

    Returns
    -------
    str
        The rest of a sentence.
    """
    if has_copy(path):
        return f"to go back to the copy saved before, rename {_backup(path).name} to {path.name}"
    return "restore it from a copy"


def _backup(path: Path) -> Path:
    return path.with_name(f"{path.name}.bak")


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
