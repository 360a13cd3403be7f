"""Reading a text file, or saying what is wrong with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path


def read_text(path: Path, title: str) -> str:
    """Read a text file.

    Parameters
    ----------
    path : Path
        In UTF-8.
    title : str
        What it should be, for sentences, such as `a COCO file`.

    Returns
    -------
    str
        More than white space.

    Raises
    ------
    BadInput
        If it is missing, unreadable or empty.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise BadInput(f"{path} does not exist; give {title}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path} cannot be read as text in UTF-8; give {title} ({error})") from error
    if not text.strip():
        raise BadInput(f"{path} is empty; save {title} there again")
    return text
