"""Reading a folder of images into the cache, as part of any task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_localcl.data.contrast import REACH
from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import Listing, find_images
from napari_localcl.data.prepared import Preparation
from napari_localcl.data.progress import Progress
from napari_localcl.data.sides import side_canvas

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.training.record import RunRecord


def prepare_images(
    images: str | Path | Sequence[str | Path] | Listing,
    size: int,
    *,
    channels: int | None = None,
    canvas: tuple[int, int] | None = None,
    cache: Path | None = None,
    contrast_reach: float = 0.0,
) -> Generator[Progress, None, PreparedImages]:
    """Find images and decode them once, saying how far it is.

    Parameters
    ----------
    images : str, Path, sequence of them or Listing
        A folder, a file list, a glob or files; or what was found there.
    size : int
        Longest side of the working canvas, pixels.
    channels : int or None
        1 or 3; None takes what the images have.
    canvas : (int, int) or None
        Height and width; None takes the aspect of the median image.
    cache : Path or None
        Where decoded images are kept; None is the user's cache folder.
    contrast_reach : float
        Even images out; see :class:`Preparation`.

    Returns
    -------
    PreparedImages
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If there are no usable images.
    """
    yield Progress("cache", message="looking for images")
    listing = images if isinstance(images, Listing) else find_images(images)
    prepared = yield from _carry_out(
        Preparation(listing, size, channels, canvas, cache, contrast_reach)
    )
    for skipped in prepared.skipped:
        yield Progress("skipped", message=f"{skipped.name} {skipped.reason}")
    return prepared


def prepare_as_learned(
    images: str | Path | Sequence[str | Path] | Listing,
    record: RunRecord,
    cache: Path | None,
    magnification: float = 1.0,
) -> Generator[Progress, None, PreparedImages]:
    """Prepare images as those that a run has learned from.

    Parameters
    ----------
    images, cache
        As in :func:`prepare_images`.
    record : RunRecord
        The run's.
    magnification : float
        Of its canvas, in steps of 32 pixels: the encoder's strides divide them.

    Returns
    -------
    PreparedImages
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If the run has learned nothing, or there are no usable images.
    """
    if record.canvas is None:
        raise BadInput("the run was interrupted before it learned anything: resume it")
    height, width = (round(side * magnification / 32) * 32 for side in record.canvas)
    return (
        yield from prepare_images(
            images,
            max(height, width),
            channels=record.channels,
            canvas=(height, width),
            cache=cache,
            contrast_reach=contrast_reach(record.settings),
        )
    )


def contrast_reach(settings: Mapping[str, Any]) -> float:
    """Return over what surroundings images are evened out as the settings say; 0 if not at all."""
    return float(settings.get("contrast_reach", REACH)) if settings["local_contrast"] else 0.0


def _carry_out(preparation: Preparation) -> Generator[Progress, None, PreparedImages]:
    for done, total in preparation:
        yield Progress("cache", step=done, steps=total, message="reading images")
    return preparation.images


def prepare_small(
    images: str | Path | Sequence[str | Path] | Listing,
    prepared: PreparedImages,
    cache: Path | None,
) -> Generator[Progress, None, PreparedImages]:
    """Prepare images once more, small and as they are: what their sides are told from.

    Parameters
    ----------
    images, cache
        As in :func:`prepare_images`.
    prepared : PreparedImages
        The images at working size.

    Returns
    -------
    PreparedImages
        What the generator returns at its end.
    """
    canvas = side_canvas(prepared.canvas)
    listing = find_images(images)
    # What is skipped here was skipped, and said, when the images were prepared.
    return (
        yield from _carry_out(Preparation(listing, max(canvas), prepared.channels, canvas, cache))
    )
