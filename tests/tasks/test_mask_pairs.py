"""Which masks and which labels are compared."""

from __future__ import annotations

import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.tasks.mask_pairs import choose_structures, pair_masks


def folder(path, *names):
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).touch()
    return path


def paired(tmp_path, predicted, truth, **more):
    given, told = folder(tmp_path / "given", *predicted), folder(tmp_path / "told", *truth)
    pairs = pair_masks(given, told, **more)
    return pairs, {
        pair.name: pair.predicted and pair.predicted.relative_to(given).as_posix()
        for pair in pairs.pairs
    }


@pytest.mark.parametrize(
    ("predicted", "truth"),
    [
        (["s/a.png", "s/b.png"], ["s/a.tif", "s/b.tif"]),
        (["a.png", "b.png"], ["a_OD.png", "b_OD.png"]),
        (["a_guess.png", "b_guess.png"], ["a.png", "b.png"]),
        (["01L_2nd.png", "01R_2nd.png"], ["01L_1st.png", "01R_1st.png"]),
        (["what.png"], ["ever.png"]),
    ],
)
def test_predictions_and_truth_are_matched_whichever_has_an_ending(tmp_path, predicted, truth):
    _, found = paired(tmp_path, predicted, truth)
    assert found == dict(zip(truth, predicted, strict=True))


def test_truth_without_prediction_and_prediction_without_truth_are_told(tmp_path):
    pairs, found = paired(tmp_path, ["a.png", "x.png"], ["a_OD.png", "b_OD.png"])
    assert found == {"a_OD.png": "a.png", "b_OD.png": None}
    assert pairs.untold == 1


def test_images_can_be_left_out_by_their_own_names(tmp_path):
    truth = ["a_OD.png", "b_OD.png", "c_OD.png"]
    pairs, found = paired(tmp_path, ["a.png"], truth, exclude=["b.jpg", "c.jpg"])
    assert found == {"a_OD.png": "a.png"}
    assert pairs.excluded == ("b_OD.png", "c_OD.png")


def test_names_that_do_not_fit_are_told(tmp_path):
    with pytest.raises(BadInput, match=r"called like a\.png, the truth like b\.png"):
        paired(tmp_path, ["a.png", "c.png"], ["b.png", "d.png"])
    with pytest.raises(BadInput, match=r"no mask of the excluded image z\.jpg"):
        paired(tmp_path, ["b.png"], ["b.png"], exclude=["z.jpg"])
    with pytest.raises(BadInput, match="nothing is left to compare"):
        pair_masks(tmp_path / "told" / "b.png", tmp_path / "told" / "b.png", exclude=["b.jpg"])


def labels_of(truth, predicted, labels=None):
    chosen = choose_structures(frozenset(truth), frozenset(predicted), labels)
    return [(part.name, part.truth, part.predicted) for part in chosen]


@pytest.mark.parametrize(
    ("truth", "predicted", "labels", "expected"),
    [
        # Two binary sets, whatever numbers they use.
        ({1}, {255}, None, [("mask", None, None)]),
        ({255}, {1}, None, [("mask", None, None)]),
        ({255}, set(), None, [("mask", None, None)]),
        # One structure: a binary side marks it.
        ({1, 2, 3}, {1}, [3], [("label 3", 3, None)]),
        ({1, 2, 3}, {255}, [2], [("label 2", 2, None)]),
        ({255}, {1, 2}, [2], [("label 2", None, 2)]),
        ({4}, {1}, None, [("label 4", 4, None)]),
        # A single value that is neither 1 nor 255 is a label like any other.
        ({1, 2}, {2}, [1], [("label 1", 1, 1)]),
        # Several: by number.
        ({1, 2}, {1, 2, 7}, None, [("label 1", 1, 1), ("label 2", 2, 2)]),
        ({1, 2, 3}, {1}, [3, 1], [("label 3", 3, 3), ("label 1", 1, 1)]),
    ],
)
def test_labels_are_matched_by_number_unless_one_side_is_binary(truth, predicted, labels, expected):
    assert labels_of(truth, predicted, labels) == expected


def test_it_is_said_when_a_binary_prediction_is_taken_for_a_label():
    (part,) = choose_structures(frozenset({1, 2, 3}), frozenset({1}), [3])
    assert part.note == "all that the predictions mark is taken for label 3"


@pytest.mark.parametrize(
    ("truth", "predicted", "labels", "why"),
    [
        (set(), {1}, None, "the truth marks nothing in any image"),
        ({1, 2}, {1}, [5], "the truth holds no label 5, only 1, 2"),
        ({1, 2}, {1}, [1, 5], "the truth holds no label 5, only 1, 2"),
        ({255}, {1, 2}, None, "hold the labels 1, 2 and the truth 255; say with --label"),
        ({1, 2}, {255}, None, "hold the labels 255 and the truth 1, 2; say with --label"),
        (set(range(1, 200)), {1}, None, "holds 199 different labels, as pictures do"),
    ],
)
def test_labels_that_cannot_be_compared_are_told(truth, predicted, labels, why):
    with pytest.raises(BadInput, match=why):
        labels_of(truth, predicted, labels)
