"""Ctrl-C and a polite kill, held back until the step in hand is finished."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from types import FrameType


class Interruption:
    """Remember that SIGINT or SIGTERM came instead of raising in the middle of a weight update.

    A second signal raises ``KeyboardInterrupt`` at once, for whoever cannot wait. Outside the main
    thread, where Python forbids handlers, nothing is held back.

    Attributes
    ----------
    asked : bool
        Whether a signal has come since the context was entered.
    """

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._hold)
        return self

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _hold(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
