"""The dock Embeddings in a real window, with embeddings made of noise in place of a process."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from clouds import collection_of, noise
from controls_of import control, own_controls
from projects import new_project
from qtpy.QtCore import Qt, QTimer
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QCheckBox, QComboBox, QFileDialog, QInputDialog, QPushButton, QTabBar

from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import find_images
from napari_localcl.tasks.serving_embeddings import Study
from napari_localcl.widgets.finder import Finder
from napari_localcl.widgets.session import Session
from napari_localcl.widgets.similar_panel import PROPOSAL

SPECIAL = (40, 28)  # where images 0 and 3 look the same, and like nothing else


def make_study():
    """Return six images of 80 x 64 pixels: the upper half of one kind, the lower of another."""
    maps = 0.3 * noise(6, 20, 16, 8)
    maps[:, :10, :, 0] += 2
    maps[:, 10:, :, 1] += 2
    maps[[0, 3], SPECIAL[0] // 4, SPECIAL[1] // 4] = 5 * torch.eye(8)[2]
    collection = collection_of({4: maps})
    return Study(replace(collection, names=tuple(f"blobs_{n}.png" for n in range(6))), None)


@pytest.fixture
def study(monkeypatch, tmp_path):
    """Let questions be answered here, a turn of the window later, by way of JSON."""
    study = make_study()

    def ask(finder, kind, **facts):
        question = json.loads(json.dumps({"ask": kind, **facts}))

        def answer():
            try:
                for one in study.answers(question):
                    finder.answered.emit(kind, json.loads(json.dumps(one)))
            except BadInput as error:
                finder.answered.emit(kind, {"event": "failed", "why": str(error)})

        QTimer.singleShot(0, answer)
        return True

    monkeypatch.setattr(Finder, "ask", ask)
    monkeypatch.setattr(Finder, "_open", lambda finder: False)
    monkeypatch.setattr(Session, "run", property(lambda session: session.project and tmp_path))
    return study


@pytest.fixture
def dock(viewer, study, pictures, tmp_path, wait):
    _, dock = viewer.window.add_plugin_dock_widget("napari-localcl", "LocalCL")
    dock.session.open(new_project(tmp_path / "project", pictures))
    wait(lambda: dock.canvas.image is not None)
    viewer.window.show()
    control(dock, QPushButton, "Embeddings").click()
    return dock


@pytest.fixture
def docked(dock, wait):
    """Return the content of the dock, with its first points."""
    docked = dock.embeddings.widget
    wait(lambda: docked.explorer.cloud is not None and not docked.explorer.is_busy)
    return docked


def press(parent, name):
    control(parent, QPushButton, name).click()


def choose(parent, name, text):
    box = control(parent, QComboBox, name)
    row = box.findText(text)
    assert row >= 0, [box.itemText(n) for n in range(box.count())]
    box.setCurrentIndex(row)
    box.activated.emit(row)


def go(dock, wait, image):
    dock.session.go(image)
    wait(lambda: dock.canvas.image is not None)


def test_the_dock_shows_points_at_once_and_every_control_says_what_it_does(docked, dock):
    cloud = docked.explorer.cloud
    assert (cloud.of, cloud.by, len(cloud)) == ("patches", "pca", 6 * 20 * 16)
    assert set(cloud.facts["cluster"]) <= set(range(1, 9))
    assert docked.window() is dock.window()
    assert docked.parentWidget() in dock.window().tabifiedDockWidgets(dock.parentWidget())
    # Qt's own that make room for tabs are not ours.
    controls = [one for one in own_controls(docked) if not isinstance(one.parent(), QTabBar)]
    assert len(controls) > 25
    for one in controls:
        assert one.accessibleName(), one
        assert one.accessibleDescription(), one.accessibleName()
        assert one.focusPolicy() & Qt.FocusPolicy.TabFocus, one.accessibleName()
    keys = [one.property("key") for one in (*controls, *own_controls(dock))]
    keys = [key for key in keys if key]
    assert len(set(keys)) == len(keys)
    press(docked, "Copy as command")
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("napari-localcl embed ")
    assert copied.endswith("project-embeddings.zarr")


def test_what_the_lasso_chooses_becomes_layers_a_landmark_and_a_list(
    docked, dock, viewer, wait, monkeypatch, tmp_path
):
    cloud = docked.explorer.cloud
    lower = cloud.places[:, 0] > 40
    assert not control(docked, QPushButton, "New landmark").isEnabled()
    docked.scatter.view.chosen.emit(lower & (cloud.images < 2))
    assert "points chosen, in 2 images" in docked.scatter._said.text()

    press(docked, "To points layer")
    points = viewer.layers["Chosen patches"]
    assert set(points.features) >= {"image", "PCA 1", "PCA 2", "cluster"}
    assert len(points.data) == len(docked.explorer.chosen)
    assert set(points.features["image"][points.face_color[:, 3] > 0]) == {"blobs_0.png"}
    press(docked, "To labels layer")
    labels = viewer.layers["Around chosen patches"]
    painted = np.argwhere(labels.data > 0)
    world = np.array([labels.data_to_world(cell) for cell in painted])
    assert world[:, 0].min() == pytest.approx(40, abs=2.1)
    assert len(labels.features) == labels.data.max() + 1

    go(dock, wait, "blobs_1.png")
    assert set(points.features["image"][points.face_color[:, 3] > 0]) == {"blobs_1.png"}
    assert (labels.data > 0).mean() == pytest.approx(0.5, abs=0.06)
    go(dock, wait, "blobs_2.png")
    assert not points.face_color[:, 3].any()
    assert not labels.data.any()

    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(tmp_path / "l.txt"), ""))
    press(docked._row, "Image list")
    listed = find_images(tmp_path / "l.txt")
    assert [plane.name for plane in listed.planes] == ["blobs_0.png", "blobs_1.png"]

    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: ("spot", True))
    press(docked, "New landmark")
    (mark,) = dock.session.annotations.human_points()
    point = cloud.most_typical(docked.explorer.chosen)
    assert (mark.landmark, mark.image) == ("spot", cloud.image(point))
    assert (mark.y, mark.x) == pytest.approx(cloud.place(point))
    wait(lambda: dock.session.image == mark.image and dock.canvas.image is not None)
    dock.session.undo()
    assert not dock.session.annotations.human_points()


def test_plot_and_picture_show_the_same_place(docked, dock, viewer, wait):
    cloud = docked.explorer.cloud
    point = int(cloud.of_image("blobs_4.png")[17])
    docked.scatter.view.hovered.emit(point)
    assert docked.scatter._card.isVisible()
    assert "blobs_4.png" in docked.scatter._card._text.text()
    docked.scatter.view.clicked.emit(point)
    wait(lambda: "Place from the plot" in viewer.layers)
    assert dock.session.image == "blobs_4.png"
    assert viewer.layers["Place from the plot"].data[0].tolist() == list(cloud.place(point))

    other = viewer.add_points([cloud.place(point), (0, 0)])
    viewer.layers.selection.active = other
    other.selected_data = {0}
    assert docked.scatter.view._ringed.tolist() == [point]
    drawn = np.zeros((80, 64), int)
    drawn[60:, :] = 3
    layer = viewer.add_labels(drawn)
    layer.selected_label = 3
    assert (cloud.places[docked.scatter.view._ringed, 0] > 59).all()
    assert len(docked.scatter.view._ringed) == 5 * 16


def test_other_points_colours_groups_and_arrangements(docked, dock, wait):
    explorer = docked.explorer
    choose(docked, "Points", "images")
    wait(lambda: explorer.cloud is not None and explorer.cloud.of == "images")
    wait(lambda: not explorer.is_busy)
    assert docked.scatter.view._ringed.tolist() == [0]
    choose(docked, "Colour", "image")
    choose(docked, "Choose group", "blobs_5.png")
    assert explorer.chosen.tolist() == [5]
    choose(docked, "Arrangement", "t-SNE")
    wait(lambda: explorer.cloud.by == "tsne")
    assert np.array_equal(docked.scatter.view._positions, explorer.cloud.positions)
    choose(docked, "Arrangement", "PCA")
    assert explorer.cloud.by == "pca"

    choose(docked, "Points", "landmarks")
    wait(lambda: "no landmarks yet" in docked._said.text())
    assert not explorer.is_busy
    dock.session.place("tip", 10, 12)
    choose(docked, "Points", "landmarks")
    wait(lambda: explorer.cloud.of == "landmarks" and "cluster" in explorer.cloud.facts)
    assert docked.scatter.choices.fact[0] == "landmark"
    choose(docked, "Colour", "confidence")
    wait(lambda: "confidence" in explorer.cloud.facts)
    assert explorer.cloud.facts["confidence"].tolist() == [1]


def test_clicks_find_what_is_alike_everywhere_and_become_labels(docked, dock, viewer, wait):
    docked.tabs.setCurrentWidget(docked.similar)
    press(docked, "Like this")
    clicks = viewer.layers["Examples"]
    assert (clicks.mode, viewer.layers.selection.active) == ("add", clicks)
    clicks.add(np.array(SPECIAL) + 1.5)
    gallery = docked.similar._gallery
    wait(lambda: gallery.count() > 0 and not docked.explorer.is_busy)
    first = [gallery.item(row).data(Qt.ItemDataRole.UserRole) for row in range(2)]
    assert {spot.image for spot in first} == {"blobs_0.png", "blobs_3.png"}
    assert first[1].place == pytest.approx(np.array(SPECIAL) + 1.5, abs=2)
    wait(lambda: docked.similar._gallery._thumbnails.get(first[0]) is not None)
    press(docked, "Like this")
    assert clicks.mode == "select"

    press(docked, "Propose labels")
    wait(lambda: viewer.layers[f"{PROPOSAL}: blobs_0.png"].data.any())
    first_try = viewer.layers[f"{PROPOSAL}: blobs_0.png"].data
    assert first_try.shape == (80, 64)
    assert first_try.mean() < 0.1
    docked.similar._threshold.setValue(800)
    wait(lambda: viewer.layers[f"{PROPOSAL}: blobs_0.png"].metadata["threshold"] == 0.8)
    mask = viewer.layers[f"{PROPOSAL}: blobs_0.png"].data
    assert np.argwhere(mask).mean(axis=0) == pytest.approx(np.array(SPECIAL) + 1.5, abs=1)

    gallery.itemActivated.emit(gallery.item(1))
    wait(lambda: dock.session.image == first[1].image and dock.canvas.image is not None)
    wait(lambda: viewer.layers["Similar places"].metadata["image"] == dock.session.image)
    press(docked, "Clear")
    assert gallery.count() == 0
    assert "Similar places" not in viewer.layers


def test_maps_follow_the_image_and_odd_images_are_listed(docked, dock, viewer, wait):
    docked.tabs.setCurrentWidget(docked.overlays)
    for name in ("Principal components", "Clusters", "Uniqueness"):
        control(docked, QCheckBox, name).click()
        wait(lambda name=name: name in viewer.layers and not docked.explorer.is_busy)
    assert viewer.layers["Principal components"].data.shape == (20, 16, 3)
    assert viewer.layers["Clusters"].data.dtype == np.uint8
    assert tuple(viewer.layers["Clusters"].scale) == (4, 4)
    assert tuple(viewer.layers["Clusters"].translate) == (1.5, 1.5)
    go(dock, wait, "blobs_2.png")
    wait(lambda: viewer.layers["Uniqueness"].metadata["image"] == "blobs_2.png")
    viewer.layers.remove("Clusters")
    assert not control(docked, QCheckBox, "Clusters").isChecked()
    assert not control(docked, QCheckBox, "Change").isEnabled()

    docked.tabs.setCurrentWidget(docked.odd)
    press(docked.odd, "Look")
    table = docked.odd._table
    wait(lambda: table.rowCount() == 6)
    choose(docked, "Which images", "Images that look the same")
    assert table.columnCount() == 3
    second = table.item(0, 1)
    table.itemActivated.emit(second)
    wait(lambda: dock.session.image == second.text())
    table.item(0, 0).setSelected(True)
    assert control(docked.odd, QPushButton, "Image list").isEnabled()

    # Without a project, it says what to do first.
    dock.session.close()
    dock.session.run_changed.emit()
    assert docked.explorer.cloud is None
    assert "Open images" in docked._said.text()
    assert not control(docked, QPushButton, "Show").isEnabled()
