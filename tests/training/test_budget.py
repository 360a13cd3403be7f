"""Budgets and what is left of them."""

import time

import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.training.budget import Budget, Clock, Timetable
from napari_localcl.training.run import Position


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "exactly one"),
        ({"steps": 5, "minutes": 1.0}, "exactly one"),
        ({"steps": 0}, "at least 1"),
        ({"minutes": 0.0}, "above 0"),
        ({"minutes": float("nan")}, "above 0"),
    ],
)
def test_a_budget_that_cannot_be_kept_is_bad_input(given, sentence):
    with pytest.raises(BadInput, match=sentence):
        Budget(**given)


@pytest.mark.parametrize(
    ("steps", "shares", "expected"),
    [(10, [0.5, 0.5], [5, 5]), (7, [0.2, 0.8], [1, 6]), (100, [1 / 3] * 3, [33, 34, 33])],
)
def test_steps_are_divided_so_that_they_add_up(steps, shares, expected):
    assert Budget(steps=steps).stage_steps(shares) == expected


def at(seconds: float) -> Clock:
    return Clock(time.monotonic() - seconds)


def test_the_clock_counts_on_after_an_interruption():
    assert Clock(time.monotonic() - 5, spent=60).seconds() == pytest.approx(65, abs=0.5)


def test_reading_the_images_counts_into_the_minutes_and_saving_is_kept_back():
    # 61 s in all, 1 s kept back, 20 s of reading: 40 s of training, half of them each.
    table = Timetable(Budget(minutes=61 / 60), [0.5, 0.5], at(30))
    first = Position(training_since=20, stage_since=20)
    assert table.fraction(first) == pytest.approx(0.5, abs=0.05)
    assert table.has_time(first)
    assert not Timetable(Budget(minutes=61 / 60), [0.5, 0.5], at(41)).has_time(first)


def test_a_stage_that_took_long_to_enter_still_runs_its_schedule_from_the_beginning():
    table = Timetable(Budget(minutes=61 / 60), [1.0], at(30))
    assert table.fraction(Position(stage_since=30)) == pytest.approx(0, abs=0.05)


def test_half_of_a_stage_may_pass_in_entering_it_and_steps_never_hurry():
    first = Position()
    assert not Timetable(Budget(minutes=61 / 60), [1.0], at(39)).half_over(first, since=20)
    assert Timetable(Budget(minutes=61 / 60), [1.0], at(41)).half_over(first, since=20)
    assert not Timetable(Budget(steps=5), [1.0], at(1000)).half_over(first, since=20)


def test_the_time_left_follows_the_speed():
    table = Timetable(Budget(steps=10), [1.0], at(0))
    assert table.seconds_left(Position()) is None
    table.note_step(Position(step=1, total=1), 2.0)
    assert table.seconds_left(Position(step=1, total=1)) == pytest.approx(18)
    assert table.steps_per_second() == pytest.approx(0.5)
