"""Probe runs on images: all figures of all encoders, and those of random weights."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import Listing, find_images
from napari_localcl.data.progress import Progress
from napari_localcl.tasks.one_side import on_one_side
from napari_localcl.tasks.preparing import prepare_as_learned
from napari_localcl.tasks.pretraining import load_method
from napari_localcl.tasks.probe.cycles import cycle_figures
from napari_localcl.tasks.probe.filling import filling_figures
from napari_localcl.tasks.probe.masks import Masks, mask_figures
from napari_localcl.tasks.probe.points import Points, point_figures
from napari_localcl.tasks.probe.ranking import Column
from napari_localcl.tasks.probe.regions import region_figures
from napari_localcl.tasks.probe.report import Report
from napari_localcl.tasks.probe.subject import Subject, architecture, with_random_weights
from napari_localcl.tasks.probe.views import view_figures
from napari_localcl.tasks.probe.wholes import whole_figures
from napari_localcl.training.devices import choose_device, has_bf16

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from torch import Tensor

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.models.encoder import Encoder
    from napari_localcl.tasks.probe.figures import Figure
    from napari_localcl.training.record import RunRecord

LIMIT = 64
RANDOM = "random weights"


def probe(
    images: str | Path | Sequence[str | Path] | Listing,
    runs: Sequence[str | Path],
    *,
    template: Path | None = None,
    landmarks: Path | None = None,
    masks: str | Path | None = None,
    limit: int = LIMIT,
    seed: int = 0,
    device: str = "auto",
    cache: Path | None = None,
) -> Generator[Progress, None, Report]:
    """Measure how well encoders suit images, without labels, and with those that there are.

    Parameters
    ----------
    images : str, Path, sequence of them or Listing
        A folder, a file list, a glob or files.
    runs : sequence of str or Path
        Run folders of any method; each has its images at its own size.
    template, landmarks : Path or None
        Landmarks (CSV) of one image or more to begin with, and of others to compare with. Without a
        template, the first image with the most landmarks is one.
    masks : str, Path or None
        A folder of masks.
    limit : int
        Most images looked at, at least 2: evenly spaced, those that something is known of first.
    seed, device, cache
        As everywhere.

    Returns
    -------
    Report
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If anything given cannot be used.
    """
    if not runs:
        raise BadInput("there is no run to probe: give at least one --run")
    if limit < 2:
        raise BadInput(f"a limit of {limit} images compares nothing: --limit is at least 2")
    listing = find_images(images)
    points = Points.read(template, landmarks)
    truth = Masks.of(masks, listing) if masks is not None else None
    listing = _limited(listing, limit, points, truth)
    if points is not None:
        points = points.among(plane.name for plane in listing.planes)
    subjects = yield from _subjects(listing, runs, seed, choose_device(device), cache)
    columns, began = [], time.monotonic()
    with tempfile.TemporaryDirectory() as passing:
        for number, subject in enumerate(subjects):
            # What random weights make of images is not worth keeping.
            kept = cache if subject.twin else Path(passing)
            work = _figures(subject, points, truth, seed, kept)
            figures = yield from _timed(work, number, len(subjects), began)
            columns.append(_column(subject, figures))
    return Report(tuple(columns), len(subjects[0].images), seed)


def _limited(listing: Listing, limit: int, points: Points | None, masks: Masks | None) -> Listing:
    """Keep evenly spaced images; the template's always, others with truth before those without."""
    planes = listing.planes
    template = {row.image for row in points.template} if points else set()
    told = set(points.images) if points else set()
    told |= {plane.name for plane in planes if masks is not None and masks.covers(plane.name)}
    first = [plane for plane in planes if plane.name in template]
    known = [plane for plane in planes if plane.name in told - template]
    others = [plane for plane in planes if plane.name not in told | template]
    chosen = list(first)
    for group in (known, others):
        room = max(limit - len(chosen), 0)
        picked = torch.linspace(0, len(group) - 1, min(room, len(group))).round().long()
        chosen += [group[index] for index in picked.tolist()]
    names = {plane.name for plane in chosen}
    return replace(listing, planes=tuple(plane for plane in planes if plane.name in names))


def _subjects(
    listing: Listing, runs: Sequence[str | Path], seed: int, device: str, cache: Path | None
) -> Generator[Progress, None, list[Subject]]:
    """The runs, then random weights of each architecture among them."""
    learned: list[Subject] = []
    random: dict[tuple[object, ...], Subject] = {}
    names = _names(runs)
    for run, name in zip(runs, names, strict=True):
        learner, record = load_method(run)
        encoder = learner.encoder().eval().to(device)
        kind = architecture(encoder, record)
        if kind in random:
            images, twin = random[kind].images, random[kind].name
        else:
            images = yield from _prepare(listing, encoder, record, cache)
            twin = RANDOM if not random else f"{RANDOM} like {name}"
        own = Subject(name, Path(run), encoder, record, images, has_bf16(device), twin)
        learned.append(own)
        if kind not in random:
            random[kind] = with_random_weights(own, learner, twin, seed)
    return [*learned, *random.values()]


def _names(runs: Sequence[str | Path]) -> list[str]:
    """The folders' names; where two are alike, as they were given."""
    names = [Path(run).resolve().name for run in runs]
    return names if len(set(names)) == len(names) else [str(run) for run in runs]


def _prepare(
    listing: Listing, encoder: Encoder, record: RunRecord, cache: Path | None
) -> Generator[Progress, None, PreparedImages]:
    prepared = yield from prepare_as_learned(listing, record, cache)
    if len(prepared) < 2:
        raise BadInput("fewer than two of the images can be used: a probe compares images")
    return (yield from on_one_side(listing, prepared, encoder, record, cache))


def _timed(
    work: Generator[Progress, None, list[Figure]], number: int, count: int, began: float
) -> Generator[Progress, None, list[Figure]]:
    """Say of the steps of one encoder which part of all that is, and how long the rest takes."""
    while True:
        try:
            news = next(work)
        except StopIteration as end:
            figures: list[Figure] = end.value
            return figures
        if news.event == "probe" and news.steps:
            step, steps = number * news.steps + news.step, count * news.steps
            gone = time.monotonic() - began
            left = gone * (steps - step) / step if step else None
            news = replace(news, step=step, steps=steps, seconds_left=left)
        yield news


def _figures(
    subject: Subject, points: Points | None, masks: Masks | None, seed: int, cache: Path | None
) -> Generator[Progress, None, list[Figure]]:
    """All figures of one encoder."""
    total = 4 + (masks is not None) + (points is not None)

    def say(step: int, what: str) -> Progress:
        return Progress("probe", subject.name, step, total, message=what)

    yield say(0, "views")
    figures = list(view_figures(subject, seed))
    yield say(1, "places")
    places, shown = _places(subject)
    figures += cycle_figures(subject, places, shown, seed)
    figures += filling_figures(subject, places, shown, seed)
    yield say(2, "regions")
    figures += region_figures(subject, places, shown, seed)
    del places
    yield say(3, "parts and wholes")
    figures += whole_figures(subject, seed)
    if masks is not None:
        yield say(4, "masks")
        figures += mask_figures(subject, masks, seed)
    if points is not None:
        yield say(total - 1, "landmarks")
        figures += yield from point_figures(subject, points, seed, cache)
    yield say(total, "done")
    return figures


def _places(subject: Subject) -> tuple[Tensor, Tensor]:
    """Embeddings (N, P, D) of the grid in all images, and which places count, (N, P)."""
    places, shown = [], []
    for chosen in subject.batches():
        points = subject.grid.expand(len(chosen), -1, -1)
        places.append(subject.describe(subject.pixels(chosen), points).cpu())
        shown.append(subject.shows(chosen))
    return torch.cat(places), torch.cat(shown)


def _column(subject: Subject, figures: Sequence[Figure]) -> Column:
    by_name = {figure.kind.name: figure for figure in figures}
    return Column(subject.name, subject.record.method, str(subject.run), subject.twin, by_name)
