"""Where the masks that a run finds go: into one folder, or into one for each class."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from napari_localcl.data.classes import TABLE, write_classes
from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import find_images
from napari_localcl.data.mask_writing import MaskFolder

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from napari_localcl.data.classes import LabelClass
    from napari_localcl.data.folder import Listing
    from napari_localcl.data.mask_table import ClassRow

PLACE = "{class}"
"""Stands in a folder's name for that of each class."""


@dataclass(frozen=True)
class FoundMask:
    """What is written of one image.

    Attributes
    ----------
    mask : (H, W) ndarray
        The classes' values, in the image's own pixels.
    uncertainty : (H, W) uint8 ndarray
        0 is sure, 255 undecided.
    confidence : float
        From 0 to 1.
    classes : tuple of ClassRow
        What is known of each class.
    """

    mask: npt.NDArray[np.unsignedinteger[Any]]
    uncertainty: npt.NDArray[np.uint8]
    confidence: float
    classes: tuple[ClassRow, ...]


class MaskOutput:
    """The folders that masks are written to, in a `with` statement.

    Parameters
    ----------
    out : Path
        One folder for masks that tell all classes apart; with `{class}` in its name, one for each
        class, of masks that hold it alone, as 1.
    listing : Listing
        The images.
    classes : sequence of LabelClass
        What the masks tell apart.
    labelled : bool
        Whether the classes are those of labels, and have names worth a table beside the masks.

    Raises
    ------
    BadInput
        If a folder holds other files, or no folder can be called like a class.
    """

    def __init__(
        self, out: Path, listing: Listing, classes: Sequence[LabelClass], labelled: bool
    ) -> None:
        self.path = out
        self._classes = classes
        self._is_split = PLACE in str(out)
        self._stack = ExitStack()
        paths = [_of_class(out, one) for one in classes] if self._is_split else [out]
        self._folders = [MaskFolder.create(path, listing) for path in paths]
        if labelled and not self._is_split:
            write_classes(out / TABLE, classes)

    def __enter__(self) -> Self:
        for folder in self._folders:
            self._stack.enter_context(folder)
        return self

    def __exit__(self, *exception: Any) -> None:
        self._stack.__exit__(*exception)

    def write(self, name: str, found: FoundMask) -> None:
        """Take the mask of one image or slice; see :meth:`MaskFolder.write`."""
        if not self._is_split:
            several = found.classes if len(self._classes) > 1 else ()
            self._folders[0].write(name, found.mask, found.confidence, found.uncertainty, several)
            return
        for folder, one, row in zip(self._folders, self._classes, found.classes, strict=True):
            alone = (found.mask == one.value).astype(np.uint8)
            folder.write(name, alone, row.confidence, found.uncertainty)


def _of_class(out: Path, one: LabelClass) -> Path:
    if one.name in (".", "..") or any(sign in one.name for sign in "/\\:"):
        raise BadInput(f"no folder can be called {one.name!r}; give the class another name")
    return Path(str(out).replace(PLACE, one.name))


def check_out(images: str | Path | Sequence[str | Path], out: str | Path) -> None:
    """Make the folder of masks before any training, for what is wrong with it should be said then.

    Parameters
    ----------
    images : str, Path or sequence of them
        A folder, a file list, a glob or files.
    out : str or Path
        The folder; one for each class cannot be made before it is known which classes there are.

    Raises
    ------
    BadInput
        If it holds other files, or two images would have the same mask.
    """
    if PLACE not in str(out):
        MaskFolder.create(Path(out), find_images(images))
