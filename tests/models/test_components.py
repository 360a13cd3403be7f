"""Principal components of vectors that come a few at a time."""

import numpy as np
import torch

from napari_localcl.models.components import Spread


def cloud():
    chance = np.random.default_rng(0)
    flat = chance.normal(size=(5000, 3)) * (5, 2, 1)
    return torch.from_numpy(flat @ np.linalg.qr(chance.normal(size=(4, 4)))[0][:3] + 7).float()


def components(parts, count=3):
    spread = Spread(4)
    for part in parts:
        spread.add(part)
    return spread.components(count)


def test_they_are_those_of_all_vectors_together():
    from sklearn.decomposition import PCA

    vectors = cloud()
    found, known = components(vectors.split(700)), PCA(3).fit(vectors.numpy())
    agreement = (found.axes.numpy() * known.components_).sum(axis=1)
    assert np.allclose(np.abs(agreement), 1, atol=1e-4)
    assert np.allclose(found.spread.numpy(), known.explained_variance_**0.5, rtol=1e-3)
    assert np.allclose(found.mean.numpy(), known.mean_, atol=1e-4)
    assert np.allclose(found.project(vectors).std(dim=0), found.spread, rtol=1e-3)


def test_the_same_vectors_give_the_same_directions_in_any_order():
    vectors = cloud()
    first, second = components([vectors]), components(vectors.flip(0).split(99))
    assert torch.allclose(first.axes, second.axes, atol=1e-4)
    assert (first.axes.gather(1, first.axes.abs().argmax(dim=1, keepdim=True)) > 0).all()


def test_colours_have_the_mean_in_the_middle_and_use_the_range():
    vectors = cloud()
    found = components([vectors])
    colours = found.colours(vectors)
    assert torch.allclose(found.colours(found.mean), torch.tensor(0.5))
    assert colours.min() >= 0
    assert colours.max() <= 1
    assert ((colours == 0) | (colours == 1)).float().mean() < 0.03
    assert (colours.std(dim=0) > 0.15).all()


def test_of_fewer_dimensions_the_rest_is_zero():
    spread = Spread(2)
    spread.add(torch.tensor([[0.0, 1.0], [1.0, 0.0], [0.5, 0.5]]))
    found = spread.components(3)
    assert found.axes.shape == (3, 2)
    assert found.project(torch.rand(5, 2))[:, 2].tolist() == [0] * 5
