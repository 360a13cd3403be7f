"""Comparing runs in a process of its own: the terminal's `probe`."""

from __future__ import annotations

import shlex
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.data.marks import Kind
from napari_localcl.widgets.child import Child
from napari_localcl.widgets.training_words import in_words, part_gone, plain

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_localcl.data.project import Project
    from napari_localcl.widgets.session import Session

_REPORT, _MASKS = "comparison", "comparison-masks.txt"
_CANCELLED = "Cancelled. What was compared before stays."


@dataclass(frozen=True)
class Question:
    """What is to be compared.

    Attributes
    ----------
    runs : tuple of Path
        Run folders, at least one.
    structure : str
        By the masks of which structure too; empty for none.
    limit : int
        Most images looked at.
    device : str
        As the terminal takes it.
    """

    runs: tuple[Path, ...]
    structure: str = ""
    limit: int = 64
    device: str = "auto"

    def arguments(self, project: Project) -> list[str]:
        """Return the verb and all that follows it.

        Raises
        ------
        BadInput
            If the list of masks, where there has to be one, cannot be written.
        """
        flags = [part for run in self.runs for part in ("--run", str(run))]
        flags += ["--limit", str(self.limit), "--device", self.device]
        if has_landmarks(project):
            flags += ["--landmarks", str(project.folder / "landmarks.csv")]
        if self.structure:
            flags += ["--masks", str(_masks(project, self.structure))]
        images = [str(path) for path in project.input]
        return ["probe", *images, *flags, "--out", str(report_of(project))]


class Comparing(QObject):
    """Compares runs of a session's project; the report lies in the project's cache.

    Parameters
    ----------
    session : Session
        Whose runs.

    Attributes
    ----------
    changed : Signal
        There is news.
    ended : Signal of str
        It has ended; empty if there is a report, else why there is none.
    fraction : float or None
        How much of the time has gone; None while nobody can tell.
    who, message : str
        Which encoder is looked at, by its name in the report; what is being done.
    """

    changed = Signal()
    ended = Signal(str)

    def __init__(self, session: Session, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._child: Child | None = None
        self.fraction: float | None = None
        self.who = self.message = ""
        session.closing.connect(self.close)

    @property
    def is_running(self) -> bool:
        """Whether runs are being compared."""
        return self._child is not None

    def start(self, question: Question) -> None:
        """Begin; nothing happens while there is a comparison at hand.

        Raises
        ------
        BadInput
            If another window has the project, or the list of masks cannot be written.
        """
        if self.is_running:
            return
        arguments = self._arguments(question)
        self.fraction, self._is_cancelled = None, False
        self.who, self.message = "", "starting"
        self._began = time.monotonic()
        self._child = Child(arguments, self)
        self._child.said.connect(self._on_event)
        self._child.ended.connect(self._on_ended)
        self._child.start()
        self.changed.emit()

    def command(self, question: Question) -> str:
        """Return what does the same in a terminal; errors as of :meth:`start`."""
        return shlex.join(["napari-localcl", *self._arguments(question)])

    def cancel(self) -> None:
        """Give up."""
        if self._child is not None:
            self._is_cancelled, self.who, self.message = True, "", "cancelling"
            self._child.end()
            self.changed.emit()

    def close(self) -> None:
        """End the process, and wait for it."""
        if self._child is not None:
            self._child.close()
            self._child = None

    def _arguments(self, question: Question) -> list[str]:
        project = self._session.project
        assert project is not None
        project.check_writable()
        # What was clicked a moment ago counts.
        self._session.save()
        return question.arguments(project)

    def _on_event(self, event: dict[str, Any]) -> None:
        if event["event"] == "result":
            return
        if "seconds_left" in event:
            self.fraction = part_gone(event, time.monotonic() - self._began)
        if not self._is_cancelled:
            self.who = event.get("stage", "")
            self.message = in_words(event)
        self.changed.emit()

    def _on_ended(self, status: int, complaint: str) -> None:
        assert self._child is not None
        self._child.deleteLater()
        self._child = None
        if self._is_cancelled:
            self.ended.emit(_CANCELLED)
        else:
            self.ended.emit(f"Comparing failed: {plain(complaint)}." if status else "")


def report_of(project: Project) -> Path:
    """Return where a project's comparison lies, without its endings."""
    return project.cache / _REPORT


def has_landmarks(project: Project) -> bool:
    """Whether people have placed or accepted any landmark."""
    return bool((project.annotations.kinds() == Kind.HUMAN).any())


def landmark_images(project: Project) -> int:
    """Return of how many images people know a landmark."""
    return int(np.any(project.annotations.kinds() == Kind.HUMAN, axis=0).sum())


def known_masks(project: Project) -> dict[str, int]:
    """Return of how many images people have masks, by structure; at least two."""
    names = project.annotations.masks.names
    counts = {name: sum(_complete(project, name).values()) for name in names}
    return {name: count for name, count in counts.items() if count > 1}


def _complete(project: Project, structure: str) -> Mapping[Path, int]:
    return project.masks.complete(project.annotations.masks, structure)


def _masks(project: Project, structure: str) -> Path:
    """Return the folder of people's masks; if not all say something of all slices, a list."""
    complete, every = _complete(project, structure), project.masks.drawn(project.annotations.masks)
    folder = project.masks.labels / structure
    if {file for file in every if folder in file.parents} <= set(complete):
        return folder
    path = project.cache / _MASKS
    files = "".join(f"{file.absolute()}\n" for file in complete)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path, durable=False) as part:
            part.write_text(files, encoding="utf-8")
    except OSError as error:
        why = error.strerror or error
        raise BadInput(f"the list of masks {path} cannot be written ({why})") from error
    return path
