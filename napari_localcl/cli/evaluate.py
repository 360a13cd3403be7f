"""``evaluate``: how far predictions are from the truth."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_localcl.cli.evaluate_masks import masks
from napari_localcl.cli.evaluate_series import series
from napari_localcl.cli.tables import (
    Exclude,
    JsonFile,
    first_named,
    parse_spacing,
    print_table,
    spread_cells,
    write_json,
)
from napari_localcl.data.annotations import read_landmarks

if TYPE_CHECKING:
    from napari_localcl.tasks.evaluation import ErrorSummary, LandmarkErrors

app = typer.Typer(help="Compare predictions with the truth.", no_args_is_help=True)
app.command("masks")(masks)
app.command("series")(series)


@app.callback()
def evaluate() -> None:
    """Compare predictions with the truth, in the field's standard figures."""


@app.command("landmarks")
def landmarks(
    predicted: Annotated[
        Path, typer.Argument(metavar="PREDICTED", help="Landmarks (CSV).", show_default=False)
    ],
    truth: Annotated[
        Path, typer.Argument(metavar="TRUTH", help="The true ones (CSV).", show_default=False)
    ],
    spacing: Annotated[
        str | None,
        typer.Option(
            metavar="MM",
            help="Millimetres per pixel, or two as Y,X; errors are then in millimetres too.",
            show_default="unknown",
        ),
    ] = None,
    radius: Annotated[
        list[float] | None,
        typer.Option(
            metavar="R",
            help="Radius of a success, in mm with --spacing, else in px; may be repeated.",
            show_default="2, 2.5, 3, 4 mm or 5, 10, 20 px",
        ),
    ] = None,
    exclude: Exclude = None,
    json_file: JsonFile = None,
) -> None:
    """Report the radial error of every landmark: mean, median, std and success rates.

    A missing prediction is counted, named, and fails at every radius.
    """
    from napari_localcl.tasks.evaluation import evaluate_landmarks

    errors = evaluate_landmarks(
        read_landmarks(predicted),
        read_landmarks(truth),
        radii=radius,
        spacing=parse_spacing(spacing),
        exclude=exclude or (),
    )
    _print(errors)
    write_json(json_file, errors.as_dict())


def _print(errors: "LandmarkErrors") -> None:
    print_table([_heading(errors), *map(_row, (*errors.landmarks, errors.overall))])
    for line in _remarks(errors):
        print(line)


def _heading(errors: "LandmarkErrors") -> list[str]:
    units = ["px"] if errors.unit == "px" else ["px", "mm"]
    figures = [f"{name} {unit}" for unit in units for name in ("mean", "median", "std")]
    radii = [f"<= {radius:g} {errors.unit}" for radius in errors.overall.success]
    return ["landmark", "points", "missing", *figures, *radii]


def _row(summary: "ErrorSummary") -> list[str]:
    cells = [summary.name, str(summary.count), str(summary.missing), *spread_cells(summary.pixels)]
    if summary.millimetres is not None:
        cells += spread_cells(summary.millimetres)
    return cells + [f"{share:.1%}" for share in summary.success.values()]


def _remarks(errors: "LandmarkErrors") -> list[str]:
    remarks = []
    if errors.missing:
        names = [f"{landmark} in {image}" for image, landmark in errors.missing]
        remarks.append(f"missing predictions: {first_named(names)}")
    if errors.human:
        remarks.append(
            f"{errors.human} points placed or accepted by a person (templates) are left out"
        )
    if errors.untold:
        remarks.append(f"{errors.untold} predictions have no truth to compare with")
    if errors.risk_coverage is not None:
        remarks.append(
            f"area under the risk-coverage curve: {errors.risk_coverage:.2f} px "
            f"(the mean error if confidence said nothing: {errors.overall.pixels.mean:.2f} px)"
        )
    return remarks
