"""A raw dataset of nnU-Net: `imagesTr`, `labelsTr`, `dataset.json`.

Pictures become PNG, where all images are pictures; else all become NIfTI. nnU-Net calls cases by
plain names, so `cases.csv` says which image each of them is.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel

from napari_localcl.data import reading
from napari_localcl.data.atomic import replacing
from napari_localcl.data.classes import LabelClass
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.documents import read_json
from napari_localcl.data.exchange.masks.mask_set import fitting
from napari_localcl.data.exchange.masks.volumes import save_nifti
from napari_localcl.data.masks import find_masks, read_mask
from napari_localcl.data.reading import stem
from napari_localcl.data.tables import read_table, write_table

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.exchange.masks.mask_set import MaskSet
    from napari_localcl.data.folder import Listing, Plane

    Masks = dict[str, dict[str, npt.NDArray[np.bool_]]]

DATASET, CASES = "dataset.json", "cases.csv"
_FOLDER = re.compile(r"Dataset\d{3}_\w+")
_COLUMNS = ("case", "image")


class Dataset(BaseModel):
    """What `dataset.json` says; a region of several labels is of no interest here."""

    labels: dict[str, int | list[int]]


def write(out: Path, masks: MaskSet) -> int:
    """Write a dataset of all images that have a mask; returns how many there are.

    Raises
    ------
    BadInput
        If the folder is not called as nnU-Net wants it, or two images would be one case.
    """
    if not _FOLDER.fullmatch(out.name):
        raise BadInput(f"nnU-Net wants folders like Dataset001_Heart, not {out.name}; rename it")
    cases = _cases(masks)
    flat = all(masks.plane(item).z is None for item in masks.files)
    channels = max(masks.plane(item).header.channels for item in masks.files)
    ending = ".png" if flat else ".nii.gz"
    values = {one.name: number for number, one in enumerate(masks.classes, 1)}
    for case, item in cases.items():
        _write_image(out / "imagesTr", case, masks.plane(item), channels, ending)
        labels = np.zeros_like(found := masks.labels(item))
        for one in masks.classes:
            labels[found == one.value] = values[one.name]
        _save(out / "labelsTr" / f"{case}{ending}", labels, masks.plane(item), ending)
    names = ("red", "green", "blue") if channels == 3 else ("image",)
    document = {
        "channel_names": {str(number): name for number, name in enumerate(names)},
        "labels": {"background": 0, **values},
        "numTraining": len(cases),
        "file_ending": ending,
    }
    with replacing(out / DATASET) as part:
        part.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
    write_table(out / CASES, _COLUMNS, cases.items())
    return len(cases)


def read(path: Path, listing: Listing) -> tuple[tuple[LabelClass, ...], Masks]:
    """Read the masks of a dataset.

    Parameters
    ----------
    path : Path
        Its folder.
    listing : Listing
        The images; without `cases.csv`, cases are found by the images' names.

    Returns
    -------
    classes : tuple of LabelClass
        Its labels, but for the background.
    masks : dict of str to dict of str to (Z, H, W) bool ndarray
        By image or volume, then by structure.

    Raises
    ------
    BadInput
        If it is no such folder, or a mask does not fit its image.
    """
    told = read_json(path / DATASET, Dataset, "nnU-Net's description of a dataset").labels
    classes = tuple(
        LabelClass(value, name) for name, value in told.items() if isinstance(value, int) and value
    )
    masks: Masks = {}
    for item, file in _files(path, listing).items():
        plane = listing.items[item][0]
        labels = read_mask(file).labels
        labels = labels.reshape(-1, *labels.shape[-2:])
        masks[item] = {one.name: fitting(labels == one.value, plane, str(file)) for one in classes}
    return classes, masks


def _files(path: Path, listing: Listing) -> Mapping[str, Path]:
    folder = path / "labelsTr"
    if not (path / CASES).exists():
        return find_masks(folder, listing.items)
    lines = read_table(path / CASES, "table of cases", _COLUMNS, key=("case",))
    images = {line.cells["case"]: line.cells["image"] for line in lines}
    files = {stem(file.name): file for file in sorted(folder.iterdir())}
    return {
        image: files[case]
        for case, image in images.items()
        if case in files and image in listing.items
    }


def _cases(masks: MaskSet) -> dict[str, str]:
    cases: dict[str, str] = {}
    for item in masks.files:
        case = re.sub(r"\W", "_", stem(item))
        if case in cases:
            raise BadInput(f"{cases[case]} and {item} would be one case of nnU-Net; rename one")
        cases[case] = item
    return cases


def _write_image(folder: Path, case: str, plane: Plane, channels: int, ending: str) -> None:
    pixels = reading.read(plane.path).pixels
    pixels = pixels.reshape(pixels.shape[0], -1, *plane.header.size)
    if len(pixels) < channels:
        pixels = np.repeat(pixels[:1], channels, axis=0)
    if ending == ".png":
        # As nnU-Net reads pictures: all channels in one file.
        colours = np.moveaxis(pixels[:, 0], 0, -1)
        _save(
            folder / f"{case}_0000.png",
            colours if channels == 3 else colours[..., 0],
            plane,
            ending,
        )
        return
    for number, channel in enumerate(pixels):
        _save(folder / f"{case}_{number:04}{ending}", channel, plane, ending)


def _save(path: Path, pixels: npt.NDArray[Any], plane: Plane, ending: str) -> None:
    from PIL import Image

    if ending != ".png":
        save_nifti(path, pixels, plane)
        return
    flat = pixels[0] if pixels.ndim == 3 and pixels.shape[0] == 1 else pixels
    with replacing(path) as part:
        Image.fromarray(flat).save(part, format="PNG")
