"""Why a run says what it says of a series: in which frames, and where in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_localcl.data.heat_map import HeatMap
from napari_localcl.widgets.heat_layer import HeatLayer
from napari_localcl.widgets.service import Service

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import napari.viewer
    import numpy.typing as npt

    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.session import Session

_NAME = "Evidence"


@dataclass(frozen=True, eq=False)
class Frames:
    """How much of the evidence each frame of a plane holds.

    Attributes
    ----------
    names : tuple of str
        The frames.
    shares : (F,) ndarray
        They sum to 1, or are all 0.
    """

    names: tuple[str, ...]
    shares: npt.NDArray[np.float64]

    def foremost(self, count: int) -> list[int]:
        """Return the frames that hold most, the first one most."""
        order = np.argsort(-self.shares, kind="stable")[:count]
        return [int(frame) for frame in order if self.shares[frame] > 0]


class Evidence(QObject):
    """Asks what spoke for a finding in a series, and shows it over the frame at hand.

    Parameters
    ----------
    viewer : napari.Viewer
        Where.
    session : Session
        Whose series.
    canvas : Canvas
        The frame below it.

    Attributes
    ----------
    explained, failed : Signal
        It is known, or why it is not (str).
    said : Signal of str
        What is being done.
    shown_changed : Signal of bool
        Whether it is to be shown.
    planes : dict of str to Frames
        What is known of the series explained last.
    about : tuple of (Path, str, str) or None
        Which run, series and finding that is.
    """

    explained = Signal()
    failed = Signal(str)
    said = Signal(str)
    shown_changed = Signal(bool)

    def __init__(
        self,
        viewer: napari.viewer.Viewer,
        session: Session,
        canvas: Canvas,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session, self._canvas = session, canvas
        self._heat = HeatLayer(viewer, canvas, _NAME, self)
        self._service = Service(self)
        self._wanted = True
        self._heat.wanted.connect(self.want)
        self._service.answered.connect(self._on_answer)
        session.image_changed.connect(self._heat.hide)
        canvas.shown.connect(self.refresh)
        session.opened.connect(self.close_child)
        self._forget()

    def _forget(self) -> None:
        self.planes: dict[str, Frames] = {}
        self._coming: dict[str, Frames] = {}
        self.about: tuple[Path, str, str] | None = None

    @property
    def layer(self) -> Any:
        """The layer, once there was a map."""
        return self._heat.layer

    @property
    def is_wanted(self) -> bool:
        """Whether it is to be shown."""
        return self._wanted

    @property
    def is_at_work(self) -> bool:
        """Whether an answer is still to come."""
        return self._service.is_asked("explain")

    def want(self, is_wanted: bool) -> None:
        """Show it over the frames, or show them as they are."""
        if is_wanted != self._wanted:
            self._wanted = is_wanted
            self.shown_changed.emit(is_wanted)
            self.refresh()

    def ask(self, run: Path, exam: str, finding: str) -> None:
        """Ask what spoke for a finding in a series; what was asked before is given up."""
        assert self._session.project is not None
        self._heat.hide()
        self._forget()
        self.about = run, exam, finding
        series = [str(path) for path in self._session.project.input]
        self._service.forget("evidence")
        self._service.ask("explain", series=series, run=str(run), exam=exam, finding=finding)

    def stop(self) -> None:
        """Give up what was asked, and show the frames as they are."""
        self._service.stop("explain", "evidence")
        self._heat.hide()
        self._forget()

    def refresh(self) -> None:
        """Ask for the map of the frame at hand."""
        if self._wanted and self.plane_of(self._session.image):
            self._service.ask("evidence", image=self._session.image)
        else:
            self._heat.hide()

    def plane_of(self, image: str) -> str:
        """Return in which plane of the series an image is a frame; empty if in none."""
        return next((plane for plane, one in self.planes.items() if image in one.names), "")

    def close_child(self) -> None:
        """End the process that answers."""
        self._service.close()
        self._forget()

    def close(self) -> None:
        """End the process, and forget the viewer; the layer stays."""
        self.close_child()
        self._heat.close()

    def _on_answer(self, kind: str, answer: Mapping[str, Any]) -> None:
        event = answer["event"]
        if event == "evidence":
            shares = np.array(answer["shares"], float)
            self._coming[answer["plane"]] = Frames(tuple(answer["frames"]), shares)
        elif event == "explained":
            self._take()
        elif event == "map":
            assert self.about is not None
            _, exam, finding = self.about
            facts = {"series": exam, "finding": finding}
            self._heat.show(HeatMap.from_event(answer), f"{_NAME}: {finding}", facts)
        elif event == "failed" and kind == "explain":
            self.failed.emit(answer["why"])
        elif answer.get("message"):
            self.said.emit(answer["message"])

    def _take(self) -> None:
        known = set(self._session.names)
        if all(known.issuperset(frames.names) for frames in self._coming.values()):
            self.planes = self._coming
            self.explained.emit()
            self.refresh()
        else:
            self.failed.emit("the folder has other images than the project; open it again")
