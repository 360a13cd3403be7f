"""``evaluate``: how far predictions are from the truth."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_localcl.data.annotations import read_landmarks
from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from napari_localcl.tasks.evaluation import ErrorSummary, LandmarkErrors, Spread

app = typer.Typer(help="Compare predictions with the truth.", no_args_is_help=True)

NAMED = 10  # missing predictions named before the rest is counted


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
    exclude: Annotated[
        list[str] | None,
        typer.Option(
            metavar="IMAGE",
            help="Leave an image out, such as the template; may be repeated.",
            show_default="none",
        ),
    ] = None,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write all figures as JSON.")
    ] = None,
) -> None:
    """Report the radial error of every landmark: mean, median, std and success rates.

    A missing prediction is counted, named, and fails at every radius.
    """
    from napari_localcl.tasks.evaluation import evaluate_landmarks

    errors = evaluate_landmarks(
        read_landmarks(predicted),
        read_landmarks(truth),
        radii=radius,
        spacing=_spacing(spacing),
        exclude=exclude or (),
    )
    _print(errors)
    if json_file is not None:
        with replacing(json_file) as part:
            part.write_text(json.dumps(errors.as_dict(), indent=2), encoding="utf-8")


def _spacing(text: str | None) -> float | tuple[float, float] | None:
    if text is None:
        return None
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        values = []
    if len(values) not in (1, 2):
        raise BadInput(f"--spacing {text} is neither one number of millimetres nor two as Y,X")
    return values[0] if len(values) == 1 else (values[0], values[1])


def _print(errors: "LandmarkErrors") -> None:
    rows = [_heading(errors), *map(_row, (*errors.landmarks, errors.overall))]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for name, *figures in rows:
        cells = [figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True)]
        print("  ".join([name.ljust(widths[0]), *cells]))
    for line in _remarks(errors):
        print(line)


def _heading(errors: "LandmarkErrors") -> list[str]:
    units = ["px"] if errors.unit == "px" else ["px", "mm"]
    figures = [f"{name} {unit}" for unit in units for name in ("mean", "median", "std")]
    radii = [f"<= {radius:g} {errors.unit}" for radius in errors.overall.success]
    return ["landmark", "points", "missing", *figures, *radii]


def _row(summary: "ErrorSummary") -> list[str]:
    cells = [summary.name, str(summary.count), str(summary.missing), *_spread(summary.pixels)]
    if summary.millimetres is not None:
        cells += _spread(summary.millimetres)
    return cells + [f"{share:.1%}" for share in summary.success.values()]


def _spread(spread: "Spread") -> list[str]:
    values = (spread.mean, spread.median, spread.std)
    return ["-" if value is None else f"{value:.2f}" for value in values]


def _remarks(errors: "LandmarkErrors") -> list[str]:
    remarks = []
    if errors.missing:
        named = ", ".join(f"{landmark} in {image}" for image, landmark in errors.missing[:NAMED])
        more = len(errors.missing) - NAMED
        rest = f" and {more} more" if more > 0 else ""
        remarks.append(f"missing predictions: {named}{rest}")
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
