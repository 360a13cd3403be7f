"""Whether embeddings fall into regions that mean the same in all images."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_localcl.tasks.probe.figures import Figure, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy.typing as npt
    from torch import Tensor

    from napari_localcl.tasks.probe.subject import Subject

    Regions = npt.NDArray[np.integer[Any]]

CLUSTERS = 8
MOST = 4000  # places that clusters are found by

COSEGMENTATION = Kind(
    "cosegmentation",
    "regions that two halves agree on",
    "adjusted Rand index, within an image, of 8 clusters found in one half of the images and 8 "
    "found in the other; control: one of them shifted by half the image",
    "regions",
    is_ranked=True,
)


def region_figures(subject: Subject, places: Tensor, shown: Tensor, seed: int) -> Iterator[Figure]:
    """Cluster the places of two halves of the images, and compare them in all images.

    Parameters
    ----------
    places : Tensor (N, P, D)
        Embeddings of the grid in all images.
    shown : Tensor (N, P), bool
        Places that count.
    """
    count = len(places)
    if count < 4:
        return
    halves = torch.randperm(count, generator=subject.chance(seed, "halves")).chunk(2)
    first, second = (cluster(places, places[half][shown[half]], seed) for half in halves)
    yield agreement_figure(COSEGMENTATION, first, second, shown.numpy())


def cluster(places: Tensor, known: Tensor, seed: int) -> Regions:
    """Assign places (N, P, D) to k-means clusters of known ones (M, D); (N, P) of int."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning
    from threadpoolctl import threadpool_limits

    chance = np.random.default_rng(seed)
    rows = known.float().numpy()
    rows = rows[chance.permutation(len(rows))[:MOST]]
    if len(rows) < CLUSTERS:
        return np.zeros(places.shape[:2], np.int64)
    # With several threads, sums are added up in an order that differs from time to time.
    with threadpool_limits(1, "openmp"), warnings.catch_warnings():
        # Embeddings that have collapsed have fewer clusters, which the figures tell.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(CLUSTERS, n_init=2, max_iter=50, random_state=seed).fit(rows)
    centres = torch.from_numpy(found.cluster_centers_).float()
    half = centres.square().sum(dim=1) / 2
    nearest = [(own.float() @ centres.T - half).argmax(dim=1) for own in places]
    return torch.stack(nearest).numpy()


def agreement_figure(
    kind: Kind, regions: Regions, others: Regions, counted: npt.NDArray[np.bool_]
) -> Figure:
    """Compare regions (N, P) with others (N, P) in each image; control: shifted by half of it.

    Another image's regions would be no control: the better an encoder, the more alike they are.
    """
    half = regions.shape[1] // 2
    shifted, shown = (np.roll(rows, half, axis=1) for rows in (others, counted))
    values = [_rand(*rows) for rows in zip(regions, others, counted, strict=True)]
    controls = [_rand(*rows) for rows in zip(regions, shifted, counted & shown, strict=True)]
    return Figure.of(kind, values, controls)


def _rand(first: Regions, second: Regions, counted: npt.NDArray[np.bool_]) -> float:
    from sklearn.metrics import adjusted_rand_score

    if not counted.any():
        return float("nan")
    return float(adjusted_rand_score(first[counted], second[counted]))
