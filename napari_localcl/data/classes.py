"""The classes that labels tell apart: a value in the masks, and a name for people.

They stand in a table `classes.csv` beside the masks, with the columns `value,name`.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.data.tables import read_table, write_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

TABLE = "classes.csv"

_COLUMNS = ("value", "name")
_LARGEST = 65535


@dataclass(frozen=True)
class LabelClass:
    """One class.

    Parameters
    ----------
    value : int
        Its value in masks, from 1 to 65535.
    name : str
        What people call it.
    """

    value: int
    name: str

    def __str__(self) -> str:
        return str(self.value) if self.name == str(self.value) else f"{self.value} ({self.name})"


def parse_classes(text: str) -> tuple[LabelClass, ...]:
    """Return the classes that a text such as `1=RV,2=myocardium` says.

    Parameters
    ----------
    text : str
        Values and names; a value alone is its own name.

    Returns
    -------
    tuple of LabelClass
        By value.

    Raises
    ------
    BadInput
        If a value is no whole number from 1 to 65535, or a value or name occurs twice.
    """
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    return _checked(
        "--classes", [(value.strip(), name.strip() or value.strip()) for value, _, name in pairs]
    )


def read_classes(path: Path) -> tuple[LabelClass, ...]:
    """Read the table of classes.

    Parameters
    ----------
    path : Path
        The `classes.csv`.

    Returns
    -------
    tuple of LabelClass
        By value.

    Raises
    ------
    BadInput
        As :func:`parse_classes`; or if it is no such table.
    """
    lines = read_table(path, "table of classes", _COLUMNS, key=("value",))
    return _checked(str(path), [(line.cells["value"], line.cells["name"]) for line in lines])


def write_classes(path: Path, classes: Iterable[LabelClass]) -> None:
    """Write the table of classes.

    Parameters
    ----------
    path : Path
        The `classes.csv`.
    classes : iterable of LabelClass
        Written in the order given.
    """
    write_table(path, _COLUMNS, map(astuple, classes))


def listed(classes: Sequence[LabelClass]) -> str:
    """Return the classes as a sentence names them."""
    return ", ".join(map(str, classes))


def check_values(
    file: Path, values: frozenset[int], classes: Sequence[LabelClass], not_labelled: int
) -> None:
    """Refuse a mask with a value that no class has.

    Parameters
    ----------
    file : Path
        The mask.
    values : frozenset of int
        What it holds.
    classes : sequence of LabelClass
        What there is.
    not_labelled : int
        The value of pixels that are not labelled.

    Raises
    ------
    BadInput
        If there is such a value; names the file.
    """
    strange = values - {0, not_labelled} - {one.value for one in classes}
    if strange:
        raise BadInput(
            f"{file} holds the label {min(strange)}, which no class has (there is "
            f"{listed(classes)}): name it with --classes, or correct the mask"
        )


def check_all_shown(classes: Sequence[LabelClass], shown: frozenset[int]) -> None:
    """Refuse a class that no mask shows.

    Parameters
    ----------
    classes : sequence of LabelClass
        What there is.
    shown : frozenset of int
        The values of all masks.

    Raises
    ------
    BadInput
        If a class is missing.
    """
    missing = [one for one in classes if one.value not in shown]
    if missing:
        raise BadInput(
            f"no labelled image shows class {missing[0]}: label it in one at least, or leave it "
            "out of the classes"
        )


def _checked(where: str, pairs: Sequence[tuple[str, str]]) -> tuple[LabelClass, ...]:
    classes = [LabelClass(_value(where, value), name or value) for value, name in pairs]
    if not classes:
        raise BadInput(f"{where} names no class; write them as 1=RV,2=myocardium")
    for what in ("value", "name"):
        known = [getattr(one, what) for one in classes]
        twice = next((one for one in known if known.count(one) > 1), None)
        if twice is not None:
            raise BadInput(f"{where} has the {what} {twice} twice; give each class its own")
    return tuple(sorted(classes, key=lambda one: one.value))


def _value(where: str, text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _LARGEST:
        raise BadInput(
            f"{where} has the value {text!r}; the value of a class is a whole number from 1 to "
            f"{_LARGEST}, for 0 is the background"
        )
    return int(text)
