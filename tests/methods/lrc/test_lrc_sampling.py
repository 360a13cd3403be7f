"""What LRC samples: regions that keep their number from the image to both views."""

import numpy as np
import pytest
import torch
from canvases import prepared

from napari_localcl.data.shard import Shard
from napari_localcl.data.superpixels import Superpixels
from napari_localcl.methods.lrc.sampling import (
    choose_regions,
    draw_regions,
    regions_at,
    sample_cells,
)
from napari_localcl.methods.lrc.settings import LocalSettings
from napari_localcl.methods.views import GeometryRanges, draw_geometry

CPU = torch.device("cpu")
LOOKS = dict.fromkeys(("brightness", "contrast", "saturation", "gamma", "noise", "grey"), 0)


@pytest.fixture
def chance():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def images(tmp_path):
    """Return three images of 4 x 4 squares, each of its own shade."""
    shades = np.random.default_rng(0).permuted(np.tile(np.arange(16) * 15 + 10, (3, 1)), axis=1)
    squares = shades.reshape(3, 1, 4, 4).repeat(16, axis=2).repeat(16, axis=3)
    return prepared(squares.astype(np.uint8), tmp_path)


def settings(**given):
    views = {"part": 1, "zoom": 1.6, "rotation": 20, **LOOKS}
    pixels = {"reduction": 1, "scale": 1, "sigma": 0, "smallest": 0.01}
    small = {"images": 6, "grid": 2, "regions": 8, "pixels": 5, "least": 4}
    return LocalSettings(**{**small, "views": views, "superpixels": pixels, **given})


def drawn(images, shard=None, **given):
    own = settings(**given)
    chance = torch.Generator().manual_seed(3)
    found = Superpixels(images, own.superpixels)
    return draw_regions(found, torch.arange(3), own, chance, shard or Shard(), CPU)


def test_pixels_of_a_region_show_the_same_part_of_the_image_in_both_views(images):
    batch = drawn(images)
    rows, columns = batch.points.round().long().unbind(-1)
    seen = batch.views[torch.arange(12)[:, None, None], 0, rows, columns] * 255
    first, second = seen.chunk(2)
    shades = first.median(dim=2).values
    assert batch.present.sum() > 20
    # Points beside an edge see a mixture, by bilinear reading.
    for view in (first, second):
        alike = (view - shades[..., None]).abs() < 3
        assert alike[batch.present].float().mean() > 0.75


def test_regions_chosen_of_an_image_are_different_ones(images):
    batch = drawn(images)
    rows, columns = batch.points[:6].round().long().unbind(-1)
    seen = batch.views[torch.arange(6)[:, None, None], 0, rows, columns] * 255
    shades = seen.median(dim=2).values
    apart = (shades[:, :, None] - shades[:, None]).abs() > 7
    both = batch.present[:, :, None] & batch.present[:, None]
    assert apart[both & ~torch.eye(8, dtype=torch.bool)].float().mean() > 0.95


def test_a_region_is_that_of_the_nearest_pixel_and_none_beyond_the_image(chance):
    maps = torch.arange(1, 17).view(1, 4, 4)
    geometry = draw_geometry(1, (64, 64), GeometryRanges(zoom=(0.5, 0.5)), chance, (64, 64))
    points = torch.tensor([[31.5 - 15, 31.5 - 15], [31.5 + 15, 31.5 + 15], [31.5, 47.0], [0, 0]])
    assert regions_at(maps, geometry, points).tolist() == [[1, 16, 12, 0]]


def test_a_coarser_map_says_the_same_regions(chance):
    fine = torch.arange(1, 17).view(1, 4, 4)
    geometry = draw_geometry(1, (64, 64), GeometryRanges(rotation=180), chance)
    points = torch.rand(40, 2) * 63
    coarse, full = (
        regions_at(maps, geometry, points)
        for maps in (fine, fine.repeat_interleave(16, 1).repeat_interleave(16, 2))
    )
    assert torch.equal(coarse, full)


def test_only_regions_that_both_views_show_enough_of_are_chosen(chance):
    first = torch.tensor([[1, 1, 1, 2, 2, 3, 3, 3, 0, 0]])
    second = torch.tensor([[1, 1, 3, 3, 3, 2, 2, 2, 0, 0]])
    regions, present = choose_regions(torch.stack([first, second]), 4, 2, chance)
    assert set(regions[present].tolist()) == {1, 2, 3}
    regions, present = choose_regions(torch.stack([first, second]), 4, 3, chance)
    assert regions[present].tolist() == [3]


def test_no_more_regions_are_chosen_than_asked_for_and_all_in_their_turn(chance):
    seen = torch.arange(1, 21).repeat(2, 1, 3)
    chosen = [choose_regions(seen, 3, 2, chance) for _ in range(60)]
    assert all(present.all() for _, present in chosen)
    assert len({number for regions, _ in chosen for number in regions[0].tolist()}) == 20


def test_places_are_sampled_in_their_region_with_replacement(chance):
    seen = torch.tensor([[5, 5, 2, 7, 7, 7]])
    regions, present = torch.tensor([[7, 2, 9]]), torch.tensor([[True, True, False]])
    cells = sample_cells(seen, regions, present, 50, chance)
    assert cells.shape == (1, 3, 50)
    assert set(cells[0, 0].tolist()) == {3, 4, 5}
    assert set(cells[0, 1].tolist()) == {2}


def test_each_process_gets_its_part_of_the_same_regions(images):
    whole, parts = drawn(images), [drawn(images, Shard(rank, 2)) for rank in range(2)]
    assert torch.equal(torch.cat([part.present for part in parts]), whole.present)
    for name in ("points", "views"):
        first, second = zip(*(getattr(part, name).chunk(2) for part in parts), strict=True)
        assert torch.allclose(torch.cat([*first, *second]), getattr(whole, name), atol=1e-6)


def test_images_of_one_plain_shade_have_no_regions(tmp_path):
    plain = prepared(np.full((3, 1, 64, 64), 90, np.uint8), tmp_path)
    assert not drawn(plain).present.any()
