"""Run lengths and outlines, counted by hand."""

import numpy as np
import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.masks.outlines import (
    is_hole,
    mask_of_outlines,
    mask_of_runs,
    outlines,
    run_lengths,
    runs_of_text,
)


def test_run_lengths_go_down_the_columns_and_begin_with_what_is_not_marked():
    mask = np.array([[0, 1, 1], [0, 1, 0]], bool)
    # Down the columns: 0 0 | 1 1 | 1 0.
    assert run_lengths(mask) == [2, 3, 1]
    assert run_lengths(~mask) == [0, 2, 3, 1]
    assert run_lengths(np.zeros((2, 3), bool)) == [6]
    assert np.array_equal(mask_of_runs([2, 3, 1], (2, 3)), mask)
    with pytest.raises(BadInput, match="do not fit 2 x 3"):
        mask_of_runs([2, 3], (2, 3))


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # its own
def test_the_short_form_is_that_of_coco_s_own_library():
    library = pytest.importorskip("pycocotools.mask")
    mask = np.random.default_rng(0).random((37, 53)) > 0.6
    told = library.encode(np.asfortranarray(mask.astype(np.uint8)))
    assert np.array_equal(mask_of_runs(runs_of_text(told["counts"].decode()), mask.shape), mask)
    own = library.frPyObjects({"size": list(mask.shape), "counts": run_lengths(mask)}, *mask.shape)
    assert np.array_equal(library.decode(own).astype(bool), mask)


def test_an_outline_goes_along_the_edges_of_the_pixels():
    mask = np.zeros((4, 5), bool)
    mask[1:3, 1:4] = True
    assert outlines(mask) == [[(1, 1), (4, 1), (4, 3), (1, 3)]]


def test_outlines_come_back_to_the_same_mask_and_touching_corners_stay_apart():
    corners = np.array([[1, 0], [0, 1]], bool)
    assert len(outlines(corners)) == 2
    mask = np.random.default_rng(1).random((20, 30)) > 0.5
    told = [one for one in outlines(mask) if not is_hole(one)]
    holes = [one for one in outlines(mask) if is_hole(one)]
    assert holes
    flat = [[float(value) for corner in one for value in corner] for one in told]
    filled = mask_of_outlines(flat, mask.shape)
    assert (filled | ~mask).all(), "nothing is lost"
    inside = [[float(value) for corner in one for value in corner] for one in holes]
    islands = mask_of_outlines(inside, mask.shape)
    assert not (filled & ~mask & ~islands).any(), "only holes are filled"
