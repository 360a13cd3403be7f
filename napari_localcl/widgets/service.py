"""The process that answers questions about images, so that the window needs no torch.

What can be asked is listed in :mod:`napari_localcl.tasks.serving`.
"""

from __future__ import annotations

from qtpy.QtCore import QObject, Signal

from napari_localcl.widgets.child import Child

_LAST = (
    "opened",
    "map",
    "found",
    "suggested",
    "wholes",
    "explained",
    "failed",
    "places",
    "cloud",
    "kinds",
    "arranged",
    "odd",
)
_NOT_LAST = {"like": "map"}  # of some kinds of questions
_SILENCE = "the process that answers ended"


class Service(QObject):
    """Asks questions, and passes on what is answered to the newest of each kind.

    Attributes
    ----------
    answered : Signal of (str, dict)
        The kind of the question, and an answer to it.
    """

    answered = Signal(str, dict)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._child: Child | None = None
        self._newest: dict[str, int] = {}
        self._count = 0

    def ask(self, kind: str, **facts: object) -> None:
        """Ask; answers to an older question of this kind come no more. Starts the process."""
        self._count += 1
        self._newest[kind] = self._count
        if self._child is None:
            self._start()
        self._child.ask({"ask": kind, "id": self._count, **facts})

    def forget(self, *kinds: str) -> None:
        """Let no more answers to questions of these kinds come."""
        for kind in kinds:
            self._newest.pop(kind, None)

    def is_asked(self, kind: str) -> bool:
        """Whether an answer is still to come."""
        return kind in self._newest

    def stop(self, *kinds: str) -> None:
        """Give up what was asked of these kinds."""
        self.forget(*kinds)
        if self._child is not None:
            self._child.ask({"ask": "stop", "kinds": kinds})

    def close(self) -> None:
        """End the process and wait for it."""
        self._newest = {}
        if self._child is not None:
            self._child.close()
            self._child.deleteLater()
            self._child = None

    def _start(self) -> None:
        self._child = Child(["serve"], self, is_urgent=True)
        self._child.said.connect(self._on_said)
        self._child.ended.connect(self._on_end)
        self._child.start()

    def _on_said(self, answer: dict) -> None:
        for kind, newest in list(self._newest.items()):
            if newest == answer["id"]:
                event = answer["event"]
                if event in _LAST and event != _NOT_LAST.get(kind):
                    del self._newest[kind]
                self.answered.emit(kind, answer)

    def _on_end(self, status: int, complaint: str) -> None:
        """Let the next question start another process."""
        assert self._child is not None
        self._child.deleteLater()
        self._child = None
        unanswered, self._newest = self._newest, {}
        for kind in unanswered:
            why = f"{_SILENCE} ({complaint or status}); try again"
            self.answered.emit(kind, {"event": "failed", "why": why})
