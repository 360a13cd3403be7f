"""Findings of MR series from few labels: SSLM's features against others, plain pixels and chance.

    python benchmarks/series.py [--data DIR] [--minutes 20] [--arms ...] [--fractions 0.1 0.3 1]

On ``tcga_lgg``: side of the tumour, location (the most frequent against the rest, and rarer ones),
death. With all labels 5-fold by patient; with fewer, five times other labelled patients, scored on
all others. Encoders learn from four fifths of the series, without labels; on the last fifth, the
share of puzzles solved is measured, also with the borders of tiles hidden. Where the maps of the
findings point is measured on the phantoms, and against the side of the tumour.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import tifffile
import torch
from _report import PROJECT, drain, show, write
from _series_data import gliomas, parts, phantoms, some_of, write_labels

from napari_localcl.data.shard import Shard
from napari_localcl.methods import PUBLISHED
from napari_localcl.tasks.preparing import prepare_as_learned
from napari_localcl.tasks.pretraining import load_method, pretrain
from napari_localcl.tasks.series.classification import learn_findings, look_with
from napari_localcl.tasks.series.evaluation import evaluate_series
from napari_localcl.tasks.series.explaining import explain
from napari_localcl.tasks.series.looking import encoders_of
from napari_localcl.training.budget import Budget

if TYPE_CHECKING:
    from _series_data import SeriesSet

    from napari_localcl.tasks.series.classification import Predicted

ASKED = {"right": 0.94, "frequent location": 0.75}
REPEATS = 5
BORDER = 4  # pixels of a tile's border that are hidden
PUZZLES = 40  # batches of puzzles to solve


@dataclass(frozen=True)
class Arm:
    """A way to tell findings.

    Attributes
    ----------
    encoder : str
        Which encoder sees the frames; '' for plain pixels.
    preset : str
        Of ``classify``.
    settings : dict
        Further ones.
    """

    encoder: str
    preset: str
    settings: dict[str, object] = field(default_factory=dict)


ARMS = {
    "SSLM, clips": Arm("sslm", "small"),
    "SSLM, clips, weighted": Arm("sslm", "small", {"loss": "weighted"}),
    "SSLM, logistic": Arm("sslm", "light"),
    "random weights, clips": Arm("random", "small"),
    "random weights, logistic": Arm("random", "light"),
    "plain pixels": Arm("", "pixels"),
    "LD, logistic": Arm("ld", "light"),
    "ACE, logistic": Arm("ace", "light"),
}


class Bench:
    """Exams, the encoders that learned from them, and what they are asked."""

    def __init__(self, given: SeriesSet, work: Path, budget: Budget, clips: Budget) -> None:
        self.given = given
        self.work = work
        self.budget = budget
        self.clips = clips
        names = sorted(given.images.rglob("*.tif"))
        unseen = set(np.random.default_rng(0).permutation(len(names))[: len(names) // 5].tolist())
        self.seen = [path for i, path in enumerate(names) if i not in unseen]
        self.unseen = [path for i, path in enumerate(names) if i in unseen]

    def encoder(self, name: str) -> Path:
        """Return a run that learned from the frames; that of random weights takes no real step."""
        run = self.work / f"encoder-{name}"
        if not run.exists():
            random = name == "random"
            drain(
                pretrain(
                    self.seen,
                    run,
                    method="sslm" if random else name,
                    settings={"learning_rate": 1e-12} if random else {},
                    budget=Budget(steps=1) if random else self.budget,
                    started=time.monotonic(),
                )
            )
        return run

    def learn(self, name: str, labels: Path, planes: list[str]) -> Predicted:
        """Learn findings in one way."""
        arm, since = ARMS[name], time.monotonic()
        run = self.work / f"{name}-{labels.stem}".replace(" ", "_")
        return drain(
            learn_findings(
                self.given.images,
                run,
                labels,
                start_from=encoders_of(self.encoder(arm.encoder), planes) if arm.encoder else None,
                budget=self.clips,
                preset=arm.preset,
                settings=arm.settings,
                started=since,
            )
        )

    def all_labels(self, name: str) -> list[dict[str, object]]:
        """Rows of the cross-validation."""
        labels = self.work / "all.csv"
        write_labels(labels, self.given.truth, list(range(len(self.given.truth))))
        evaluation = self.learn(name, labels, ["frames"]).evaluation
        assert evaluation is not None
        return [
            {
                "": name,
                "finding": one.name,
                "with it": one.present,
                **{label: figure.value for label, figure in one.figures.items()},
                "AUC from": one.figures["AUC"].low,
                "to": one.figures["AUC"].high,
                "asked": ASKED.get(one.name, ""),
            }
            for one in (*evaluation.findings, *evaluation.means)
        ]

    def few_labels(self, name: str, fraction: float) -> dict[str, object]:
        """A row: mean and deviation of the area under the ROC curve over other labels each time."""
        truth = self.given.truth
        areas: dict[str, list[float]] = {}
        for turn, (known, unknown) in enumerate(parts(truth, fraction, REPEATS)):
            labels = self.work / f"{fraction:g}-{turn}.csv"
            write_labels(labels, truth, known)
            told = self.learn(name, labels, ["frames"]).findings
            for one in evaluate_series(told, some_of(truth, unknown)).findings:
                areas.setdefault(one.name, []).append(one.figures["AUC"].value or np.nan)
        cells = {
            finding: f"{np.nanmean(own):.3f} ({np.nanstd(own):.3f})"
            for finding, own in areas.items()
        }
        return {"": name, "labels": f"{fraction:.0%}", **cells}

    def puzzles(self, name: str) -> dict[str, object]:
        """A row: share of puzzles of unseen series that are solved, with borders and without."""
        method, record = load_method(self.encoder(name))
        frames = drain(prepare_as_learned(self.unseen, record, None))
        solved: dict[str, list[float]] = {"solved": [], "with hidden borders": []}
        for seed in range(PUZZLES):
            chance = torch.Generator().manual_seed(seed)
            batch = method.sample("permutations", frames, chance, Shard(), torch.device("cpu"))
            for label, tiles in zip(solved, (batch.tiles, _hidden(batch.tiles)), strict=True):
                with torch.inference_mode():
                    told = method.order_logits(tiles).argmax(dim=1)  # type: ignore[operator]
                solved[label].append((told == batch.classes).float().mean().item())
        by_chance = 1 / int(method.settings.model_dump()["permutations"])
        shares = {label: float(np.mean(own)) for label, own in solved.items()}
        times = {"times chance": shares["solved"] / by_chance, "asked": 20}
        return {"": f"puzzles, {name}", **shares, **times}


def _hidden(tiles: torch.Tensor) -> torch.Tensor:
    """Tiles whose borders are filled with their mean."""
    hidden = tiles.mean(dim=(3, 4), keepdim=True).expand_as(tiles).clone()
    inner = slice(BORDER, -BORDER)
    hidden[..., inner, inner] = tiles[..., inner, inner]
    return hidden


def maps_on_phantoms(work: Path, clips: Budget, budget: Budget) -> list[dict[str, object]]:
    """How often the largest evidence of a true positive lies on its finding (and a cell around)."""
    given, rows = phantoms(), []
    bench = Bench(given, work / "phantoms", budget, clips)
    bench.work.mkdir()
    labels = bench.work / "all.csv"
    write_labels(labels, given.truth, list(range(len(given.truth))))
    for name in ("SSLM, clips", "SSLM, logistic"):
        told = bench.learn(name, labels, ["axial", "coronal"])
        run = bench.work / f"{name}-all".replace(" ", "_")
        classifier, features = drain(look_with(given.images, run))
        for label, finding in enumerate(given.truth.names, 1):
            rate = classifier.record.prevalence[label - 1]
            hits = []
            for exam in np.flatnonzero(given.truth.values[:, label - 1] == 1).tolist():
                if told.findings.values[exam, label - 1] <= rate:
                    continue
                why = explain(classifier, features, exam, "axial", finding)
                maps = np.stack([why.frame(z) for z in range(len(why.maps))])
                masks = tifffile.imread(given.masks / "axial" / f"{features.exams[exam]}.tif")
                z, y, x = np.unravel_index(np.argmax(maps), maps.shape)
                near = masks[z, max(y - 4, 0) : y + 5, max(x - 4, 0) : x + 5]
                hits.append(bool((near == label).any()))
            share = float(np.mean(hits)) if hits else float("nan")
            rows.append({"": name, "finding": finding, "true positives": len(hits), "on it": share})
    return rows


def maps_and_sides(bench: Bench, name: str) -> dict[str, object]:
    """How often the largest evidence of a tumour told right lies in the half that it lies in."""
    run = bench.work / f"{name}-all".replace(" ", "_")
    classifier, features = drain(look_with(bench.given.images, run))
    index, hits = classifier.record.findings.index("right"), []
    for exam in np.flatnonzero(bench.given.truth.values[:, 0] == 1).tolist():
        if classifier.probabilities(features, exam)[index] > classifier.record.prevalence[index]:
            why = explain(classifier, features, exam, features.planes[0], "right")
            _, _, x = np.unravel_index(np.argmax(why.maps), why.maps.shape)
            side = "image_right" if x >= why.maps.shape[2] / 2 else "image_left"
            hits.append(side == bench.given.sides[features.exams[exam]])
    return {"": name, "true positives": len(hits), "in its half": float(np.mean(hits))}


def main() -> None:
    """Run the arms asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data")
    parser.add_argument("--minutes", type=float, default=20, help="of each encoder")
    parser.add_argument("--steps", type=int, help="of each encoder, instead")
    parser.add_argument("--clip-steps", type=int, default=300, help="of each recurrent classifier")
    known = [name for name, arm in ARMS.items() if arm.encoder in ("", "random", *PUBLISHED)]
    parser.add_argument("--arms", nargs="+", default=known, choices=known)
    parser.add_argument("--fractions", type=float, nargs="+", default=[0.1, 0.3, 1.0])
    parser.add_argument("--skip-maps", action="store_true")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    budget = Budget(given.steps, None if given.steps else given.minutes)
    clips, results = Budget(steps=given.clip_steps), {}
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(gliomas(given.data), Path(folder), budget, clips)
        if any(ARMS[name].encoder == "sslm" for name in given.arms):
            results["puzzles"] = [bench.puzzles("sslm")]
            show("Puzzles of unseen series", results["puzzles"])
        for fraction in given.fractions:
            whole = fraction >= 1
            rows = [
                row
                for name in given.arms
                for row in (bench.all_labels(name) if whole else [bench.few_labels(name, fraction)])
            ]
            results[f"{fraction:.0%} of the labels"] = rows
            show(f"{fraction:.0%} of the labels", rows)
            write(given.out, results)
        if not given.skip_maps:
            results["sides"] = [
                maps_and_sides(bench, n) for n in given.arms if 1.0 in given.fractions
            ]
            results["phantoms"] = maps_on_phantoms(Path(folder), clips, budget)
            show("Where the evidence of a tumour on the right lies", results["sides"])
            show("Where the evidence lies on phantoms", results["phantoms"])
        write(given.out, results)


if __name__ == "__main__":
    main()
