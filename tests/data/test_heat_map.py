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
