"""The dock `LocalCL`: from a folder of images to landmarks and masks in all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QEvent, Qt, QThreadPool, QTimer
from qtpy.QtWidgets import QApplication, QDockWidget, QMainWindow, QScrollArea, QVBoxLayout, QWidget

from napari_localcl.widgets.background import Background
from napari_localcl.widgets.canvas import Canvas
from napari_localcl.widgets.controls import bind_keys, make_label
from napari_localcl.widgets.embeddings_dock import EmbeddingsDock
from napari_localcl.widgets.evidence import Evidence
from napari_localcl.widgets.export_panel import ExportPanel
from napari_localcl.widgets.filling import Filling
from napari_localcl.widgets.finder import Finder
from napari_localcl.widgets.help_row import HelpRow
from napari_localcl.widgets.images_panel import ImagesPanel
from napari_localcl.widgets.landmark_panel import LandmarkPanel
from napari_localcl.widgets.learn_panel import LearnPanel
from napari_localcl.widgets.mask_layers import MaskLayers
from napari_localcl.widgets.navigator import Navigator
from napari_localcl.widgets.opening import dropped_folder
from napari_localcl.widgets.other_masks import OtherMasks
from napari_localcl.widgets.region_preview import RegionPreview
from napari_localcl.widgets.regions_box import RegionsBox
from napari_localcl.widgets.review_panel import ReviewPanel
from napari_localcl.widgets.segment_panel import SegmentPanel
from napari_localcl.widgets.series_panel import SeriesPanel
from napari_localcl.widgets.session import Session
from napari_localcl.widgets.shape_drawing import ShapeDrawing
from napari_localcl.widgets.shape_panel import ShapePanel
from napari_localcl.widgets.shape_preview import ShapePreview
from napari_localcl.widgets.similarity import Similarity
from napari_localcl.widgets.training import Training
from napari_localcl.widgets.training_words import Outcome
from napari_localcl.widgets.warming import warm_up
from napari_localcl.widgets.wish import CLASSIFY, FINETUNE, SEGMENT
from napari_localcl.widgets.words import begun

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtGui import QDragEnterEvent, QDropEvent

    from napari_localcl.widgets.monitor import Monitor
    from napari_localcl.widgets.step import Step

# As napari calls it when it is opened from the menu, so that there is only one.
MONITOR = "Training monitor (LocalCL)"
_PATIENCE = 5000  # milliseconds that work in threads has to come to an end


class LocalCL(QWidget):
    """The dock: a navigator, and seven steps of which one is open.

    Parameters
    ----------
    viewer : napari.Viewer
        Where the images are shown.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._viewer = viewer
        self._monitor: Monitor | None = None
        self._monitor_waits = False
        self._is_closed = False
        self.session = Session()
        self.training = Training(self.session)
        self.finder = Finder(self.session)
        self._warming = Background(self)
        self.canvas = Canvas(viewer, self.session)
        self.similarity = Similarity(viewer, self.session, self.canvas, self.finder)
        self.masks = MaskLayers(viewer, self.session, self.canvas)
        self.others = OtherMasks(viewer, self.session, self.canvas)
        self.filling = Filling(viewer, self.session, self.masks, self.finder)
        self.drawing = ShapeDrawing(viewer, self.canvas)
        self.preview = ShapePreview(viewer, self.session, self.canvas)
        self.regions = RegionPreview(viewer, self.session, self.canvas)
        self.evidence = Evidence(viewer, self.session, self.canvas)
        self.embeddings = EmbeddingsDock(viewer, self)
        self._make_panels()
        self._arrange()
        self._connect()
        self.setAcceptDrops(True)
        bind_keys(self)
        self.images.set_open(True)
        self._warming.start(warm_up())

    def _make_panels(self) -> None:
        session = self.session
        self.navigator = Navigator(session, self.canvas)
        self.images = ImagesPanel(session)
        self.learn = LearnPanel(session, self.training)
        self.learn.add_regions(RegionsBox(self.learn.form, self.regions))
        self.landmark = LandmarkPanel(session, self.canvas, self.finder, self.similarity)
        self.shape = ShapePanel(session, self.training, self.drawing, self.preview)
        self.segment = SegmentPanel(session, self.training, self.masks.edit, self.filling)
        self.review = ReviewPanel(session, self.masks.edit)
        self.export = ExportPanel(session)
        self.series = SeriesPanel(session, self.training, self.evidence)

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps, in their order."""
        learning = (self.learn, self.landmark, self.shape, self.segment)
        return (self.images, *learning, self.review, self.export, self.series)

    def _arrange(self) -> None:
        self._problem = make_label()
        self._problem.hide()
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        for step in self.steps:
            column.addWidget(step)
        column.addStretch()
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 4, 4, 4)
        outer.addWidget(self.navigator)
        outer.addWidget(self.images.ownership)
        outer.addWidget(self.images.search)
        outer.addWidget(self._problem)
        outer.addWidget(area, 1)
        self._area = area
        outer.addWidget(HelpRow(self.session, self))
        self.setMinimumWidth(max(344, content.minimumSizeHint().width() + 32))

    def _connect(self) -> None:
        for step in self.steps:
            step.opened.connect(lambda opened=step: self._close_others(opened))
        self.session.problem.connect(self._show_problem)
        for signal in (self.session.image_changed, self.session.people_changed):
            signal.connect(self._problem.hide)
        self.session.opened.connect(self._go_on)
        self.training.ended.connect(self._on_trained)
        for source in (self.training, self.finder):
            source.skipped.connect(self.images.add_skipped)
        self._warming.result.connect(lambda _none: self._make_monitor())
        self._warming.failed.connect(self.session.problem)
        for step in (self.learn, self.shape, self.segment, self.series):
            step.monitor_wanted.connect(self.show_monitor)
        for taking in (self.shape, self.segment, self.series):
            self.learn.facts_known.connect(taking.take)
        self.learn.resume_wanted.connect(self._resume)
        # When the whole window is closed, and when the program ends.
        self.destroyed.connect(lambda: self.shut_down())
        QApplication.instance().aboutToQuit.connect(self.shut_down)

    # Steps

    def _close_others(self, opened: Step) -> None:
        for step in self.steps:
            if step is not opened:
                step.set_open(False)
        # Once the others have let go of their room.
        QTimer.singleShot(0, lambda: self._bring_into_sight(opened))

    def _bring_into_sight(self, step: Step) -> None:
        """Scroll as little as shows a whole step, or its beginning."""
        if not self._is_closed:
            below = step.geometry().bottom() + 1 - self._area.viewport().height()
            bar = self._area.verticalScrollBar()
            bar.setValue(min(step.y(), max(bar.value(), below)))

    def _go_on(self) -> None:
        step = self.learn if self.session.run is None else self.landmark
        step.set_open(True)

    def _on_trained(self, outcome: Outcome, sentence: str) -> None:
        if outcome is Outcome.LEARNED and self.training.verb in (SEGMENT, FINETUNE):
            self.review.set_open(True)
            self.session.next_uncertain()
        elif outcome is Outcome.LEARNED and self.series.is_next:
            self.series.set_open(True)
        elif outcome is Outcome.LEARNED:
            self.landmark.set_open(True)

    def _resume(self, folder: str) -> None:
        """Go on with a run, in the step that began it."""
        verbs = {row.folder: row.verb for row in self.session.runs.rows()}
        own = {SEGMENT: self.shape, FINETUNE: self.segment, CLASSIFY: self.series}
        step = own.get(verbs.get(folder, ""), self.learn)
        step.resume(folder)

    def _show_problem(self, sentence: str) -> None:
        self._problem.setText(f"⚠ {begun(sentence)}.")
        self._problem.show()

    def _make_monitor(self) -> None:
        if self._is_closed:
            return
        if self._monitor is None:
            self.monitor.setParent(self)
        if self._monitor_waits:
            self.show_monitor()

    def show_monitor(self) -> None:
        """Show the training monitor below the picture, as soon as it can be drawn."""
        self._monitor_waits = self._monitor is None
        if self._monitor is None or self._is_closed:
            return
        if not self._is_monitor_docked:
            self._keep_height()
            self._viewer.window.add_dock_widget(self._monitor, name=MONITOR, area="bottom")
        self._monitor.parentWidget().show()

    def lay_monitor_below(self) -> None:
        """Bring the monitor below the picture from where napari put it."""
        self._keep_height()
        window, docked = self.window(), self.monitor.parentWidget()
        if isinstance(window, QMainWindow) and isinstance(docked, QDockWidget):
            window.addDockWidget(Qt.DockWidgetArea.BottomDockWidgetArea, docked)
            window.resizeDocks([docked], [window.height() // 3], Qt.Orientation.Vertical)

    @property
    def monitor(self) -> Monitor:
        """The training monitor, shown or not."""
        if self._monitor is None:
            # Here, because it brings a plotting library that opening the dock should not wait for.
            from napari_localcl.widgets.monitor import Monitor

            self._monitor = Monitor(self.training)
        return self._monitor

    @property
    def _is_monitor_docked(self) -> bool:
        return self._monitor is not None and self._monitor.parentWidget() not in (None, self)

    def free_monitor(self) -> None:
        """Take the monitor out of the window, for somebody else to put it there."""
        if self._is_monitor_docked:
            self._viewer.window.remove_dock_widget(self._monitor)

    def _keep_height(self) -> None:
        """Let docks at the bottom lie below the picture alone: those beside it need the height."""
        window = self.window()
        if isinstance(window, QMainWindow):
            corners, areas = Qt.Corner, Qt.DockWidgetArea
            window.setCorner(corners.BottomRightCorner, areas.RightDockWidgetArea)
            window.setCorner(corners.BottomLeftCorner, areas.LeftDockWidgetArea)

    def _close_monitor(self) -> None:
        if self._monitor is not None:
            self.free_monitor()
            self._monitor.deleteLater()
            self._monitor = None

    # Files dropped

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 (Qt's name)
        """Take a folder."""
        if dropped_folder(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 (Qt's name)
        """Open the folder."""
        folder = dropped_folder(event)
        if folder is not None:
            event.acceptProposedAction()
            self.images.set_open(True)
            self.images.open(folder)

    # The end

    def event(self, event: QEvent) -> bool:
        """End all work when the dock is closed, which napari tells by taking its parent away."""
        handled = super().event(event)
        if event.type() == QEvent.Type.ParentChange and self.parent() is None:
            self.shut_down()
            self._close_monitor()
            self.embeddings.close()
            self.deleteLater()
        return handled

    def shut_down(self) -> None:
        """End all work, in processes and in threads, and save."""
        if self._is_closed:
            return
        self._is_closed = True
        self.images.close_work()
        self.segment.close_work()
        self.review.order.close_work()
        self._warming.stop()
        self.learn.close_child()
        self.training.close()
        self.embeddings.close_work()
        self.finder.close()
        self.similarity.close()
        for part in (
            self.filling,
            self.masks,
            self.drawing,
            self.preview,
            self.regions,
            self.shape.options,
        ):
            part.close()
        self.series.give_up()
        self.evidence.close()
        self.canvas.close()
        QThreadPool.globalInstance().waitForDone(_PATIENCE)
        self.session.close()
