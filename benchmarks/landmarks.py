"""One-shot landmarks on real and generated images, against baselines and without each addition.

    python benchmarks/landmarks.py --data ../shared/data --sets fly_wings skeleton --out result.json

Every set: pre-training from scratch without labels, then three templates spread over the set, each
the only annotated image; the mean over the three. Errors are radial, in pixels of the file.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from _report import PROJECT, drain, show, write
from scipy.stats import spearmanr
from skimage.feature import match_template

from napari_localcl.data.annotations import Landmark, by_image, read_landmarks
from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import PreparedImages, prepare_all
from napari_localcl.methods import PUBLISHED as METHODS
from napari_localcl.tasks.atlas import PUBLISHED, Atlas, LandmarkSettings, open_atlas
from napari_localcl.tasks.evaluation import copy_template, evaluate_landmarks
from napari_localcl.tasks.landmarks import predict
from napari_localcl.tasks.pretraining import pretrain
from napari_localcl.tasks.suggestions import suggest_templates
from napari_localcl.training.budget import Budget
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class Set:
    """Images with landmarks: how long to train, which radius is a success, further settings."""

    name: str
    folder: Path
    minutes: float
    radius: float
    settings: dict[str, str]


def sets(data: Path) -> dict[str, Set]:
    """The sets by name."""
    own = PROJECT / "sample_data"
    known = [
        Set("fly_wings", data / "fly_wings", 4, 10, {}),
        Set("idrid_localization", data / "idrid_localization", 6, 60, {"sides": "shades"}),
        Set("skeleton", own / "skeleton", 3, 10, {}),
        Set("fundus", own / "fundus", 3, 20, {"sides": "learned"}),
    ]
    return {each.name: each for each in known}


# What the training leaves out, to show what it is worth: the losses of the paper alone, at the
# small preset's size; views of one image alone, without correspondences across images; images as
# they are, not evened out.
TRAININGS: dict[str, dict[str, str]] = {
    "default": {},
    "LD as published": {
        "levels": "1",
        "point_weight": "0",
        "correspondences_share": "0",
        "patches_share": "0.2",
        "regions_share": "0.8",
    },
    "no correspondences": {"correspondences_share": "0"},
    "no local contrast": {"local_contrast": "false"},
}
LOOKING: dict[str, dict[str, Any]] = {
    "finest level alone": {"levels": 1, "detail": 1.0},
    "no closer look": {"detail": 1.0},
    "with a prior": {"prior_width": 32.0},
    "each alone": {"agreement_width": 0.0},
    "one candidate": {"candidates": 1},
    "centre-sensitive": {"centre_width": 4.0},
}


@dataclass(frozen=True)
class Bench:
    """One set, made ready."""

    given: Set
    truth: tuple[Landmark, ...]
    images: PreparedImages
    work: Path
    seed: int

    @property
    def templates(self) -> list[str]:
        """Three images spread over those that have every landmark."""
        rows = by_image(self.truth)
        whole = max(map(len, rows.values()))
        names = sorted(name for name, own in rows.items() if len(own) == whole)
        return [names[0], names[len(names) // 2], names[-1]]

    def marks(self, *images: str) -> list[Landmark]:
        """The true landmarks of some images."""
        return [row for row in self.truth if row.image in images]

    def figures(self, predicted: Sequence[Landmark], templates: Sequence[str]) -> dict[str, float]:
        """The errors of one prediction."""
        result = evaluate_landmarks(
            predicted, self.truth, radii=[self.given.radius], exclude=templates
        )
        overall = result.overall
        assert overall.pixels.mean is not None
        assert overall.pixels.median is not None
        return {
            "mean": overall.pixels.mean,
            "median": overall.pixels.median,
            f"within {self.given.radius:g} px": overall.success[self.given.radius],
            "whole images": self.whole_images(predicted, templates),
            "risk-coverage": result.risk_coverage or float("nan"),
        }

    def whole_images(self, predicted: Sequence[Landmark], templates: Sequence[str]) -> float:
        """Share of the images in which every landmark is within the radius."""
        truth = {(row.image, row.landmark): (row.y, row.x) for row in self.truth}
        good = [
            all(
                math.dist((row.y, row.x), truth[row.image, row.landmark]) <= self.given.radius
                for row in rows
                if (row.image, row.landmark) in truth
            )
            for name, rows in by_image(predicted).items()
            if name not in templates
        ]
        return float(np.mean(good))

    def average(self, name: str, parts: Sequence[dict[str, float]]) -> dict[str, object]:
        """One row of the table: the mean over the templates."""
        return {"": name} | {key: float(np.mean([part[key] for part in parts])) for key in parts[0]}

    def train(self, name: str, settings: dict[str, str], budget: Budget) -> Path:
        """Pre-train without labels."""
        run = self.work / f"{self.given.name} {name}".replace(" ", "-")
        images = self.given.folder / "images"
        drain(
            pretrain(
                images, run, budget=budget, settings=self.given.settings | settings, seed=self.seed
            )
        )
        return run

    def atlas(self, run: Path, settings: dict[str, Any]) -> Atlas:
        """Embed the images."""
        images = self.given.folder / "images"
        return drain(open_atlas(images, run, LandmarkSettings(**settings)))

    def row(self, name: str, atlas: Atlas) -> dict[str, object]:
        """Predict from each template alone."""
        parts = [
            self.figures(drain(predict(atlas, self.marks(one))), [one]) for one in self.templates
        ]
        return self.average(name, parts)


def copying(bench: Bench) -> dict[str, object]:
    """The baseline that looks at nothing."""
    names = bench.images.names
    sizes = {n: p.file_size for n, p in zip(names, bench.images.placements, strict=True)}
    parts = [
        bench.figures(copy_template(bench.marks(one), names, sizes), [one])
        for one in bench.templates
    ]
    return bench.average("copied coordinates", parts)


def cross_correlation(bench: Bench, side: int = 24) -> dict[str, object]:
    """Normalised cross-correlation of the template's neighbourhood, over the whole image."""
    pixels = bench.images.batch(range(len(bench.images))).mean(axis=1)
    parts = []
    for one in bench.templates:
        home = bench.images.index(one)
        rows: list[Landmark] = []
        for mark in bench.marks(one):
            centre = bench.images.placements[home].to_canvas([[mark.y, mark.x]])[0].round()
            y, x = centre.astype(int) + side
            around = np.pad(pixels[home], side, mode="edge")
            patch = around[y - side : y + side + 1, x - side : x + side + 1]
            for index, name in enumerate(bench.images.names):
                score = match_template(pixels[index], patch, pad_input=True, mode="edge")
                place = np.array([np.unravel_index(score.argmax(), score.shape)], float)
                found = bench.images.placements[index].to_file(place)[0]
                rows.append(Landmark(name, mark.landmark, *found, None, "machine:ncc"))
        parts.append(bench.figures(rows, [one]))
    return bench.average("cross-correlation", parts)


def untrained(bench: Bench, trained: Path) -> Path:
    """Copy a run, its weights replaced by random ones."""
    record = RunFolder.open(trained).record
    method = METHODS[record.method]
    torch.manual_seed(bench.seed)
    learner = method(method.Settings(**record.settings), record.channels or 1)
    folder = RunFolder.create(bench.work / f"{bench.given.name}-untrained", record)
    folder.save_weights(learner.state_dict())
    return folder.path


def suggestion(bench: Bench, run: Path, atlas: Atlas) -> dict[str, object]:
    """The suggested template against all templates: error, and rank correlation of the score."""
    ranking = dict(drain(suggest_templates(bench.given.folder / "images", run)))
    complete = set(by_image(bench.truth))
    names = [name for name in ranking if name in complete]
    tried = names[:1] + names[1 :: max(1, len(names) // 12)]
    errors = [
        bench.figures(drain(predict(atlas, bench.marks(one))), [one])["mean"] for one in tried
    ]
    correlation = spearmanr([ranking[one] for one in tried], errors).statistic
    return {
        "set": bench.given.name,
        "suggested": errors[0],
        "mean of templates": float(np.mean(errors[1:])),
        "worst": max(errors),
        "rank correlation with error": float(correlation),
    }


def corrections(bench: Bench, atlas: Atlas) -> list[dict[str, object]]:
    """The error on the other images with 1, 2, 5 and 10 corrected images."""
    names = sorted(by_image(bench.truth))
    order = np.random.default_rng(bench.seed).permutation(len(names))
    held = [names[i] for i in order[:10]]
    rows = []
    for count in (1, 2, 5, 10):
        found = drain(predict(atlas, bench.marks(*held[:count])))
        figures = bench.figures(found, held)
        rows.append({"set": bench.given.name, "corrected images": count} | figures)
    return rows


def bench_set(bench: Bench, budget: Budget, ablations: str) -> dict[str, object]:
    """Everything about one set."""
    rows = [copying(bench), cross_correlation(bench)]
    start = time.monotonic()
    run = bench.train("default", TRAININGS["default"], budget)
    seconds = time.monotonic() - start
    rows.append(bench.row("random weights", bench.atlas(untrained(bench, run), {})))
    atlas = bench.atlas(run, {})
    best = bench.row("napari-localcl", atlas)
    if ablations != "none":
        rows += _without(bench, run, budget, ablations)
    rows.append(best)
    show(f"{bench.given.name}: trained {seconds:.0f} s", rows)
    suggested, corrected = suggestion(bench, run, atlas), corrections(bench, atlas)
    show("suggested template", [suggested])
    show("corrections", corrected)
    return {
        "seconds": seconds,
        "templates": bench.templates,
        "landmarks": rows,
        "suggestion": suggested,
        "corrections": corrected,
    }


def _without(bench: Bench, run: Path, budget: Budget, ablations: str) -> list[dict[str, object]]:
    rows = []
    for name, settings in TRAININGS.items():
        if name == "default" or ablations == "looking":
            continue
        looking = PUBLISHED if name == "LD as published" else {}
        rows.append(bench.row(name, bench.atlas(bench.train(name, settings, budget), looking)))
    rows += [bench.row(name, bench.atlas(run, settings)) for name, settings in LOOKING.items()]
    return rows


def main() -> None:
    """Run the sets asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data")
    parser.add_argument("--sets", nargs="+", default=list(sets(Path())))
    parser.add_argument("--minutes", type=float, help="of training; by default the set's own")
    parser.add_argument("--steps", type=int, help="of training, instead")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--ablations",
        choices=["none", "looking", "all"],
        default="all",
        help="'looking' leaves out those that train anew",
    )
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    results: dict[str, object] = {"seed": given.seed}
    with tempfile.TemporaryDirectory() as work:
        for name in given.sets:
            one = sets(given.data)[name]
            truth = read_landmarks(one.folder / "landmarks.csv")
            images = prepare_all(find_images(one.folder / "images"), 384)
            bench = Bench(one, truth, images, Path(work), given.seed)
            minutes = None if given.steps else given.minutes or one.minutes
            budget = Budget(steps=given.steps, minutes=minutes)
            results[name] = bench_set(bench, budget, given.ablations)
            write(given.out, results)


if __name__ == "__main__":
    main()
