"""In which order masks are reviewed: the least sure first, or the most informative."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox

from napari_localcl.data.informative import most_informative
from napari_localcl.data.marks import Kind
from napari_localcl.data.packing import unpacked
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.controls import describe, keep_narrow
from napari_localcl.widgets.service import Service

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_localcl.widgets.session import Session

_SURE, _INFORMATIVE = "Least sure first", "Most informative first"


class ReviewOrder(QComboBox):
    """The order, as a choice; what images look like to a model is asked for once a model.

    Parameters
    ----------
    session : Session
        Whose masks.

    Attributes
    ----------
    said : Signal of str
        What it waits for, or why there is no such order.
    """

    said = Signal(str)

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session
        self._known: dict[Path, tuple[tuple[str, ...], np.ndarray]] = {}
        self._asked: Path | None = None
        self.addItems([_SURE, _INFORMATIVE])
        keep_narrow(self)
        describe(
            self,
            "Order",
            "The most informative image is one that the model is unsure of and that is unlike "
            "those that you have settled: correct some of these, then fine-tune again",
        )
        self._service = Service(self)
        self._service.answered.connect(self._on_answer)
        self._work = Background(self)
        self._work.result.connect(self._on_order)
        self.activated.connect(lambda _index: self._choose())
        session.opened.connect(self._forget)
        session.annotations_changed.connect(self._refresh)

    def close_work(self) -> None:
        """Give up what is at hand."""
        self._work.stop()
        self._service.close()
        self._asked = None

    def _forget(self) -> None:
        self.close_work()
        self._known = {}
        self._fall_back()

    def _fall_back(self) -> None:
        self._work.stop()
        self.setCurrentIndex(0)
        self._session.put_in_order(())
        self.said.emit("")

    @property
    def _run(self) -> Path | None:
        """What looks at the images: the model that proposes, else the one in use."""
        session = self._session
        if session.project is None:
            return None
        runs = [one.proposals.run for one in session.masks.structures.values()]
        paths = [session.project.runs / run for run in runs if run]
        there = [path for path in paths if (path / "run.json").exists()]
        return there[0] if there else session.run

    def _choose(self) -> None:
        run = self._run
        if self.currentText() == _SURE:
            self._fall_back()
        elif run is None:
            self._fall_back()
            self.said.emit("No model looks at the images yet: learn or segment first.")
        elif run in self._known:
            self._put_in_order(run)
        elif self._asked != run:
            self._asked = run
            images = [str(path) for path in self._session.project.input]
            self._service.ask("open", images=images, run=str(run))
            self._service.ask("wholes")
            self.said.emit("Looking at all images…")

    def _on_answer(self, kind: str, answer: dict[str, Any]) -> None:
        if answer["event"] == "failed":
            self.close_work()
            self._fall_back()
            self.said.emit(f"No order: {answer['why']}.")
        elif answer["event"] == "wholes":
            run = self._asked
            assert run is not None
            self._known[run] = tuple(answer["names"]), unpacked(answer["vectors"])
            # What it holds of the images is not needed any more.
            self.close_work()
            self._put_in_order(run)
        elif answer.get("steps"):
            self.said.emit(f"Looking at all images: {answer.get('step', 0)} of {answer['steps']}")

    def _refresh(self) -> None:
        """Follow what was settled, as soon as the image at hand was."""
        if self.currentText() == _INFORMATIVE and self._run in self._known:
            self._put_in_order(self._run)

    def _put_in_order(self, run: Path) -> None:
        names, vectors = self._known[run]
        masks = self._session.masks
        every = {name: place for place, name in enumerate(masks.images.names)}
        places = np.array([every[name] for name in names if name in every], int)
        kept = [number for number, name in enumerate(names) if name in every]
        sure = masks.confidences().min(axis=0, initial=np.inf)[places]
        settled = (masks.kinds() == Kind.HUMAN).any(axis=0)[places]
        images = [masks.images.names[place] for place in places]
        self._work.start(_ordered(images, vectors[kept], sure, settled))

    def _on_order(self, images: list[str]) -> None:
        self._session.put_in_order(images)
        self.said.emit("")


def _ordered(
    images: Sequence[str],
    vectors: NDArray[np.float32],
    sure: NDArray[np.float64],
    settled: NDArray[np.bool_],
) -> Generator[None, None, list[str]]:
    yield
    return [images[one] for one in most_informative(vectors, sure, settled)]
