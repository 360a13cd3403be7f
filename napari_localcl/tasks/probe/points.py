"""How far landmarks are found from the truth, with one image as the template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from napari_localcl.data.annotations import by_image, names, read_landmarks
from napari_localcl.data.errors import BadInput
from napari_localcl.data.point_sources import is_machine
from napari_localcl.tasks.atlas import Atlas, Embedded, LandmarkSettings
from napari_localcl.tasks.embedding_store import embed_images
from napari_localcl.tasks.evaluation import copy_template
from napari_localcl.tasks.landmarks import predict
from napari_localcl.tasks.probe.figures import Figure, Kind
from napari_localcl.tasks.probe.masks import silhouette_figure

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.progress import Progress
    from napari_localcl.tasks.probe.subject import Subject

ONE_SHOT = Kind(
    "one_shot_error",
    "one-shot landmark error",
    "mean distance of the landmarks found from the truth, as the verb 'landmarks' finds them "
    "without its closer look; control: the template's coordinates copied",
    "landmarks",
    best=0.0,
    is_ranked=True,
    unit="px",
)
CONFIDENCE = Kind(
    "template_confidence",
    "confidence of the template's landmarks",
    "how surely they are found and lead back, from 0 to 1; needs no further truth, says nothing "
    "of how right it is",
    "landmarks",
    best=None,
)
SILHOUETTES = Kind(
    "landmark_silhouette",
    "silhouette of landmarks",
    "how much nearer the embeddings of one landmark are to each other than to those of others "
    "(cosine); control: landmarks shuffled",
    "landmarks",
)


@dataclass(frozen=True)
class Points:
    """Landmarks that people placed.

    Attributes
    ----------
    template : tuple of Landmark
        Of the images that the search begins with.
    truth : tuple of Landmark
        Of others; may be empty.
    """

    template: tuple[Landmark, ...]
    truth: tuple[Landmark, ...] = ()

    @classmethod
    def read(cls, template: Path | None, truth: Path | None) -> Points | None:
        """Read them; without a template, the first image with the most landmarks is one."""
        given, told = (_by_people(path) for path in (template, truth))
        if not given and not told:
            return None
        if not given:
            groups = by_image(told)
            given = max(groups.values(), key=len)
        chosen = by_image(given)
        return cls(given, tuple(row for row in told if row.image not in chosen))

    @property
    def images(self) -> tuple[str, ...]:
        """All images that have some, the template's first."""
        return tuple(by_image((*self.template, *self.truth)))

    def among(self, images: Iterable[str]) -> Points:
        """Leave out the truth of images that are not probed."""
        there = set(images)
        missing = [row.image for row in self.template if row.image not in there]
        if missing:
            raise BadInput(f"the template's image {missing[0]} is not among the images")
        return Points(self.template, tuple(row for row in self.truth if row.image in there))


def _by_people(path: Path | None) -> tuple[Landmark, ...]:
    if path is None:
        return ()
    rows = tuple(row for row in read_landmarks(path) if not is_machine(row.source))
    if not rows:
        raise BadInput(f"{path} holds no landmark that a person placed: click at least one")
    return rows


def point_figures(
    subject: Subject, points: Points, seed: int, cache: Path | None
) -> Generator[Progress, None, tuple[Figure, ...]]:
    """Find the template's landmarks; embeddings are kept in `cache`."""
    embeddings = yield from embed_images(subject.encoder, subject.images, cache, subject.bf16)
    settings = LandmarkSettings(detail=1.0)
    atlas = Atlas(Embedded(subject.images, embeddings), None, settings, "machine:probe")
    found = tuple((yield from predict(atlas, points.template)))
    figures = [_confidence(found, subject)]
    if points.truth:
        figures.append(_one_shot(found, points, subject))
        if len(names(points.truth)) > 1:
            figures.append(_silhouette(points, subject, seed))
    return tuple(figures)


def _confidence(found: Sequence[Landmark], subject: Subject) -> Figure:
    groups = by_image(row for row in found if row.confidence is not None)
    own = [
        np.mean([row.confidence for row in groups[n]]) for n in subject.images.names if n in groups
    ]
    return Figure.of(CONFIDENCE, own or [np.nan])


def _one_shot(found: Sequence[Landmark], points: Points, subject: Subject) -> Figure:
    images = subject.images
    sizes = {n: p.file_size for n, p in zip(images.names, images.placements, strict=True)}
    home = by_image(points.template)
    first = next(iter(home.values()))
    told = by_image(points.truth)
    copied = by_image(copy_template(first, told, sizes))
    by_machine = by_image(found)
    errors = [[_error(rows[image], told[image]) for image in told] for rows in (by_machine, copied)]
    return Figure.of(ONE_SHOT, *errors)


def _error(found: Sequence[Landmark], truth: Sequence[Landmark]) -> float:
    """Mean distance over the landmarks that both have; NaN where there is none."""
    places = {row.landmark: (row.y, row.x) for row in found}
    away = [
        np.hypot(row.y - places[row.landmark][0], row.x - places[row.landmark][1])
        for row in truth
        if row.landmark in places
    ]
    return float(np.mean(away)) if away else float("nan")


def _silhouette(points: Points, subject: Subject, seed: int) -> Figure:
    rows, labels = [], []
    for image, marks in by_image((*points.template, *points.truth)).items():
        index = subject.images.index(image)
        places = subject.images.placements[index].to_canvas([(row.y, row.x) for row in marks])
        there = torch.from_numpy(places).float()[None]
        rows.append(subject.describe(subject.pixels([index]), there)[0].cpu())
        labels += [row.landmark for row in marks]
    chance = subject.chance(seed, "landmarks")
    return silhouette_figure(SILHOUETTES, torch.cat(rows), np.array(labels), chance)
