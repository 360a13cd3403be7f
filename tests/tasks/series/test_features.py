"""Features of frames: computed once, mapped, as many channels as asked for."""

import numpy as np
import pytest
import torch
from canvases import prepared
from draining import finish
from torch.nn.functional import normalize

from napari_localcl.models.encoder import Encoder
from napari_localcl.tasks.series.features import Sight, see


class Levels(Encoder):
    """Two levels that say where they come from, and how often it was asked."""

    strides = (4, 16)

    def __init__(self):
        super().__init__()
        self.scale = torch.nn.Parameter(torch.ones(1))
        self.asked = 0

    def embed(self, images):
        self.asked += len(images)
        fine = torch.nn.functional.avg_pool2d(images, 4).expand(-1, 2, -1, -1)
        coarse = torch.nn.functional.avg_pool2d(images, 16).expand(-1, 4, -1, -1)
        return {4: normalize(fine + 1, dim=1), 16: normalize(coarse + 1, dim=1)}


@pytest.fixture
def stacks(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 255, (11, 1, 64, 64), np.uint8)
    images = prepared(pixels, tmp_path / "frames")
    return {0: images.subset(range(9)), 2: images.subset(range(9, 11))}


def looked(sight, stacks, cache):
    return finish(see(sight, "axial", ["a", "b", "c"], stacks, cache))[1]


def test_frames_are_seen_once_and_mapped_from_then_on(stacks, tmp_path):
    encoder = Levels()
    features = looked(Sight(encoder, 4, 4), stacks, tmp_path)
    assert encoder.asked == 11
    again = looked(Sight(encoder, 4, 4), stacks, tmp_path)
    assert encoder.asked == 11
    assert isinstance(again.frames("axial", 0), np.memmap)
    assert again.frames("axial", 0).shape == (9, 4, 4, 4)
    assert (features.count("axial", 2), features.having("axial", [0, 1, 2])) == (2, [0, 2])


def test_other_weights_are_other_features(stacks, tmp_path):
    encoder = Levels()
    first = looked(Sight(encoder, 4, 4), stacks, tmp_path)
    encoder.scale.data += 1
    assert looked(Sight(encoder, 4, 4), stacks, tmp_path).files != first.files
    assert encoder.asked == 22


def test_levels_are_joined_from_the_coarsest_until_there_are_enough(stacks, tmp_path):
    few = looked(Sight(Levels(), 4, 4), stacks, tmp_path)
    more = looked(Sight(Levels(), 4, 5), stacks, tmp_path)
    assert (few.channels("axial"), more.channels("axial")) == (4, 6)


def test_unit_vectors_become_numbers_around_one(stacks, tmp_path):
    frames = looked(Sight(Levels(), 4, 4), stacks, tmp_path).frames("axial", 0)
    np.testing.assert_allclose(frames.astype(float), 1.0, atol=1e-3)


def test_a_clip_reads_its_frames_in_its_order(stacks, tmp_path):
    features = looked(Sight(Levels(), 4, 5), stacks, tmp_path)
    rows = np.array([5, 1, 1])
    clip = features.clip("axial", 0, rows)
    whole = torch.from_numpy(np.array(features.frames("axial", 0))).float()
    assert torch.equal(clip, whole[[5, 1, 1]])


def test_thousands_of_frames_take_the_memory_of_a_few(tmp_path):
    """The file holds 80 MB of features; neither writing nor a clip may hold them all."""
    import tracemalloc

    from napari_localcl.tasks.series.heads import pool
    from napari_localcl.tasks.series.settings import LightSettings

    images = prepared(np.full((1, 1, 64, 64), 9, np.uint8), tmp_path / "one")
    many = images.subset([0] * 5000)

    class Wide(Levels):
        def embed(self, images):
            return {16: torch.full((len(images), 128, 8, 8), 0.1)}

    tracemalloc.start()
    features = looked(Sight(Wide(), 8, 128), {0: many}, tmp_path)
    features.clip("axial", 0, np.arange(0, 5000, 313))
    pool(features, "axial", 0, LightSettings())
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert features.frames("axial", 0).nbytes == 5000 * 128 * 64 * 2
    assert most < 20e6
