"""Make the pictures of the documentation from the running program, on sample data.

make screenshots

One training of a kind serves both themes; every picture is `docs/pictures/<step>-<theme>.webp`.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from napari_localcl.data.annotations import by_image, read_landmarks
from napari_localcl.data.samples import SERIES, sample_folder

with warnings.catch_warnings():
    # napari's own: pydantic 1 manners, a binding that is to go.
    warnings.simplefilter("ignore")
    import napari
    from qtpy.QtCore import Qt
    from qtpy.QtWidgets import (
        QApplication,
        QCheckBox,
        QComboBox,
        QDoubleSpinBox,
        QPushButton,
        QWidget,
    )
    from superqt.utils import qimage_to_array

from napari_localcl.widgets.runs_dialog import RunsDialog
from napari_localcl.widgets.scores_dialog import ScoresDialog

if TYPE_CHECKING:
    from collections.abc import Callable

PICTURES = Path(__file__).resolve().parent / "pictures"
SIZE = (1280, 800)
THEMES = ("dark", "light")
KINDS = ("landmarks", "shape", "segment", "compare", "series", "embeddings")
TEMPLATE = "hand_01.png"
LANDMARKS = 3  # clicked; enough to be seen on one hand
DRAWN_ON = "eye_01"  # where the disc is drawn as one ellipse
CLASSES = {1: "right ventricle", 2: "myocardium", 3: "left ventricle"}
HEARTS = 16  # images of which some are painted
PAINTED = 4  # before the first fine-tuning
COMPARED = ("moco", "lrc", "ld")
MARKED = 6  # images whose landmarks are known when models are compared


def control(parent: QWidget, kind: type[QWidget], name: str) -> QWidget:
    """Return a control by its name."""
    return next(one for one in parent.findChildren(kind) if one.accessibleName() == name)


class Studio:
    """A window on the sample images, and a camera.

    Parameters
    ----------
    images : Path
        The folder of images; its project lies beside it.
    theme : str
        'dark' or 'light'.
    """

    def __init__(self, images: Path, theme: str) -> None:
        self.theme = theme
        self.viewer = napari.Viewer(show=True)
        self.viewer.theme = theme
        self.viewer.window.resize(*SIZE)
        _, self.dock = self.viewer.window.add_plugin_dock_widget("napari-localcl", "LocalCL")
        self.dock.images.open(images)
        self.wait(lambda: self.dock.session.project is not None)
        self.wait(lambda: len(self.viewer.layers) > 1)

    def wait(self, is_true: Callable[[], bool], seconds: float = 600) -> None:
        """Let the window live until something is true, and a little longer."""
        end = time.monotonic() + seconds
        while not is_true():
            if time.monotonic() > end:
                raise TimeoutError("the window did not come to the state of the picture")
            self.rest(0.01)
        self.rest(0.5)

    def rest(self, seconds: float) -> None:
        """Let the window live for some time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            QApplication.processEvents()
            time.sleep(0.005)

    def find(self, kind: type[QWidget], name: str) -> QWidget:
        """Return the control of that name."""
        return control(self.dock, kind, name)

    def press(self, name: str) -> None:
        """Press the button of that name."""
        self.find(QPushButton, name).click()

    def shoot(self, name: str) -> None:
        """Take a picture of the whole window."""
        self.rest(1.0)
        self._keep(name, self.viewer.screenshot(canvas_only=False, flash=False))

    def shoot_alone(self, name: str, widget: QWidget) -> None:
        """Take a picture of a window other than the viewer's."""
        self.rest(1.0)
        self._keep(name, qimage_to_array(widget.grab().toImage()))

    def _keep(self, name: str, pixels: np.ndarray) -> None:
        picture = Image.fromarray(pixels).convert("RGB")
        picture.save(PICTURES / f"{name}-{self.theme}.webp", quality=85, method=6)

    def close(self) -> None:
        """Close the window, which saves the project."""
        self.viewer.close()
        self.rest(0.5)


def learn(studio: Studio, minutes: float) -> None:
    """Learn, and take a picture when most of the time has gone."""
    dock, training = studio.dock, studio.dock.training
    dock.learn.set_open(True)
    studio.wait(lambda: dock.learn.form.is_ready)
    dock.learn.form.budget.offer_first(minutes, "auto")
    studio.press("Start")
    studio.wait(lambda: (training.fraction or 0) > 0.7)
    studio.shoot("learn")
    if studio.theme == THEMES[0]:
        studio.wait(lambda: not training.is_running)
    else:
        # The model of the first theme serves.
        training.cancel()
        studio.wait(lambda: not training.is_running)
    dock.monitor.parentWidget().hide()


def click(studio: Studio) -> None:
    """Place some landmarks in one image, and take a picture of what is found in another."""
    dock = studio.dock
    dock.landmark.set_open(True)
    truth = by_image(read_landmarks(sample_folder("skeleton") / "landmarks.csv"))[TEMPLATE]
    for mark in truth[:: len(truth) // LANDMARKS][:LANDMARKS]:
        dock.session.go(TEMPLATE)
        studio.find(QComboBox, "Landmark").setCurrentText(mark.landmark)
        dock.session.place(mark.landmark, mark.y, mark.x)
    studio.wait(lambda: not dock.finder.is_at_work)
    dock.session.go_by(6)
    studio.shoot("landmark")


def shape(studio: Studio, minutes: float) -> None:
    """Draw the optic disc of one eye as an ellipse, look at its samples, and segment them all."""
    dock, training = studio.dock, studio.dock.training
    dock.shape.set_open(True)
    studio.wait(lambda: dock.shape.budget.is_known)
    dock.shape.budget.offer_first(minutes, "auto")
    studio.find(QComboBox, "Structure").setCurrentText("optic disc")
    studio.find(QComboBox, "shape: appearance").setCurrentText("brighter")
    studio.press("Draw outline")
    studio.viewer.layers.selection.active.add_ellipses(_box_of_disc())
    studio.press("Use drawing")
    studio.wait(lambda: studio.dock.preview.is_wanted and len(studio.viewer.layers) > 2)
    studio.shoot("shape")
    if dock.session.masks.names:
        # What the first theme has segmented serves.
        dock.preview.want(False)
        dock.review.set_open(True)
        dock.session.next_uncertain()
    else:
        studio.press("Segment")
        studio.wait(lambda: not training.is_running, 60 * minutes + 600)
        dock.monitor.parentWidget().hide()
    studio.wait(lambda: dock.masks.layer is not None)
    studio.shoot("masks")


def _box_of_disc() -> np.ndarray:
    """Return the corners of the box around the disc as a person would drag it, (4, 2)."""
    (path,) = (sample_folder("fundus") / "masks" / "disc").glob(f"{DRAWN_ON}.*")
    with Image.open(path) as mask:
        y, x = np.nonzero(np.asarray(mask))
    return np.array(
        [[y.min(), x.min()], [y.min(), x.max()], [y.max(), x.max()], [y.max(), x.min()]]
    )


def paint(studio: Studio, image: str) -> None:
    """Paint all structures of a heart as the truth has them."""
    dock = studio.dock
    with Image.open(sample_folder("heart") / "masks" / image) as file:
        truth = np.asarray(file)
    dock.session.go(image)
    studio.wait(lambda: dock.canvas.image is not None)
    for value, name in CLASSES.items():
        control(dock.segment, QComboBox, "Structure").setCurrentText(name)
        control(dock.segment, QPushButton, "Paint").click()
        studio.wait(lambda: dock.masks.layer is not None)
        dock.masks.layer.data = (truth == value).astype(np.uint8)
        studio.rest(0.5)


def fine_tune(studio: Studio, steps: int) -> None:
    """Learn from what is painted, and wait for the proposals."""
    panel, training = studio.dock.segment, studio.dock.training
    panel.set_open(True)
    studio.wait(lambda: panel.budget.is_known)
    control(panel, QComboBox, "Recipe").setCurrentText("supervised")
    control(panel, QComboBox, "Unit").setCurrentText("steps")
    control(panel, QDoubleSpinBox, "How long").setValue(steps)
    control(panel, QPushButton, "Fine-tune").click()
    studio.wait(lambda: training.is_running)
    studio.wait(lambda: not training.is_running, 3600)
    studio.dock.monitor.parentWidget().hide()


def segment(studio: Studio, steps: int) -> None:
    """Paint some hearts, fine-tune, correct one proposal, fine-tune again."""
    dock = studio.dock
    if not dock.session.masks.names:
        dock.segment.set_open(True)
        for image in dock.session.names[:PAINTED]:
            paint(studio, image)
        fine_tune(studio, steps)
        dock.session.next_uncertain()
        paint(studio, dock.session.image)
        fine_tune(studio, steps)
    dock.segment.set_open(True)
    dock.session.go(dock.session.names[-1])
    dock.session.choose_structure(CLASSES[3])
    studio.wait(lambda: dock.masks.layer is not None and dock.segment.budget.is_known)
    studio.shoot("segment")


def review(studio: Studio) -> None:
    """Look at the least sure prediction."""
    studio.dock.review.set_open(True)
    studio.dock.session.next_uncertain()
    studio.shoot("review")


def export(studio: Studio) -> None:
    """Show how landmarks are taken away."""
    studio.dock.export.set_open(True)
    studio.shoot("export")


def choose_method(studio: Studio, name: str) -> None:
    """Choose which system learns."""
    studio.dock.learn.set_open(True)
    studio.wait(lambda: studio.dock.learn.form.is_ready)
    box = studio.find(QComboBox, "Method")
    box.setCurrentIndex(box.findData(name))


def regions(studio: Studio) -> None:
    """Show the regions that LRC would learn of an image."""
    choose_method(studio, "lrc")
    studio.press("Preview regions")
    studio.wait(lambda: studio.dock.regions.layer is not None)
    studio.shoot("regions")
    studio.press("Preview regions")


def compare(studio: Studio, minutes: float) -> None:
    """Learn by some systems, mark some images, and compare what was learned."""
    dock, training = studio.dock, studio.dock.training
    is_first = not dock.session.runs.rows()
    if is_first:
        for method in COMPARED:
            choose_method(studio, method)
            dock.learn.form.budget.offer_first(minutes, "auto")
            studio.press("Start")
            studio.wait(lambda: not training.is_running, 60 * minutes + 600)
        dock.monitor.parentWidget().hide()
        mark(studio)
    dock.learn.set_open(True)
    dock.learn.compare()
    (dialog,) = dock.findChildren(RunsDialog)
    if is_first:
        control(dialog.compare, QPushButton, "Compare").click()
        studio.wait(lambda: not dialog.compare.work.is_running)
    studio.shoot_alone("compare", dialog)
    dialog.close()


def mark(studio: Studio) -> None:
    """Place some landmarks in some images, as the truth has them."""
    truth = by_image(read_landmarks(sample_folder("skeleton") / "landmarks.csv"))
    for image in studio.dock.session.names[:MARKED]:
        studio.dock.session.go(image)
        for one in truth[image][:: len(truth[image]) // LANDMARKS][:LANDMARKS]:
            studio.dock.session.place(one.landmark, one.y, one.x)
    studio.wait(lambda: not studio.dock.finder.is_at_work)


def findings(studio: Studio, minutes: float) -> None:
    """Learn from series, tell their findings, look at the surest one, and at how good it is."""
    dock, training = studio.dock, studio.dock.training
    series = dock.series
    studio.wait(lambda: series.book.exams)
    if not dock.session.runs.rows():
        choose_method(studio, "sslm")
        dock.learn.form.budget.offer_first(minutes, "auto")
        studio.press("Start")
        studio.wait(lambda: not training.is_running, 60 * minutes + 600)
        dock.monitor.parentWidget().hide()
        series.set_open(True)
        series.book.take(sample_folder(SERIES) / "series.csv", ("tumour", "cyst"))
        # Its maps are sharper than those of a logistic regression of means.
        control(series, QComboBox, "Learned by").setCurrentText("small")
        series.budget.offer_first(minutes, "auto")
        control(series, QPushButton, "Train").click()
        studio.wait(lambda: not training.is_running, 60 * minutes + 1800)
        dock.monitor.parentWidget().hide()
    series.set_open(True)
    studio.wait(lambda: series.book.told is not None)
    series.table.sortByColumn(2, Qt.SortOrder.DescendingOrder)
    series.table.selectRow(0)
    studio.wait(lambda: dock.evidence.layer is not None and dock.evidence.layer.visible)
    studio.shoot("series")
    series.show_scores()
    (dialog,) = series.findChildren(ScoresDialog)
    studio.wait(lambda: not dialog.is_at_work)
    studio.shoot_alone("scores", dialog)
    dialog.close()


def embeddings(studio: Studio, minutes: float) -> None:
    """Learn, and take a picture of every tab of the dock Embeddings."""
    dock, training = studio.dock, studio.dock.training
    if not dock.session.runs.rows():
        dock.learn.set_open(True)
        studio.wait(lambda: dock.learn.form.is_ready)
        dock.learn.form.budget.offer_first(minutes, "auto")
        studio.press("Start")
        studio.wait(lambda: not training.is_running, 60 * minutes + 600)
        dock.monitor.parentWidget().hide()
    studio.press("Embeddings")
    docked = dock.embeddings.widget
    explorer = docked.explorer
    studio.wait(lambda: explorer.cloud is not None and not explorer.is_busy)
    scatter(studio)
    similar(studio)
    docked.tabs.setCurrentWidget(docked.overlays)
    control(docked, QCheckBox, "Principal components").click()
    studio.wait(lambda: not explorer.is_busy)
    studio.shoot("maps")
    control(docked, QCheckBox, "Principal components").click()
    docked.tabs.setCurrentWidget(docked.odd)
    control(docked, QPushButton, "Look").click()
    studio.wait(lambda: not explorer.is_busy)
    studio.rest(3)
    studio.shoot("odd")


def scatter(studio: Studio) -> None:
    """Arrange points by t-SNE, choose a group of them, and make a layer of it."""
    docked = studio.dock.embeddings.widget
    pick(control(docked, QComboBox, "Arrangement"), "t-SNE")
    studio.wait(lambda: not docked.explorer.is_busy)
    pick(control(docked, QComboBox, "Choose group"), "cluster 4")
    control(docked, QPushButton, "To labels layer").click()
    point = int(docked.explorer.chosen[0])
    docked.scatter.view.hovered.emit(point)
    studio.shoot("scatter")
    docked.scatter.view.hovered.emit(-1)
    studio.viewer.layers.remove("Around chosen patches")


def similar(studio: Studio) -> None:
    """Click the optic disc of one eye, and look at what is alike in all."""
    docked = studio.dock.embeddings.widget
    docked.tabs.setCurrentWidget(docked.similar)
    box = _box_of_disc()
    name = next(one for one in studio.dock.session.names if one.startswith(DRAWN_ON))
    studio.dock.session.go(name)
    studio.wait(lambda: studio.dock.canvas.image is not None)
    docked.examples.put(name, *box.mean(axis=0).tolist())
    studio.wait(lambda: not docked.explorer.is_busy)
    studio.rest(4)
    studio.shoot("similar")
    docked.examples.clear()


def pick(box: QComboBox, text: str) -> None:
    """Choose an entry as a person does."""
    row = box.findText(text)
    box.setCurrentIndex(row)
    box.activated.emit(row)


def on_embeddings(work: Path, minutes: float) -> None:
    """Make the pictures of embeddings."""
    images = work / "embedded"
    shutil.copytree(sample_folder("fundus") / "images", images)
    for theme in THEMES:
        studio = Studio(images, theme)
        embeddings(studio, minutes)
        studio.close()


def on_hands(work: Path, minutes: float) -> None:
    """Make the pictures of landmarks."""
    images = work / "hands"
    shutil.copytree(sample_folder("skeleton") / "images", images)
    (images / "notes.png").write_bytes(b"not an image")
    for theme in THEMES:
        studio = Studio(images, theme)
        studio.dock.images.set_open(True)
        studio.shoot("images")
        learn(studio, minutes)
        click(studio)
        review(studio)
        export(studio)
        studio.close()


def on_eyes(work: Path, minutes: float) -> None:
    """Make the pictures of masks."""
    images = work / "eyes"
    shutil.copytree(sample_folder("fundus") / "images", images)
    for theme in THEMES:
        studio = Studio(images, theme)
        shape(studio, minutes)
        studio.close()


def on_hearts(work: Path, steps: int) -> None:
    """Make the pictures of fine-tuning."""
    images = work / "hearts"
    images.mkdir()
    for path in sorted((sample_folder("heart") / "images").iterdir())[:HEARTS]:
        shutil.copy(path, images)
    for theme in THEMES:
        studio = Studio(images, theme)
        segment(studio, steps)
        studio.close()


def on_models(work: Path, minutes: float) -> None:
    """Make the pictures of regions and of comparing."""
    images = work / "compared"
    shutil.copytree(sample_folder("skeleton") / "images", images)
    for theme in THEMES:
        studio = Studio(images, theme)
        regions(studio)
        compare(studio, minutes)
        studio.close()


def on_series(work: Path, minutes: float) -> None:
    """Make the pictures of findings of series."""
    images = work / "heads"
    shutil.copytree(sample_folder(SERIES) / "images", images)
    for theme in THEMES:
        studio = Studio(images, theme)
        findings(studio, minutes)
        studio.close()


def main() -> None:
    """Make all pictures in both themes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=2.5, help="of training")
    parser.add_argument("--shape-minutes", type=float, default=8, help="of segmenting a shape")
    parser.add_argument("--segment-steps", type=int, default=300, help="of each fine-tuning")
    parser.add_argument("--compare-minutes", type=float, default=1.5, help="of each method")
    parser.add_argument("--series-minutes", type=float, default=3, help="of learning from series")
    parser.add_argument("--only", choices=KINDS, help="make only these pictures")
    given = parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        if given.only in (None, "landmarks"):
            on_hands(Path(work), given.minutes)
        if given.only in (None, "shape"):
            on_eyes(Path(work), given.shape_minutes)
        if given.only in (None, "segment"):
            on_hearts(Path(work), given.segment_steps)
        if given.only in (None, "compare"):
            on_models(Path(work), given.compare_minutes)
        if given.only in (None, "series"):
            on_series(Path(work), given.series_minutes)
        if given.only in (None, "embeddings"):
            on_embeddings(Path(work), given.minutes)


if __name__ == "__main__":
    main()
