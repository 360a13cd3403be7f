"""MoCo v2: its queue, its average, and that it learns."""

import add_on
import pytest
import torch

from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import prepare_all
from napari_localcl.data.shard import Shard
from napari_localcl.methods import PUBLISHED

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def images(pictures):
    return prepare_all(find_images(pictures), 64)


def learner(**given):
    return add_on.build("moco", {**add_on.SMALL_MOCO, **given})


def draw(method, images, seed=0):
    return method.sample("images", images, torch.Generator().manual_seed(seed), Shard(), CPU)


def step(method, images, seed=0):
    loss = method.losses("images", draw(method, images, seed))["images"]
    method.after_step("images", 0.5)
    return loss


def test_keys_enter_the_queue_in_turn_and_the_oldest_leave_it(images):
    method = learner()
    before = method.queue.clone()
    step(method, images, 1)
    first = method.queue[:4].clone()
    assert not torch.equal(first, before[:4])
    assert torch.equal(method.queue[4:], before[4:])
    assert method.place == 4
    for seed in (2, 3):
        step(method, images, seed)
    assert method.place == 2
    assert not torch.equal(method.queue[:2], first[:2])
    assert torch.equal(method.queue[2:4], first[2:])
    assert torch.allclose(method.queue.norm(dim=1), torch.ones(10), atol=1e-5)


def test_a_batch_longer_than_the_queue_leaves_its_last_keys(images):
    method = learner(queue=3)
    batch = draw(method, images)
    method.losses("images", batch)
    keys = method._keys
    method.after_step("images", 0.5)
    assert torch.equal(method.queue, keys[-3:])


def test_a_step_that_is_left_out_leaves_the_queue(images):
    method = learner()
    before = method.queue.clone()
    method.losses("images", draw(method, images))
    assert torch.equal(method.queue, before)


def test_the_key_encoder_follows_slowly_and_never_learns_itself(images):
    method = learner(momentum=0.9)
    list(method.enter("images", images, torch.Generator()))
    leader, follower = method.network.backbone, method.key_backbone
    before = [value.clone() for value in follower.parameters()]
    with torch.no_grad():
        for value in leader.parameters():
            value.add_(1)
    method.after_step("images", 0.5)
    for value, was in zip(follower.parameters(), before, strict=True):
        assert torch.allclose(value, was + 0.1, atol=1e-6)
    method.losses("images", draw(method, images))["images"].backward()
    assert all(value.grad is None for value in follower.parameters())


def test_the_average_begins_with_the_weights_as_they_are(images):
    method = learner()
    with torch.no_grad():
        next(method.network.parameters()).add_(1)
    list(method.enter("images", images, torch.Generator()))
    own, average = method.network.backbone.state_dict(), method.key_backbone.state_dict()
    assert all(torch.equal(own[name], value) for name, value in average.items())


def test_a_few_steps_tell_views_of_an_image_from_those_of_others(images):
    method = learner(queue=24)
    list(method.enter("images", images, torch.Generator()))
    optimiser = torch.optim.Adam(method.parameter_groups("images"))
    losses = []
    for seed in range(40):
        optimiser.zero_grad()
        loss = method.losses("images", draw(method, images, seed))["images"]
        loss.backward()
        optimiser.step()
        method.after_step("images", 0.5)
        losses.append(loss.item())
    assert all(torch.isfinite(torch.tensor(losses)))
    # Filled with its own keys, the queue is harder than the random one: only then count.
    assert sum(losses[-10:]) < sum(losses[8:18])


def test_alone_its_dense_embeddings_are_the_encoders_maps(images):
    encoder = learner().encoder().eval()
    assert encoder.strides == (2, 4, 8, 16, 32)
    assert encoder.embed_whole(torch.rand(2, 1, 64, 64)).shape == (2, 32)


def test_the_published_views_are_those_of_the_paper():
    moco = PUBLISHED["moco"]
    views = moco.settle({}, moco.presets["faithful"]).views
    look = views.appearance()
    assert (look.changed, look.hue, look.grey) == (0.8, 0.1, 0.2)
    assert (look.blur, look.blur_width) == (0.5, 2)
    shown = views.geometry((224, 224), mirror=False)
    assert (shown.mirror, shown.flip, shown.rotation) == (True, False, 0)
