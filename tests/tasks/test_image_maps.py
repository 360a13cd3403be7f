"""Maps that mean the same in all images."""

import numpy as np
import pytest
import torch
from clouds import collection_of, noise
from draining import finish

from napari_localcl.tasks.image_maps import (
    cluster_vectors,
    compare_models,
    learn_clusters,
    learn_colours,
    learn_rarity,
)

KINDS = torch.eye(6)[:3]


def quilt(count=20, seed=0):
    """Images of three kinds of tissue in stripes: which, (N, 16, 24), and their vectors."""
    chance = torch.Generator().manual_seed(seed)
    which = torch.randint(3, (count, 16, 6), generator=chance).repeat_interleave(4, dim=2)
    return which, KINDS[which] + 0.05 * noise(count, 16, 24, 6, seed=seed + 1)


@pytest.fixture
def which_and_collection():
    which, maps = quilt()
    return which, collection_of({4: maps}, file_size=(128, 192))


def test_colours_of_a_tissue_are_the_same_in_all_images(which_and_collection):
    which, collection = which_and_collection
    _, colouring = finish(learn_colours(collection))
    shown = np.stack([colouring.map(name).values for name in collection.names])
    assert shown.shape == (20, 16, 24, 3)
    assert shown.min() >= 0
    assert shown.max() <= 1
    means = np.stack([shown[which == kind].mean(axis=0) for kind in range(3)])
    spread = max(shown[which == kind].std(axis=0).max() for kind in range(3))
    assert np.abs(means[:, None] - means[None]).max(axis=2)[np.triu_indices(3, 1)].min() > 0.3
    # The third component of three kinds is noise.
    assert spread < 0.25
    assert max(shown[which == kind][:, :2].std(axis=0).max() for kind in range(3)) < 0.08


def test_clusters_are_the_tissues_in_all_images_the_largest_first(which_and_collection):
    which, collection = which_and_collection
    _, clustering = finish(learn_clusters(collection, 3))
    shown = np.stack([clustering.map(name).values for name in collection.names])
    assert set(np.unique(shown)) == {1, 2, 3}
    pairs = {(int(w), int(s)) for w, s in zip(which.flatten(), shown.flatten(), strict=True)}
    assert len(pairs) == 3
    sizes = [(shown == number).sum() for number in (1, 2, 3)]
    assert sizes == sorted(sizes, reverse=True)


def test_clusters_do_not_depend_on_the_day(which_and_collection):
    _, collection = which_and_collection
    first, second = (finish(learn_clusters(collection, 3))[1] for _ in range(2))
    assert torch.equal(first.kinds.centres, second.kinds.centres)


def test_of_fewer_vectors_than_clusters_each_is_one():
    kinds = cluster_vectors(torch.eye(3), 8)
    assert sorted(kinds.of(torch.eye(3)).tolist()) == [1, 2, 3]


def test_what_one_image_alone_has_is_unique():
    _, maps = quilt()
    maps[4, 5:8, 10:14] = torch.eye(6)[4]
    collection = collection_of({4: maps}, file_size=(128, 192))
    _, rarity = finish(learn_rarity(collection))
    shown = rarity.map("image_4.png").values
    odd = np.zeros((16, 24), bool)
    odd[5:8, 10:14] = True
    assert shown[odd].min() > 0.7
    assert shown[~odd].max() < 0.1


def test_of_a_single_image_uniqueness_is_within_it():
    _, maps = quilt(1)
    maps[0, 0, 0] = torch.eye(6)[4]
    collection = collection_of({4: maps})
    _, rarity = finish(learn_rarity(collection))
    assert rarity.map("image_0.png").values.max() < 1


def test_change_is_where_the_second_model_sees_something_else():
    which, maps = quilt()
    turn = torch.linalg.qr(noise(6, 6, seed=9))[0]
    after = maps @ turn
    after[3, 4:8, 8:16] = KINDS[(which[3, 4:8, 8:16] + 1) % 3] @ turn
    before = collection_of({4: maps}, file_size=(128, 192))
    _, same = finish(compare_models(before, collection_of({4: maps @ turn}, file_size=(128, 192))))
    assert same.map("image_3.png").values.max() < 0.01
    _, other = finish(compare_models(before, collection_of({4: after}, file_size=(128, 192))))
    shown = other.map("image_3.png").values
    changed = np.zeros((16, 24), bool)
    changed[4:8, 8:16] = True
    assert shown[changed].min() > 0.5
    assert shown[~changed].max() < 0.1


def test_models_of_other_working_sizes_are_compared_at_the_same_places():
    _, maps = quilt()
    larger = maps.repeat_interleave(2, dim=1).repeat_interleave(2, dim=2)
    before = collection_of({4: maps}, file_size=(128, 192))
    _, change = finish(
        compare_models(before, collection_of({4: larger}, file_size=(128, 192), mirrored=()))
    )
    assert np.median(change.map("image_0.png").values) < 0.05


def test_a_narrow_image_is_mapped_alone():
    _, maps = quilt()
    maps[:, :, :8] = maps[:, :, 16:] = torch.eye(6)[5]  # beside the image
    collection = collection_of({4: maps}, file_size=(64, 32))
    _, clustering = finish(learn_clusters(collection, 3))
    heat = clustering.map("image_0.png")
    assert heat.values.shape == (16, 8)
    assert (heat.cell, heat.corner) == (4, (1.5, 1.5))
    assert len(np.unique(heat.values)) == 3
    _, colouring = finish(learn_colours(collection))
    assert torch.allclose(colouring.components.mean[5], torch.tensor(0.0), atol=0.02)
