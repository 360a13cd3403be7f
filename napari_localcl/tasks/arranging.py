"""Where points of many dimensions go in a plane: PCA at once, t-SNE and UMAP in their time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from napari_localcl.data.errors import BadInput
from napari_localcl.data.progress import Progress
from napari_localcl.models.components import Spread

if TYPE_CHECKING:
    from collections.abc import Generator

    from torch import Tensor

EARLY, LATE = 250, 500  # iterations of t-SNE, as its authors advise
AT_ONCE = 25  # iterations at most between two signs of life, and how many points' iterations
POINTS_AT_ONCE = 50_000
MOST_DIMENSIONS = 50  # what t-SNE looks for neighbours in


def arrange_by_pca(vectors: Tensor) -> Tensor:
    """Vectors (P, D) -> their first two principal components, (P, 2)."""
    return _components(vectors, 2)


def arrange_by_tsne(
    vectors: Tensor, perplexity: float = 30.0, seed: int = 0, jobs: int = 1
) -> Generator[Progress, None, Tensor]:
    """Arrange vectors so that neighbours stay neighbours.

    Policar et al., "openTSNE: a modular Python library for t-SNE dimensionality reduction and
    embedding", Journal of Statistical Software 2024; begun from principal components.

    Parameters
    ----------
    vectors : Tensor (P, D)
        At least four.
    perplexity : float
        About how many neighbours count; less where there are few vectors.
    seed : int
        What chance depends on.
    jobs : int
        Threads.

    Returns
    -------
    Tensor (P, 2)
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If there are fewer vectors.
    """
    if len(vectors) < 4:
        raise BadInput("t-SNE needs at least 4 points")
    from openTSNE import TSNEEmbedding, affinity, initialization

    yield Progress("arrange", step=0, steps=EARLY + LATE, message="looking for neighbours")
    points = _components(vectors, min(vectors.shape[1], MOST_DIMENSIONS)).numpy().astype(float)
    near = affinity.PerplexityBasedNN(
        points, min(perplexity, (len(points) - 1) / 3), n_jobs=jobs, random_state=seed
    )
    start = initialization.pca(points, random_state=seed)
    plane = TSNEEmbedding(start, near, n_jobs=jobs, random_state=seed)
    # Of many points, fewer at once: whoever waits for another answer should not notice.
    at_once = max(1, min(AT_ONCE, POINTS_AT_ONCE // len(points)))
    done = 0
    for until, exaggeration, momentum in ((EARLY, 12, 0.5), (EARLY + LATE, None, 0.8)):
        while done < until:
            some = min(at_once, until - done)
            plane.optimize(some, inplace=True, exaggeration=exaggeration, momentum=momentum)
            done += some
            yield Progress("arrange", step=done, steps=EARLY + LATE, message="arranging points")
    return torch.from_numpy(plane.view(type(start))).float()


def arrange_by_umap(vectors: Tensor, seed: int = 0) -> Generator[Progress, None, Tensor]:
    """Arrange vectors by UMAP, which is an extra.

    McInnes et al., arXiv 1802.03426.

    Returns
    -------
    Tensor (P, 2)
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If it is not installed.
    """
    try:
        from umap import UMAP
    except ImportError as error:
        raise BadInput(
            "UMAP is not installed; install it by pip install 'napari-localcl[umap]', or use t-SNE"
        ) from error
    yield Progress("arrange", message="arranging points")
    neighbours = min(15, len(vectors) - 1)
    plane: Any = UMAP(n_neighbors=neighbours, random_state=seed, n_jobs=1)
    return torch.from_numpy(plane.fit_transform(vectors.numpy())).float()


def _components(vectors: Tensor, count: int) -> Tensor:
    spread = Spread(vectors.shape[1])
    spread.add(vectors)
    return spread.components(count).project(vectors)
