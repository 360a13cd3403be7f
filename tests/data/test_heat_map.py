from __future__ import annotations

import json

import numpy as np

from napari_localcl.data.heat_map import HeatMap


def test_a_map_survives_the_way_through_json():
    values = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    sent = HeatMap("a/b.png", values, 2.5, (0.75, -0.25))
    back = HeatMap.from_event(json.loads(json.dumps(sent.as_event())))
    assert (back.image, back.cell, back.corner) == ("a/b.png", 2.5, (0.75, -0.25))
    np.testing.assert_allclose(back.values, values, atol=1e-3)
    assert back.values.dtype == np.float32
    back.values[:] = 0  # a layer writes to it


def test_a_mask_is_where_the_interpolated_values_reach_the_threshold():
    # Cells of two pixels; the middle of the first is at (0.5, 0.5).
    heat = HeatMap("a.png", np.float32([[0, 1], [0, 0]]), 2.0, (0.5, 0.5))
    mask = heat.mask(0.5, (4, 4))
    # Pixels are 0, 1/4, 3/4 and 1 of the way between the two cells, along either axis.
    share = np.array([0, 0.25, 0.75, 1])
    assert np.array_equal(mask, share * (1 - share[:, None]) >= 0.5)
    assert mask.sum() == 4
    assert heat.mask(0.0, (4, 4)).all()
    assert not heat.mask(1.01, (4, 4)).any()
