"""How the losses of a run went: live, and from its table."""

import math

import numpy as np
import pytest
from tiny import tiny_train

from napari_localcl.tasks.loss_history import MOST_POINTS, Curve, LossHistory, read_history
from napari_localcl.training.run import RunFolder


@pytest.mark.parametrize("count", [10 * MOST_POINTS, 10 * MOST_POINTS + 7])
def test_a_long_curve_stays_short_and_even_and_keeps_both_ends(count):
    curve = Curve()
    for step in range(count):
        curve.add(step, step)
    assert MOST_POINTS / 3 < len(curve.steps) <= MOST_POINTS
    assert curve.values == curve.steps
    assert (curve.steps[0], curve.steps[-1]) == (0, count - 1)
    gaps = np.diff(curve.steps)[:-1]
    assert gaps.min() == gaps.max()


def test_stages_follow_each_other_on_one_axis():
    history = LossHistory()
    for step in (1, 2):
        history.add("one", step, {"a": 1.0})
    history.add("two", 3, {"a": 0.5, "b": 0.25})
    assert [(stage.name, stage.before) for stage in history.stages] == [("one", 0), ("two", 2)]
    assert history.terms == ("a", "b")
    assert history.last == 5
    assert history.stages[1].total == Curve([5], [0.75])


def test_a_loss_that_is_no_number_makes_the_total_none_either():
    history = LossHistory()
    history.add("one", 1, {"a": 1.0, "b": None})
    assert math.isnan(history.stages[0].total.values[0])


def test_a_run_is_read_back_from_its_table(tmp_path):
    for _ in tiny_train(tmp_path / "run", steps=6):
        pass
    history = read_history(RunFolder(tmp_path / "run").metrics)
    assert [(stage.name, stage.before) for stage in history.stages] == [("noise", 0), ("number", 3)]
    assert history.terms == ("noise", "number", "size")
    assert history.stages[1].terms["size"].steps == [4, 5, 6]
    history.add("number", 4, {"number": 1.0, "size": 0.0})
    assert history.last == 7, "what comes live goes on where the table ends"


def test_a_damaged_table_gives_what_is_whole_and_none_gives_nothing(tmp_path):
    table = tmp_path / "metrics.csv"
    assert read_history(table).stages == []
    table.write_text(
        "step,stage,seconds,term,value\n1,one,0.1,a,2.0\nrubbish\n2,one,0.2,a,1.0\n3,on"
    )
    assert read_history(table).stages[0].total == Curve([1, 2], [2.0, 1.0])
