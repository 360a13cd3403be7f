"""Writing a file so that it is there whole or not at all."""

from __future__ import annotations

import os
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


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
