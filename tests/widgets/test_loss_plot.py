"""Curves of losses in the window's own colours."""

from __future__ import annotations

import pytest
from qtpy.QtGui import QColor

from napari_localcl.tasks.loss_history import LossHistory
from napari_localcl.widgets.loss_plot import LossPlot


@pytest.fixture
def plot(qapp):
    plot = LossPlot()
    yield plot
    plot.deleteLater()


def history(**curves):
    made = LossHistory()
    for stage, values in curves.items():
        for step, value in enumerate(values, 1):
            made.add(stage, step, {"loss": value})
    return made


def drawn(plot, name):
    return plot._curves[name].getOriginalDataset()


def test_a_curve_for_each_loss_and_a_line_for_each_stage(plot):
    plot.draw(history(one=[3.0, 2.0], two=[1.0]))
    assert plot.names == ("loss",)
    assert plot.stages == ("one", "two")
    steps, _ = drawn(plot, "loss")
    assert list(steps) == [1, 2, 2, 3, 3]


def test_another_run_takes_the_place_of_the_one_before(plot):
    plot.draw(history(one=[3.0, 2.0]))
    plot.compare({"a": history(one=[1.0]), "b": history(one=[2.0])})
    assert plot.names == ("a", "b")
    assert plot.stages == ()


def test_a_single_loss_of_nought_leaves_the_scale_logarithmic_and_many_do_not(plot):
    left = plot._plot.getAxis("left")
    plot.draw(history(one=[1.0] * 30 + [0.0, None]))
    assert left.logMode
    plot.draw(history(one=[1.0, -1.0, -2.0]))
    assert not left.logMode


def test_the_axes_have_the_colour_of_the_text(plot):
    for colour in ("#ffffff", "#101010"):
        plot.setStyleSheet(f"color: {colour};")
        plot.ensurePolished()
        assert plot._plot.getAxis("left").textPen().color() == QColor(colour)


def test_no_two_lines_look_alike(plot):
    plot.compare({f"run {number}": history(one=[1.0]) for number in range(12)})
    pens = [curve.opts["pen"] for curve in plot._curves.values()]
    assert len({(pen.color().name(), pen.style()) for pen in pens}) == 12
