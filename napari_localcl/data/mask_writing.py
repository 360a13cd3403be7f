"""Writing masks: one file for each image, in the format that fits it, and the table of them all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np

from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.data.mask_table import (
    TABLE,
    UNCERTAINTY,
    ClassRow,
    MaskRow,
    read_mask_rows,
    write_mask_rows,
)
from napari_localcl.data.reading import sniff, stem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.folder import Listing, Plane

    Labels = npt.NDArray[np.unsignedinteger[Any]]


def mask_name(plane: Plane) -> str:
    """Return the file that holds the mask of an image.

    Parameters
    ----------
    plane : Plane
        The image, or any slice of a volume.

    Returns
    -------
    str
        POSIX path relative to the folder of masks: the image's, ending with `.png` for an image,
        with `.tif` for a volume and with `.nii.gz` for NIfTI.
    """
    file = _first_file(plane)
    nifti = sniff(file) == "NIfTI"
    ending = ".nii.gz" if nifti else ".png" if plane.z is None else ".tif"
    return f"{stem(plane.item)}{ending}"


def write_mask(path: Path, labels: Labels, plane: Plane) -> None:
    """Write the mask of an image or volume; it is there whole or not at all.

    Parameters
    ----------
    path : Path
        The file to make or replace, its ending that of :func:`mask_name`.
    labels : ([Z,] H, W) ndarray
        8 or 16 bits, of the size of the image or volume.
    plane : Plane
        The image, or any slice of the volume. NIfTI takes its place in the patient, TIFF its
        spacing where it is known.
    """
    from PIL import Image

    from napari_localcl.data import nifti, tiff

    ending = mask_name(plane)[len(stem(plane.item)) :]
    if ending == ".nii.gz":
        nifti.write_like(path, labels, _first_file(plane))
    elif ending == ".tif":
        tiff.write(path, labels, "ZYX", _spacing(plane))
    else:
        with replacing(path) as part:
            Image.fromarray(labels).save(part, format="PNG")


class MaskFolder:
    """A folder of masks that is being filled, plane by plane.

    A volume is written when its last plane came; planes that never come stay 0. Only one volume is
    held in memory, so the planes of a volume must follow each other, as they do in a listing. At
    the end of a `with` block the table is written; if the block raises, an unfinished volume is
    left out and what was finished is kept.

    Parameters
    ----------
    folder : Path
        See :meth:`create`.
    listing : Listing
        The images that masks may come for.
    rows : iterable of MaskRow
        What the table says already.
    """

    def __init__(self, folder: Path, listing: Listing, rows: Iterable[MaskRow] = ()) -> None:
        self.folder = folder
        self._listing = listing
        self._rows = {row.image: row for row in rows}
        self._volume: _Volume | None = None
        self._finished: set[str] = set()

    @classmethod
    def create(cls, folder: Path, listing: Listing) -> Self:
        """Make the folder, or go on with one that this program wrote.

        Parameters
        ----------
        folder : Path
            New, empty, or with the `masks.csv` of an earlier time, whose masks are replaced one by
            one as new ones come.
        listing : Listing
            The images.

        Returns
        -------
        MaskFolder
            To be used in a `with` statement.

        Raises
        ------
        BadInput
            If the folder holds other files, or two images would have the same mask.
        """
        _refuse_shared_masks(listing)
        table = folder / TABLE
        if not table.exists() and folder.exists() and any(folder.iterdir()):
            raise BadInput(
                f"{folder} is not empty and holds no {TABLE}, so it is no folder of masks that "
                "this program wrote; give a new one"
            )
        rows = read_mask_rows(table) if table.exists() else ()
        # At once, so that whatever happens next, the folder is known to be one of ours.
        write_mask_rows(table, rows)
        return cls(folder, listing, rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is None:
            self._finish()
        # In the order of the listing, whatever came in between; then what an earlier time left.
        order = {plane.name: index for index, plane in enumerate(self._listing.planes)}
        rows = sorted(self._rows.values(), key=lambda row: order.get(row.image, len(order)))
        write_mask_rows(self.folder / TABLE, rows)

    def write(
        self,
        name: str,
        mask: Labels,
        confidence: float,
        uncertainty: npt.NDArray[np.uint8] | None = None,
        classes: tuple[ClassRow, ...] = (),
    ) -> None:
        """Take the mask of one plane.

        Parameters
        ----------
        name : str
            The image or slice, as in the listing.
        mask : (H, W) ndarray
            8 or 16 bits, in the image's own pixels.
        confidence : float
            From 0 to 1.
        uncertainty : (H, W) ndarray of uint8, optional
            0 is sure, 255 undecided; goes to a file of the same name under `uncertainty/`.
        classes : tuple of ClassRow
            What is known of each class, where the mask tells several apart.

        Raises
        ------
        BadInput
            If there is no such image, or a file cannot be written.
        ValueError
            If a size is not that of the image, or a plane comes after its volume was finished.
        """
        plane = self._listing.named(name)
        for pixels in (mask,) if uncertainty is None else (mask, uncertainty):
            if pixels.shape != plane.header.size:
                raise ValueError(f"{name} is {plane.header.size} pixels, its mask {pixels.shape}")
        volume = self._volume_of(plane)
        volume.take(plane, mask, uncertainty)
        area = int(np.count_nonzero(mask))
        volume.rows[name] = MaskRow(name, volume.file, confidence, area, classes)
        if len(volume.rows) == len(self._listing.items[plane.item]):
            self._finish()

    def _volume_of(self, plane: Plane) -> _Volume:
        if self._volume is None or self._volume.plane.item != plane.item:
            self._finish()
            if plane.item in self._finished:
                raise ValueError(f"{plane.name} comes after {plane.item} was written")
            self._volume = _Volume(plane)
        return self._volume

    def _finish(self) -> None:
        volume, self._volume = self._volume, None
        if volume is None:
            return
        volume.write(self.folder)
        self._finished.add(volume.plane.item)
        self._rows |= volume.rows


class _Volume:
    """The planes of one image or volume that came until now."""

    def __init__(self, plane: Plane) -> None:
        self.plane = plane
        self.file = mask_name(plane)
        self.rows: dict[str, MaskRow] = {}
        self.layers: dict[str, Labels] = {}

    def take(
        self,
        plane: Plane,
        mask: Labels,
        uncertainty: npt.NDArray[np.uint8] | None,
    ) -> None:
        """Put a plane where it belongs."""
        z = plane.z or 0
        self._layer(self.file, np.promote_types(mask.dtype, np.uint8))[z] = mask
        if uncertainty is not None:
            # Of a plane that never comes, nothing is known.
            self._layer(f"{UNCERTAINTY}/{self.file}", np.uint8, 255)[z] = uncertainty

    def write(self, folder: Path) -> None:
        """Write its files into a folder of masks."""
        for file, labels in self.layers.items():
            flat = self.plane.z is None
            write_mask(folder / file, labels[0] if flat else labels, self.plane)

    def _layer(self, file: str, dtype: npt.DTypeLike, otherwise: int = 0) -> Labels:
        if file not in self.layers:
            shape = (self.plane.header.depth, *self.plane.header.size)
            self.layers[file] = np.full(shape, otherwise, dtype)
        return self.layers[file]


def _refuse_shared_masks(listing: Listing) -> None:
    first: dict[str, str] = {}
    for item, planes in listing.items.items():
        other = first.setdefault(mask_name(planes[0]), item)
        if other != item:
            raise BadInput(
                f"the images {other} and {item} of {listing.root} would share the mask "
                f"{mask_name(planes[0])}; rename one of them"
            )


def _spacing(plane: Plane) -> tuple[float, ...] | None:
    from napari_localcl.data import dicom, tiff

    file = _first_file(plane)
    if sniff(file) == "TIFF":
        return tiff.spacing(file)
    return dicom.spacing(_files(plane))


def _first_file(plane: Plane) -> Path:
    return _files(plane)[0]


def _files(plane: Plane) -> tuple[Path, ...]:
    return plane.path if isinstance(plane.path, tuple) else (plane.path,)
