"""How well known masks can be told from embeddings alone."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from napari_localcl.data.errors import BadInput
from napari_localcl.data.masks import find_masks, read_mask
from napari_localcl.tasks.mask_scores import dice
from napari_localcl.tasks.probe.figures import Figure, Kind
from napari_localcl.tasks.probe.regions import agreement_figure, cluster
from napari_localcl.tasks.probe.subject import grid_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import numpy.typing as npt
    from torch import Tensor

    from napari_localcl.data.folder import Listing
    from napari_localcl.tasks.probe.subject import Subject

    Labels = npt.NDArray[np.int64]

PLACES = 48  # of the grid that masks are read on, along the longer side
NEIGHBOURS = 5
KNOWN = 4096  # places learned from
SILHOUETTE = 1500  # places measured

KNN = Kind(
    "knn_dice",
    "Dice by nearest neighbours",
    "mean Dice of masks told by the 5 nearest embeddings in the other half of the images; "
    "control: by place alone",
    "masks",
)
LINEAR = Kind(
    "linear_dice",
    "Dice by a linear probe",
    "mean Dice of masks told by logistic regression on the features that a segmenter would begin "
    "with, learned from the other half of the images; control: by place alone",
    "masks",
    is_ranked=True,
)
RAND = Kind(
    "mask_rand",
    "regions against masks",
    "adjusted Rand index of 8 clusters and the masks; control: masks shifted by half the image",
    "masks",
)
SILHOUETTES = Kind(
    "mask_silhouette",
    "silhouette of masks",
    "how much nearer embeddings are to those of their own label (cosine); control: labels shuffled",
    "masks",
)


@dataclass(frozen=True)
class Masks:
    """The masks of some images, read when they are asked for.

    Attributes
    ----------
    files : dict of str to Path
        By the name of the image or volume.
    """

    files: dict[str, Path]

    @classmethod
    def of(cls, folder: str | Path, listing: Listing) -> Masks:
        """Find the masks of listed images.

        Raises
        ------
        BadInput
            If there is none.
        """
        return cls(find_masks(folder, listing.items))

    def at(self, subject: Subject, index: int, points: npt.NDArray[np.float64]) -> Labels:
        """Labels (P,) of places of an image."""
        item, _, plane = subject.images.names[index].rpartition("#")
        name = item if item in self.files else subject.images.names[index]
        labels = read_mask(self.files[name]).labels
        labels = labels[int(plane)] if labels.ndim == 3 else labels
        placement = subject.images.placements[index]
        if labels.shape != placement.file_size:
            raise BadInput(
                f"{self.files[name]} is {labels.shape[0]} x {labels.shape[1]} pixels and its image "
                f"{placement.file_size[0]} x {placement.file_size[1]}; they must be alike"
            )
        places = placement.to_file(points).round().astype(int)
        rows, columns = (places[:, a].clip(0, labels.shape[a] - 1) for a in (0, 1))
        told: Labels = labels[rows, columns].astype(np.int64)
        return told

    def covers(self, name: str) -> bool:
        """Whether an image, or its volume, has a mask."""
        return name in self.files or name.rpartition("#")[0] in self.files


@dataclass(frozen=True)
class _Known:
    """Vectors (N, P, D) and labels (N, P) of a grid, and which places lie on their image."""

    places: Tensor
    labels: Labels
    valid: npt.NDArray[np.bool_]

    def some(self, images: Tensor, most: int, chance: torch.Generator) -> tuple[Tensor, Labels]:
        """Some places of some images: vectors (M, D), labels (M,)."""
        own = torch.from_numpy(self.valid)[images]
        drawn = torch.randperm(int(own.sum()), generator=chance)[:most]
        labels = torch.from_numpy(self.labels)[images][own][drawn].numpy()
        return self.places[images][own][drawn].float(), labels

    def dice(self, image: int, guess: Labels, classes: Labels) -> float:
        """Mean Dice over the structures that guess (P,) or truth show; NaN where there is none."""
        found = []
        for label in classes[classes != 0]:
            both = [(one == label) & self.valid[image] for one in (guess, self.labels[image])]
            found.append(dice(*both))
        told = [one for one in found if one is not None]
        return float(np.mean(told)) if told else float("nan")


def mask_figures(subject: Subject, masks: Masks, seed: int) -> Iterator[Figure]:
    """Learn from half of the images that have masks, and tell the masks of the other half."""
    indices = [i for i, name in enumerate(subject.images.names) if masks.covers(name)]
    if len(indices) < 2:
        raise BadInput("the masks are of fewer than two of the images probed: give more")
    known, featured = _read(subject, masks, indices)
    chance = subject.chance(seed, "masks")
    halves = torch.randperm(len(indices), generator=chance).chunk(2)
    classes = np.unique(known.labels)
    told_by = {kind: np.full(len(indices), np.nan) for kind in (KNN, LINEAR)}
    control = np.full(len(indices), np.nan)
    for train, test in (halves, halves[::-1]):
        given, told = known.some(train, KNOWN, chance)
        by_place = _by_place(known, train.numpy(), classes)
        guesses = {
            KNN: _neighbours(known, given, told, test),
            LINEAR: _linear(featured, *featured.some(train, KNOWN, chance), test),
        }
        for kind, found in guesses.items():
            for i, guess in zip(test.tolist(), found, strict=True):
                told_by[kind][i] = known.dice(i, guess, classes)
        for i in test.tolist():
            control[i] = known.dice(i, by_place, classes)
    for kind, values in told_by.items():
        yield Figure.of(kind, values, control)
    everywhere = torch.from_numpy(known.valid)
    clusters = cluster(known.places, known.places[everywhere], seed)
    yield agreement_figure(RAND, clusters, known.labels, known.valid)
    yield _silhouette(known, chance)


def _read(subject: Subject, masks: Masks, indices: Sequence[int]) -> tuple[_Known, _Known]:
    """What is known of the embeddings of some images, and the same of their features."""
    points = grid_of(subject.size, PLACES)
    rows, columns = points.round().long().numpy().T
    embedded, featured, labels = [], [], []
    for index in indices:
        pixels = subject.pixels([index])
        # Half precision: all places of all images are kept.
        embedded.append(subject.describe(pixels, points[None])[0].half().cpu())
        featured.append(subject.features(pixels, points[None])[0].half().cpu())
        labels.append(masks.at(subject, index, points.double().numpy()))
    valid = subject.images.valid(indices)[:, rows, columns]
    known = _Known(torch.stack(embedded), np.stack(labels), valid)
    return known, replace(known, places=torch.stack(featured))


def _by_place(known: _Known, images: npt.NDArray[Any], classes: Labels) -> Labels:
    """The label (P,) that most of some images have at each place."""
    counts = [((known.labels[images] == c) & known.valid[images]).sum(axis=0) for c in classes]
    chosen: Labels = classes[np.argmax(counts, axis=0)]
    return chosen


def _neighbours(known: _Known, given: Tensor, told: Labels, images: Tensor) -> Iterator[Labels]:
    """The labels (P,) of some images by a vote of the nearest embeddings."""
    classes = np.unique(told)
    for i in images.tolist():
        similarity = known.places[i].float() @ given.T
        chosen = similarity.topk(min(NEIGHBOURS, len(given)), dim=1).indices.numpy()
        votes = np.stack([(told[chosen] == label).sum(axis=1) for label in classes])
        yield classes[votes.argmax(axis=0)]


def _linear(known: _Known, given: Tensor, told: Labels, images: Tensor) -> Iterator[Labels]:
    """The labels (P,) of some images by logistic regression."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(given.numpy())
    if len(np.unique(told)) < 2:
        yield from (np.full(known.labels.shape[1], told[0]) for _ in images)
        return
    with warnings.catch_warnings():
        # So many rounds are the probe, for all encoders alike.
        warnings.simplefilter("ignore", ConvergenceWarning)
        model = LogisticRegression(max_iter=200).fit(scaler.transform(given.numpy()), told)
    for i in images.tolist():
        yield model.predict(scaler.transform(known.places[i].float().numpy()))


def _silhouette(known: _Known, chance: torch.Generator) -> Figure:
    everything = torch.arange(len(known.labels))
    rows, labels = known.some(everything, SILHOUETTE, chance)
    return silhouette_figure(SILHOUETTES, rows, labels, chance)


def silhouette_figure(
    kind: Kind, rows: Tensor, labels: npt.NDArray[Any], chance: torch.Generator
) -> Figure:
    """Silhouettes of embeddings (M, D) by their labels (M,); control: labels shuffled."""
    from sklearn.metrics import silhouette_samples

    if not 1 < len(np.unique(labels)) < len(labels):
        return Figure.of(kind, np.nan)
    shuffled = labels[torch.randperm(len(labels), generator=chance).numpy()]
    both = [silhouette_samples(rows.numpy(), told, metric="cosine") for told in (labels, shuffled)]
    return Figure.of(kind, *both)
