from __future__ import annotations

import threading

import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.widgets.background import Background


@pytest.fixture
def heard(qapp):
    work = Background()
    work.heard = []
    for name in ("news", "result", "failed"):
        getattr(work, name).connect(lambda value, name=name: work.heard.append((name, value)))
    return work


def counted(last):
    yield from range(last)
    return "all"


def test_yields_and_the_result_come_back_in_order(heard, wait):
    heard.start(counted(2))
    wait(lambda: not heard.is_busy)
    assert heard.heard == [("news", 0), ("news", 1), ("result", "all")]


@pytest.mark.parametrize("error", [BadInput("no"), RuntimeError("no"), OSError("no")])
def test_every_error_comes_back_as_a_sentence(heard, wait, error):
    def fail():
        yield
        raise error

    heard.start(fail())
    wait(lambda: not heard.is_busy)
    name, sentence = heard.heard[-1]
    assert name == "failed"
    assert sentence.endswith("no")


def test_new_work_takes_the_place_of_old_which_is_silent_and_closed(heard, wait):
    begun, go, closed = threading.Event(), threading.Event(), []

    def slow():
        try:
            begun.set()
            go.wait(20)
            yield "late"
            yield "never"
        finally:
            closed.append(True)

    heard.start(slow())
    wait(begun.is_set)
    heard.start(counted(1))
    go.set()
    wait(lambda: not heard.is_busy)
    assert heard.heard == [("news", 0), ("result", "all")]
    assert closed == [True]


def test_a_result_that_came_too_late_can_be_let_go(heard, wait):
    begun, go_on = threading.Event(), threading.Event()

    def work():
        begun.set()
        go_on.wait(60)
        return "held"
        yield

    unwanted = []
    heard.unwanted.connect(unwanted.append)
    heard.start(work())
    assert begun.wait(60)
    heard.stop()
    go_on.set()
    wait(lambda: not heard.is_busy)
    assert (heard.heard, unwanted) == ([], ["held"])
