"""The sample sets that come with the program: drawn images with known truth."""

from __future__ import annotations

from pathlib import Path

from napari_localcl.data.errors import BadInput

_SETS = ("skeleton", "fundus", "heart")
SERIES = "series"
"""The set of magnetic resonance series, whose truth is findings, not landmarks."""


def sample_sets() -> tuple[str, ...]:
    """Return the names of the sample sets of single images.

    Returns
    -------
    tuple of str
        `skeleton` (radiographs of hands), `fundus` (photographs of eyes) and `heart` (magnetic
        resonance of hearts).
    """
    return _SETS


def sample_folder(name: str) -> Path:
    """Find the folder of a sample set.

    Parameters
    ----------
    name : str
        One of :func:`sample_sets`, or :data:`SERIES`.

    Returns
    -------
    Path
        Holds `images/` and `landmarks.csv`, whose `image` column is relative to `images/`; for
        `fundus` also `masks/disc/` and `masks/vessels/`, for `heart` also `masks/`. A mask has its
        image's stem. :data:`SERIES` holds `images/<plane>/`, `masks/<plane>/` and `series.csv`.

    Raises
    ------
    BadInput
        If there is no such set, or this installation came without it.
    """
    if name not in (*_SETS, SERIES):
        raise BadInput(f"There is no sample set {name!r}; choose one of {', '.join(_SETS)}")
    truth = "series.csv" if name == SERIES else "landmarks.csv"
    # Inside the package once installed; beside it in a checkout, also an editable one.
    package = Path(__file__).parents[1]
    for parent in (package, package.parent):
        folder = parent / "sample_data" / name
        if (folder / truth).is_file():
            return folder
    raise BadInput(f"{package} came without the sample set {name!r}; install napari-localcl again")
