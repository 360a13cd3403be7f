"""What the verbs that report figures share: spacing in, tables and JSON out."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from napari_localcl.tasks.evaluation import Spread

NAMED = 10  # names printed before the rest is counted

Exclude = Annotated[
    list[str] | None,
    typer.Option(
        metavar="IMAGE",
        help="Leave an image out, such as the template or a prior; may be repeated.",
        show_default="none",
    ),
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Also write all figures as JSON.")
]


def parse_spacing(text: str | None, axes: str = "Y,X") -> float | tuple[float, ...] | None:
    """Return what --spacing says: one number, or one for each of the axes at most."""
    if text is None:
        return None
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not 1 <= len(values) <= len(axes.split(",")):
        more = "two" if axes == "Y,X" else "several"
        raise BadInput(
            f"--spacing {text} is neither one number of millimetres nor {more} as {axes}"
        )
    return values[0] if len(values) == 1 else values


def print_table(rows: Sequence[Sequence[str]], names: int = 1) -> None:
    """Print rows in columns: the first few are names and stand left, figures stand right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        left = [cell.ljust(width) for cell, width in zip(row[:names], widths, strict=False)]
        right = [cell.rjust(width) for cell, width in zip(row[names:], widths[names:], strict=True)]
        print("  ".join([*left, *right]))


def spread_cells(spread: "Spread", digits: int = 2) -> list[str]:
    """Return mean, median and standard deviation as a table shows them."""
    values = (spread.mean, spread.median, spread.std)
    return ["-" if value is None else f"{value:.{digits}f}" for value in values]


def first_named(names: Sequence[str], between: str = ", ") -> str:
    """Return the first few names, and how many more there are."""
    more = len(names) - NAMED
    return between.join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def write_json(path: Path | None, figures: dict[str, object]) -> None:
    """Write all figures for a program, if a file is given."""
    if path is not None:
        with replacing(path) as part:
            part.write_text(json.dumps(figures, indent=2), encoding="utf-8")
