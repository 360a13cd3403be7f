"""Masks of DICOM images as DICOM segmentations, by highdicom, an extra of its own.

One file for each image or series, in its place in the patient and with references to its slices;
structures may overlap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data import reading
from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.masks.mask_set import classes_of
from napari_localcl.data.exchange.matching import file_for
from napari_localcl.data.reading import stem

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

    import numpy.typing as npt

    from napari_localcl.data.classes import LabelClass
    from napari_localcl.data.exchange.masks.mask_set import MaskSet
    from napari_localcl.data.folder import Listing, Plane

    Masks = dict[str, dict[str, npt.NDArray[np.bool_]]]

SUFFIX = ".seg.dcm"
MISSING = (
    "DICOM segmentations need the library highdicom, which is not there; install it with "
    "pip install 'napari-localcl[dicom-seg]'"
)


def write(out: Path, masks: MaskSet) -> int:
    """Write a segmentation for each DICOM image or series; returns how many.

    Raises
    ------
    BadInput
        If highdicom is missing, or an image is no DICOM or does not say whose it is.
    """
    highdicom = _library()
    for item in masks.files:
        plane = masks.plane(item)
        sources = _sources(plane)
        own = {name: mask for name, mask in masks.read(item).items() if mask.any()}
        if not own:
            continue
        try:
            made = _made(highdicom, sources, own)
        except (AttributeError, ValueError, KeyError) as error:
            raise BadInput(f"{item} says too little to be segmented in DICOM ({error})") from error
        with replacing(file_for(out, stem(item), SUFFIX)) as part:
            made.save_as(part)
    return len(masks.files)


def read(path: Path, listing: Listing) -> tuple[tuple[LabelClass, ...], Masks]:
    """Read a segmentation, or all of a folder.

    Parameters
    ----------
    path : Path
        A file, or a folder of them.
    listing : Listing
        The images, DICOM too.

    Returns
    -------
    classes : tuple of LabelClass
        The segments, by their labels.
    masks : dict of str to dict of str to (Z, H, W) bool ndarray
        By image or series, then by segment.

    Raises
    ------
    BadInput
        If highdicom is missing, a file is no segmentation, or none is about these images.
    """
    highdicom = _library()
    files = sorted(path.rglob("*.dcm")) if path.is_dir() else [path]
    instances = _instances(listing)
    masks: Masks = {}
    for file in files:
        try:
            made = highdicom.seg.segread(str(file))
        except (AttributeError, ValueError, KeyError, OSError) as error:
            raise BadInput(f"{file} is no DICOM segmentation ({error})") from error
        _take(made, instances, masks)
    if not masks:
        raise BadInput(f"{path} is about none of the images: open the DICOM files it was made of")
    return classes_of(name for own in masks.values() for name in own), masks


def _take(made: Any, instances: dict[str, Plane], masks: Masks) -> None:
    """Put what a segmentation marks where its slices are."""
    known = [uid for _, _, uid in made.get_source_image_uids() if uid in instances]
    for uid in known:
        plane = instances[uid]
        pixels = made.get_pixels_by_source_instance([uid], ignore_spatial_locations=True)[0]
        shape = (plane.header.depth, *plane.header.size)
        own = masks.setdefault(plane.item, {})
        for number in made.segment_numbers:
            name = str(made.get_segment_description(number).segment_label)
            into = own.setdefault(name, np.zeros(shape, bool))
            into[plane.z or 0] |= pixels[..., number - 1] > 0


def _made(highdicom: ModuleType, sources: list[Any], own: dict[str, npt.NDArray[np.bool_]]) -> Any:
    from importlib.metadata import version

    # In the order of our slices, which need not be that of the files.
    pixels = np.stack(list(own.values()), axis=-1).astype(np.uint8)
    described = [
        highdicom.seg.SegmentDescription(
            segment_number=number,
            segment_label=name,
            segmented_property_category=_code(highdicom, "91723000", "Anatomical structure"),
            segmented_property_type=_code(highdicom, "91723000", "Anatomical structure"),
            algorithm_type=highdicom.seg.SegmentAlgorithmTypeValues.MANUAL,
        )
        for number, name in enumerate(own, 1)
    ]
    return highdicom.seg.Segmentation(
        source_images=sources,
        pixel_array=pixels,
        segmentation_type=highdicom.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=described,
        series_instance_uid=highdicom.UID(),
        series_number=900,
        sop_instance_uid=highdicom.UID(),
        instance_number=1,
        manufacturer="napari-localcl",
        manufacturer_model_name="napari-localcl",
        software_versions=version("napari-localcl"),
        device_serial_number="1",
        omit_empty_frames=False,
    )


def _code(highdicom: ModuleType, value: str, meaning: str) -> Any:
    return highdicom.sr.CodedConcept(value=value, scheme_designator="SCT", meaning=meaning)


def _sources(plane: Plane) -> list[Any]:
    """The DICOM files of an image or series, in the order of its slices."""
    import pydicom

    files = plane.path if isinstance(plane.path, tuple) else (plane.path,)
    if reading.sniff(files[0]) != "DICOM":
        raise BadInput(f"{plane.item} is no DICOM image: export its mask as NIfTI or TIFF")
    return [pydicom.dcmread(file) for file in files]


def _instances(listing: Listing) -> dict[str, Plane]:
    """The images by what DICOM calls them."""
    import pydicom

    found = {}
    for planes in listing.items.values():
        files = planes[0].path if isinstance(planes[0].path, tuple) else (planes[0].path,)
        if reading.sniff(files[0]) == "DICOM" and len(files) == len(planes):
            for file, plane in zip(files, planes, strict=True):
                data = pydicom.dcmread(
                    file, stop_before_pixels=True, specific_tags=["SOPInstanceUID"]
                )
                found[str(data.SOPInstanceUID)] = plane
    return found


def _library() -> ModuleType:
    try:
        return import_module("highdicom")
    except ImportError as error:
        raise BadInput(MISSING) from error
