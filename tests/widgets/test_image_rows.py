from __future__ import annotations

import time
from types import SimpleNamespace

import numpy as np
import pytest
from projects import empty_annotations, predicted
from qtpy.QtCore import Qt

from napari_localcl.data.project_annotations import no_annotations
from napari_localcl.data.project_images import ProjectImages
from napari_localcl.data.review import ImageRows, Status
from napari_localcl.widgets.image_rows import ImageTableModel

DOWN = Qt.SortOrder.DescendingOrder


def opened(annotations):
    model = ImageTableModel()
    rows = ImageRows(annotations, 0.5)
    model.open(SimpleNamespace(annotations=annotations, rows=rows))
    return model


def names(model):
    return [model.name(row) for row in range(model.rowCount())]


def cells(model, row):
    return [model.data(model.index(row, column)) for column in range(model.columnCount())]


@pytest.fixture
def annotations():
    """Return four images: one that a person did, two with a prediction, one with nothing."""
    some = empty_annotations(names=["tip"]).place("0.png", "tip", 5, 5)
    rows = [predicted("1.png", confidence=0.9), predicted("2.png", confidence=0.2)]
    return some.with_predictions(rows)[0]


def test_a_row_says_name_size_status_and_confidence(qapp, annotations):
    model = opened(annotations)
    assert cells(model, 0) == ["0.png", "50x40", "reviewed", ""]
    assert cells(model, 1) == ["1.png", "50x40", "predicted", "90%"]
    assert cells(model, 2) == ["2.png", "50x40", "needs review", "20%"]
    assert cells(model, 3) == ["3.png", "50x40", "not annotated", ""]


def test_images_without_a_prediction_come_last_both_ways(qapp, annotations):
    model = opened(annotations)
    model.sort(3)
    assert names(model) == ["2.png", "1.png", "0.png", "3.png"]
    model.sort(3, DOWN)
    assert names(model)[:2] == ["1.png", "2.png"]
    model.sort(0, DOWN)
    assert names(model) == ["3.png", "2.png", "1.png", "0.png"]


def test_a_filter_takes_a_part_of_the_name_and_a_status(qapp, annotations):
    model = opened(annotations)
    model.filter(" 2.P", None)
    assert names(model) == ["2.png"]
    assert model.row_of(0) == -1
    model.filter("", Status.NOT_ANNOTATED)
    assert names(model) == ["3.png"]
    model.filter("", None)
    assert model.rowCount() == 4


def test_another_state_changes_cells_and_leaves_rows_where_they_are(qapp, annotations):
    model = opened(annotations)
    resets, changes = [], []
    model.modelReset.connect(lambda: resets.append(1))
    model.dataChanged.connect(lambda *_: changes.append(1))
    model.refresh(ImageRows(annotations.accept("1.png", "tip"), 0.5))
    assert (len(resets), len(changes)) == (0, 1)
    assert cells(model, 1)[2] == "reviewed"


def test_ten_thousand_images_are_no_delay(qapp):
    count = 10_000
    images = ProjectImages(tuple(f"{i}.png" for i in range(count)), ((40, 50),) * count)
    annotations = no_annotations(images, [f"point {i}" for i in range(5)])
    rows = [predicted(f"{i}.png", "point 1", confidence=i / count) for i in range(count)]
    annotations, _ = annotations.with_predictions(rows)
    start = time.thread_time()
    model = opened(annotations)
    model.sort(3, DOWN)
    model.filter("99", Status.PREDICTED)
    assert model.name(0) == "9999.png"
    model.refresh(ImageRows(annotations, 0.5))
    assert time.thread_time() - start < 0.4
    start = time.thread_time()
    model.refresh(ImageRows(annotations, 0.5))
    assert time.thread_time() - start < 0.1


def test_sizes_are_sorted_by_area(qapp):
    images = ProjectImages(("a", "b", "c"), ((10, 10), (2, 2), (5, 5)))
    model = opened(no_annotations(images))
    model.sort(1)
    assert names(model) == ["b", "c", "a"]
    assert np.array_equal([model.row_of(place) for place in range(3)], [2, 0, 1])
