"""Who may save the project, where that is not this window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_localcl.data.lock import LockState
from napari_localcl.widgets.asking import is_sure
from napari_localcl.widgets.banner import Banner

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_localcl.widgets.session import Session

_SETTLED = (LockState.OURS, LockState.LOST)


class Ownership(Banner):
    """Says why nothing can be changed, and takes the project over if a person says so.

    Parameters
    ----------
    session : Session
        Whose project.
    open_again : callable
        Opens the project again, taking the right to save it.
    """

    def __init__(self, session: Session, open_again: Callable[[], object]) -> None:
        super().__init__(
            "Take it over",
            "Make this the window that may change the project",
            self._take_over,
            "Alt+Shift+W",
        )
        self._session, self._open_again = session, open_again
        session.obstacle_changed.connect(self._on_obstacle)

    def _on_obstacle(self) -> None:
        obstacle = self._session.obstacle
        self.tell(obstacle and f"Read-only: {obstacle}.")
        if obstacle:
            state = self._state
            lost = state is LockState.LOST
            self.button.setText("Open it again" if lost else "Take it over")
            self.button.setVisible(state is not LockState.NOT_WRITABLE)

    @property
    def _state(self) -> LockState:
        project = self._session.project
        return project.lock.state if project else LockState.OURS

    def _take_over(self) -> None:
        state = self._state
        if state in (LockState.OURS, LockState.NOT_WRITABLE):
            return
        if (state is LockState.LOST and not self._unsaved) or self._is_sure():
            self._open_again()

    @property
    def _unsaved(self) -> bool:
        return self._session.project is not None and self._session.project.is_dirty

    def _is_sure(self) -> bool:
        other = "The other window can then save nothing more: close it there first if you can."
        lost = "What was changed in this window and is not saved is dropped."
        parts = [] if self._state in _SETTLED else [other]
        text = " ".join([*parts, *([lost] if self._unsaved else [])])
        return is_sure(self, "Take the project over?", text)
