"""The formats that masks can be exchanged in: one table for file dialogs and the terminal."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from napari_localcl.data.classes import LabelClass
    from napari_localcl.data.exchange.masks.mask_set import MaskSet
    from napari_localcl.data.folder import Listing

    Masks = dict[str, dict[str, npt.NDArray[np.bool_]]]
    Write = Callable[[Path, MaskSet], int]
    Read = Callable[[Path, Listing], tuple[tuple[LabelClass, ...], Masks]]


@dataclass(frozen=True)
class MaskFormat:
    """A format of masks; what reads and writes it is imported when it is needed.

    Parameters
    ----------
    name, title, about : str
        What it is called in commands, and by a person; what is in the files.
    module, writer : str
        The module beside this one with `read`, and the function there that writes.
    suffix : str
        How the file's name ends; empty where it is a folder.
    """

    name: str
    title: str
    about: str
    module: str
    writer: str = "write"
    suffix: str = ""

    @property
    def write(self) -> Write:
        """Writes masks to a file or into a folder, and returns how many images there are."""
        return cast("Write", getattr(self._module, self.writer))

    @property
    def read(self) -> Read:
        """Reads the classes, and the masks by image or volume and structure."""
        return cast("Read", self._module.read)

    @property
    def _module(self) -> Any:
        return import_module(f"{__package__}.{self.module}")


# In the order in which a person is offered them.
MASK_FORMATS = {
    one.name: one
    for one in (
        MaskFormat(
            "nifti",
            "NIfTI",
            "a folder with one file of labels per image or volume, in its place in the patient",
            "volumes",
            "write_nifti",
        ),
        MaskFormat(
            "tiff",
            "TIFF",
            "a folder with one file of labels per image or volume, with its spacing",
            "volumes",
            "write_tiff",
        ),
        MaskFormat(
            "coco",
            "COCO outlines",
            "one file for all images, an outline for each part; run lengths where it has holes",
            "coco",
            suffix=".json",
        ),
        MaskFormat(
            "coco-rle",
            "COCO run lengths",
            "one file for all images, run lengths for each structure",
            "coco",
            "write_runs",
            ".json",
        ),
        MaskFormat(
            "dicom-seg",
            "DICOM-SEG",
            "a folder with one segmentation per DICOM series; needs the library highdicom",
            "dicom_seg",
        ),
        MaskFormat(
            "nnunet",
            "nnU-Net dataset",
            "a raw dataset, a folder called like Dataset001_Heart: images, labels, dataset.json",
            "nnunet",
        ),
    )
}


def find_mask_format(name: str) -> MaskFormat:
    """Return the format of that name.

    Raises
    ------
    BadInput
        If there is none.
    """
    if name not in MASK_FORMATS:
        raise BadInput(f"there is no format {name!r} of masks: choose {' or '.join(MASK_FORMATS)}")
    return MASK_FORMATS[name]


def format_of(path: Path) -> MaskFormat:
    """Return the format that a file or folder of masks has, by its name and what lies in it.

    Raises
    ------
    BadInput
        If it is not there.
    """
    if not path.exists():
        raise BadInput(f"{path} does not exist")
    if path.suffix.lower() == ".json":
        return MASK_FORMATS["coco"]
    if (path / "dataset.json").is_file():
        return MASK_FORMATS["nnunet"]
    if path.suffix.lower() == ".dcm" or (path.is_dir() and any(path.rglob("*.dcm"))):
        return MASK_FORMATS["dicom-seg"]
    return MASK_FORMATS["nifti"]
