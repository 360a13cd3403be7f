"""What a ``classify`` is to learn, checked before any work begins, and the run folder it makes."""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.data.provenance import ProcessRecord
from napari_localcl.data.settings import build_settings
from napari_localcl.training.budget import Budget
from napari_localcl.training.devices import Team
from napari_localcl.training.record import RunRecord
from napari_localcl.training.run import RunFolder

from .classifier import FILE, VERB
from .files import LABELS
from .looking import ENCODERS, encoders_of, take_along
from .settings import PRESETS, ClassifySettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from napari_localcl.data.series import SeriesListing

PRESET = "small"


@dataclass(frozen=True)
class Plan:
    """What to learn, all of it checked.

    Attributes
    ----------
    given : ClassifySettings
        The settings.
    preset : str
        What they began with.
    seed : int
        What chance depends on.
    budget : Budget or None
        None where nothing is trained by steps.
    """

    given: ClassifySettings
    preset: str
    seed: int
    budget: Budget | None


def fresh_plan(
    preset: str | None,
    settings: Mapping[str, object] | None,
    seed: int | None,
    budget: Budget | None,
) -> Plan:
    """The plan of a new run; None takes a default."""
    if Team.of_environment().world > 1:
        raise BadInput("findings are learned by one process: start 'classify' without torchrun")
    name = preset or PRESET
    if name not in PRESETS:
        raise BadInput(f"there is no preset '{name}' of classify: choose {', '.join(PRESETS)}")
    given = build_settings(ClassifySettings, settings or {}, PRESETS[name])
    if given.head == "convlstm" and budget is None:
        raise BadInput("how long to train is missing: give --minutes or --steps")
    return Plan(given, name, seed or 0, budget)


def resumed_plan(folder: RunFolder, budget: Budget | None) -> Plan:
    """The plan that a run was begun with; one that was trained but not judged can go on, too."""
    record = folder.record
    if record.verb != VERB:
        raise BadInput(f"{folder.path} learned no findings: give another --run")
    if record.status != "finished" or (folder.path / FILE).exists():
        RunFolder.resume(folder.path)
        folder.update(status="running", process=ProcessRecord.own())
    given = build_settings(ClassifySettings, {}, record.settings)
    own = Budget(record.steps, record.minutes) if record.steps or record.minutes else None
    return Plan(given, record.preset, record.seed, budget or own)


def create_run(
    run: Path,
    plan: Plan,
    found: SeriesListing,
    start_from: str | Path | Mapping[str, str | Path] | None,
) -> RunFolder:
    """Make the run folder, with the encoders in it."""
    pixels = plan.given.features == "pixels"
    encoders = {} if pixels else encoders_of(start_from, found.planes)
    for source in encoders.values():
        RunFolder.open(source)
    record = RunRecord(
        verb=VERB,
        method=plan.given.head,
        preset=plan.preset,
        settings=plan.given.model_dump(mode="json"),
        seed=plan.seed,
        steps=plan.budget.steps if plan.budget else None,
        minutes=plan.budget.minutes if plan.budget else None,
        started_from=", ".join(sorted({str(path) for path in encoders.values()})) or None,
    )
    folder = RunFolder.create(run, record)
    with beginning(folder, fresh=True):
        take_along(encoders, run)
    return folder


def labels_to_resume(run: Path) -> Path | None:
    """Return the labels that a run was begun with; None if it has learned from them already.

    Raises
    ------
    BadInput
        If there is no such run, or it was never given any.
    """
    folder = RunFolder.open(run)
    if folder.record.verb != VERB:
        raise BadInput(f"{run} learned no findings: give another --run")
    if (folder.path / FILE).exists() and folder.record.status == "finished":
        return None
    labels = folder.path / LABELS
    if not labels.exists():
        raise BadInput(f"{run} broke off before it kept its labels: give --labels, too")
    return labels


@contextmanager
def beginning(folder: RunFolder, *, fresh: bool) -> Iterator[None]:
    """Leave nothing of a fresh run that cannot begin; one interrupted here can be resumed."""
    try:
        yield
    except BadInput:
        if fresh:
            shutil.rmtree(folder.path / ENCODERS, ignore_errors=True)
            (folder.path / LABELS).unlink(missing_ok=True)
            folder.abandon()
        raise
    except KeyboardInterrupt:
        folder.update(status="interrupted")
        raise
