"""Segmentation from a shape alone, against classical methods and with parts left out.

    python benchmarks/shapes.py [--data DIR] [--sets vessels disc ...] [--seeds 0 1 2]

Dice, and its 95th percentile of the distance of borders (pixels of the file), of the images whose
truth no prior has seen. No truth is looked at in training, and the settings of a set are what a
user would say of the structure: its prior, and whether it is brighter or darker.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from _report import PROJECT, drain, show, write
from _shape_baselines import baselines, dice
from _shape_sets import masks, sets

from napari_localcl.tasks.mask_evaluation import evaluate_masks
from napari_localcl.tasks.segmentation import segment
from napari_localcl.tasks.shape_segmentation import learn_shape
from napari_localcl.training.budget import Budget

if TYPE_CHECKING:
    from _shape_baselines import Found
    from _shape_sets import ShapeSet

ABLATIONS: dict[str, dict[str, object]] = {
    "without the shape's loss": {"shape.adversarial_weight": 0.0},
    "without region discrimination": {"region_weight": 0.0, "entropy_weight": 0.0},
    "without refinement": {"shape.refine.share": 0.0},
    "certain and uncertain alike": {"shape.refine.weighted": False},
    "without knowing how it looks": {"shape.appearance": "any"},
    "without a first guess": {"shape.guess_weight": 0.0},
    "guess by place alone": {"shape.matching": False},
    "the discriminator never waits": {"shape.patience": 0.0},
    "without the prior's area": {"shape.area_weight": 0.0},
    "without gradient penalty": {"shape.penalty": 0.0},
    "spectral normalisation": {"shape.penalty": 0.0, "shape.spectral": True},
    "weights not averaged": {"shape.averaging": 0.0},
    "nearness to the cluster": {"shape.output": "cosine"},
    "the published discriminator": {"shape.discriminator": "published"},
    "the published game": {
        "shape.appearance_weight": 0.0,
        "shape.guess_weight": 0.0,
        "shape.area_weight": 0.0,
        "shape.penalty": 0.0,
        "shape.averaging": 0.0,
        "shape.patience": 0.0,
        "shape.momentum": 0.9,
        "shape.discriminator_rate": 5e-5,
        "region_weight": 10.0,
        "patch_weight": 1.0,
        "mixup_weight": 1.0,
    },
}


class Bench:
    """One set, written to a folder of its own."""

    def __init__(self, given: ShapeSet, data: Path, work: Path) -> None:
        self.given = given
        self.folder = work / given.name
        given.fill(data, self.folder)
        self.truth = masks(self.folder / "truth")

    def classical(self, name: str, found: Found) -> dict[str, object]:
        """A row of the table for masks that nothing was learned for."""
        values = [dice(found[image], truth) for image, truth in self.truth.items()]
        return {"": name, "Dice": float(np.mean(values)), "median": float(np.median(values))}

    def out(self, name: str, seed: int) -> Path:
        """Where the run and the masks of a training are."""
        return self.folder / f"{name} {seed}".replace(" ", "-")

    def agreement(self, seeds: list[int]) -> list[float]:
        """Mean Dice of each seed's masks with those of the others: a choice without labels."""
        found = [masks(self.out("napari-localcl", seed) / "masks") for seed in seeds]
        pairs = [
            [np.mean([dice(own[name], other[name]) for name in own]) for other in found]
            for own in found
        ]
        return [float((sum(row) - 1) / max(len(row) - 1, 1)) for row in pairs]

    def learned(
        self, name: str, seed: int, budget: Budget, changes: dict[str, object]
    ) -> dict[str, object]:
        """A row for a training from the prior."""
        given = self.given
        out = self.out(name, seed)
        known = {"shape.appearance": given.appearance, **given.settings, **changes}
        prior = given.prior or self.folder / "prior"
        since, images = time.monotonic(), self.folder / "images"
        drain(
            learn_shape(
                images, out / "run", prior, budget=budget, settings=known, seed=seed, started=since
            )
        )
        drain(segment(images, out / "run", out / "masks"))
        seconds = time.monotonic() - since
        result = drain(evaluate_masks(out / "masks", self.folder / "truth"))
        values = [one.dice for one in result.images if one.dice is not None]
        distances = [one.hd95 for one in result.images if one.hd95 is not None]
        return {
            "": f"{name}, seed {seed}",
            "Dice": float(np.mean(values)),
            "median": float(np.median(values)),
            "HD95 px": float(np.mean(distances)) if distances else float("nan"),
            "empty": sum(1 for value in values if value == 0),
            "seconds": seconds,
            "steps": int((out / "run" / "metrics.csv").read_text().splitlines()[-1].split(",")[0]),
        }


def bench_set(
    bench: Bench, seeds: list[int], budget: Budget, ablations: list[str]
) -> dict[str, object]:
    """Everything about one set."""
    rows = [bench.classical(*one) for one in baselines(bench.given.name, bench.folder)]
    own = [bench.learned("napari-localcl", seed, budget, {}) for seed in seeds]
    for row, agreement in zip(own, bench.agreement(seeds), strict=True):
        row["agreement"] = agreement
    chosen = max(own, key=lambda row: row["agreement"])
    mean = {key: float(np.mean([row[key] for row in own])) for key in ("Dice", "median", "seconds")}
    rows += [*own, {"": f"mean of {len(own)} seeds", **mean, "asked": bench.given.asked}]
    rows.append({"": "the seed that agrees most with the others", "Dice": chosen["Dice"]})
    for name in ablations:
        rows.append(bench.learned(name, seeds[0], budget, ABLATIONS[name]))
    show(f"{bench.given.name}: {len(bench.truth)} images", rows)
    return {"rows": rows}


def main() -> None:
    """Run the sets asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data")
    parser.add_argument("--sets", nargs="+", default=list(sets()), choices=list(sets()))
    parser.add_argument("--minutes", type=float, help="of learning; by default the set's own")
    parser.add_argument("--steps", type=int, help="of learning, instead")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--ablations", nargs="*", default=list(ABLATIONS), choices=list(ABLATIONS))
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    results: dict[str, object] = {"seeds": given.seeds}
    with tempfile.TemporaryDirectory() as work:
        for name in given.sets:
            one = sets()[name]
            minutes = None if given.steps else given.minutes or one.minutes
            bench = Bench(one, given.data, Path(work))
            budget = Budget(given.steps, minutes)
            results[name] = bench_set(bench, given.seeds, budget, given.ablations)
            write(given.out, results)


if __name__ == "__main__":
    main()
