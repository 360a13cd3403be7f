"""Arranging points of many dimensions in a plane."""

import numpy as np
import pytest
import torch
from clouds import noise
from draining import finish
from torch.nn.functional import normalize

from napari_localcl.data.errors import BadInput
from napari_localcl.tasks import arranging
from napari_localcl.tasks.arranging import arrange_by_pca, arrange_by_tsne, arrange_by_umap

GROUP = np.repeat([0, 1, 2], 30)


def groups():
    return normalize(torch.eye(8)[GROUP] + 0.1 * noise(90, 8), dim=1)


def share_of_own_kind(positions):
    """How often the nearest point is of the same group."""
    apart = torch.cdist(positions, positions).fill_diagonal_(torch.inf)
    return (GROUP[apart.argmin(dim=1).numpy()] == GROUP).mean()


def test_pca_is_the_first_two_components():
    from sklearn.decomposition import PCA

    known = PCA(2).fit_transform(groups().numpy())
    assert np.allclose(np.abs(arrange_by_pca(groups()).numpy()), np.abs(known), atol=1e-4)


def test_tsne_keeps_groups_together_and_says_how_far_it_is(monkeypatch):
    monkeypatch.setattr(arranging, "EARLY", 100)
    monkeypatch.setattr(arranging, "LATE", 100)
    said, positions = finish(arrange_by_tsne(groups(), perplexity=10))
    assert positions.shape == (90, 2)
    assert share_of_own_kind(positions) == 1
    assert [news.step for news in said] == [0, 25, 50, 75, 100, 125, 150, 175, 200]
    assert said[-1].steps == 200


def test_tsne_is_the_same_every_time_and_works_for_few_points(monkeypatch):
    monkeypatch.setattr(arranging, "EARLY", 25)
    monkeypatch.setattr(arranging, "LATE", 25)
    first, second = (finish(arrange_by_tsne(groups()[::15]))[1] for _ in range(2))
    assert torch.equal(first, second)
    assert first.isfinite().all()
    with pytest.raises(BadInput, match="at least 4"):
        finish(arrange_by_tsne(groups()[:3]))


def test_umap_says_how_it_is_installed_where_it_is_not(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(BadInput, match=r"pip install 'napari-localcl\[umap\]'"):
        finish(arrange_by_umap(groups()))


@pytest.mark.filterwarnings("ignore")
def test_umap_keeps_groups_together():
    pytest.importorskip("umap")
    _, positions = finish(arrange_by_umap(groups()))
    assert share_of_own_kind(positions) > 0.95
