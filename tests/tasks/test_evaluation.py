"""Errors, computed by hand."""

import json

import pytest

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.tasks.evaluation import copy_template, evaluate_landmarks

TRUTH = [
    Landmark("a.png", "tip", 10, 10),
    Landmark("a.png", "base", 20, 20),
    Landmark("b.png", "tip", 10, 10),
    Landmark("b.png", "base", 20, 20),
]
FOUND = [
    Landmark("a.png", "tip", 13, 14, 0.9),  # 5 px away
    Landmark("a.png", "base", 20, 20, 0.8),  # 0
    Landmark("b.png", "tip", 10, 22, 0.1),  # 12
    Landmark("c.png", "tip", 1, 1, 0.5),  # nobody knows
]


def test_errors_are_distances_and_a_missing_point_fails_every_radius():
    errors = evaluate_landmarks(FOUND, TRUTH, radii=[5, 12])
    overall = errors.overall
    assert (overall.count, overall.missing, errors.unit) == (4, 1, "px")
    assert overall.pixels.mean == pytest.approx(17 / 3)
    assert overall.pixels.median == 5
    assert overall.pixels.std == pytest.approx(4.9216, abs=1e-4)
    assert overall.success == {5: 0.5, 12: 0.75}
    assert errors.missing == (("b.png", "base"),)
    assert errors.untold == 1


def test_each_landmark_is_summarised_in_the_order_of_the_truth():
    tip, base = evaluate_landmarks(FOUND, TRUTH).landmarks
    assert (tip.name, tip.pixels.mean, tip.missing) == ("tip", 8.5, 0)
    assert (base.name, base.pixels.mean, base.missing) == ("base", 0, 1)


def test_millimetres_follow_the_spacing_along_each_axis():
    errors = evaluate_landmarks(FOUND[:1], TRUTH[:1], spacing=(2.0, 0.5), radii=[6.4, 6.3])
    assert errors.unit == "mm"
    assert errors.overall.pixels.mean == 5
    assert errors.overall.millimetres.mean == pytest.approx((6**2 + 2**2) ** 0.5)
    assert errors.overall.success == {6.3: 0.0, 6.4: 1.0}


def test_excluded_images_count_nowhere():
    errors = evaluate_landmarks(FOUND, TRUTH, exclude=["b.png"])
    assert (errors.overall.count, errors.missing) == (2, ())


def test_points_that_a_person_placed_are_no_predictions():
    placed = [Landmark("a.png", "tip", 10, 10, None, "human"), *FOUND[1:]]
    errors = evaluate_landmarks(placed, TRUTH)
    assert (errors.overall.count, errors.human) == (3, 1)
    assert errors.overall.pixels.mean == 6


def test_the_area_under_the_risk_coverage_curve_rewards_confidence_that_ranks():
    # Most confident first: errors 5, 0, 12, so risks 5, 2.5, 17/3.
    found = evaluate_landmarks(FOUND, TRUTH).risk_coverage
    assert found == pytest.approx((5 + 2.5 + 17 / 3) / 3)
    unsure = [Landmark(row.image, row.landmark, row.y, row.x) for row in FOUND]
    assert evaluate_landmarks(unsure, TRUTH).risk_coverage is None


def test_no_prediction_at_all_leaves_no_mean_and_no_success():
    overall = evaluate_landmarks([], TRUTH).overall
    assert (overall.missing, overall.pixels.mean) == (4, None)
    assert set(overall.success.values()) == {0.0}


def test_all_of_it_goes_into_json():
    text = json.dumps(evaluate_landmarks(FOUND, TRUTH, spacing=0.5).as_dict())
    assert json.loads(text)["overall"]["success"].keys() == {"2.0", "2.5", "3.0", "4.0"}


def test_nothing_to_compare_with_is_bad_input():
    with pytest.raises(BadInput, match="no points to compare"):
        evaluate_landmarks(FOUND, TRUTH, exclude=["a.png", "b.png"])


@pytest.mark.parametrize("wrong", [{"spacing": 0.0}, {"radii": [-1.0]}])
def test_a_spacing_or_radius_not_above_0_is_bad_input(wrong):
    with pytest.raises(BadInput, match="above 0"):
        evaluate_landmarks(FOUND, TRUTH, **wrong)


def test_copying_keeps_the_relative_place():
    sizes = {"a.png": (100, 50), "b.png": (200, 50)}
    (copied,) = copy_template(TRUTH[:1], ["b.png"], sizes)
    assert (copied.y, copied.x) == (20.5, 10)
