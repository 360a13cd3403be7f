"""The cache on the disk: planes at working size, and what is known of the files they come from."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import math
import os
import threading
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt


def default_cache() -> Path:
    """Return the folder of the cache: `LOCALCL_CACHE`, or the user's own for this program."""
    from platformdirs import user_cache_dir

    return Path(os.environ.get("LOCALCL_CACHE") or user_cache_dir("napari-localcl", False))


class PlaneCache:
    """Planes of one canvas and number of channels, each in a file named by its content.

    Parameters
    ----------
    folder : Path
        The cache; shared by all settings and projects.
    shape : (int, int, int)
        Channels, height and width of every plane.
    settings : object
        Whatever else the pixels depend on; its text is part of the name.
    """

    def __init__(self, folder: Path, shape: tuple[int, int, int], settings: object) -> None:
        self.folder = folder
        self.shape = shape
        self.settings = settings

    def path(self, content: str, z: int | None) -> Path:
        """Return where a plane is kept, whether or not it is there yet.

        Parameters
        ----------
        content : str
            Hash of the file.
        z : int or None
            Slice of a volume.

        Returns
        -------
        Path
            A `.npy` file.
        """
        text = repr((content, z, self.shape, self.settings))
        name = hashlib.sha256(text.encode()).hexdigest()
        return self.folder / "planes" / name[:2] / f"{name}.npy"

    def holds(self, path: Path) -> bool:
        """Tell whether a plane is there and whole; one cut short by a full disk is not.

        Parameters
        ----------
        path : Path
            From :meth:`path`.

        Returns
        -------
        bool
            True if it can be used.
        """
        return is_whole(path, self.shape, behind=_bits(self.shape))

    def write(self, path: Path, pixels: npt.NDArray[np.uint8], seen: npt.NDArray[np.bool_]) -> None:
        """Keep a plane.

        Parameters
        ----------
        path : Path
            From :meth:`path`.
        pixels : (C, H, W) uint8 ndarray
            The plane.
        seen : (H, W) bool ndarray
            Its field of view, kept in bits behind the pixels.

        Raises
        ------
        BadInput
            If the cache cannot be written, for example because the disk is full.
        """
        with writable(self.folder), replacing(path, durable=False) as part, part.open("wb") as f:
            np.save(f, pixels)
            f.write(np.packbits(seen).tobytes())


def is_whole(path: Path, shape: tuple[int, ...], kind: str = "|u1", behind: int = 0) -> bool:
    """Tell whether an array of this shape and kind, and bytes behind it, are all in a file."""
    try:
        return path.stat().st_size == _end(shape, kind) + behind
    except OSError:
        return False


def mapped(path: Path, shape: tuple[int, ...], kind: str = "|u1") -> npt.NDArray[Any]:
    """Map a kept array into memory; four times faster than `numpy.load`, which parses the header.

    Parameters
    ----------
    path : Path
        From :meth:`PlaneCache.path`.
    shape : tuple of int
        Channels, height and width.
    kind : str
        Type of its numbers, in numpy's short form.

    Returns
    -------
    (C, H, W) ndarray
        Read from the disk when it is used.

    Raises
    ------
    OSError, ValueError
        If the file is gone or cut short.
    """
    return np.memmap(path, kind, "r", _offset(shape, kind), shape)


def mapped_field(path: Path, shape: tuple[int, ...]) -> npt.NDArray[np.bool_]:
    """Read the field of view (H, W) of a kept plane; arguments and errors as :func:`mapped`."""
    bits = np.memmap(path, np.uint8, "r", _end(shape, "|u1"), (_bits(shape),))
    return np.unpackbits(bits).reshape(shape[1:]).astype(bool)


def _end(shape: tuple[int, ...], kind: str) -> int:
    """Where an array ends."""
    return _offset(shape, kind) + math.prod(shape) * np.dtype(kind).itemsize


def _bits(shape: tuple[int, ...]) -> int:
    """Bytes of a plane's field of view, a bit per pixel."""
    return math.prod(shape[1:]) // 8


@lru_cache
def _offset(shape: tuple[int, ...], kind: str) -> int:
    header = io.BytesIO()
    facts = {"descr": kind, "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(header, facts)
    return header.tell()


class ContentHashes:
    """SHA-256 of files, remembered by path, size and time of change so that each is read once.

    Parameters
    ----------
    folder : Path
        The cache; holds the memory as `hashes.json`, without the files' names.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / "hashes.json"
        self._known = self._load()
        self._new: dict[str, str] = {}
        self._lock = threading.Lock()

    def of(self, path: Path | tuple[Path, ...]) -> str:
        """Return the hash of a file's content, or of all the files of a series in their order.

        Parameters
        ----------
        path : Path or tuple of Path
            The files.

        Returns
        -------
        str
            64 hexadecimal digits.
        """
        if isinstance(path, Path):
            return self._of_file(path)
        return hashlib.sha256("".join(map(self._of_file, path)).encode()).hexdigest()

    def save(self) -> None:
        """Write what was learnt since, beside what other processes wrote meanwhile.

        Raises
        ------
        BadInput
            If the cache cannot be written.
        """
        if not self._new:
            return
        text = json.dumps(self._load() | self._new)
        with writable(self._path.parent), replacing(self._path, durable=False) as part:
            part.write_text(text, encoding="utf-8")

    def _of_file(self, path: Path) -> str:
        stat = path.stat()
        text = f"{path.absolute()}|{stat.st_size}|{stat.st_mtime_ns}"
        # Hashed, because a patient's name may be part of a path and the cache outlives the study.
        key = hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]
        known = self._known.get(key) or self._new.get(key)
        if known:
            return known
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        with self._lock:
            self._new[key] = digest
        return digest

    def _load(self) -> dict[str, str]:
        try:
            known = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            # Losing the memory costs time only.
            return {}
        return known if isinstance(known, dict) else {}


@contextmanager
def writable(folder: Path) -> Iterator[None]:
    """Turn a failure to write the cache into one sentence that says what to do.

    Parameters
    ----------
    folder : Path
        The cache that is being written in the block.

    Raises
    ------
    BadInput
        If the disk is full or does not let itself be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise BadInput(
                f"the disk of the cache {folder} is full; free some space or set LOCALCL_CACHE "
                "to a folder on another disk"
            ) from error
        raise BadInput(
            f"the cache {folder} cannot be written ({error.strerror or error}); set LOCALCL_CACHE "
            "to a folder that can"
        ) from error
