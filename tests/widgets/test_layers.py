"""What napari makes of a project's layers, and what it gives the writers."""

from __future__ import annotations

import numpy as np
import pytest
from napari.layers import Layer
from projects import new_project, predicted

from napari_localcl.data.annotations import read_landmarks
from napari_localcl.data.reading import read
from napari_localcl.layers.projects import read_layers
from napari_localcl.layers.writers import write_nifti, write_points

pytestmark = pytest.mark.slow


@pytest.fixture
def viewer(plain_viewer):
    plain_viewer.layers.clear()
    return plain_viewer


@pytest.fixture
def project(pictures, tmp_path):
    project = new_project(tmp_path / "project", pictures)
    yield project
    project.close()


def test_a_project_opens_as_a_stack_that_can_be_gone_through(viewer, project, tmp_path):
    project.set_predictions([predicted(name) for name in project.annotations.images.names])
    project.save()
    image, points = (
        viewer.add_layer(Layer.create(*layer)) for layer in read_layers(str(project.folder))
    )
    viewer.dims.set_point(0, 4)
    expected = read(project.listing.planes[4].path).pixels[0]
    np.testing.assert_array_equal(image._data_view, expected)
    assert viewer.dims.axis_labels[0] == "image"
    assert list(points.features["landmark"]) == ["tip"] * 6

    path = tmp_path / "points.csv"
    write_points(str(path), *points.as_layer_data_tuple()[:2])
    assert [row.image for row in read_landmarks(path)] == list(project.annotations.images.names)


def test_a_project_without_landmarks_opens_too(viewer, project):
    for layer in read_layers(str(project.folder)):
        viewer.add_layer(Layer.create(*layer))
    assert len(viewer.layers[1].data) == 0


def test_the_points_of_the_image_at_hand_are_written_with_its_name(viewer, project, wait, tmp_path):
    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.session import Session

    session = Session()
    canvas = Canvas(viewer, session)
    session.open(project)
    session.place("tip", 5, 6)
    wait(lambda: "Landmarks" in viewer.layers and len(viewer.layers["Landmarks"].data) == 1)
    path = tmp_path / "points.csv"
    write_points(str(path), *viewer.layers["Landmarks"].as_layer_data_tuple()[:2])
    (row,) = read_landmarks(path)
    assert (row.image, row.landmark, row.y, row.x) == (session.image, "tip", 5, 6)
    canvas.close()
    session.close()


def test_labels_are_written_with_the_scale_of_their_layer(viewer, tmp_path):
    layer = viewer.add_labels(np.arange(64).reshape(8, 8), scale=(0.5, 0.25))
    write_nifti(str(tmp_path / "a.nii.gz"), *layer.as_layer_data_tuple()[:2])
    scan = read(tmp_path / "a.nii.gz")
    assert scan.spacing == pytest.approx((0.5, 0.25))
    np.testing.assert_array_equal(scan.pixels[0], layer.data)
