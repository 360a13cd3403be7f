from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.scan import Header, Scan, UnusableImage


def test_a_plain_image_is_its_own_plane():
    scan = Scan(np.zeros((3, 4, 5)), Path("a.png"))
    assert (scan.is_volume, scan.depth, scan.size) == (False, 1, (4, 5))
    assert scan.plane(None).shape == scan.plane(0).shape == (3, 4, 5)


def test_a_volume_gives_its_planes_without_copying():
    scan = Scan(np.arange(60).reshape(1, 3, 4, 5), Path("a.nii"))
    assert (scan.is_volume, scan.depth, scan.size) == (True, 3, (4, 5))
    assert np.array_equal(scan.plane(2)[0], scan.pixels[0, 2])
    assert np.shares_memory(scan.plane(2), scan.pixels)


@pytest.mark.parametrize("z", [-1, 3])
def test_a_plane_that_is_not_there_is_refused(z):
    with pytest.raises(IndexError, match="planes are 0 to 2"):
        Scan(np.zeros((1, 3, 4, 5)), Path("a.nii")).plane(z)


def test_a_header_that_claims_too_much_is_refused():
    with pytest.raises(BadInput, match="claims 100000 x 100000 pixels"):
        Header((100_000, 100_000))
    with pytest.raises(BadInput, match="claims 90000 planes of 512 x 512"):
        Header((512, 512), depth=90_000)
    with pytest.raises(BadInput, match="holds no pixels"):
        Header((0, 5))


def test_an_unusable_image_knows_its_reason_apart_from_its_name():
    error = UnusableImage("a.png", "is empty")
    assert str(error) == "a.png is empty"
    assert error.reason == "is empty"
