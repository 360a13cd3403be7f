"""Saving the project that is open, as long as this window may."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal

from napari_localcl.data.autosave import Autosave
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from napari_localcl.data.project import Project

# An edit is safe within a second; who may save is looked up on the disk, so more seldom.
_SAVE_AFTER = 0.3  # seconds
_SAVE_EVERY, _LOOK_EVERY = 200, 1000  # milliseconds


class Keeping(QObject):
    """Saves a project a moment after each edit, and says why it cannot.

    Attributes
    ----------
    obstacle_changed : Signal
        There is another reason why nothing can be saved, or none any more.
    problem : Signal of str
        Why something was not saved.
    obstacle : str
        Why nothing can be saved; empty if it can.
    """

    obstacle_changed = Signal()
    problem = Signal(str)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.obstacle = ""
        self._project: Project | None = None
        self._autosave: Autosave | None = None
        self._saving, self._looking = QTimer(self), QTimer(self)
        self._saving.timeout.connect(self._save_if_due)
        self._looking.timeout.connect(self._look_at_lock)

    def open(self, project: Project) -> None:
        """Begin to keep a project; the one before was let go."""
        self._project, self._autosave = project, Autosave(project, _SAVE_AFTER)
        self._saving.start(_SAVE_EVERY)
        self._looking.start(_LOOK_EVERY)
        self._look_at_lock()

    def close(self) -> None:
        """Save what is not saved and let the project go."""
        self._saving.stop()
        self._looking.stop()
        if self._project is None or self._autosave is None:
            return
        self.flush()
        self._autosave.close()
        self._project.close()
        self._project = self._autosave = None

    def flush(self) -> None:
        """Save what is not saved, and wait for it."""
        assert self._autosave is not None
        try:
            self._autosave.flush()
        except BadInput as error:
            self.problem.emit(str(error))

    def _save_if_due(self) -> None:
        assert self._autosave is not None
        if self.obstacle:
            return
        self._autosave.save_if_due(time.monotonic())
        if self._autosave.problem:
            self.problem.emit(self._autosave.problem)

    def _look_at_lock(self) -> None:
        obstacle = (self._project and self._project.lock.obstacle) or ""
        if obstacle != self.obstacle:
            self.obstacle = obstacle
            self.obstacle_changed.emit()
