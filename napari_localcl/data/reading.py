"""From a file to a :class:`Scan`, whatever its format."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.data.scan import Header, Scan, UnusableImage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import ModuleType

    from napari_localcl.data.geometry import Geometry

_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_RASTER = (b"\x89PNG", b"\xff\xd8\xff", b"BM", b"GIF8")
_DICOM_WITHOUT_PREAMBLE = (b"\x08\0", b"\x02\0")
_SUFFIXES = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".dcm": "DICOM",
    ".dicom": "DICOM",
    ".ima": "DICOM",
    ".nii": "NIfTI",
    ".nii.gz": "NIfTI",
    ".npy": "NumPy",
    ".npz": "NumPy",
}


def sniff(path: Path) -> str:
    """Tell the format of a file from its first bytes, else from its name.

    Parameters
    ----------
    path : Path
        Any file.

    Returns
    -------
    str
        `DICOM`, `NIfTI`, `TIFF`, `PNG`, `JPEG`, `BMP`, `GIF` or `NumPy`; empty if it is none of
        them.

    Raises
    ------
    UnusableImage
        If the file cannot be opened, or is empty although it is named like an image.
    """
    named = next((kind for end, kind in _SUFFIXES.items() if path.name.lower().endswith(end)), "")
    try:
        with path.open("rb") as file:
            start = file.read(352)
    except OSError as error:
        raise UnusableImage(path, f"cannot be opened ({error.strerror or error})") from error
    if named and not start:
        raise UnusableImage(path, "is empty (0 bytes)")
    return _by_content(start, path.suffix) or named


def read(path: Path | Sequence[Path], least: tuple[int, int] | None = None) -> Scan:
    """Read one image or volume.

    Parameters
    ----------
    path : Path or sequence of Path
        A file; or the files of one DICOM series in any order; or a folder with one DICOM series
        and nothing else.
    least : (int, int), optional
        Height and width that suffice: a large JPEG may then come reduced, which is much faster.

    Returns
    -------
    Scan
        Pixels with their geometry.

    Raises
    ------
    UnusableImage
        If it is not an image or damaged; a :class:`BadInput` that names the file.
    """
    files = _files(path)
    with naming(files[0]):
        return _read_series(files) if len(files) > 1 else _read_file(files[0], least)


def header(path: Path) -> Header:
    """Read what a file says of its image, without decoding pixels.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    Header
        Size, depth, channels and spacing.

    Raises
    ------
    UnusableImage
        As in :func:`read`.
    """
    with naming(path):
        found: Header = _format(path).header(path)
        return found


def geometry(path: Path | Sequence[Path]) -> Geometry:
    """Read where the pixels of an image or volume lie, without decoding them.

    Parameters
    ----------
    path : Path or sequence of Path
        As for :func:`read`.

    Returns
    -------
    Geometry
        Origin, orientation and spacing as the file states them. What it does not state (a PNG
        states nothing) is taken as: origin 0, rows towards posterior, columns towards left, and a
        spacing of 1 mm.

    Raises
    ------
    UnusableImage
        As in :func:`read`, or if the geometry stated makes no sense.
    """
    files = _files(path)
    with naming(files[0]):
        found: Geometry = (
            _series_geometry(files) if len(files) > 1 else _format(files[0]).geometry(files[0])
        )
        return found


def stem(name: str) -> str:
    """Return the name of an image without what tells its format.

    Parameters
    ----------
    name : str
        Of an image or volume in a listing, or of a mask; perhaps with folders.

    Returns
    -------
    str
        `sub/a` for `sub/a.jpg` and `sub/a.nii.gz`. A DICOM series keeps its whole name.
    """
    lower = name.lower()
    endings = [end for end in _SUFFIXES if lower.endswith(end)]
    return name[: -len(max(endings, key=len))] if endings else name


def read_stored(path: Path) -> Scan:
    """Read a mask: the values as they are stored, which are its labels.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    Scan
        Palettes are not looked up where they are coloured, and low values stay low.

    Raises
    ------
    UnusableImage
        As in :func:`read`, or if the file is a JPEG.
    """
    from napari_localcl.data import raster, tiff

    with naming(path):
        module = _format(path)
        if sniff(path) == "JPEG":
            raise BadInput("is a JPEG, which does not keep labels exactly; save the mask as PNG")
        scan: Scan = (
            module.read(path, stored=True) if module in (raster, tiff) else module.read(path)
        )
        return scan


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Turn whatever goes wrong with a file into :class:`UnusableImage` with the file's name.

    Parameters
    ----------
    path : Path
        The file that is being worked on in the block.
    """
    try:
        yield
    except UnusableImage:
        raise
    except BadInput as error:
        raise UnusableImage(path, str(error)) from error
    except MemoryError as error:
        raise UnusableImage(path, "does not fit into memory; cut it into smaller ones") from error
    # Damaged files make the libraries raise nearly anything (Pillow even SyntaxError), and one bad
    # file must not end the work on the others.
    except Exception as error:
        what = _essence(error, path)
        raise UnusableImage(path, f"cannot be read and may be damaged ({what})") from error


def _essence(error: Exception, path: Path) -> str:
    # ITK puts the place in its own source in front, and everybody repeats the file's name.
    text = " ".join(str(error).split()).rpartition("): ")[2]
    text = " ".join(text.replace(f"'{path}'", "").replace(str(path), "").split())
    return text.strip(" :'")[-200:] or type(error).__name__


def _files(path: Path | Sequence[Path]) -> list[Path]:
    if not isinstance(path, Path):
        return list(path)
    if path.is_dir():
        return sorted(entry for entry in path.iterdir() if not entry.name.startswith("."))
    return [path]


def _read_series(files: Sequence[Path]) -> Scan:
    from napari_localcl.data import dicom

    return dicom.read_series(files)


def _series_geometry(files: Sequence[Path]) -> Geometry:
    from napari_localcl.data import dicom

    return dicom.series_geometry(files)


def _read_file(file: Path, least: tuple[int, int] | None) -> Scan:
    from napari_localcl.data import raster

    module = _format(file)
    scan: Scan = raster.read(file, least) if module is raster else module.read(file)
    return scan


def _format(path: Path) -> ModuleType:
    from napari_localcl.data import dicom, nifti, numpy_file, raster, tiff

    kind = sniff(path)
    if not kind:
        raise BadInput("is no PNG, JPEG, TIFF, DICOM or NIfTI image")
    modules = {"DICOM": dicom, "NIfTI": nifti, "TIFF": tiff, "NumPy": numpy_file}
    return modules.get(kind, raster)


def _by_content(start: bytes, suffix: str) -> str:
    if start[128:132] == b"DICM":
        return "DICOM"
    if start[344:348] == b"n+1\0" or start[4:8] == b"n+2\0":
        return "NIfTI"
    if start.startswith(_TIFF):
        return "TIFF"
    for magic, kind in zip(_RASTER, ("PNG", "JPEG", "BMP", "GIF"), strict=True):
        # Two letters are little evidence, so a bitmap must be named like one too.
        if start.startswith(magic) and (kind != "BMP" or suffix.lower() == ".bmp"):
            return kind
    # Old archives hold bare data sets in files without a suffix.
    return "DICOM" if not suffix and start.startswith(_DICOM_WITHOUT_PREAMBLE) else ""
