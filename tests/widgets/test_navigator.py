"""Going through images, and what stays when another one comes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from projects import new_project
from qtpy.QtWidgets import QCheckBox

from napari_localcl.widgets.canvas import Canvas
from napari_localcl.widgets.navigator import Navigator
from napari_localcl.widgets.session import Session

pytestmark = pytest.mark.slow

SIZES = {"a": (60, 80), "b": (64, 80), "c": (600, 800)}


@pytest.fixture
def viewer(plain_viewer):
    plain_viewer.layers.clear()
    return plain_viewer


@pytest.fixture
def project(tmp_path):
    """Return a project with two images of about one size, and a much larger one."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number, (name, size) in enumerate(SIZES.items(), 1):
        ramp = np.linspace(0, 1000 * number, np.prod(size)).reshape(size)
        Image.fromarray(ramp.astype(np.uint16)).save(folder / f"{name}.png")
    return new_project(tmp_path / "project", folder)


@pytest.fixture
def navigator(viewer, project, wait):
    session = Session()
    canvas = Canvas(viewer, session)
    navigator = Navigator(session, canvas)
    navigator.go_to = lambda image: go_to(viewer, session, wait, image)
    navigator.session = session
    session.open(project)
    navigator.go_to("a.png")
    yield navigator
    canvas.close()
    session.close()
    navigator.deleteLater()


def go_to(viewer, session, wait, image):
    session.go(image)
    wait(
        lambda: (
            "Image at hand" in viewer.layers
            and viewer.layers["Image at hand"].metadata["image"] == image
        )
    )


def box(navigator, name):
    return next(one for one in navigator.findChildren(QCheckBox) if one.text() == name)


def test_the_view_stays_for_images_of_about_one_size(viewer, navigator):
    viewer.scene.camera.zoom = 7.5
    navigator.go_to("b.png")
    assert viewer.scene.camera.zoom == 7.5
    navigator.go_to("c.png")
    assert viewer.scene.camera.zoom != 7.5

    box(navigator, "Keep the view").setChecked(False)
    viewer.scene.camera.zoom = 7.5
    navigator.go_to("b.png")
    assert viewer.scene.camera.zoom != 7.5


def test_another_project_is_seen_as_a_whole(viewer, navigator, tmp_path, pictures, wait):
    viewer.scene.camera.zoom = 7.5
    navigator.session.open(new_project(tmp_path / "other", pictures))
    navigator.go_to("blobs_0.png")
    assert viewer.scene.camera.zoom != 7.5


def test_brightness_changed_by_hand_ticks_its_box_and_stays(viewer, navigator):
    layer = viewer.layers["Image at hand"]
    layer.contrast_limits = 100, 200
    assert box(navigator, "Keep the brightness").isChecked()
    navigator.go_to("b.png")
    assert layer.contrast_limits == [100, 200]
    box(navigator, "Keep the brightness").setChecked(False)
    navigator.go_to("a.png")
    assert layer.contrast_limits[1] == pytest.approx(998, abs=3)


def test_the_next_without_annotation_goes_round(navigator):
    navigator.session.place("tip", 5, 5)
    navigator.go_to("c.png")
    navigator.next_unannotated()
    assert navigator.session.image == "b.png"
