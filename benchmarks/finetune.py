"""Segmentation from the labels of a few patients: ACTION, its parts, and its honest rivals.

    python benchmarks/finetune.py [--sets acdc] [--arms action ...] [--labels 3] [--minutes 60]

Every arm has the same minutes for everything, the same augmentation and the same network, unless
it goes on with that of an earlier run. Dice and average surface distance (pixels, or millimetres
where files state them) are of whole volumes of patients that no arm has seen; a class that an arm
misses in a volume has Dice 0 there and no distance. Time and memory are those of the child
processes that train.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from _label_sets import sets
from _report import PROJECT, drain, show, write

from napari_localcl.tasks.mask_evaluation import evaluate_masks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from _label_sets import LabelSet

    from napari_localcl.tasks.mask_evaluation import MaskEvaluation

PRETRAINING = 0.5  # part of the minutes, where an arm begins with another system
SEEN_ALIKE = {"image_size": 160, "local_contrast": False}  # of earlier runs as of fine-tuning


@dataclass(frozen=True)
class Arm:
    """One way to learn: a recipe, what is changed of it, and the system that it goes on with."""

    recipe: str
    settings: dict[str, object] = field(default_factory=dict)
    begun_by: str = ""


ARMS = {
    "supervised": Arm("supervised"),
    "supervised-ld": Arm("supervised", begun_by="ld"),
    "supervised-lrc": Arm("supervised", begun_by="lrc"),
    "supervised-ace": Arm("supervised", begun_by="ace"),
    "weak-to-strong": Arm("weak-to-strong"),
    "action-no-contrast": Arm("action", {"contrast.weight": 0}),
    "action-no-distillation": Arm("action", {"global_share": 0, "local_share": 0}),
    "action": Arm("action"),
}


@dataclass(frozen=True)
class Cost:
    """What a child process took: seconds, and the most memory in GiB."""

    seconds: float = 0.0
    memory: float = 0.0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.seconds + other.seconds, max(self.memory, other.memory))


def verb(*arguments: object) -> Cost:
    """Run a verb of the program in a process of its own."""
    since = time.monotonic()
    command = [sys.executable, "-m", "napari_localcl", *map(str, arguments)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)}\n{said}")
    unit = 2**30 if sys.platform == "darwin" else 2**20
    return Cost(time.monotonic() - since, used.ru_maxrss / unit)


def flags(settings: dict[str, object]) -> list[str]:
    """Settings as a terminal takes them."""
    return [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]


class Bench:
    """One set with a number of labelled patients, in a folder of its own."""

    def __init__(self, given: LabelSet, data: Path, labels: int, seed: int, work: Path) -> None:
        self.given, self.data, self.seed = given, data, seed
        self.folder = work / f"{given.name}-{labels}-{seed}"
        self.images = self._list("train", given.files(data, "images", given.train))
        chosen = given.labelled[seed % len(given.labelled)][:labels]
        self.labels = self.folder / "labels"
        self.labels.mkdir(parents=True)
        for path in given.files(data, "labels", chosen):
            shutil.copy(path, self.labels)

    def _list(self, name: str, files: Sequence[Path]) -> Path:
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{name}.txt"
        path.write_text("\n".join(str(file.resolve()) for file in files))
        return path

    def run(
        self, name: str, budget: tuple[str, float], more: dict[str, object], part: str
    ) -> dict[str, object]:
        """Train an arm, segment the patients held back, compare."""
        arm, out = ARMS[name], self.folder / name
        flag, amount = budget
        begun, cost = [], Cost()
        if arm.begun_by:
            amount = _part(budget, PRETRAINING)
            cost += verb(
                *("pretrain", self.images, "--run", out / "begun", "--method", arm.begun_by),
                *(flag, amount, "--seed", self.seed, *flags(SEEN_ALIKE)),
            )
            begun = ["--from", out / "begun"]
            amount = _part(budget, 1 - PRETRAINING)
        cost += verb(
            *("finetune", self.images, "--labels", self.labels, "--run", out / "run", *begun),
            *("--recipe", arm.recipe, "--classes", self.given.classes, flag, amount),
            *("--seed", self.seed, *flags({**arm.settings, **more})),
        )
        patients = getattr(self.given, part)
        tested = self._list(part, self.given.files(self.data, "images", patients))
        verb("segment", tested, "--run", out / "run", "--out", out / "masks")
        truth = self.given.files(self.data, "labels", patients)
        return self._row(name, drain(evaluate_masks(out / "masks", truth)), cost)

    def _row(self, name: str, found: MaskEvaluation, cost: Cost) -> dict[str, object]:
        named = dict(one.split("=") for one in self.given.classes.split(","))
        by_class = {named[one.name.removeprefix("label ")]: one for one in found.structures}
        row: dict[str, object] = {"arm": name, "seed": self.seed}
        row["Dice"] = float(np.mean([one.dice.mean or 0.0 for one in by_class.values()]))
        row |= {f"Dice {one}": summary.dice.mean for one, summary in by_class.items()}
        row |= {
            f"surface {one} {found.unit}": summary.surface.mean for one, summary in by_class.items()
        }
        return row | {"minutes": cost.seconds / 60, "GiB": cost.memory}


def _part(budget: tuple[str, float], part: float) -> float:
    flag, amount = budget
    return amount * part if flag == "--minutes" else max(1, round(amount * part))


def means(rows: Sequence[dict[str, object]]) -> list[dict[str, object]]:
    """Mean and spread of the seeds of each arm."""
    found = []
    for arm in dict.fromkeys(row["arm"] for row in rows):
        own = [row for row in rows if row["arm"] == arm]
        values = [float(row["Dice"]) for row in own]  # type: ignore[arg-type]
        found.append(
            {"arm": arm, "Dice": np.mean(values), "std": np.std(values), "seeds": len(own)}
        )
    return found


def bench(given: LabelSet, wanted: argparse.Namespace, work: Path) -> dict[str, object]:
    """All arms on one set, for each number of labelled patients."""
    budget = ("--steps", wanted.steps) if wanted.steps else ("--minutes", wanted.minutes)
    more = dict(one.split("=", 1) for one in wanted.set)
    results: dict[str, object] = {}
    for labels in wanted.labels:
        rows = []
        for seed in wanted.seeds:
            one = Bench(given, wanted.data, labels, seed, work)
            for arm in wanted.arms:
                rows.append(one.run(arm, budget, more, wanted.part))
                show(f"{given.name}, {labels} labelled", rows)
        show(f"{given.name}, {labels} labelled: means", means(rows))
        results[str(labels)] = {"rows": rows, "means": means(rows)}
    return results


def main() -> None:
    """Run what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data")
    parser.add_argument("--sets", nargs="+", default=["acdc"], choices=["acdc", "hippocampus"])
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=list(ARMS))
    parser.add_argument("--labels", type=int, nargs="+", default=[1, 3, 7], help="patients")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--minutes", type=float, default=60, help="of each arm, for everything")
    parser.add_argument("--steps", type=int, help="of each arm, instead")
    parser.add_argument("--set", nargs="*", default=[], metavar="NAME=VALUE", help="of all arms")
    parser.add_argument(
        "--part", default="test", choices=["validation", "test"], help="who is segmented"
    )
    parser.add_argument("--out", type=Path, help="JSON file to write")
    wanted = parser.parse_args()
    results: dict[str, object] = {"minutes": wanted.minutes, "steps": wanted.steps}
    with tempfile.TemporaryDirectory() as work:
        for name in wanted.sets:
            results[name] = bench(sets(wanted.data)[name], wanted, Path(work))
            write(wanted.out, results)


if __name__ == "__main__":
    main()
