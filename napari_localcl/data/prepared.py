"""The images of a listing, decoded once at working size and memory-mapped from then on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from napari_localcl.data import canvas as working
from napari_localcl.data.cache import default_cache, mapped, mapped_field
from napari_localcl.data.decoding import Decoder, Ready, by_file
from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import Skipped, unknown_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from napari_localcl.data.folder import Listing
    from napari_localcl.data.placement import Placement

Kind = TypeVar("Kind", bound=np.generic)


@dataclass(frozen=True)
class PreparedImages:
    """Images at working size; pixels stay on the disk until a batch asks for them.

    Parameters
    ----------
    canvas : (int, int)
        Height and width of all images.
    channels : int
        1 or 3.
    names : tuple of str
        As the listing names the planes.
    hashes : tuple of str
        SHA-256 of each file's content; equal for the slices of a volume.
    placements : tuple of Placement
        Where each plane lies on the canvas.
    spacings : tuple of (float, float) or None
        Millimetres per pixel of the file, along height and width.
    files : tuple of Path
        The cached pixels.
    skipped : tuple of Skipped
        What cannot be used, and why.
    """

    canvas: tuple[int, int]
    channels: int
    names: tuple[str, ...]
    hashes: tuple[str, ...]
    placements: tuple[Placement, ...]
    spacings: tuple[tuple[float, float] | None, ...]
    files: tuple[Path, ...]
    skipped: tuple[Skipped, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def _indices(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    def batch(self, indices: Sequence[int]) -> npt.NDArray[np.uint8]:
        """Return the pixels of some images.

        Parameters
        ----------
        indices : sequence of int
            Which ones, in any order, repeats allowed.

        Returns
        -------
        (B, C, H, W) uint8 ndarray
            Around an image its edge is repeated; see :meth:`valid`.

        Raises
        ------
        BadInput
            If the cache was removed meanwhile.
        """
        shape = (self.channels, *self.canvas)
        pixels = np.empty((len(indices), *shape), np.uint8)
        for row, index in enumerate(indices):
            pixels[row] = self._stored(index, mapped)
        return pixels

    def fields(self, indices: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Return the fields of view of some images.

        Parameters
        ----------
        indices : sequence of int
            As in :meth:`batch`.

        Returns
        -------
        (B, H, W) bool ndarray
            As :func:`napari_localcl.data.contrast.field_of_view`.

        Raises
        ------
        BadInput
            If the cache was removed meanwhile.
        """
        return np.stack([self._stored(index, mapped_field) for index in indices])

    def _stored(
        self, index: int, load: Callable[[Path, tuple[int, ...]], npt.NDArray[Kind]]
    ) -> npt.NDArray[Kind]:
        try:
            stored = load(self.files[index], (self.channels, *self.canvas))
        except (OSError, ValueError) as error:
            raise BadInput(
                f"the cached copy of {self.names[index]} in {self.files[index].parent} was "
                "removed or damaged while in use; run again to make it anew"
            ) from error
        return stored[..., ::-1] if self.placements[index].mirrored else stored

    def valid(self, indices: Sequence[int]) -> npt.NDArray[np.bool_]:
        """Return which canvas pixels show the image itself.

        Parameters
        ----------
        indices : sequence of int
            As in :meth:`batch`.

        Returns
        -------
        (B, H, W) bool ndarray
            False where the edge is only repeated.
        """
        inside = np.zeros((len(indices), *self.canvas), np.bool_)
        for row, index in enumerate(indices):
            top, left, bottom, right = self.placements[index].valid_box()
            inside[row, top:bottom, left:right] = True
        return inside

    def index(self, name: str) -> int:
        """Return the position of the image of that name.

        Parameters
        ----------
        name : str
            As in `names`.

        Returns
        -------
        int
            Its index.

        Raises
        ------
        BadInput
            If there is none; says why it was skipped, or lists the most similar names.
        """
        if name in self._indices:
            return self._indices[name]
        for skipped in self.skipped:
            if skipped.name in {name, name.rpartition("#")[0]}:
                raise BadInput(f"{skipped.name} {skipped.reason}")
        raise BadInput(unknown_name(name, self.names, "the images given"))

    def mirrored(self, which: Sequence[bool]) -> PreparedImages:
        """Return the images, some of them as their mirror images from now on.

        Parameters
        ----------
        which : sequence of bool
            One for each image: whether to exchange its left and right.

        Returns
        -------
        PreparedImages
            Sharing the cache; placements know of the mirroring, so points need no care.
        """
        placements = tuple(
            replace(placement, mirrored=bool(mirror))
            for placement, mirror in zip(self.placements, which, strict=True)
        )
        return replace(self, placements=placements)

    def subset(self, indices: Sequence[int]) -> PreparedImages:
        """Return some of the images, in the order given.

        Parameters
        ----------
        indices : sequence of int
            Which ones.

        Returns
        -------
        PreparedImages
            Sharing the cache.
        """
        return replace(
            self,
            names=tuple(self.names[i] for i in indices),
            hashes=tuple(self.hashes[i] for i in indices),
            placements=tuple(self.placements[i] for i in indices),
            spacings=tuple(self.spacings[i] for i in indices),
            files=tuple(self.files[i] for i in indices),
        )


def prepare_all(
    listing: Listing,
    size: int,
    channels: int | None = None,
    canvas: tuple[int, int] | None = None,
    cache: Path | None = None,
    contrast_reach: float = 0.0,
) -> PreparedImages:
    """Prepare a listing without looking at the progress; see :class:`Preparation`."""
    preparation = Preparation(listing, size, channels, canvas, cache, contrast_reach)
    for _ in preparation:
        pass
    return preparation.images


class Preparation:
    """Decodes what the cache lacks; iterate it to the end, then take `images`.

    Parameters
    ----------
    listing : Listing
        The images.
    size : int
        Longest side of the canvas in pixels; rounded to a multiple of 32, at least 64.
    channels : int, optional
        1 (colour becomes luminance) or 3 (grey is repeated); by default 3 if any image has colour.
    canvas : (int, int), optional
        Height and width; by default the aspect ratio of the listing's median image.
    cache : Path, optional
        By default :func:`default_cache`.
    contrast_reach : float
        Even images out over such surroundings (:mod:`napari_localcl.data.contrast`); at 0, their
        grey levels are stretched alike everywhere.
    threads : int
        How many files are decoded at once; memory holds that many images or volumes.

    Raises
    ------
    BadInput
        While iterating, if no image can be used, or the cache cannot be written.
    """

    def __init__(
        self,
        listing: Listing,
        size: int,
        channels: int | None = None,
        canvas: tuple[int, int] | None = None,
        cache: Path | None = None,
        contrast_reach: float = 0.0,
        threads: int = 2,
    ) -> None:
        self.listing = listing
        self.canvas = canvas or working.shape(listing.planes, size)
        self.channels = channels or working.channels(listing.planes)
        self._threads = threads
        folder = Path(cache or default_cache()).absolute()
        self._decoder = Decoder(self.canvas, self.channels, contrast_reach, folder)
        self._images: PreparedImages | None = None

    @property
    def images(self) -> PreparedImages:
        """The result, once the iteration has ended."""
        if self._images is None:
            raise RuntimeError("iterate the preparation to its end before taking its images")
        return self._images

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """Yield `(done, total)` in planes."""
        results: dict[str, list[Ready] | Skipped] = {}
        done, total = 0, len(self.listing)
        yield done, total
        pool = ThreadPoolExecutor(self._threads, thread_name_prefix="prepare")
        try:
            files = by_file(self.listing.planes)
            jobs = {pool.submit(self._decoder, planes): planes for planes in files}
            for job in as_completed(jobs):
                results[jobs[job][0].name] = job.result()
                done += len(jobs[job])
                yield done, total
        finally:
            pool.shutdown(cancel_futures=True)
            self._decoder.hashes.save()
        self._images = self._gather([results[planes[0].name] for planes in files])

    def _gather(self, results: Sequence[list[Ready] | Skipped]) -> PreparedImages:
        skipped = tuple(result for result in results if isinstance(result, Skipped))
        ready = [one for result in results if not isinstance(result, Skipped) for one in result]
        if not ready:
            first = skipped[0]
            raise BadInput(
                f"none of the {len(skipped)} files can be used: {first.name} {first.reason}"
            )
        return PreparedImages(
            canvas=self.canvas,
            channels=self.channels,
            names=tuple(one.plane.name for one in ready),
            hashes=tuple(one.content for one in ready),
            placements=tuple(one.placement for one in ready),
            spacings=tuple(one.plane.header.spacing for one in ready),
            files=tuple(one.file for one in ready),
            skipped=self.listing.skipped + skipped,
        )
