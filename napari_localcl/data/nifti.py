"""NIfTI volumes and images, with their geometry."""

from __future__ import annotations

import gzip
from typing import IO, TYPE_CHECKING, cast

import numpy as np

from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.data.geometry import Geometry, regular
from napari_localcl.data.scan import Header, Scan

if TYPE_CHECKING:
    from pathlib import Path

    import SimpleITK

    from napari_localcl.data.scan import Pixels


def header(path: Path) -> Header:
    """Read size, depth and spacing of a NIfTI file.

    Parameters
    ----------
    path : Path
        A `.nii` or `.nii.gz`.

    Returns
    -------
    Header
        Planes lie along the file's third axis; one plane counts as a plain image.
    """
    reader = _described(path)
    width, height, depth = _spatial(reader.GetSize())
    x, y, *_ = reader.GetSpacing()
    return Header((height, width), depth, reader.GetNumberOfComponents(), (y, x))


def geometry(path: Path) -> Geometry:
    """Read where the voxels of a NIfTI file lie, in ITK's patient frame.

    Parameters
    ----------
    path : Path
        A `.nii` or `.nii.gz`.

    Returns
    -------
    Geometry
        A file of two axes lies at z = 0, as ITK places it.
    """
    reader = _described(path)
    axes = reader.GetDimension()
    kept = min(axes, 3)
    direction = np.eye(3)
    direction[:kept, :kept] = np.reshape(reader.GetDirection(), (axes, axes))[:kept, :kept]
    _, _, depth = _spatial(reader.GetSize())
    x, y, z = (*reader.GetSpacing(), 1.0)[:3]
    return regular(depth, (z, y, x), (*reader.GetOrigin(), 0.0)[:3], direction.ravel().tolist())


def read(path: Path) -> Scan:
    """Decode a NIfTI file.

    Parameters
    ----------
    path : Path
        A `.nii` or `.nii.gz`.

    Returns
    -------
    Scan
        Pixels in the file's order of rows and slices, scaled by the file's slope; direction and
        origin in ITK's patient frame.
    """
    import SimpleITK

    _check_start(path)
    image = SimpleITK.ReadImage(str(path), imageIO="NiftiImageIO")
    _check_length(path, image)
    size = _spatial(image.GetSize())
    channels = image.GetNumberOfComponentsPerPixel()
    pixels = SimpleITK.GetArrayFromImage(image).reshape(*reversed(size), channels)
    flat = size[-1] == 1
    return Scan(
        np.moveaxis(pixels[0] if flat else pixels, -1, 0),
        path,
        spacing=image.GetSpacing()[1::-1] if flat else image.GetSpacing()[2::-1],
        direction=image.GetDirection() if image.GetDimension() == 3 else None,
        origin=image.GetOrigin() if image.GetDimension() == 3 else None,
    )


def write(path: Path, image: SimpleITK.Image) -> None:
    """Write a NIfTI file; it is there whole or not at all.

    Parameters
    ----------
    path : Path
        A `.nii` or `.nii.gz` to make or replace.
    image : SimpleITK.Image
        With its spacing, origin and direction.
    """
    import SimpleITK

    with replacing(path) as part:
        # ITK tells the format from the suffix.
        named = part.with_name(part.name + (".nii.gz" if path.suffix.lower() == ".gz" else ".nii"))
        try:
            SimpleITK.WriteImage(image, str(named), useCompression=True, imageIO="NiftiImageIO")
            named.replace(part)
        finally:
            named.unlink(missing_ok=True)


def write_like(path: Path, pixels: Pixels, like: Path) -> None:
    """Write a mask of an image: the same grid, and so the same place in the patient.

    Parameters
    ----------
    path : Path
        A `.nii` or `.nii.gz` to make or replace.
    pixels : ([D,] H, W) ndarray
        Labels.
    like : Path
        The NIfTI file of the image.
    """
    import SimpleITK

    described = _described(like)
    axes = min(described.GetDimension(), 3)
    size = described.GetSize()[:axes]
    image = SimpleITK.GetImageFromArray(pixels.reshape(size[::-1]))
    direction = np.reshape(described.GetDirection(), (described.GetDimension(),) * 2)
    image.SetSpacing(described.GetSpacing()[:axes])
    image.SetOrigin(described.GetOrigin()[:axes])
    image.SetDirection(direction[:axes, :axes].ravel().tolist())
    write(path, image)


def _described(path: Path) -> SimpleITK.ImageFileReader:
    import SimpleITK

    _check_start(path)
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO("NiftiImageIO")
    reader.SetFileName(str(path))
    reader.ReadImageInformation()
    return reader


def _opened(path: Path) -> IO[bytes]:
    compressed = path.name.lower().endswith(".gz")
    return cast("IO[bytes]", gzip.open(path)) if compressed else path.open("rb")


def _check_start(path: Path) -> None:
    # ITK would say so too, but prints to standard error as well.
    with _opened(path) as file:
        start = file.read(348)
    if start[344:347] not in {b"n+1", b"ni1"} and start[4:7] not in {b"n+2", b"ni2"}:
        raise BadInput("does not begin like a NIfTI file; it is damaged or of another kind")


def _check_length(path: Path, image: SimpleITK.Image) -> None:
    # ITK fills what a file lacks with zeros and says nothing.
    voxels = image.GetNumberOfPixels() * int(image.GetMetaData("bitpix")) // 8
    needed = voxels + int(float(image.GetMetaData("vox_offset")))
    with _opened(path) as file:
        found = sum(len(block) for block in iter(lambda: file.read(2**20), b""))
    if found < needed:
        raise BadInput(f"is cut short: it holds {found} of {needed} bytes")


def _spatial(size: tuple[int, ...]) -> tuple[int, int, int]:
    """Return width, height and depth; a fourth axis (time) may only be of length 1."""
    if max(size[3:], default=1) > 1:
        axes = " x ".join(map(str, size))
        raise BadInput(f"has {len(size)} axes ({axes}); save each volume as a file of its own")
    width, height, depth = (*size, 1)[:3]
    return width, height, depth
