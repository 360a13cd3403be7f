"""Who says where a point is: the values of the column `source`."""

from __future__ import annotations

# A person's points: placed or moved, and predictions accepted as they were.
HUMAN_SOURCE, ACCEPTED_SOURCE = PEOPLE = ("human", "accepted")
_MACHINE = "machine:"


def machine_source(run: str) -> str:
    """Return the source of what a machine says, named after its run."""
    return f"{_MACHINE}{run}"


def is_machine(source: str | None) -> bool:
    """Tell whether a source is a machine.

    Parameters
    ----------
    source : str or None
        As in :class:`~napari_localcl.data.annotations.Landmark`.

    Returns
    -------
    bool
        True for `machine:<run>`; all other points are a person's.
    """
    return source is not None and source.startswith(_MACHINE)


def is_person(source: str | None) -> bool:
    """Tell whether a file says that a point is a person's: placed, moved or accepted.

    Parameters
    ----------
    source : str or None
        As in :class:`~napari_localcl.data.annotations.Landmark`.

    Returns
    -------
    bool
        True for `human` and `accepted`.
    """
    return source in PEOPLE
