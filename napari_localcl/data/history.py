"""Undo and redo, for any state that never changes."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

State = TypeVar("State")


class History(Generic[State]):
    """A present state, and the ones before and after it.

    Parameters
    ----------
    present : State
        Where it begins.
    most : int
        How many steps can be undone; older ones are forgotten.
    """

    def __init__(self, present: State, most: int = 100) -> None:
        self.present = present
        self._past: deque[State] = deque(maxlen=most)
        self._future: list[State] = []

    @property
    def can_undo(self) -> bool:
        """Whether there is a state before."""
        return bool(self._past)

    @property
    def can_redo(self) -> bool:
        """Whether a step was undone and nothing else done since."""
        return bool(self._future)

    def push(self, state: State) -> None:
        """Go on to a new state; one that is the present state is no step."""
        if state is self.present:
            return
        self._past.append(self.present)
        self._future.clear()
        self.present = state

    def amend(self, state: State) -> None:
        """Put another state in place of the present one; no step, so what can be redone stays."""
        self.present = state

    def transform(self, change: Callable[[State], State]) -> None:
        """Change all states, those to undo and to redo too: for news that no step may take back."""
        self.present = change(self.present)
        self._past = deque(map(change, self._past), self._past.maxlen)
        self._future = [change(state) for state in self._future]

    def undo(self) -> None:
        """Go back one step, if there is one."""
        if self._past:
            self._future.append(self.present)
            self.present = self._past.pop()

    def redo(self) -> None:
        """Go forward again one step, if there is one."""
        if self._future:
            self._past.append(self.present)
            self.present = self._future.pop()
