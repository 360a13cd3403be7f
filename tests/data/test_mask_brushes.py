"""Regions and slices that are marked at once."""

import numpy as np
import pytest

from napari_localcl.data.mask_brushes import between, filled_between, region_at


def test_a_region_is_filled_in_the_pixels_of_the_file():
    regions = np.array([[1, 1, 0], [2, 2, 0]])
    # Cells of two pixels: the first covers the pixels 0 and 1, whose middle is 0.5.
    found = region_at(regions, 2.0, (0.5, 0.5), (1.0, 2.0), (4, 6))
    assert np.array_equal(found[:2], [[1, 1, 1, 1, 0, 0]] * 2)
    assert not found[2:].any()
    assert not region_at(regions, 2.0, (0.5, 0.5), (0.0, 5.0), (4, 6)).any(), "no region"


def disc(y, x, radius):
    rows, columns = np.mgrid[:40, :40]
    return np.hypot(rows - y, columns - x) <= radius


def test_between_two_discs_lies_one_of_middle_size_in_the_middle():
    found = between(disc(10, 10, 4), disc(28, 30, 8), 0.5)
    assert found.sum() == pytest.approx(np.pi * 6**2, rel=0.12)
    assert np.argwhere(found).mean(axis=0) == pytest.approx([19, 20], abs=0.6)


def test_slices_are_filled_between_neighbours_that_show_the_structure():
    empty = np.zeros((40, 40), bool)
    made = filled_between({2: disc(20, 20, 5), 5: disc(20, 20, 8), 7: empty, 9: disc(20, 20, 3)})
    assert sorted(made) == [3, 4]
    assert made[3].sum() < made[4].sum()
