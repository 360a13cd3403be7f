"""Arrays on their way through JSON."""

import json

import numpy as np
import pytest

from napari_localcl.data.packing import packed, unpacked


@pytest.mark.parametrize("kind", [np.float32, np.int32, np.uint8, np.float64])
def test_arrays_survive_the_way_through_json(kind):
    array = np.arange(12).astype(kind).reshape(3, 4)
    back = unpacked(json.loads(json.dumps(packed(array))))
    assert back.dtype == kind
    assert np.array_equal(back, array)


def test_a_part_of_an_array_is_packed_as_it_looks():
    array = np.arange(12.0).reshape(3, 4)[::2, 1::2]
    assert unpacked(packed(array)).tolist() == [[1, 3], [9, 11]]
