"""Work off the main thread: a generator whose yields and result come back as signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal
from superqt.utils import create_worker

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Generator

    from superqt.utils import GeneratorWorker


@dataclass(frozen=True)
class _Failure:
    sentence: str


class Background(QObject):
    """Does one piece of work at a time; a new one takes the place of the one at hand.

    What was replaced is silent: none of its signals come any more, but `unwanted` if it came to
    its end nevertheless, so that what it holds can be let go. Work is stopped where it
    yields, so that two pieces never run at once.
    """

    news = Signal(object)
    result = Signal(object)
    unwanted = Signal(object)
    failed = Signal(str)
    ended = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker: GeneratorWorker[Any, Any, Any] | None = None
        self._next: Generator[Any, None, Any] | None = None
        self._silent = False
        self._outcomes: list[object] = []

    @property
    def is_busy(self) -> bool:
        """Whether there is work at hand."""
        return self._worker is not None

    def start(self, work: Generator[Any, None, Any]) -> None:
        """Do this, as soon as what is at hand has come to a yield."""
        if self._worker is None:
            self._begin(work)
            return
        self.stop()
        self._next = work

    def stop(self) -> None:
        """Give up what is at hand and what waits."""
        self._next = None
        if self._worker is not None:
            self._silent = True
            self._worker.quit()

    def _begin(self, work: Generator[Any, None, Any]) -> None:
        self._silent = False
        self._work, self._outcomes = work, []
        self._worker = create_worker(_guarded, work, self._outcomes, _start_thread=False)
        self._worker.yielded.connect(self._on_yield)
        self._worker.returned.connect(self._on_return)
        self._worker.finished.connect(self._on_finish)
        self._worker.start()

    def _on_yield(self, value: object) -> None:
        if not self._silent:
            self.news.emit(value)

    def _on_return(self, outcome: object) -> None:
        if self._silent:
            return
        if isinstance(outcome, _Failure):
            self.failed.emit(outcome.sentence)
        else:
            self.result.emit(outcome)

    def _on_finish(self) -> None:
        self._worker = None
        # Work that was stopped still waits at its yield.
        self._work.close()
        if self._silent and self._outcomes and not isinstance(self._outcomes[0], _Failure):
            self.unwanted.emit(self._outcomes[0])
        work, self._next = self._next, None
        if work is not None:
            self._begin(work)
        else:
            self.ended.emit()


def _guarded(
    work: Generator[Any, None, Any], outcomes: list[object]
) -> Generator[Any, None, object]:
    """Do the work to its end, which an error is too: the worker itself swallows some of them.

    The outcome is also put into a list: of what was stopped, the worker does not tell it.
    """
    outcome: object
    try:
        outcome = yield from work
    except BadInput as error:
        outcome = _Failure(str(error))
    except Exception as error:
        outcome = _Failure(f"{type(error).__name__}: {error}")
    outcomes.append(outcome)
    return outcome
