"""The order of review, with what a model sees of the images given instead of asked for."""

from types import SimpleNamespace

import numpy as np
import pytest
from qtpy.QtCore import QTimer

from napari_localcl.data.marks import Kind
from napari_localcl.data.packing import packed
from napari_localcl.widgets.review_order import ReviewOrder
from napari_localcl.widgets.service import Service
from napari_localcl.widgets.session import Session

# Two kinds of image, three of each.
VECTORS = np.array([[1, 0], [1, 0.1], [1, 0.2], [0, 1], [0.1, 1], [0.2, 1]], np.float32)


@pytest.fixture
def masks(session, monkeypatch, tmp_path):
    """Let every image have a proposal of the same confidence, and a model see its kind."""
    masks = SimpleNamespace(structures={}, images=SimpleNamespace(names=session.names))
    masks.sure, masks.kind = np.full((1, 6), 0.5), np.full((1, 6), Kind.PREDICTED)
    masks.confidences, masks.kinds = lambda: masks.sure, lambda: masks.kind
    monkeypatch.setattr(Session, "masks", property(lambda _: masks))
    monkeypatch.setattr(Session, "run", property(lambda _: tmp_path))

    def ask(service, kind, **_facts):
        if kind == "wholes":
            answer = {"event": "wholes", "names": list(session.names), "vectors": packed(VECTORS)}
            QTimer.singleShot(0, lambda: service.answered.emit(kind, answer))

    monkeypatch.setattr(Service, "ask", ask)
    return masks


@pytest.fixture
def order(session, masks, qapp):
    order = ReviewOrder(session)
    yield order
    order.close_work()
    order.deleteLater()


def choose(order, text):
    order.setCurrentIndex(order.findText(text))
    order.activated.emit(order.currentIndex())


def test_images_unlike_those_before_come_first_and_settled_ones_leave(session, order, masks, wait):
    names = session.names
    choose(order, "Most informative first")
    wait(lambda: session.order)
    first, second, *_ = session.order
    assert {names.index(first) // 3, names.index(second) // 3} == {0, 1}
    # A person settles one of the first kind: what is unlike it comes next.
    masks.sure[0, 0], masks.kind[0, 0] = np.inf, Kind.HUMAN
    session.annotations_changed.emit()
    wait(lambda: len(session.order) == 5)
    assert names.index(session.order[0]) // 3 == 1
    choose(order, "Least sure first")
    assert session.order == ()


def test_without_a_model_it_says_what_to_do_first(session, order, monkeypatch):
    said = []
    order.said.connect(said.append)
    monkeypatch.setattr(Session, "run", property(lambda _: None))
    choose(order, "Most informative first")
    assert "learn or segment first" in said[-1]
    assert order.currentText() == "Least sure first"
