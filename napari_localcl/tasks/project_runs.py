"""The runs of a project: what was learnt from its images, and which of it is in use."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.data.mask_table import TABLE
from napari_localcl.tasks.series.files import PREDICTIONS
from napari_localcl.training.files import remove_folder
from napari_localcl.training.metrics import last_step
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Collection

    from napari_localcl.data.project import Project
    from napari_localcl.training.record import RunRecord, SkippedRecord


@dataclass(frozen=True)
class RunRow:
    """One run in a project's list.

    Attributes
    ----------
    folder : str
        The run folder's name, which stays; predictions name their run by it.
    name : str
        What a person calls it.
    verb : str
        What it did, as the terminal calls it: `pretrain`, `shapes`, ...; empty if it is damaged.
    method, preset : str
        The published system, and what its settings began with; empty if the run is damaged.
    status : str
        `running`, `interrupted`, `failed`, `finished` or `damaged`.
    started, finished : str or None
        When, ISO 8601 in UTC.
    minutes : float
        How long it took.
    steps : int
        How many are noted in its table of losses.
    loss : float or None
        The sum of the terms at the last step; None where none is noted.
    is_current : bool
        Whether it is the run in use.
    classes : tuple of str
        What a run of `finetune` tells apart.
    """

    folder: str
    name: str
    verb: str
    method: str
    preset: str
    status: str
    started: str | None
    finished: str | None
    minutes: float
    steps: int
    loss: float | None
    is_current: bool
    classes: tuple[str, ...] = ()

    @property
    def can_be_resumed(self) -> bool:
        """Whether it broke off."""
        return self.status in ("interrupted", "failed")

    @property
    def structures(self) -> tuple[str, ...]:
        """Which structures it segments; a run of `shapes` has a folder that is called like it."""
        return (self.folder.rpartition("-")[0],) if self.verb == "shapes" else tuple(self.classes)

    @property
    def sees(self) -> bool:
        """Whether it learned what images look like, rather than what people say of them."""
        return not self.structures and self.verb != "classify"

    @property
    def structure(self) -> str:
        """The same in words; empty if it segments none."""
        return ", ".join(self.structures)


class ProjectRuns:
    """The runs of a project. A run that failed or was cancelled never replaces another one.

    Parameters
    ----------
    project : Project
        Whose.
    """

    def __init__(self, project: Project) -> None:
        self._project = project

    def rows(self) -> tuple[RunRow, ...]:
        """Return the runs, the latest first; reads again only what has changed on the disk."""
        found = [(self._record(folder), folder) for folder in self._folders()]
        latest_first = sorted(found, key=lambda run: run[0].started if run[0] else "", reverse=True)
        return tuple(self._row(record, folder) for record, folder in latest_first)

    def skipped(self) -> tuple[SkippedRecord, ...]:
        """Return the images that the latest run could not use, although they were listed."""
        records = [one for folder in self._folders() if (one := self._record(folder)) is not None]
        latest = max(records, key=lambda record: record.started, default=None)
        return latest.skipped if latest else ()

    def interrupted(self, verb: str) -> RunRow | None:
        """Return the latest run of a verb if it was broken off, by whatever; None otherwise.

        So is one that has learned to segment, but whose masks are not there yet, and one that has
        learned findings, but has not said which series have them.
        """
        row = next((row for row in self.rows() if row.verb == verb), None)
        if row is None:
            return None
        is_told = row.folder in self._project.record.proposed_by.values() or self._has_masks(row)
        lacks_masks = row.structure and row.status == "finished" and not is_told
        told = (self._project.runs / row.folder / PREDICTIONS).exists()
        lacks_findings = verb == "classify" and row.status == "finished" and not told
        return row if row.status == "interrupted" or lacks_masks or lacks_findings else None

    def proposing(self, structures: Collection[str]) -> tuple[RunRow, ...]:
        """Return the runs that left masks of all these structures, by their folders; latest first.

        Those of `shapes` segment one structure only.
        """
        return tuple(
            row
            for row in self.rows()
            if row.status == "finished" and set(structures) <= set(row.structures)
            if self._has_masks(row)
        )

    def _has_masks(self, row: RunRow) -> bool:
        """Whether the masks of all images that a run has learned from are there."""
        record = self._record(row.folder)
        tables = [
            self._project.masks.proposals(structure, row.folder) / TABLE
            for structure in row.structures
        ]
        if record is None or not tables:
            return False
        return all(_lines(table) > len(record.images) for table in tables)

    def open(self, folder: str) -> RunFolder:
        """Return a run's folder.

        Raises
        ------
        BadInput
            If there is no such run.
        """
        return RunFolder.open(self._project.runs / self._named(folder).folder)

    @property
    def current(self) -> Path | None:
        """The folder of the run in use; None if none was chosen, or it is gone."""
        chosen = self._project.record.current_run
        return self._project.runs / chosen if chosen in self._folders() else None

    def begin(self, name: str) -> Path:
        """Return the folder for a new run, a name that no run of the project ever had.

        Parameters
        ----------
        name : str
            What it begins with: the method, or the structure that is segmented.
        """
        number = self._project.record.runs_begun + 1
        while (folder := self._project.runs / f"{name}-{number}").exists():
            number += 1
        self._project.update(runs_begun=number)
        return folder

    def labels_of(self, folder: str) -> Path:
        """Return the folder of the labels that a run of `finetune` learns from."""
        return self._project.folder / "learned-from" / folder

    def choose(self, folder: str) -> None:
        """Put a run to use.

        Raises
        ------
        BadInput
            If there is no such run, it is not finished, or it has learned to segment.
        """
        row = self._named(folder)
        if row.structure:
            raise BadInput(f"the run {row.name!r} segments {row.structure}; it finds no landmarks")
        if not row.sees:
            raise BadInput(f"the run {row.name!r} tells findings of series; it finds no landmarks")
        if row.status != "finished":
            raise BadInput(f"the run {row.name!r} is {row.status}; choose one that is finished")
        self._project.update(current_run=folder)

    def rename(self, folder: str, name: str) -> None:
        """Call a run something else; its folder stays, because predictions name it.

        Raises
        ------
        BadInput
            If there is no such run, the name is empty, or another run has it.
        """
        self._named(folder)
        name = name.strip()
        if not name:
            raise BadInput("a run needs a name; write at least one letter")
        if any(row.name == name and row.folder != folder for row in self.rows()):
            raise BadInput(f"another run is called {name!r}; choose another name")
        self._project.update(run_names={**self._project.record.run_names, folder: name})

    def delete(self, folder: str) -> None:
        """Remove a run from the disk; its predictions stay.

        Raises
        ------
        BadInput
            If there is no such run, it is running, it cannot be removed, or another window has the
            project.
        """
        self._project.check_writable()
        row = self._named(folder)
        if row.status == "running":
            raise BadInput(f"the run {row.name!r} is running; cancel it first")
        try:
            remove_folder(self._project.runs / folder)
            if self.labels_of(folder).exists():
                remove_folder(self.labels_of(folder))
        except OSError as error:
            raise BadInput(
                f"the run {row.name!r} cannot be removed ({error.strerror or error})"
            ) from error
        self._forget(folder)

    def _forget(self, folder: str) -> None:
        record = self._project.record
        names = {one: name for one, name in record.run_names.items() if one != folder}
        current = None if record.current_run == folder else record.current_run
        self._project.update(run_names=names, current_run=current)

    def _folders(self) -> list[str]:
        try:
            entries = list(os.scandir(self._project.runs))
        except FileNotFoundError:
            return []
        return [entry.name for entry in entries if (Path(entry.path) / "run.json").is_file()]

    def _named(self, folder: str) -> RunRow:
        for row in self.rows():
            if row.folder == folder:
                return row
        raise BadInput(f"the project has no run {folder!r}")

    def _record(self, folder: str) -> RunRecord | None:
        path = self._project.runs / folder
        try:
            return _record(path, (path / "run.json").stat().st_mtime_ns)
        except (BadInput, OSError):
            return None

    def _row(self, record: RunRecord | None, folder: str) -> RunRow:
        steps, loss = last_step(RunFolder(self._project.runs / folder).metrics)
        return RunRow(
            folder=folder,
            name=self._project.record.run_names.get(folder, folder),
            verb=record.verb if record else "",
            method=record.method if record else "",
            preset=record.preset if record else "",
            status=_status(record),
            started=record.started if record else None,
            finished=record.finished if record else None,
            minutes=record.seconds / 60 if record else 0.0,
            steps=steps,
            loss=loss,
            is_current=folder == self._project.record.current_run,
            classes=tuple(one.name for one in record.labels.classes)
            if record and record.labels
            else (),
        )


@lru_cache(maxsize=256)
def _record(path: Path, changed: int) -> RunRecord:
    # It names every image that was trained on: reading it takes longer than a window may wait.
    return RunFolder.open(path).record


def _lines(table: Path) -> int:
    try:
        return table.read_bytes().count(b"\n")
    except OSError:
        return 0


def _status(record: RunRecord | None) -> str:
    if record is None:
        return "damaged"
    process = record.process
    if record.status == "running" and not (process.is_alive() or process.is_elsewhere):
        return "interrupted"
    return record.status
