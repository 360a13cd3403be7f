"""Learn the findings of series from a table of labels, and predict those of others."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.errors import BadInput
from napari_localcl.data.findings import (
    Findings,
    read_findings,
    write_findings,
    write_predictions,
)
from napari_localcl.data.progress import Progress
from napari_localcl.data.series import find_series
from napari_localcl.training.devices import choose_device
from napari_localcl.training.record import ImageRecord
from napari_localcl.training.run import RunFolder

from .calibration import entropy
from .classifier import Classifier
from .evaluation import evaluate_series
from .files import LABELS
from .fitting import learn_classifier
from .folds import labelled, learnable, make_folds
from .looking import ENCODERS, Look
from .planning import beginning, create_run, fresh_plan, resumed_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from napari_localcl.data.series import SeriesListing
    from napari_localcl.training.budget import Budget

    from .evaluation import SeriesEvaluation
    from .features import SeriesFeatures
    from .folds import Fold


@dataclass(frozen=True)
class Predicted:
    """What was said of some series.

    Attributes
    ----------
    findings : Findings
        Probabilities; the names of series are those of the exams.
    truth : Findings or None
        What was known of them, where labels were given.
    evaluation : SeriesEvaluation or None
        Of the series that labels were given for, each judged by the fold that never saw it.
    """

    findings: Findings
    truth: Findings | None = None
    evaluation: SeriesEvaluation | None = None


def learn_findings(
    series: str | Path | Sequence[str | Path],
    run: str | Path,
    labels: str | Path,
    *,
    findings: Sequence[str] = (),
    start_from: str | Path | Mapping[str, str | Path] | None = None,
    budget: Budget | None = None,
    preset: str | None = None,
    settings: Mapping[str, object] | None = None,
    seed: int | None = None,
    device: str = "auto",
    resume: bool = False,
    cache: Path | None = None,
    started: float | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Generator[Progress, None, Predicted]:
    """Learn findings from a few labelled series, and evaluate by cross-validation.

    One classifier is learned per fold; together they judge other series.

    Parameters
    ----------
    series : str, Path or sequence of them
        A folder, a file list, a glob or files; see :mod:`napari_localcl.data.series`.
    run : str or Path
        The run folder to make.
    labels : str or Path
        The findings table.
    findings : sequence of str
        Which columns of it, or `column=value`; by default all.
    start_from : str, Path, mapping of planes to them, or None
        A run whose encoder sees all planes, or one for each plane.
    budget : Budget or None
        Steps or minutes for everything; a logistic regression needs none.
    preset, settings, seed, device, resume, cache, started, stop
        As :func:`napari_localcl.tasks.pretraining.pretrain` takes them.

    Returns
    -------
    Predicted
        What the generator returns at its end: predictions of all series.

    Raises
    ------
    BadInput
        If anything given cannot be used.
    """
    started = time.monotonic() if started is None else started
    choose_device(device)
    folder = RunFolder(Path(run))
    resumed = resume and folder.holds_record()
    plan = resumed_plan(folder, budget) if resumed else fresh_plan(preset, settings, seed, budget)
    table = read_findings(Path(labels), findings)
    found = find_series(series, _known(start_from))
    truth = table.of([exam.name for exam in found.exams], Path(labels))
    chosen, sentences = learnable(truth)
    if not chosen:
        raise BadInput(f"{labels} holds nothing to learn: {'; '.join(sentences)}")
    truth = truth.only(chosen)
    for sentence in sentences:
        yield Progress("skipped", message=sentence)
    if not resumed:
        folder = create_run(Path(run), plan, found, start_from)
    look = Look(plan.given, folder.path, device, cache)
    with beginning(folder, fresh=not resumed):
        # First, so that whoever resumes need not give them again, however soon it broke off.
        _note_labels(folder, truth, fresh=not resumed)
        features = yield from look.at(found, _planes(folder, found))
        _note_images(folder, features, fresh=not resumed)
        truth = _seen(truth, features)
        folds = make_folds(truth, plan.given.folds, plan.given.held, plan.seed)
        planes = yield from _usable(features, folds)
    work = learn_classifier(plan, folder, features, planes, truth, folds, device, started, stop)
    classifier = yield from work
    told = yield from _predict(classifier, features)
    evaluation = evaluate_series(told, _only(truth, labelled(truth)), seed=plan.seed)
    return Predicted(told, truth, evaluation)


def predict_findings(
    series: str | Path | Sequence[str | Path],
    run: str | Path,
    *,
    device: str = "auto",
    cache: Path | None = None,
) -> Generator[Progress, None, Predicted]:
    """Predict the findings of series with a run that has learned them.

    Series that it has learned from are judged by the fold that has not seen them.

    Parameters
    ----------
    series, run, device, cache
        As in :func:`learn_findings`.

    Returns
    -------
    Predicted
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If the run has learned no findings, or no series can be used.
    """
    classifier, features = yield from look_with(series, run, device=device, cache=cache)
    told = yield from _predict(classifier, features)
    return Predicted(told)


def look_with(
    series: str | Path | Sequence[str | Path],
    run: str | Path,
    *,
    device: str = "auto",
    cache: Path | None = None,
) -> Generator[Progress, None, tuple[Classifier, SeriesFeatures]]:
    """Return the classifier of a run, and the features of series as it looks at them."""
    classifier, given = Classifier.load(run, device)
    planes = list(classifier.record.channels)
    look = Look(given, Path(run), device, cache)
    return classifier, (yield from look.at(find_series(series, planes), planes))


def save_predictions(path: Path, predicted: Predicted, run: str | Path) -> None:
    """Write predictions as a table, with the uncertainty in bits."""
    told = predicted.findings
    write_predictions(path, told, entropy(told.values), f"machine:{Path(run).name}")


def _known(start_from: object) -> list[str]:
    return list(start_from) if isinstance(start_from, Mapping) else []


def _planes(folder: RunFolder, found: SeriesListing) -> list[str]:
    """The planes that there is an encoder for."""
    if folder.record.settings["features"] == "pixels":
        return list(found.planes)
    return [plane for plane in found.planes if (folder.path / ENCODERS / plane).is_dir()]


def _seen(truth: Findings, features: SeriesFeatures) -> Findings:
    """The truth without what is said of exams that cannot be looked at."""
    seen = {exam for _, exam in features.files}
    values = truth.values.copy()
    values[[row for row in range(len(truth)) if row not in seen]] = np.nan
    return Findings(truth.series, truth.names, values, truth.patients)


def _only(truth: Findings, rows: Sequence[int]) -> Findings:
    series, patients = ([part[row] for row in rows] for part in (truth.series, truth.patients))
    return Findings(tuple(series), truth.names, truth.values[list(rows)], tuple(patients))


def _note_images(folder: RunFolder, features: SeriesFeatures, *, fresh: bool) -> None:
    """Write down the frames; on resuming, they must be those that the run was begun with."""
    frames = tuple(
        ImageRecord(name=name, hash=value)
        for stack in features.images.values()
        for name, value in zip(stack.names, stack.hashes, strict=True)
    )
    if not fresh and folder.record.images and folder.record.images != frames:
        raise BadInput(
            f"the series are not those that {folder.path} was begun with: restore them, or begin "
            "another --run"
        )
    folder.update(images=frames)


def _note_labels(folder: RunFolder, truth: Findings, *, fresh: bool) -> None:
    """Keep what was learned from; on resuming, it must be the same."""
    kept = folder.path / LABELS
    if fresh or not kept.exists():
        write_findings(kept, truth)
        return
    before = read_findings(kept)
    same = (before.series, before.names) == (truth.series, truth.names)
    if not same or not np.array_equal(before.values, truth.values, equal_nan=True):
        raise BadInput(
            f"the labels are not those that {folder.path} was begun with (kept in {kept}): give "
            "these, or begin another --run"
        )


def _usable(
    features: SeriesFeatures, folds: Sequence[Fold]
) -> Generator[Progress, None, list[str]]:
    """The planes that every fold can learn from."""
    planes = [p for p in features.planes if all(features.having(p, f.train) for f in folds)]
    for plane in features.planes:
        if plane not in planes:
            yield Progress("skipped", message=f"plane {plane}: too few labelled series have it")
    if not planes:
        raise BadInput("too few labelled series to learn from: label at least two patients more")
    return planes


def _predict(
    classifier: Classifier, features: SeriesFeatures
) -> Generator[Progress, None, Findings]:
    """Probabilities of all exams that can be looked at."""
    seen = sorted({exam for plane, exam in features.files if plane in classifier.record.channels})
    rows = []
    for done, exam in enumerate(seen, 1):
        rows.append(classifier.probabilities(features, exam))
        yield Progress("predict", step=done, steps=len(seen), message="judging series")
    names = tuple(features.exams[exam] for exam in seen)
    return Findings(names, classifier.record.findings, np.array(rows), names)
