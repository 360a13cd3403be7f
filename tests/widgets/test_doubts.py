from __future__ import annotations

import pytest
from projects import empty_annotations, predicted

from napari_localcl.data.marks import Kind
from napari_localcl.data.review import Doubt
from napari_localcl.widgets.doubts import Doubts


@pytest.fixture
def state(qapp):
    rows = [predicted(f"{i}.png", "tip", confidence=0.1 * (4 - i)) for i in range(4)]
    state, _ = empty_annotations().with_predictions([*rows, predicted("1.png", "base")])
    return state.reject("2.png", "tip").mark_absent("3.png", "tip").mark_absent("0.png", "base")


def shown(model):
    return [model.doubt(row)[:2] for row in range(model.rowCount())]


def test_the_least_sure_comes_first(state):
    model = Doubts()
    model.show(state)
    assert shown(model) == [("1.png", "tip"), ("0.png", "tip"), ("1.png", "base")]
    assert model.index(0, 2).data() == "30%"
    model.show(state, name="base")
    assert shown(model) == [("1.png", "base")]


def test_what_has_no_confidence_comes_by_image(state):
    model = Doubts()
    model.show(state, Kind.ABSENT)
    assert shown(model) == [("0.png", "base"), ("3.png", "tip")]
    assert model.index(0, 2).data() == "-"
    model.show(state, Kind.REJECTED)
    assert shown(model) == [("2.png", "tip")]


def test_a_row_is_found_by_what_it_is_about_whatever_its_confidence_was(state):
    model = Doubts()
    model.show(state)
    assert model.row_of(Doubt("0.png", "tip", 0.99)) == 1
    assert model.row_of(Doubt("2.png", "tip", 0.2)) == -1
    assert model.row_of(Doubt("0.png", "gone", 0.2)) == -1


def test_without_a_project_there_is_nothing(qapp):
    model = Doubts()
    model.show(None)
    assert model.rowCount() == 0
    assert model.row_of(Doubt("0.png", "tip", 0.2)) == -1
