"""``evaluate series``: how good probabilities of findings are."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_localcl.cli.tables import JsonFile, first_named, print_table, write_json
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from napari_localcl.tasks.series.evaluation import (
        Figure,
        FindingScore,
        SeriesEvaluation,
        Threshold,
    )


def series(
    predicted: Annotated[
        Path, typer.Argument(metavar="PREDICTED", help="Probabilities (CSV).", show_default=False)
    ],
    truth: Annotated[
        Path, typer.Argument(metavar="TRUTH", help="The findings (CSV).", show_default=False)
    ],
    finding: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COLUMN[=VALUE]",
            help="Compare this column, or a value of a column of codes; may be repeated.",
            show_default="all that were predicted",
        ),
    ] = None,
    threshold: Annotated[
        str,
        typer.Option(
            metavar="P|prevalence",
            help="Call a finding above this probability; its prevalence balances both errors.",
        ),
    ] = "prevalence",
    json_file: JsonFile = None,
) -> None:
    """Report per finding AUC, AUPRC, balanced accuracy, sensitivity, specificity, F1, calibration.

    Each with its 95 % interval (bootstrap over patients) and what a prediction that knows the
    prevalence alone reaches; then the means of all and of rare findings (under 20 %).
    """
    from napari_localcl.data.findings import read_findings, read_probabilities
    from napari_localcl.tasks.series.evaluation import evaluate_series

    told = read_probabilities(predicted, finding or ())
    found = evaluate_series(
        told, read_findings(truth, finding or told.names), _threshold(threshold)
    )
    print_scores(found)
    write_json(json_file, found.as_dict())


def print_scores(found: "SeriesEvaluation") -> None:
    """Print figures as a table, with what they leave out."""
    from napari_localcl.tasks.series.evaluation import FIGURES

    heading = ["finding", "figure", "value", "95 % interval", "chance", "series", "with it"]
    rows = [
        [one.name, label, *_cells(one.figures[label]), *_counts(one)]
        for one in (*found.findings, *found.means)
        for label in FIGURES
    ]
    print_table([heading, *rows], names=2)
    if found.missing:
        print(f"no prediction for: {first_named(found.missing)}")
    if found.untold:
        print(f"{len(found.untold)} predictions have no truth to compare with")


def _cells(figure: "Figure") -> list[str]:
    interval = "-" if figure.low is None else f"{figure.low:.3f} to {figure.high:.3f}"
    return [_number(figure.value), interval, _number(figure.chance)]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _counts(one: "FindingScore") -> list[str]:
    return [str(one.series), str(one.present)]


def _threshold(text: str) -> "Threshold":
    if text == "prevalence":
        return "prevalence"
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise BadInput(f"--threshold {text} is neither a probability nor 'prevalence'")
    return value
