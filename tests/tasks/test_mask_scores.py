"""Scores of two masks, worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from napari_localcl.tasks.mask_scores import MaskScore, score, summarise


def marked(shape, *places):
    mask = np.zeros(shape, bool)
    for place in places:
        mask[place] = True
    return mask


def scored(predicted, truth, spacing=(1.0, 1.0)):
    outcome, figures = score(predicted, truth, spacing)
    assert outcome == "scored"
    return figures


def test_a_mask_agrees_with_itself_wherever_it_lies():
    whole, corner = np.ones((9, 7), bool), marked((9, 7), np.s_[:4, :3])
    for mask in (whole, corner, marked((9, 7), (8, 6))):
        assert scored(mask, mask) == {"dice": 1.0, "iou": 1.0, "hd95": 0.0, "surface": 0.0}


def test_a_square_shifted_by_half_its_side_overlaps_by_half():
    # 4 x 4 pixels, shared 4 x 2: Dice 16 / 32, IoU 8 / 24.
    figures = scored(marked((9, 9), np.s_[2:6, 2:6]), marked((9, 9), np.s_[2:6, 4:8]))
    assert figures["dice"] == pytest.approx(1 / 2)
    assert figures["iou"] == pytest.approx(1 / 3)
    # Surfaces are the 12 pixels of each rim. The far column of 4 lies 2 away; of the 2 + 2 pixels
    # between, those beside it lie 1 away and the others on the other rim; so do the 4 of the near
    # column, but for its two ends, all inside the other square: 1 away from its rim.
    expected = [2, 2, 2, 2, 1, 1, 0, 0, 0, 0, 1, 1]
    assert figures["surface"] == pytest.approx(np.mean(expected))
    assert figures["hd95"] == pytest.approx(2.0)


@pytest.mark.parametrize("border", [0, 5])
def test_squares_at_the_border_are_measured_like_others(border):
    # Cut out, the border is where the picture ends; inside, where the square ends.
    shape = (4 + 2 * border, 12 + 2 * border)
    rows = slice(border, border + 4)
    one, other = (marked(shape, (rows, slice(border + x, border + x + 4))) for x in (0, 8))
    figures = scored(one, other)
    # Columns 8, 7, 6 and 5 away, of 4, 2, 2 and 4 rim pixels.
    assert figures["surface"] == pytest.approx((8 * 4 + 7 * 2 + 6 * 2 + 5 * 4) / 12)
    assert figures["hd95"] == pytest.approx(8.0)
    assert figures["dice"] == 0


def test_the_95th_percentile_leaves_single_strays_out_and_the_mean_does_not():
    line = marked((30, 100), np.s_[5, :])
    stray = line | marked((30, 100), (25, 50))
    figures = scored(stray, line)
    assert figures["hd95"] == 0
    assert figures["surface"] == pytest.approx(20 / 201)


def test_the_larger_of_the_two_directions_counts():
    # Each of 10 pixels lies on the line of 20; of the line, the farthest lies 10 away.
    half, line = marked((3, 20), np.s_[1, :10]), marked((3, 20), np.s_[1, :])
    expected = np.percentile([0] * 10 + list(range(1, 11)), 95)
    assert scored(half, line)["hd95"] == pytest.approx(expected)
    assert scored(line, half)["hd95"] == pytest.approx(expected)


def test_pixels_need_not_be_squares():
    one, other = marked((9, 9), (2, 2)), marked((9, 9), (3, 3))
    figures = scored(one, other, spacing=(3.0, 4.0))
    assert figures["hd95"] == pytest.approx(5.0)
    assert figures["surface"] == pytest.approx(5.0)


def test_a_volume_is_measured_across_its_slices():
    shape = (6, 8, 8)
    one, other = marked(shape, np.s_[1, 2:5, 2:5]), marked(shape, np.s_[3, 2:5, 2:5])
    assert scored(one, other, (2.5, 0.5, 0.5))["hd95"] == pytest.approx(5.0)
    # Of a cube of 27, only the voxel in its middle is no surface; its corners are farthest.
    cube = marked(shape, np.s_[1:4, 2:5, 2:5])
    figures = scored(cube, marked(shape, (2, 3, 3)), (1.0, 1.0, 1.0))
    assert figures["dice"] == pytest.approx(2 / 28)
    distances = [np.sqrt(3)] * 8 + [np.sqrt(2)] * 12 + [1.0] * 6
    assert figures["hd95"] == pytest.approx(np.percentile(distances, 95))
    assert figures["surface"] == pytest.approx((sum(distances) + 1.0) / 27)


@pytest.mark.parametrize("spacing", [(1.0, 1.0), (0.5, 2.0), (3.0, 1.0, 0.7)])
def test_blobs_have_the_distances_that_their_distance_maps_say(spacing):
    chance = np.random.default_rng(len(spacing))
    noise = chance.random((2, *[20] * len(spacing)))
    masks = [ndimage.gaussian_filter(one, 2.0) > 0.5 for one in noise]
    rims = [mask ^ ndimage.binary_erosion(mask) for mask in masks]
    maps = [ndimage.distance_transform_edt(~rim, spacing) for rim in rims]
    ways = [maps[1][rims[0]], maps[0][rims[1]]]
    figures = scored(*masks, spacing)
    assert figures["hd95"] == pytest.approx(max(np.percentile(way, 95) for way in ways))
    assert figures["surface"] == pytest.approx(np.concatenate(ways).mean())


def test_empty_masks_are_told_apart_and_never_score_1():
    empty, full = np.zeros((5, 5), bool), marked((5, 5), (2, 2))
    assert score(empty, empty, (1, 1)) == ("both empty", {})
    assert score(empty, full, (1, 1)) == ("missed", {"dice": 0.0, "iou": 0.0})
    assert score(full, empty, (1, 1)) == ("false alarm", {"dice": 0.0, "iou": 0.0})


def test_a_summary_counts_how_images_ended_and_leaves_out_what_has_no_figure():
    scores = [
        MaskScore("a", "mask", "scored", 0.8, 0.6, 3.0, 1.0),
        MaskScore("b", "mask", "scored", 0.4, 0.2, 5.0, 2.0),
        MaskScore("c", "mask", "missed", 0.0, 0.0),
        MaskScore("d", "mask", "both empty"),
    ]
    summary = summarise("mask", scores)
    assert summary.dice.mean == pytest.approx(0.4)
    assert summary.dice.median == pytest.approx(0.4)
    assert (summary.hd95.mean, summary.hd95.std) == (4.0, 1.0)
    assert summary.outcomes == {
        "scored": 2,
        "missed": 1,
        "missing": 0,
        "false alarm": 0,
        "both empty": 1,
    }
