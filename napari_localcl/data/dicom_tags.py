"""Looking up what a DICOM data set states, wherever its kind of file keeps it."""

from __future__ import annotations

from typing import Any


def find(data: Any, keyword: str) -> Any:
    """Look up a value.

    Parameters
    ----------
    data : pydicom.Dataset
        A file's data set, or one frame's group from :func:`frames`.
    keyword : str
        The attribute's keyword.

    Returns
    -------
    object
        From the data set itself, else from what a multi-frame file says of all frames or of its
        first; None if it is nowhere or empty.
    """
    for place in (data, *_macros(data)):
        value = place.get(keyword)
        if value is not None and value != "":
            return value
    return None


def numbers(data: Any, keyword: str) -> tuple[float, ...] | None:
    """Look up numbers.

    Parameters
    ----------
    data, keyword
        As in :func:`find`.

    Returns
    -------
    tuple of float or None
        One or more numbers; None if they are not there.
    """
    value = find(data, keyword)
    if value is None:
        return None
    # A single number comes bare, several come as a sequence.
    return tuple(map(float, value)) if hasattr(value, "__iter__") else (float(value),)


def frames(data: Any) -> list[Any]:
    """Return what a multi-frame file says of each frame.

    Parameters
    ----------
    data : pydicom.Dataset
        A file's data set.

    Returns
    -------
    list of pydicom.Dataset
        One per frame; empty for other files.
    """
    return list(data.get("PerFrameFunctionalGroupsSequence") or [])


def _macros(data: Any) -> list[Any]:
    groups = [*(data.get("SharedFunctionalGroupsSequence") or []), *frames(data)[:1]]
    if "Rows" not in data:
        groups.append(data)
    return [
        entry.value[0] for group in groups for entry in group if entry.VR == "SQ" and entry.value
    ]
