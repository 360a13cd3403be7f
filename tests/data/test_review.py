from __future__ import annotations

import pytest
from projects import empty_annotations, predicted

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.review import (
    Doubt,
    ImageRow,
    ImageRows,
    Status,
    changed_place,
    next_uncertain,
)

SURE, UNSURE = 0.9, 0.1


def both(image: str, confidence: float):
    return [predicted(image, name, confidence=confidence) for name in ("tip", "base")]


def status(state) -> Status:
    return ImageRows(state, 0.5)[0].status


def test_an_image_of_which_nothing_is_known_is_not_annotated():
    assert ImageRows(empty_annotations(), 0.5)[2] == ImageRow(
        "2.png", (40, 50), Status.NOT_ANNOTATED, None
    )
    assert status(empty_annotations(names=())) is Status.NOT_ANNOTATED


def test_sure_predictions_wait_and_unsure_ones_call():
    state, _ = empty_annotations().with_predictions(both("0.png", SURE))
    assert status(state) is Status.PREDICTED
    state, _ = state.with_predictions([predicted("0.png", "tip", confidence=UNSURE)])
    assert status(state) is Status.NEEDS_REVIEW
    assert ImageRows(state, 0.05)[0].status is Status.PREDICTED
    assert ImageRows(state, 0.5)[0].confidence == UNSURE


def test_an_image_is_reviewed_once_each_landmark_is_placed_or_absent():
    state, _ = empty_annotations().with_predictions(both("0.png", UNSURE))
    state = state.accept("0.png", "tip")
    assert status(state) is Status.NEEDS_REVIEW
    state = state.mark_absent("0.png", "base")
    assert status(state) is Status.REVIEWED
    assert ImageRows(state, 0.5)[0].confidence is None


def test_a_gap_calls_where_a_person_made_it_or_began_with_the_image():
    state, _ = empty_annotations().with_predictions(both("0.png", SURE))
    assert status(state.reject("0.png", "tip")) is Status.NEEDS_REVIEW
    assert status(empty_annotations().place("0.png", "tip", 1, 1)) is Status.NEEDS_REVIEW
    assert status(state.add_landmark("new")) is Status.PREDICTED


def test_a_prediction_without_confidence_is_the_least_sure():
    state, _ = empty_annotations().with_predictions([predicted("0.png", confidence=None)])
    assert ImageRows(state, 0.5)[0][2:] == (Status.NEEDS_REVIEW, 0.0)


def test_the_list_counts_and_finds_by_name():
    state = empty_annotations().place("3.png", "tip", 1, 1).delete_landmark("base")
    state, _ = state.with_predictions([predicted("1.png")])
    rows = ImageRows(state, 0.5)
    assert rows.counts() == {
        Status.NOT_ANNOTATED: 2,
        Status.PREDICTED: 1,
        Status.NEEDS_REVIEW: 0,
        Status.REVIEWED: 1,
    }
    assert rows.named("3.png").status is Status.REVIEWED
    assert [row.name for row in rows] == ["0.png", "1.png", "2.png", "3.png"]
    assert [row.name for row in rows[1:3]] == ["1.png", "2.png"]


def test_images_are_listed_from_the_least_sure_without_those_that_have_no_prediction():
    rows = [predicted(f"{i}.png", confidence=sure) for i, sure in enumerate((0.5, 0.9, 0.2))]
    state = empty_annotations().with_predictions(rows)[0]
    assert ImageRows(state, 0.5).uncertain() == ("2.png", "0.png", "1.png")
    assert ImageRows(state.accept("2.png", "tip"), 0.5).uncertain() == ("0.png", "1.png")


@pytest.mark.parametrize(
    ("after", "expected"),
    [
        (None, "0.png"),
        ("0.png", "2.png"),
        ("1.png", "2.png"),
        ("2.png", "3.png"),
        ("3.png", "0.png"),
    ],
)
def test_the_next_image_without_annotation_follows_and_goes_round(after, expected):
    state = empty_annotations().place("1.png", "tip", 1, 1)
    assert ImageRows(state, 0.5).next_unannotated(after) == expected


def test_there_may_be_no_image_without_annotation():
    state = empty_annotations(1).place("0.png", "tip", 1, 1)
    assert ImageRows(state, 0.5).next_unannotated() is None


def test_the_least_sure_prediction_comes_first_and_settled_ones_not_at_all():
    rows = [*both("0.png", 0.4), *both("1.png", 0.3)]
    state, _ = empty_annotations().with_predictions(rows)
    visited = []
    while doubt := next_uncertain(state):
        visited.append(doubt)
        settle = (state.accept, state.reject)[len(visited) % 2]
        state = settle(doubt.image, doubt.name)
    assert visited == [
        Doubt("1.png", "tip", 0.3),
        Doubt("1.png", "base", 0.3),
        Doubt("0.png", "tip", 0.4),
        Doubt("0.png", "base", 0.4),
    ]


def test_skipped_predictions_come_again_only_after_all_others():
    rows = [predicted(f"{i}.png", confidence=0.1 * i) for i in range(4)]
    state, _ = empty_annotations().with_predictions(rows)
    first = next_uncertain(state)
    second = next_uncertain(state, first)
    state = state.accept(second.image, second.name)
    third = next_uncertain(state, second)
    last = next_uncertain(state, third)
    assert [doubt.image for doubt in (first, second, third, last)] == [
        "0.png",
        "1.png",
        "2.png",
        "3.png",
    ]
    assert next_uncertain(state, last) == first


def test_without_predictions_nothing_is_uncertain():
    assert next_uncertain(empty_annotations()) is None
    assert next_uncertain(empty_annotations(names=())) is None
    assert next_uncertain(empty_annotations(), Doubt("0.png", "gone", 0.5)) is None


def test_the_review_can_keep_to_one_landmark():
    rows = [*both("0.png", 0.4), predicted("1.png", "tip", confidence=0.3)]
    state, _ = empty_annotations().with_predictions(rows)
    only = next_uncertain(state, None, "base")
    assert only == Doubt("0.png", "base", 0.4)
    assert next_uncertain(state, only, "base") == only
    assert next_uncertain(state.accept("0.png", "base"), only, "base") is None


def test_the_place_that_an_edit_was_about_is_found_and_best_in_the_image_at_hand():
    before, _ = empty_annotations().with_predictions([predicted(f"{i}.png") for i in (1, 2)])
    after = before.accept("2.png", "tip").with_predictions([predicted("1.png", y=30)])[0]
    for states in ((before, after), (after, before)):
        assert changed_place(*states, "0.png") == ("2.png", "tip")
    both_changed = after.accept("1.png", "tip")
    assert changed_place(before, both_changed, "2.png") == ("2.png", "tip")
    assert changed_place(before, before.rename_landmark("tip", "end"), "0.png") is None


def test_a_landmark_that_came_or_went_has_its_place_too():
    before = empty_annotations(names=())
    after = before.place_all([Landmark("2.png", "new", 1, 1)])
    for states in ((before, after), (after, before)):
        assert changed_place(*states, "0.png") == ("2.png", "new")
