"""SSLM: its puzzle, that it is learned, and that it is not solved by a shortcut."""

import itertools

import numpy as np
import pytest
import torch
from canvases import coordinates, prepared
from scipy.ndimage import gaussian_filter

from napari_localcl.data.shard import Shard
from napari_localcl.methods.sslm import SSLM
from napari_localcl.methods.sslm.permutations import far_orders, random_orders
from napari_localcl.methods.sslm.settings import PRESETS, SSLMSettings
from napari_localcl.methods.sslm.sslm import STAGE
from napari_localcl.methods.sslm.tiles import cut_tiles, draw_corners, draw_puzzles, tile_side

CPU = torch.device("cpu")
TINY = {
    "image_size": 64,
    "branch": 4,
    "trunk": 8,
    "hidden": 16,
    "frames": 4,
    "permutations": 6,
    "choice": "random",
}
STILL = {"rotation": 0, "zoom": 1, "shift": 0, "brightness": 0, "noise": 0}


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def learner(channels=1, **given):
    torch.manual_seed(0)
    return SSLM(SSLMSettings(**{**TINY, **given}), channels)


def entered(channels=1, **given):
    method = learner(channels, **given)
    list(method.enter(STAGE, [], chance()))
    return method


def puzzles(images, orders, shard=None, seed=0, **given):
    settings = SSLMSettings(**{**TINY, **given})
    return draw_puzzles(settings, orders, images, chance(seed), shard or Shard(), CPU)


# Permutations


def distances(orders):
    pairs = list(itertools.combinations(range(len(orders)), 2))
    return [int((orders[a] != orders[b]).sum()) for a, b in pairs]


def test_far_orders_differ_from_each_other_more_than_random_ones():
    far, drawn = far_orders(30, chance()), random_orders(30, chance())
    assert all(sorted(order) == list(range(9)) for order in far.tolist())
    assert len({tuple(order) for order in far.tolist()}) == 30
    assert min(distances(far)) >= 7 > min(distances(drawn))
    assert np.mean(distances(far)) > np.mean(distances(drawn))


def test_nine_orders_can_differ_everywhere_and_do():
    assert min(distances(far_orders(5, chance()))) == 9


def test_random_orders_are_different_and_hold_the_identity():
    drawn = random_orders(50, chance()).tolist()
    assert drawn[0] == list(range(9))
    assert len({tuple(order) for order in drawn}) == 50
    assert random_orders(50, chance(1)).tolist() != drawn


# Tiles


def test_a_tile_lies_in_its_ninth_with_a_gap_that_varies():
    given = SSLMSettings(image_size=128)
    corners = draw_corners(500, given, (128, 128), chance())
    offset = corners - torch.tensor([[42 * (i // 3), 42 * (i % 3)] for i in range(9)])
    assert tile_side(given, (128, 128)) == 32
    assert (offset.min(), offset.max()) == (0, 9)
    assert len(offset.unique()) == 10


@pytest.mark.parametrize("canvas", [(64, 64), (64, 96), (32, 128)])
def test_tiles_fit_any_canvas(canvas):
    given = SSLMSettings(image_size=64)
    side = tile_side(given, canvas)
    corners = draw_corners(50, given, canvas, chance())
    assert side % 4 == 0
    assert (corners + side <= torch.tensor(canvas)).all()


def test_the_tiles_come_in_the_order_of_their_class(tmp_path):
    images = prepared(coordinates(3, (64, 64)), tmp_path)
    orders = random_orders(6, chance())
    batch = puzzles(images, orders, gap=0, **STILL)
    assert batch.tiles.shape == (4, 9, 3, 20, 20)
    for tiles, order in zip(batch.tiles, orders[batch.classes], strict=True):
        corners = (tiles[:, :2, 0, 0] * 255 / 4).round().long()
        assert (corners // 21 @ torch.tensor([3, 1])).tolist() == order.tolist()


def test_a_turned_tile_shows_nothing_beyond_its_own_pixels(tmp_path):
    """Around a tile lie the pixels that its neighbour shows: they would give the order away."""
    images = prepared(coordinates(1, (64, 64)), tmp_path)
    batch = puzzles(images, torch.arange(9).view(1, 9), gap=0, **{**STILL, "rotation": 45})
    places = batch.tiles[:, :, :2] * 255 / 4
    first = torch.tensor([[21 * (i // 3), 21 * (i % 3)] for i in range(9)]).view(1, 9, 2, 1, 1)
    assert (places >= first - 0.01).all()
    assert (places <= first + 19.01).all()
    assert not torch.allclose(places[:, :, 0, 0, :].std(dim=-1), torch.zeros(()))


def test_every_tile_is_disturbed_by_itself(tmp_path):
    flat = np.full((1, 1, 64, 64), 128, np.uint8)
    images = prepared(flat, tmp_path)
    tiles = puzzles(images, torch.arange(9).view(1, 9), **{**STILL, "brightness": 0.15}).tiles
    levels = tiles[:, :, 0, 5, 5].flatten() * 255 / 128
    changed = (levels - 1).abs() > 1e-3
    assert 0.2 < changed.float().mean() < 0.8
    assert len(levels[changed].unique()) == changed.sum()
    assert ((levels >= 0.848) & (levels <= 1.152)).all()


def test_two_processes_share_the_batch_of_one(tmp_path):
    images = prepared(coordinates(3, (64, 64)), tmp_path)
    orders = random_orders(6, chance())
    whole = puzzles(images, orders)
    parts = [puzzles(images, orders, Shard(rank, 2)) for rank in (0, 1)]
    assert torch.equal(torch.cat([part.tiles for part in parts]), whole.tiles)
    assert torch.equal(torch.cat([part.classes for part in parts]), whole.classes)


# The shortcut: neighbouring tiles whose borders continue each other

PLACES = list(itertools.product(range(3), repeat=2))


def solved_by_borders(tiles, orders):
    """Choose the order in which tiles (9, t, t) continue their neighbours best."""
    across = (tiles[:, None, :, -1] - tiles[None, :, :, 0]).abs().mean(dim=2)
    down = (tiles[:, None, -1, :] - tiles[None, :, 0, :]).abs().mean(dim=2)
    costs = []
    for order in orders.tolist():
        slot = {tile: index for index, tile in enumerate(order)}  # where each tile has come to lie
        cost = 0.0
        for row, column in PLACES:
            here = slot[3 * row + column]
            if column < 2:
                cost += across[here, slot[3 * row + column + 1]].item()
            if row < 2:
                cost += down[here, slot[3 * row + column + 3]].item()
        costs.append(cost)
    return int(np.argmin(costs))


def share_solved(tmp_path, **given):
    """Pictures whose neighbouring pixels are alike, but not pixels five apart."""
    noise = np.random.default_rng(0).standard_normal((24, 1, 126, 126))
    fine = gaussian_filter(noise, (0, 0, 1.2, 1.2))
    pixels = np.clip(128 + 128 * fine, 0, 255).astype(np.uint8)
    wide = np.pad(pixels, ((0, 0), (0, 0), (0, 2), (0, 2)))
    images = prepared(wide, tmp_path)
    orders = far_orders(20, chance())
    batch = puzzles(images, orders, frames=24, image_size=128, **given)
    told = [solved_by_borders(tiles[:, 0], orders) for tiles in batch.tiles]
    return np.mean(np.array(told) == batch.classes.numpy())


def test_borders_solve_the_puzzle_without_gaps_and_say_nothing_with_them(tmp_path):
    touching = {**STILL, "tile": 40, "gap": 0}
    assert share_solved(tmp_path / "touching", **touching) > 0.9
    assert share_solved(tmp_path / "apart") < 0.25  # 1 in 20 by chance


# Learning


def test_an_untrained_network_loses_at_the_level_of_chance(tmp_path):
    images = prepared(np.random.default_rng(0).integers(0, 255, (3, 1, 64, 64), np.uint8), tmp_path)
    method = entered(permutations=50, frames=32)
    batch = method.sample(STAGE, images, chance(), Shard(), CPU)
    loss = method.losses(STAGE, batch)[STAGE].item()
    assert loss == pytest.approx(np.log(50), abs=0.3)


def test_it_learns_the_places_of_a_frame_that_says_them(tmp_path):
    images = prepared(coordinates(1, (64, 64))[:, :2].repeat(2, axis=1)[:, :3], tmp_path)
    method = entered(3, frames=16, **STILL)
    optimiser = torch.optim.Adam(method.parameters(), lr=1e-2)
    for step in range(60):
        batch = method.sample(STAGE, images, chance(step), Shard(), CPU)
        optimiser.zero_grad()
        loss = method.losses(STAGE, batch)[STAGE]
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.6 * np.log(6)


def test_the_orders_are_chosen_once_and_travel_with_the_weights():
    method = entered()
    other = learner()
    other.load_state_dict(method.state_dict())
    assert torch.equal(other.orders, method.orders)
    assert not torch.equal(method.orders, learner().orders)


def test_only_where_branches_join_weights_are_kept_small():
    groups = learner().parameter_groups(STAGE)
    (small,) = [group for group in groups if "weight_decay" in group]
    assert small["weight_decay"] == 1e-4
    assert [tuple(value.shape) for value in small["params"]] == [(8, 36, 1, 1)]


def test_the_published_constants():
    given = SSLMSettings(**PRESETS["faithful"])
    assert (given.image_size, given.tile, given.gap) == (256, 64, 10)
    assert (given.permutations, given.choice) == (1000, "random")
    assert (given.branch, given.trunk, given.frames) == (256, 1024, 16)
    assert (given.rotation, given.zoom, round(given.shift * given.tile)) == (15, 1.1, 6)


def test_frames_that_are_cut_are_on_a_scale_from_0_to_1():
    pixels = np.arange(64, dtype=np.uint8).reshape(1, 1, 8, 8)
    tiles = cut_tiles(pixels, torch.tensor([[[0, 0], [4, 2]]]), 4)
    assert tiles.shape == (1, 2, 1, 4, 4)
    assert (tiles[0, 1, 0] * 255).round().int().tolist() == pixels[0, 0, 4:8, 2:6].tolist()
