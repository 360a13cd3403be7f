from __future__ import annotations

import math
import time

import pytest
from projects import empty_annotations, predicted

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.data.marks import Kind
from napari_localcl.data.review import ImageRows, next_uncertain


def with_prediction(y: float = 5.0, run: str = "one"):
    return empty_annotations().with_predictions([predicted("0.png", y=y, run=run)])[0]


def test_a_placed_point_is_a_persons():
    state = empty_annotations().place("1.png", "tip", 3.5, 4)
    assert state.points("1.png") == (Landmark("1.png", "tip", 3.5, 4, None, "human"),)
    assert state.human_points() == state.points("1.png")
    assert state.points("0.png") == ()


def test_every_change_leaves_the_state_before_as_it_was():
    before = with_prediction()
    for change in (
        before.place("0.png", "tip", 1, 1),
        before.accept("0.png", "tip"),
        before.reject("0.png", "tip"),
        before.delete("0.png", "tip"),
        before.mark_absent("0.png", "tip"),
        before.rename_landmark("tip", "end"),
        before.with_predictions([predicted("0.png", y=30)])[0],
    ):
        assert change is not before
    assert before.points("0.png") == (predicted("0.png"),)
    assert before.names == ("tip", "base")


def test_a_prediction_becomes_a_persons_point_by_accepting_or_moving_only():
    state = with_prediction()
    assert state.kind("0.png", "tip") is Kind.PREDICTED
    assert state.human_points() == ()
    assert state.accept("0.png", "tip").points("0.png") == (
        Landmark("0.png", "tip", 5, 7, None, "accepted"),
    )
    moved = state.accept("0.png", "tip").move("0.png", "tip", 6, 8)
    assert moved.points("0.png")[0].source == "human", "a person has moved it"
    assert state.move("0.png", "tip", 6, 8).points("0.png") == (
        Landmark("0.png", "tip", 6, 8, None, "human"),
    )
    assert state.place("0.png", "base", 1, 1).kind("0.png", "tip") is Kind.PREDICTED


def test_all_predictions_of_one_image_are_accepted_at_once():
    rows = [predicted(f"{i}.png", name) for i in (0, 1) for name in ("tip", "base")]
    state = empty_annotations().with_predictions(rows)[0].accept_all("0.png")
    assert {point.image for point in state.human_points()} == {"0.png"}
    assert len(state.human_points()) == 2


def test_what_is_not_there_can_be_neither_moved_nor_accepted_nor_rejected():
    state = empty_annotations().place("0.png", "tip", 1, 1)
    with pytest.raises(BadInput, match=r"no point of 'base' in 0\.png"):
        state.move("0.png", "base", 2, 2)
    for refused in (state.accept, state.reject):
        with pytest.raises(BadInput, match=r"no prediction of 'tip' in 0\.png"):
            refused("0.png", "tip")


def test_a_point_outside_of_its_image_and_unknown_names_are_refused():
    state = empty_annotations()
    for y, x in ((-1, 5), (5, 49.6), (math.nan, 5)):
        with pytest.raises(BadInput, match=r"lies outside of 0\.png \(40 x 50 pixels\)"):
            state.place("0.png", "tip", y, x)
    with pytest.raises(BadInput, match=r"no image named '0\.pn'.*did you mean 0\.png"):
        state.place("0.pn", "tip", 1, 1)
    with pytest.raises(BadInput, match="no landmark 'top'"):
        state.place("0.png", "top", 1, 1)


def test_a_rejected_prediction_stays_away_for_its_run_and_may_come_from_another():
    state = with_prediction().reject("0.png", "tip")
    assert state.points("0.png") == ()
    again, moved = state.with_predictions([predicted("0.png", y=20)])
    assert (again.points("0.png"), moved) == ((), 0)
    other, _ = again.with_predictions([predicted("0.png", run="two")])
    assert [point.source for point in other.points("0.png")] == ["machine:two"]
    back, _ = other.with_predictions([predicted("0.png")])
    assert back.kind("0.png", "tip") is Kind.REJECTED


def test_deleting_forgets_the_rejection_too():
    state = with_prediction().reject("0.png", "tip").delete("0.png", "tip")
    assert state.kind("0.png", "tip") is Kind.NOTHING
    assert state.with_predictions([predicted("0.png")])[0].points("0.png")


def test_new_predictions_replace_the_old_ones_and_nothing_of_a_persons():
    state = empty_annotations().with_predictions([predicted(f"{i}.png") for i in range(4)])[0]
    state = state.accept("0.png", "tip").mark_absent("1.png", "tip")
    state, moved = state.with_predictions(
        [predicted(f"{i}.png", y=30, run="two") for i in range(3)]
    )
    assert moved == 1
    assert state.points("0.png") == (Landmark("0.png", "tip", 5, 7, None, "accepted"),)
    assert state.kind("1.png", "tip") is Kind.ABSENT
    assert state.points("2.png") == (predicted("2.png", y=30, run="two"),)
    assert state.points("3.png") == (), "an old prediction does not outlive its successor"


def test_predictions_of_other_landmarks_stay():
    rows = [predicted("0.png", "tip"), predicted("0.png", "base")]
    state = empty_annotations().with_predictions(rows)[0]
    state, _ = state.with_predictions([predicted("0.png", "tip", y=9, run="two")])
    assert state.points("0.png") == (predicted("0.png", y=9, run="two"), rows[1])


@pytest.mark.parametrize(("y", "moved"), [(5.0, 0), (5.9, 0), (6.1, 1), (4.0, 0), (3.9, 1)])
def test_predictions_that_move_by_more_than_a_pixel_are_counted(y, moved):
    assert with_prediction().with_predictions([predicted("0.png", y=y)])[1] == moved


def test_the_templates_own_points_and_foreign_images_are_passed_over():
    rows = [
        Landmark("0.png", "tip", 1, 2, None, "human"),
        Landmark("0.png", "base", 1, 2),
        predicted("elsewhere.png"),
        predicted("1.png", "new"),
    ]
    state, moved = empty_annotations().with_predictions(rows)
    assert moved == 0
    assert state.names == ("tip", "base", "new")
    assert state.points("0.png") == ()
    assert state.points("1.png") == (rows[3],)


def test_renaming_a_landmark_keeps_its_points_and_its_place():
    state = with_prediction().rename_landmark("tip", " end ")
    assert state.names == ("end", "base")
    assert state.points("0.png") == (predicted("0.png", "end"),)
    assert state.rename_landmark("end", "end") is state


def test_landmarks_are_added_and_deleted():
    state = with_prediction().add_landmark("middle").delete_landmark("tip")
    assert state.names == ("base", "middle")
    assert state.points("0.png") == ()
    for name in ("base", " base "):
        with pytest.raises(BadInput, match="'base' already"):
            state.add_landmark(name)
    with pytest.raises(BadInput, match="'base' already"):
        state.rename_landmark("middle", "base")
    with pytest.raises(BadInput, match="needs a name"):
        state.add_landmark(" ")


def seconds_of_an_hour_of_review(count: int) -> float:
    """Return the time that a session of edits and looks takes, least of five."""
    state = empty_annotations(count, [f"point {i}" for i in range(10)])
    names = state.images.names
    rows = [predicted(name, mark) for name in names for mark in state.names]
    state, _ = state.with_predictions(rows)
    times = []
    for _ in range(5):
        start = time.process_time()
        for index in range(20):
            doubt = next_uncertain(state)
            state.place(names[index], "point 3", 1, 1).points(names[index])
            state.accept(*doubt[:2]).mark_absent(names[-1], "point 1").rename_landmark(
                "point 1", "p"
            )
            ImageRows(state, 0.5).next_unannotated()
        times.append(time.process_time() - start)
    return min(times)


def test_edits_of_large_projects_are_array_work_not_walks_through_all_points():
    # 100 times the images cost Python loops 100 times the time.
    small, large = (seconds_of_an_hour_of_review(count) for count in (100, 10_000))
    assert large < 40 * small
