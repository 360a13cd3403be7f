"""From one file of a listing to its planes in the cache; safe to do in several threads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_localcl.data.cache import ContentHashes, PlaneCache
from napari_localcl.data.canvas import draw
from napari_localcl.data.contrast import even_out, field_of_view
from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import Skipped
from napari_localcl.data.intensity import PERCENTILES, eight_bits, limits, scaled
from napari_localcl.data.placement import fit
from napari_localcl.data.reading import naming, read
from napari_localcl.data.scan import UnusableImage

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import numpy.typing as npt

    from napari_localcl.data.canvas import Drawing
    from napari_localcl.data.folder import Plane
    from napari_localcl.data.placement import Placement
    from napari_localcl.data.scan import Scan

    Work = tuple[Plane, Path]
    Mask = npt.NDArray[np.bool_]

# Part of every cached plane's name: raise it when the same file would give other pixels.
_VERSION = 2


@dataclass(frozen=True)
class Ready:
    """A plane that can be used.

    Parameters
    ----------
    plane : Plane
        Where it comes from.
    content : str
        Hash of its file.
    placement : Placement
        Where it lies on the canvas.
    file : Path
        Its pixels, a `.npy`.
    """

    plane: Plane
    content: str
    placement: Placement
    file: Path


class Decoder:
    """Brings planes of files into the cache.

    Parameters
    ----------
    canvas : (int, int)
        Height and width.
    channels : int
        1 or 3.
    contrast_reach : float
        Even the image out over such surroundings (:func:`even_out`); at 0, its grey levels are
        stretched alike everywhere.
    folder : Path
        The cache.
    """

    def __init__(
        self, canvas: tuple[int, int], channels: int, contrast_reach: float, folder: Path
    ) -> None:
        self.canvas = canvas
        self.channels = channels
        self.contrast_reach = contrast_reach
        self.hashes = ContentHashes(folder)
        settings = (PERCENTILES, contrast_reach, _VERSION)
        self.cache = PlaneCache(folder, (channels, *canvas), settings)

    def __call__(self, planes: Sequence[Plane]) -> list[Ready] | Skipped:
        """Prepare the planes of one file or series; it is decoded once, and only if need be.

        Parameters
        ----------
        planes : sequence of Plane
            Some or all planes of one file.

        Returns
        -------
        list of Ready, or Skipped
            One for each plane; or what is wrong with the file, and so with all of them.

        Raises
        ------
        BadInput
            If the cache cannot be written.
        """
        path = planes[0].path
        source = path if isinstance(path, Path) else path[0]
        try:
            with naming(source):
                placement = fit(planes[0].header.size, self.canvas)
                content = self.hashes.of(path)
            files = [self.cache.path(content, plane.z) for plane in planes]
            work = list(zip(planes, files, strict=True))
            missing = [(plane, file) for plane, file in work if not self.cache.holds(file)]
            for file, pixels, seen in self._decoded(source, placement, missing):
                self.cache.write(file, pixels, seen)
        except UnusableImage as error:
            return Skipped(planes[0].item, error.reason)
        return [Ready(plane, content, placement, file) for plane, file in work]

    def _decoded(
        self, source: Path, placement: Placement, work: Sequence[Work]
    ) -> Iterator[tuple[Path, npt.NDArray[np.uint8], Mask]]:
        if not work:
            return
        with naming(source):
            # Twice the canvas, so that what a JPEG leaves out would not have been seen there.
            scan = read(work[0][0].path, least=(2 * self.canvas[0], 2 * self.canvas[1]))
            _check_unchanged(scan, work[0][0])
            grey = limits(scan.pixels, scan.window)
        for plane, file in work:
            levels = scaled(draw(scan, plane.z, placement, self.channels), grey)
            seen = field_of_view(levels)
            yield file, self._levels(levels, seen), seen

    def _levels(self, levels: Drawing, seen: Mask) -> npt.NDArray[np.uint8]:
        if self.contrast_reach:
            return even_out(levels, seen, self.contrast_reach)
        return eight_bits(levels)


def by_file(planes: Sequence[Plane]) -> list[list[Plane]]:
    """Group planes by the file or series they come from.

    Parameters
    ----------
    planes : sequence of Plane
        In any order.

    Returns
    -------
    list of list of Plane
        In order of first appearance.
    """
    groups: dict[Path | tuple[Path, ...], list[Plane]] = {}
    for plane in planes:
        groups.setdefault(plane.path, []).append(plane)
    return list(groups.values())


def _check_unchanged(scan: Scan, plane: Plane) -> None:
    expected = [-(-side // scan.reduction) for side in plane.header.size]
    if list(scan.size) != expected or scan.depth != plane.header.depth:
        raise BadInput("does not hold what its header says; it is damaged or was just replaced")
