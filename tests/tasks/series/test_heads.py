"""Heads: clips, pooling, and which cells speak for a finding."""

import numpy as np
import pytest
import torch

from napari_localcl.tasks.series.heads import (
    ClipHead,
    LinearHead,
    covering,
    draw_clip,
    pool,
    segments,
)
from napari_localcl.tasks.series.settings import ClassifySettings, LightSettings


def test_a_clip_is_in_order_and_spread_over_the_series():
    rng = np.random.default_rng(0)
    for _ in range(50):
        rows = draw_clip(160, 16, rng)
        assert (rows // 10 == np.arange(16)).all()
    assert draw_clip(1, 4, rng).tolist() == [0, 0, 0, 0]
    assert sorted(set(draw_clip(3, 12, rng).tolist())) == [0, 1, 2]


@pytest.mark.parametrize("count", [1, 5, 16, 17, 100])
def test_covering_clips_show_every_frame_once(count):
    clips = covering(count, 16)
    assert sorted(np.concatenate(clips).tolist()) == list(range(count))
    assert max(map(len, clips)) <= 16


def test_parts_of_a_series_follow_each_other_and_repeat_where_there_are_few_frames():
    assert segments(6, 3) == [slice(0, 2), slice(2, 4), slice(4, 6)]
    assert segments(1, 3) == [slice(0, 1)] * 3


def test_pooling_is_the_mean_or_the_maximum_of_each_cell(features):
    frames = np.asarray(features.frames("axial", 0), np.float32)
    cells = frames.reshape(len(frames), 1, 2, 4, 2, 4).mean(axis=(3, 5))
    for pooling, expected in (("mean", cells.mean(axis=0)), ("max", cells.max(axis=0))):
        given = LightSettings(pooling=pooling, cells=2)
        np.testing.assert_allclose(pool(features, "axial", 0, given), expected.ravel(), rtol=1e-3)


@pytest.mark.parametrize("pooling", ["mean", "max"])
def test_what_the_cells_add_sums_to_the_logit_of_positive_weights(features, pooling):
    given = LightSettings(pooling=pooling, cells=4, segments=2)
    head = LinearHead(given, 1, 2)
    head.weight.copy_(torch.rand(head.weight.shape))
    maps = head.relevance(features, "axial", 0, 1)
    assert maps.shape == (6, 8, 8)
    logit = head.logits(features, "axial", 0)[1]
    # The evidence of both segments, each as it counts.
    assert maps.sum() == pytest.approx(logit, rel=1e-3)


def test_logits_do_not_change_from_one_time_to_the_next(features):
    torch.manual_seed(0)
    head = ClipHead(ClassifySettings(frames=4, looks=3), 1, 2).eval()
    first = head.logits(features, "axial", 0)
    np.testing.assert_array_equal(first, head.logits(features, "axial", 0))
    assert not np.array_equal(first, head.logits(features, "axial", 1))


def test_grad_cam_is_the_gradients_mean_times_the_maps_that_enter(features):
    torch.manual_seed(0)
    head = ClipHead(ClassifySettings(frames=8, readout="last", maps="grad-cam"), 1, 2).eval()
    maps = head.relevance(features, "axial", 0, 1)
    net = head.network
    frames = features.clip("axial", 0, np.arange(6)).requires_grad_(True)
    kept = {}
    hook = net.enter.register_forward_hook(lambda *given: kept.update(maps=given[2]))
    logit = net(frames.unsqueeze(0))[0, 1]
    hook.remove()
    (slope,) = torch.autograd.grad(logit, kept["maps"])
    weight = slope.mean(dim=(2, 3), keepdim=True)
    expected = (weight * kept["maps"]).sum(dim=1).relu().detach().numpy()
    np.testing.assert_allclose(maps, expected, atol=1e-7)
    # Every frame has a say, not the last one alone.
    assert (slope.flatten(1).abs().amax(dim=1) > 0).all()


def test_integrated_gradients_sum_to_what_the_frames_change(features):
    """Before only the positive ones are kept: the sum is the logit above that of mean features."""
    torch.manual_seed(0)
    head = ClipHead(ClassifySettings(frames=8), 1, 2).eval()
    clip = features.clip("axial", 0, np.arange(6)).unsqueeze(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.Tensor, "relu", lambda self: self)
        whole = head._integrated(clip, 1).sum().item()
    change = (head.network(clip) - head.network.tell(torch.zeros_like(clip)))[0, 1].item()
    assert whole == pytest.approx(change, rel=0.05)
