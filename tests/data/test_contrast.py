"""Images evened out."""

import numpy as np
import pytest

from napari_localcl.data import contrast
from napari_localcl.data.contrast import field_of_view

ROWS, COLUMNS = np.mgrid[:128, :192]
RETINA = np.hypot(ROWS - 64, COLUMNS - 96) < 60


def even_out(pixels):
    """As images are evened out when they are read."""
    return contrast.even_out(pixels, field_of_view(pixels))


def texture(seed=0):
    """A fine texture of the same strength everywhere."""
    return np.random.default_rng(seed).normal(0, 0.05, (1, 128, 192)).astype(np.float32)


def fundus():
    """A textured disc on black."""
    return np.where(RETINA, 0.5 + texture(), 0).astype(np.float32)


def test_a_shade_over_the_image_vanishes():
    shade = (0.2 + 0.6 * COLUMNS / 192).astype(np.float32)
    plain = even_out(0.5 + texture())
    shaded = even_out(shade + texture())
    assert np.abs(plain.astype(float) - shaded).mean() < 8
    assert abs(shaded[..., :40].mean() - shaded[..., -40:].mean()) < 10  # of 115 before


def test_a_faint_structure_becomes_as_strong_as_a_clear_one():
    vessel = (np.abs(ROWS - 40) < 2) * -1.0
    strength = np.where(COLUMNS < 96, 0.3, 0.1)
    noise = texture() * strength / 0.3
    evened = even_out((0.5 + vessel * strength + noise).astype(np.float32))[0].astype(float)
    clear, faint = (
        evened[40, own].mean() - evened[60, own].mean() for own in (slice(60), slice(-60, None))
    )
    assert faint == pytest.approx(clear, rel=0.2)
    assert clear < -60


def test_the_mean_of_the_surroundings_becomes_middle_grey():
    assert even_out(0.3 + texture()).mean() == pytest.approx(127, abs=2)


def test_the_noise_of_a_plain_area_stays_small():
    assert even_out(0.5 + texture() / 50).std() < 5


def test_a_dark_surround_is_no_part_of_the_field_of_view():
    found = field_of_view(fundus())
    assert not found[~RETINA].any()
    assert found[np.hypot(ROWS - 64, COLUMNS - 96) < 55].all()


def test_an_object_on_a_dark_ground_is_no_field_of_view():
    hand = (np.abs(ROWS - 100) < 20) | ((COLUMNS // 24 % 2 == 0) & (ROWS > 20) & (ROWS < 100))
    assert field_of_view(hand[None].astype(np.float32)).all()


@pytest.mark.parametrize("level", [0.5, 0.0])
def test_an_image_without_surround_is_open_everywhere(level):
    assert field_of_view(np.full((1, 64, 96), level, np.float32)).all()


def test_beyond_the_field_of_view_the_image_goes_on_as_its_reflection():
    evened = even_out(fundus())[0].astype(float)
    row = evened[64, 140:170]
    # The mirror lies some pixels inside of the disc's edge at 156.
    widths = [np.abs(row[:edge][::-1][:8] - row[edge + 1 :][:8]).max() for edge in range(8, 20)]
    assert min(widths) == 0
    assert evened[~RETINA].std() == pytest.approx(evened[RETINA].std(), rel=0.35)


def test_the_border_of_the_field_of_view_is_no_edge_any_more():
    evened = even_out(fundus())[0].astype(float)
    near = np.abs(np.hypot(ROWS - 64, COLUMNS - 96) - 60) < 4
    assert evened[near].mean() == pytest.approx(127, abs=12)


def test_channels_are_evened_out_each_by_itself():
    colours = np.concatenate([0.8 + texture(1) / 2, 0.4 + texture(2), 0.2 + texture(3)])
    evened = even_out(colours)
    assert evened.shape == (3, 128, 192)
    assert evened.dtype == np.uint8
    assert np.allclose(evened.mean(axis=(1, 2)), 127, atol=3)


def test_a_mirror_image_is_evened_out_to_the_mirror_image():
    straight, turned = even_out(fundus()), even_out(fundus()[..., ::-1])[..., ::-1]
    differs = np.abs(straight.astype(int) - turned) > 1
    assert not differs[:, RETINA & (np.hypot(ROWS - 64, COLUMNS - 96) < 55)].any()
    # Beyond, two places of the border may be equally near.
    assert differs.mean() < 0.05
