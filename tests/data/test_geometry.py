from __future__ import annotations

import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.geometry import Geometry, regular

# Columns of the matrix: x runs backwards (+y), y to the left (+x), z down (-z).
TURNED = (0.0, 1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, -1.0)
VOLUME = regular(5, (3.0, 0.75, 0.5), (10.0, -20.0, 30.0), TURNED)
# Three slices, the second after a gap and aside, as a tilted gantry gives them.
TILTED = Geometry(((0, 0, 0), (0, 1, 4), (0, 2, 9)), down=(0, 2, 0), right=(0.5, 0, 0))


def test_a_point_in_a_slice_gets_its_millimetres():
    # 10 + 8 rows of 0.75; -20 + 6 columns of 0.5; 30 - 2 slices of 3.
    assert VOLUME.to_patient(2, y=8, x=6) == pytest.approx((16.0, -17.0, 24.0))


def test_millimetres_lead_back_to_the_point():
    assert VOLUME.to_pixel((16.0, -17.0, 24.0)) == pytest.approx((2, 8, 6))


def test_a_place_between_slices_belongs_to_the_nearer_one():
    assert VOLUME.to_pixel((16.0, -17.0, 25.4)) == pytest.approx((2, 8, 6))
    assert VOLUME.to_pixel((16.0, -17.0, 25.6)) == pytest.approx((1, 8, 6))


def test_slices_with_gaps_and_a_tilt_keep_their_own_places():
    assert TILTED.to_patient(1, y=3, x=4) == pytest.approx((2, 7, 4))
    assert TILTED.to_pixel((2, 7, 4)) == pytest.approx((1, 3, 4))
    assert TILTED.to_pixel((2, 8, 9)) == pytest.approx((2, 3, 4))


def test_a_place_outside_the_volume_is_told_with_its_distance():
    assert VOLUME.to_pixel((10, -20, 32.9))[0] == 0
    with pytest.raises(BadInput, match=r"^3\.5 mm away from the nearest slice"):
        VOLUME.to_pixel((10, -20, 33.5))


def test_a_lone_plane_takes_every_place_along_its_normal():
    assert regular(1, (1, 0.5, 0.25)).to_pixel((2, 3, 99)) == pytest.approx((0, 6, 8))


def test_without_more_than_spacing_the_first_pixel_lies_at_zero():
    assert regular(1, (1, 0.5, 0.25)).to_patient(0, y=6, x=8) == pytest.approx((2, 3, 0))


@pytest.mark.parametrize("down", [(0, 0, 0), (2, 0, 0), (float("nan"), 1, 0)])
def test_rows_and_columns_that_span_no_plane_are_refused(down):
    with pytest.raises(BadInput, match="span no plane"):
        Geometry(((0, 0, 0),), down=down, right=(1, 0, 0))
