"""ACE's crops and targets, on images that say where each of their pixels is.

What is decisive is that every peak of a target links cells with the same mean coordinates: rows
exchanged with columns anywhere, from the crop to the target, would break it.
"""

import itertools

import numpy as np
import pytest
import torch
from canvases import prepared
from torch.nn.functional import avg_pool2d

from napari_localcl.data.errors import BadInput
from napari_localcl.data.shard import Shard
from napari_localcl.methods.ace.cropping import GridCrops, draw_crops, fitting_tokens
from napari_localcl.methods.ace.sampling import draw_batch
from napari_localcl.methods.ace.settings import ACESettings, MatchingSettings
from napari_localcl.methods.ace.terms import MATCHES, targets_of

CPU = torch.device("cpu")
CANVAS = (128, 96)
CHANGES = ("brightness", "contrast", "saturation", "gamma", "noise", "grey", "blur", "sharpen")
PLAIN = dict.fromkeys(CHANGES, 0)
FORMS = [form for form in MATCHES if form != "none"]


@pytest.fixture
def places(tmp_path):
    """Images whose channels are their own row and column, times two."""
    rows, columns = np.meshgrid(*(np.arange(n) * 2 for n in CANVAS), indexing="ij")
    one = np.stack([rows, columns, np.full_like(rows, 7)])
    return prepared(np.stack([one] * 3).astype(np.uint8), tmp_path)


def draw(images, seed=0, **given):
    settings = ACESettings(cell=4, batch=12, **PLAIN, **given)
    return settings, draw_batch(settings, images, torch.Generator().manual_seed(seed), Shard(), CPU)


def cell_places(pixels, side):
    """Mean (row, column) in the image of cells of this side, (B, cells, 2)."""
    means = avg_pool2d(pixels[:, :2] * 255 / 2, side)
    return means.flatten(2).mT


# The coordinate test

MATCHINGS = list(itertools.product(FORMS, (2, 4), ("gaussian", "hard"), ("one", "learned")))


@pytest.mark.parametrize(("form", "scale", "targets", "sides"), MATCHINGS)
def test_every_peak_links_cells_at_the_same_place_of_the_image(places, form, scale, targets, sides):
    given = {"form": form, "targets": targets}
    settings, batch = draw(places, scale=scale, sides=sides, matching=given, aspect=0.1)
    for match in MATCHES[form]:
        seen, other = (batch.large, batch.small) if match.of_large else (batch.small, batch.large)
        side = {"composition": 4 * scale, "decomposition": 4 // scale}.get(match.name, 4)
        others = (seen.shape[2] // side, seen.shape[3] // side)
        matrix = targets_of(match, batch.crops, others, settings.matching)
        own, theirs = cell_places(other, 4), cell_places(seen, side)
        height, peak = matrix.max(dim=2)
        linked = theirs.gather(1, peak.unsqueeze(2).expand(-1, -1, 2))
        shown = height == 1
        assert ((height == 1) | (height == 0)).all()
        assert shown.float().mean() > 0.05
        assert (linked - own)[shown].abs().max() < 0.3, match.name
        # What is not linked lies outside the other crop: nothing of it is missing.
        edge = (theirs.amin(dim=1) - side / 2, theirs.amax(dim=1) + side / 2)
        inside = ((own > edge[0][:, None]) & (own < edge[1][:, None])).all(dim=2)
        if match.name != "composition":  # whose blocks may end before the crop of the teacher
            assert torch.equal(inside, shown)


@pytest.mark.parametrize("scale", [2, 4])
def test_a_token_of_the_large_crop_shows_the_mean_of_its_block(places, scale):
    _, batch = draw(places, scale=scale)
    large, small = avg_pool2d(batch.large, 4), avg_pool2d(batch.small, 4 * scale)
    shown, _ = batch.crops.overlap()
    for index, row, column in shown.nonzero().tolist():
        block = torch.tensor([row, column]) + batch.crops.coarse[index]
        own = large[index, :, row, column]
        assert torch.allclose(own, small[index, :, block[0], block[1]], atol=2e-3)


def test_crops_of_different_looks_show_the_same_places(places):
    plain, looks = (
        draw_batch(ACESettings(cell=4, batch=4, **given), places, chance(), Shard(), CPU)
        for given in (PLAIN, {})
    )
    assert torch.equal(plain.crops.small, looks.crops.small)
    assert not torch.allclose(plain.small, looks.small)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


# Corners


@pytest.mark.parametrize(("scale", "cells"), [(1, (16, 20)), (2, (32, 32)), (4, (32, 40))])
def test_corners_are_alike_modulo_the_scale_and_at_least_half_a_side_overlaps(scale, cells):
    tokens = fitting_tokens(cells, 8, scale)
    crops = draw_crops(500, cells, tokens, scale, 8, chance())
    side, whole = torch.tensor(tokens), torch.tensor(cells)
    assert ((crops.large - crops.small) % scale == 0).all()
    assert (crops.large >= 0).all()
    assert (crops.large + scale * side <= whole).all()
    assert (crops.small >= 0).all()
    assert (crops.small + side <= whole).all()
    first = crops.large.maximum(crops.small)
    last = (crops.large + scale * side).minimum(crops.small + side)
    assert ((last - first) >= side // 2).all()
    rows, columns = ((last - first)[:, axis] for axis in (0, 1))
    large, small = crops.overlap()
    assert torch.equal(small.sum(dim=(1, 2)), rows * columns)
    assert torch.equal(large.sum(dim=(1, 2)), rows * columns // scale**2)


def test_on_the_published_lattice_crops_lie_where_they_did():
    crops = draw_crops(4000, (32, 32), (14, 14), 2, 8, chance())
    assert sorted(set(crops.large.flatten().tolist())) == list(range(5))
    assert sorted(set(crops.small.flatten().tolist())) == list(range(19))


def test_offsets_of_cells_are_as_computed_by_hand():
    crops = GridCrops(torch.tensor([[1, 4]]), torch.tensor([[5, 2]]), (6, 6), 2, 8)
    assert crops.fine.tolist() == [[4, -2]]
    assert crops.coarse.tolist() == [[-2, 1]]
    large, small = crops.overlap()
    # Rows 5 to 10 and columns 4 to 7 of the lattice are shown by both.
    assert large.nonzero()[:, 1:].tolist() == [[r, c] for r in (2, 3, 4) for c in (0, 1)]
    assert small.nonzero()[:, 1:].tolist() == [[r, c] for r in range(6) for c in range(2, 6)]


@pytest.mark.parametrize(
    ("cells", "scale", "tokens"),
    [((32, 32), 2, (14, 14)), ((32, 24), 2, (14, 12)), ((32, 32), 4, (8, 8)), ((8, 8), 4, (0, 0))],
)
def test_tokens_fit_into_the_image_in_whole_blocks(cells, scale, tokens):
    assert fitting_tokens(cells, 14, scale) == tokens


def test_images_too_small_for_two_scales_are_refused_with_what_to_do():
    with pytest.raises(BadInput, match="raise image_size so that both sides have 128"):
        ACESettings(scale=4).lattice((128, 96))


def test_a_target_knows_neighbours_only_where_asked():
    crops = GridCrops(torch.tensor([[0, 0]]), torch.tensor([[2, 0]]), (4, 4), 2, 8)
    (fine,) = MATCHES["decomposition"]
    bells, single = (
        targets_of(fine, crops, (8, 8), MatchingSettings(targets=kind)).view(4, 4, 8, 8)
        for kind in ("gaussian", "hard")
    )
    assert bells[1, 0, 3, 0] == single[1, 0, 3, 0] == 1
    assert bells[1, 0, 4, 1].item() == pytest.approx(np.exp(-1))
    assert single[1, 0].sum() == 1
    assert bells[1, 0, 6].sum() == 0, "three cells off"


# Batches


def test_processes_draw_the_same_batch_and_take_their_parts(places):
    settings = ACESettings(cell=4, batch=4)
    whole = draw_batch(settings, places, chance(), Shard(), CPU)
    parts = [draw_batch(settings, places, chance(), Shard(rank, 2), CPU) for rank in range(2)]
    for name in ("large", "small"):
        both = torch.cat([getattr(part, name) for part in parts])
        assert torch.allclose(both, getattr(whole, name), atol=1e-6)
    assert torch.equal(torch.cat([part.crops.small for part in parts]), whole.crops.small)
