"""``classify``: learn the findings of series from few labels, or predict them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from napari_localcl.cli.entry import STARTED
from napari_localcl.cli.options import (
    Cache,
    Device,
    Events,
    Minutes,
    NewRun,
    Resume,
    Seed,
    Set,
    Steps,
    images_argument,
)
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari_localcl.tasks.series.classification import Predicted

Series = Annotated[
    list[str],
    typer.Argument(
        metavar="SERIES",
        help="A folder of series: volumes (DICOM, NIfTI, TIFF, NumPy) or folders of frames; planes "
        "and sequences by their names, such as axial/knee_7.npy or knee_7/axial.nii.gz.",
        show_default=False,
    ),
]
Labels = Annotated[
    Path | None,
    typer.Option(
        metavar="CSV",
        help="Learn from these findings: a column 'series', perhaps 'patient', and one per "
        "finding with 0, 1 or nothing. Without it, a run that has learned predicts, and one that "
        "broke off goes on with --resume.",
        show_default=False,
    ),
]
Finding = Annotated[
    list[str] | None,
    typer.Option(
        metavar="COLUMN[=VALUE]",
        help="A column that is a finding, or a value of a column of codes; may be repeated.",
        show_default="all columns",
    ),
]
From = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="[PLANE=]RUN0",
        help="The run whose encoder sees the frames; one per plane if repeated as axial=RUN0.",
        show_default=False,
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(metavar="CSV", help="Where to write the probabilities.", show_default=False),
]
Maps = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Also write where in which frames it looked.", show_default=False
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(
        metavar="NAME",
        help="'small', 'light' (logistic regression, no budget), 'faithful' or 'pixels'.",
        show_default="small",
    ),
]


def classify(
    series: Series,
    run: NewRun,
    labels: Labels = None,
    out: Out = None,
    finding: Finding = None,
    start_from: From = None,
    maps: Maps = None,
    minutes: Minutes = None,
    steps: Steps = None,
    preset: Preset = None,
    settings: Set = None,
    seed: Seed = None,
    device: Device = "auto",
    resume: Resume = False,
    cache: Cache = None,
    events: Events = False,
) -> None:
    """Learn the findings of SERIES from a table of labels, or predict them with a run.

    With --labels it learns into the run folder and evaluates by cross-validation: each series is
    judged by what has never seen it. OUT gets, for all series, a calibrated probability per finding
    and its uncertainty in bits (0 sure, 1 undecided).
    """
    if labels is None and out is None and maps is None and not resume:
        raise BadInput("give --labels to learn, --out or --maps to predict with a run, or several")

    from napari_localcl.cli.evaluate_series import print_scores
    from napari_localcl.cli.reporter import drain, reporter
    from napari_localcl.data.settings import parse_assignments
    from napari_localcl.tasks.series.classification import (
        learn_findings,
        predict_findings,
        save_predictions,
    )
    from napari_localcl.tasks.series.explaining import write_maps
    from napari_localcl.tasks.series.planning import labels_to_resume
    from napari_localcl.training.budget import Budget
    from napari_localcl.training.devices import leads

    show, folder = reporter(events), images_argument(series)
    predicted: Predicted | None = None
    if labels is None and resume:
        labels = labels_to_resume(run)
        if labels is None and out is None and maps is None:
            raise BadInput(f"{run} has learned already: give --out or --maps to predict with it")
    if labels is not None:
        work = learn_findings(
            folder,
            run,
            labels,
            findings=finding or (),
            start_from=_encoders(start_from or []),
            budget=Budget.given(steps, minutes),
            preset=preset,
            settings=parse_assignments(settings or []),
            seed=seed,
            device=device,
            resume=resume,
            cache=cache,
            started=STARTED,
        )
        predicted = drain(work, show)
        if leads() and predicted.evaluation is not None:
            if not events:
                print_scores(predicted.evaluation)
            show.result(f"learned findings: {run}", run=str(run), **predicted.evaluation.as_dict())
    elif out is not None:
        predicted = drain(predict_findings(folder, run, device=device, cache=cache), show)
    if out is not None and predicted is not None and leads():
        save_predictions(out, predicted, run)
        count = len(predicted.findings)
        show.result(f"predicted {count} series: {out}", out=str(out), series=count)
    if maps is not None and leads():
        drain(write_maps(folder, run, maps, device=device, cache=cache), show)
        show.result(f"where it looked: {maps}", maps=str(maps))


def _encoders(given: "Sequence[str]") -> "str | Mapping[str, str] | None":
    """Return one run for all planes, or one for each."""
    pairs = [text.partition("=") for text in given]
    if len(pairs) == 1 and not pairs[0][1]:
        return given[0]
    if not all(sign for _, sign, _ in pairs):
        raise BadInput("give --from once, or once for each plane as --from PLANE=RUN0")
    return {plane: run for plane, _, run in pairs} or None
