"""Answers to a window's questions about the embeddings of all open images.

They join those of :mod:`napari_localcl.tasks.serving`, whose `open` comes first.

============ ======================================= ============================================
ask          with                                    answers
============ ======================================= ============================================
`like`       `positive`, `negative`, `image`,        `map` of that image, if one is given;
             `count`                                 progress, then `places`: rows of image, y,
                                                     x, similarity, best first
`colours`    `image`                                 progress at first, then `map` (h, w, 3)
`clusters`   `image`, `count`                        likewise, whole numbers from 1
`rarity`     `image`                                 likewise, from 0 to 1
`change`     `image`, `run`                          likewise: how differently that run sees it
`wholes`                                             `wholes`: `names` of the images and their
                                                     embeddings as wholes, `vectors` (N, D)
`odd`        `count`                                 progress, then `odd`: rows of `outliers` and
                                                     their distance, rows of `pairs` and their
                                                     similarity
`scatter`    `of`: images, patches, landmarks,       progress, then `cloud`, arranged by PCA
             superpixels or regions; `count` of
             patches; `landmarks`; `regions`: image
             to file
`kinds`      `count`                                 progress, then `kinds`: the `clusters` of
                                                     the last cloud's points
`arrange`    `by`: tsne or umap                      progress, then `arranged`: other `positions`
                                                     of the last cloud's points
============ ======================================= ============================================

Points come as lists with the fields of a :class:`Landmark`, maps go as :class:`HeatMap`, arrays as
:func:`packed`. A `cloud` has `positions` (P, 2), `images` (P,) as indices of `names`, `places`
(P, 2) in pixels of the file, and `labels`; `clusters` (P,) are from 1. What was learned of all
images is kept for the next question, and goes on where a newer one interrupted it.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.data.masks import read_mask
from napari_localcl.data.packing import packed
from napari_localcl.data.superpixels import Superpixels, SuperpixelSettings
from napari_localcl.tasks import arranging, scatter
from napari_localcl.tasks.atlas import LandmarkSettings, open_atlas
from napari_localcl.tasks.collection import Collection
from napari_localcl.tasks.image_maps import (
    cluster_vectors,
    compare_models,
    learn_clusters,
    learn_colours,
    learn_rarity,
)
from napari_localcl.tasks.neighbours import Example, find_places, map_of
from napari_localcl.tasks.odd_images import find_odd_images
from napari_localcl.tasks.serving import told

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from torch import Tensor

    from napari_localcl.data.heat_map import HeatMap
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.progress import Progress
    from napari_localcl.tasks.atlas import Atlas
    from napari_localcl.tasks.image_maps import Change
    from napari_localcl.tasks.scatter import PointCloud
    from napari_localcl.tasks.serving import Answer, Answers, Question

PLACES, CLUSTERS, ODD = 60, 8, 100  # how many, unless a question says so


@dataclass
class Study:
    """What was learned of all images so far.

    Parameters
    ----------
    collection : Collection
        The images.
    source : object
        The images as `open` was given them.
    images : PreparedImages or None
        The same with their pixels, which superpixels are made of.
    """

    collection: Collection
    source: Any
    images: PreparedImages | None = None
    _cloud: PointCloud | None = None
    _done: dict[object, Any] = field(default_factory=dict)
    _begun: dict[object, Generator[Progress, None, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, atlas: Atlas, source: Any) -> Study:
        """Nothing yet, of the images of an atlas."""
        return cls(Collection.of(atlas.coarse), source, atlas.coarse.images)

    def answers(self, question: Question) -> Answers:
        """Answer one question; see the module."""
        return _ANSWERS[question["ask"]](self, question)

    def _learned(
        self, key: object, learn: Callable[[], Generator[Progress, None, Any]]
    ) -> Generator[Answer, None, Any]:
        """Learn something, or go on doing so, or remember it."""
        while key not in self._done:
            work = self._begun.pop(key, None) or learn()
            try:
                news = next(work)
            except StopIteration as end:
                self._done[key] = end.value
                break
            # Given up here, it stays begun; had it failed, it would be begun anew.
            self._begun[key] = work
            yield news.as_event()
        return self._done[key]

    def _like(self, question: Question) -> Answers:
        positive, negative = (_marks(question.get(sign, ())) for sign in ("positive", "negative"))
        example = Example.of(self.collection, positive, negative)
        if question.get("image"):
            yield _map(map_of(example, question["image"]))
        places = yield from told(find_places(example, question.get("count", PLACES)))
        yield {"event": "places", "rows": [astuple(place) for place in places]}

    def _colours(self, question: Question) -> Answers:
        learned = yield from self._learned("colours", lambda: learn_colours(self.collection))
        yield _map(learned.map(question["image"]))

    def _clusters(self, question: Question) -> Answers:
        learned = yield from self._clustering(question.get("count", CLUSTERS))
        yield _map(learned.map(question["image"]))

    def _clustering(self, count: int) -> Generator[Answer, None, Any]:
        return self._learned(("clusters", count), lambda: learn_clusters(self.collection, count))

    def _rarity(self, question: Question) -> Answers:
        learned = yield from self._learned("rarity", lambda: learn_rarity(self.collection))
        yield _map(learned.map(question["image"]))

    def _change(self, question: Question) -> Answers:
        run = question["run"]
        learned = yield from self._learned(("change", run), lambda: self._compared(run))
        yield _map(learned.map(question["image"]))

    def _compared(self, run: str) -> Generator[Progress, None, Change]:
        other = yield from open_atlas(self.source, run, LandmarkSettings(detail=1.0))
        return (yield from compare_models(self.collection, Collection.of(other.coarse)))

    def _odd(self, question: Question) -> Answers:
        count = question.get("count", ODD)
        odd = yield from self._learned(
            ("odd", count), lambda: find_odd_images(self.collection, count)
        )
        yield {
            "event": "odd",
            "outliers": list(odd.outliers),
            "pairs": [astuple(pair) for pair in odd.pairs],
        }

    def _wholes(self, question: Question) -> Answers:
        vectors = self.collection.embeddings.wholes().float().cpu().numpy()
        yield {"event": "wholes", "names": self.collection.names, "vectors": packed(vectors)}

    def _scatter(self, question: Question) -> Answers:
        self._cloud = None
        cloud: PointCloud = yield from self._points(question)
        self._cloud = cloud
        yield {
            "event": "cloud",
            "names": self.collection.names,
            "positions": packed(arranging.arrange_by_pca(cloud.vectors).numpy()),
            "images": packed(cloud.images.numpy().astype(np.int32)),
            "places": packed(cloud.places.numpy().astype(np.float32)),
            "labels": cloud.labels if any(cloud.labels) else [],
        }

    @property
    def _there(self) -> PointCloud:
        if self._cloud is None:
            raise BadInput("there are no points yet: ask for a scatter first")
        return self._cloud

    def _kinds(self, question: Question) -> Answers:
        """Clusters of points: of places, the same as in the maps."""
        cloud, count = self._there, question.get("count", CLUSTERS)
        if len(cloud) == len(self.collection) and not any(cloud.labels):
            kinds = cluster_vectors(cloud.vectors, count).of(cloud.vectors)
        else:
            kinds = (yield from self._clustering(count)).of(cloud.vectors)
        yield {"event": "kinds", "clusters": packed(kinds.astype(np.int32))}

    def _arrange(self, question: Question) -> Answers:
        positions = yield from told(_ARRANGED[question["by"]](self._there.vectors))
        yield {"event": "arranged", "positions": packed(positions.numpy())}

    def _points(self, question: Question) -> Generator[Answer, None, PointCloud]:
        if question["of"] == "images":
            return scatter.image_points(self.collection)
        if question["of"] == "landmarks":
            return scatter.landmark_points(self.collection, _marks(question["landmarks"]))
        if question["of"] == "superpixels":
            work = scatter.region_points(self.collection, self._superpixels(), on_canvas=True)
        elif question["of"] == "regions":
            work = scatter.region_points(self.collection, _regions(question["regions"]))
        else:
            count = question.get("count", scatter.MOST_PATCHES)
            work = scatter.patch_points(self.collection, count)
        cloud: PointCloud = yield from told(work)
        return cloud

    def _superpixels(self) -> Callable[[str], Any]:
        assert self.images is not None
        found = Superpixels(self.images, SuperpixelSettings())
        return lambda image: found.batch([self.collection.index(image)])[0]


_ANSWERS: Mapping[str, Callable[[Study, Question], Answers]] = {
    "like": Study._like,
    "colours": Study._colours,
    "clusters": Study._clusters,
    "rarity": Study._rarity,
    "change": Study._change,
    "odd": Study._odd,
    "wholes": Study._wholes,
    "scatter": Study._scatter,
    "kinds": Study._kinds,
    "arrange": Study._arrange,
}
_ARRANGED: Mapping[str, Callable[[Tensor], Generator[Progress, None, Tensor]]] = {
    "tsne": arranging.arrange_by_tsne,
    "umap": arranging.arrange_by_umap,
}


def _map(heat: HeatMap) -> Answer:
    return {"event": "map", **heat.as_event()}


def _marks(rows: Any) -> list[Landmark]:
    return [Landmark(*row) for row in rows]


def _regions(files: Mapping[str, str]) -> Callable[[str], Any]:
    return lambda image: read_mask(Path(files[image])).labels if image in files else None
