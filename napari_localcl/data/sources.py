"""What the user means by IMAGES: a folder, a file list, a glob, a file, or several of these."""

from __future__ import annotations

import csv
import glob
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_LISTS = {".txt", ".csv"}
# Each followed by a space, so that one can look a suffix up with the space behind it.
_OTHER_KINDS = (
    ".7z .avi .bak .bat .c .cfg .conf .cpp .css .csv .db .doc .docx .gz .h .htm .html .ini .ipynb "
    ".js .json .lnk .log .m .mat .md .mov .mp4 .npy .npz .odt .ods .part .pdf .pkl .ppt .pptx .ps1 "
    ".pt .pth .py .pyc .r .rst .rtf .safetensors .sh .sql .svg .tar .tex .tmp .toml .tsv .txt .url "
    ".xls .xlsx .xml .yaml .yml .zip "
)


@dataclass(frozen=True)
class Source:
    """The files to look at.

    Parameters
    ----------
    root : Path
        What names are relative to.
    files : tuple of Path
        Each once.
    explicit : bool
        Whether the user named each file, so that none of them may be left out silently.
    """

    root: Path
    files: tuple[Path, ...]
    explicit: bool


def collect(images: str | Path | Sequence[str | Path]) -> Source:
    """Find the files that IMAGES stands for.

    Parameters
    ----------
    images : str, Path or sequence of these
        A folder, a file list (`.txt`, `.csv`), a glob, a file, or several folders and files.

    Returns
    -------
    Source
        Files of a folder or glob in natural order, of a list in the list's order.

    Raises
    ------
    BadInput
        If the path does not exist or the list cannot be read.
    """
    if not isinstance(images, str | Path):
        return _of_entries([Path(entry) for entry in images])
    path = _absolute(Path(images))
    if path.is_dir():
        return Source(path, tuple(walk(path)), explicit=False)
    if not path.exists() and glob.has_magic(str(path)):
        return _of_glob(path)
    if not path.exists():
        raise BadInput(f"{path} does not exist; give a folder, a file list or a glob of images")
    if path.suffix.lower() in _LISTS:
        return _of_list(path)
    return Source(path.parent, (path,), explicit=True)


def walk(folder: Path) -> Iterator[Path]:
    """Find all files of a folder and its subfolders that are not hidden.

    Parameters
    ----------
    folder : Path
        Where to look; links to folders are followed, but no folder is visited twice.

    Yields
    ------
    Path
        In natural order.
    """
    seen: set[str] = set()
    files: list[Path] = []
    for parent, folders, names in os.walk(folder, followlinks=True):
        if os.path.realpath(parent) in seen:
            folders.clear()
            continue
        seen.add(os.path.realpath(parent))
        folders[:] = [name for name in folders if not name.startswith(".")]
        files += [Path(parent, name) for name in names if not name.startswith(".")]
    yield from sorted(files, key=_natural)


def might_be_image(path: Path) -> bool:
    """Tell whether a file whose format is unknown deserves a word to the user.

    Parameters
    ----------
    path : Path
        A file that is none of the formats that can be read.

    Returns
    -------
    bool
        False for tables, documents, archives and files without a suffix.
    """
    return bool(path.suffix) and f"{path.suffix.lower()} " not in _OTHER_KINDS


def name(path: Path, root: Path) -> str:
    """Name a file.

    Parameters
    ----------
    path : Path
        The file.
    root : Path
        What the name is relative to.

    Returns
    -------
    str
        POSIX path relative to `root`.
    """
    return Path(os.path.relpath(path, root)).as_posix()


def common_folder(paths: Iterable[Path]) -> Path:
    """Find the deepest folder that holds all of some files.

    Parameters
    ----------
    paths : iterable of Path
        At least one.

    Returns
    -------
    Path
        A folder.

    Raises
    ------
    BadInput
        If they lie on different drives.
    """
    try:
        return Path(os.path.commonpath([path.parent for path in paths]))
    except ValueError as error:
        raise BadInput("the images lie on different drives; bring them to one") from error


def _absolute(path: Path) -> Path:
    # Links are not resolved, so that names keep the folders that the user sees.
    return Path(os.path.abspath(path.expanduser()))


def _natural(path: Path) -> list[list[tuple[int, int, str]]]:
    return [
        [
            (0, int(part), part) if part.isdecimal() else (1, 0, part.casefold())
            for part in re.split(r"(\d+)", step)
            if part
        ]
        for step in path.parts
    ]


def _of_glob(pattern: Path) -> Source:
    found = (Path(match) for match in glob.glob(str(pattern), recursive=True))
    files = tuple(sorted((path for path in found if path.is_file()), key=_natural))
    if not files:
        raise BadInput(f"{pattern} matches no file; quote the pattern and check the folder")
    fixed = [step for step in pattern.parents if not glob.has_magic(str(step))]
    return Source(fixed[0], files, explicit=False)


def _of_list(path: Path) -> Source:
    entries = [path.parent / entry for entry in _entries(path)]
    if not entries:
        raise BadInput(f"{path} names no files; write one path per line, relative to it")
    source = _of_entries(entries)
    inside = all(file.is_relative_to(path.parent) for file in source.files)
    return Source(path.parent if inside else source.root, source.files, explicit=True)


def _of_entries(entries: Sequence[Path]) -> Source:
    if not entries:
        raise BadInput("no images were given; name at least one file or folder")
    paths = [_absolute(entry) for entry in entries]
    files = dict.fromkeys(
        file for path in paths for file in (walk(path) if path.is_dir() else [path])
    )
    root = common_folder(path / "any" if path.is_dir() else path for path in paths)
    return Source(root, tuple(files), explicit=not all(path.is_dir() for path in paths))


def _entries(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as a UTF-8 file list ({error})") from error
    if path.suffix.lower() != ".csv":
        return [line.strip() for line in text.splitlines() if line.strip()]
    rows = [row for row in csv.reader(text.splitlines()) if row and any(row)]
    head = [cell.strip() for cell in rows[0]] if rows else []
    column = head.index("image") if "image" in head else 0
    cells = [row[column].strip() for row in rows if len(row) > column]
    # Without a column called image, the first line may still be a heading.
    is_heading = "image" in head or (bool(cells) and not (path.parent / cells[0]).exists())
    return [cell for cell in cells[is_heading:] if cell]
