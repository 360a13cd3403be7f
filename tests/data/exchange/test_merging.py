from __future__ import annotations

import pytest
from projects import empty_annotations, predicted

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.exchange.merging import compare
from napari_localcl.data.marks import Kind


@pytest.fixture
def mine():
    """Return a state with a point, a prediction, a rejected one and an absent landmark."""
    state, _ = empty_annotations().with_predictions([predicted("1.png"), predicted("2.png")])
    return state.place("0.png", "tip", 5, 7).reject("2.png", "tip").mark_absent("3.png", "tip")


def test_what_no_person_has_said_anything_of_is_taken(mine):
    theirs = [Landmark(f"{i}.png", "tip", 9, 9) for i in (1, 2)]
    merge = compare(theirs, mine)
    assert (merge.fresh, merge.conflicts) == (tuple(theirs), ())
    merged = merge.apply(mine, theirs=False)
    assert [merged.points(f"{i}.png")[0].source for i in (1, 2)] == ["human", "human"]


def test_a_point_that_is_there_already_is_no_news(mine):
    merge = compare([Landmark("0.png", "tip", 5.001, 7)], mine)
    assert (merge.same, merge.fresh, merge.conflicts) == (1, (), ())
    assert merge.apply(mine, theirs=True).points("0.png") == mine.points("0.png")


def test_a_point_elsewhere_and_an_absent_landmark_are_conflicts_that_a_person_settles(mine):
    theirs = [Landmark("0.png", "tip", 5.5, 7), Landmark("3.png", "tip", 1, 1)]
    merge = compare(theirs, mine)
    assert merge.conflicts == tuple(theirs)
    kept = merge.apply(mine, theirs=False)
    assert (kept.kinds() == mine.kinds()).all()
    assert kept.points("0.png") == mine.points("0.png")
    taken = merge.apply(mine, theirs=True)
    assert taken.points("0.png")[0].y == 5.5
    assert taken.kind("3.png", "tip") is Kind.HUMAN


def test_new_landmarks_are_named_and_added(mine):
    merge = compare([Landmark("0.png", "heel", 1, 1), Landmark("1.png", "heel", 1, 1)], mine)
    assert merge.added == ("heel",)
    assert merge.apply(mine, theirs=False).names == ("tip", "base", "heel")


def test_a_machines_points_are_left_out_unless_a_person_accepts_them(mine):
    theirs = [predicted("1.png", y=9), Landmark("2.png", "tip", 9, 9, None, "accepted")]
    merge = compare(theirs, mine)
    assert (merge.predictions, merge.fresh) == (1, (theirs[1],))
    merged = compare(theirs, mine, with_predictions=True).apply(mine, theirs=False)
    assert merged.points("1.png") == (Landmark("1.png", "tip", 9, 7, None, "accepted"),)
    assert merged.points("2.png") == (theirs[1],)


def test_points_outside_of_their_images_are_told_and_left_out(mine):
    outside = Landmark("1.png", "heel", 400, 1)
    merge = compare([outside], mine)
    assert (merge.outside, merge.fresh, merge.added) == ((outside,), (), ())
