"""Reading a folder of images into the cache, as part of any task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import Preparation
from napari_localcl.data.progress import Progress
from napari_localcl.data.sides import side_canvas

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from napari_localcl.data.folder import Listing
    from napari_localcl.data.prepared import PreparedImages


def prepare_images(
    images: str | Path | Sequence[str | Path] | Listing,
    size: int,
    *,
    channels: int | None = None,
    canvas: tuple[int, int] | None = None,
    cache: Path | None = None,
    local_contrast: bool = False,
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
    local_contrast : bool
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
    prepared = yield from _carry_out(
        Preparation(find_images(images), size, channels, canvas, cache, local_contrast)
    )
    for skipped in prepared.skipped:
        yield Progress("skipped", message=f"{skipped.name} {skipped.reason}")
    return prepared


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
