"""The project's own table of landmarks, for images that may lie in another folder elsewhere.

Columns are as in :mod:`napari_localcl.data.annotations`. Only landmarks that have a point are
written: one that a person marked as absent, or whose prediction was rejected, has no row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_localcl.data.annotations import Landmark, read_landmarks, write_landmarks
from napari_localcl.data.exchange.matching import ImageNames

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_localcl.data.folder import Listing

SUFFIX = ".csv"


def write(path: Path, rows: Iterable[Landmark], listing: Listing) -> None:
    """Write all landmarks to one file.

    Parameters
    ----------
    path : Path
        The CSV to write.
    rows : iterable of Landmark
        Points in pixels.
    listing : Listing
        The images they are on.

    Raises
    ------
    BadInput
        If an image is unknown.
    """
    kept = tuple(rows)
    for image in {row.image for row in kept}:
        listing.named(image)
    write_landmarks(path, kept)


def read(path: Path, listing: Listing, strangers: set[str] | None = None) -> tuple[Landmark, ...]:
    """Read the landmarks of all images.

    Parameters
    ----------
    path : Path
        A landmark file.
    listing : Listing
        The images it may be about; names may begin in another folder.
    strangers : set of str or None
        Takes the names of unknown images, whose rows are left out; None refuses them.

    Returns
    -------
    tuple of Landmark
        In file order; rows without a point are left out.

    Raises
    ------
    BadInput
        If it is no such file, or an image is unknown.
    """
    known = ImageNames.of_planes(listing, strangers)
    named = ((known.find(row.image, str(path)), row) for row in read_landmarks(path))
    return tuple(replace(row, image=image) for image, row in named if image is not None)
