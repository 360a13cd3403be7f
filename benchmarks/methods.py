"""All systems against each other and against random weights, with the same time to learn.

    python benchmarks/methods.py [--data DIR] [--sets fly_wings ...] [--minutes 4] [--seeds 0 1 2]

Every arm learns from the images of a set without labels, for the same time. Then a probe measures
all of them; what people marked is one-shot error (landmarks) or the Dice of a linear probe and of
the same light fine-tuning on 1, 3 and 10 labelled images or patients (masks), tested on others. At
the end: Kendall's tau of the probe's ranking without labels with the ranking by truth, and how
often the claims hold that the systems make. An arm that cannot run is named with the reason.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
import time
from contextlib import nullcontext
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from _few_shot import FewShot
from _method_sets import sets
from _report import PROJECT, drain, show, write
from scipy.stats import kendalltau

from napari_localcl.data.errors import BadInput
from napari_localcl.methods import PUBLISHED
from napari_localcl.tasks.pretraining import pretrain
from napari_localcl.tasks.probe import probe
from napari_localcl.training.budget import Budget
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from _method_sets import MethodSet


@dataclass(frozen=True)
class Arm:
    """A system with its settings; `alone` is the arm that it adds to."""

    method: str
    settings: dict[str, object] = field(default_factory=dict)
    alone: str = ""


ARMS = {
    "MoCo": Arm("moco"),
    "LD": Arm("ld"),
    "ACE": Arm("ace"),
    "LRC on MoCo": Arm("lrc", {"base": "moco"}, "MoCo"),
    "LRC on LD": Arm("lrc", {"base": "ld"}, "LD"),
    "LRC on ACE": Arm("lrc", {"base": "ace"}, "ACE"),
}
SHOTS = (1, 3, 10)
TESTED = 40  # images at most
PEOPLE = "people.json"  # last of what is written before anything is learned
COMPOSITION = ("composition_mrr", "decomposition_mrr", "compositionality")
Rows = list[dict[str, Any]]


class Bench:
    """One set, written to a folder of its own, and one seed."""

    def __init__(self, given: MethodSet, data: Path, work: Path, seed: int) -> None:
        self.given, self.seed = given, seed
        self.folder = work / f"{given.name}-{seed}"
        if not (self.folder / PEOPLE).exists():
            shutil.rmtree(self.folder, ignore_errors=True)
            (self.folder / PEOPLE).write_text(json.dumps(given.fill(data, self.folder)))
        self.people = json.loads((self.folder / PEOPLE).read_text())
        self.failures: dict[str, str] = {}

    def train(self, budget: Budget, arms: Sequence[str]) -> dict[str, Path]:
        """Pre-train every arm for the same time; those that cannot are noted with the reason."""
        runs = {}
        for name in arms:
            arm, run = ARMS[name], self.folder / name.replace(" ", "-")
            if (run / "weights.safetensors").exists():
                runs[name] = run
                continue
            shutil.rmtree(run, ignore_errors=True)
            work = pretrain(
                self.folder / "images",
                run,
                budget=budget,
                method=arm.method,
                settings=self.given.settings | arm.settings,
                seed=self.seed,
                started=time.monotonic(),
            )
            try:
                drain(work)
                runs[name] = run
            except BadInput as error:
                self.failures[name] = str(error)
                print(f"{self.given.name}, seed {self.seed}: {name} cannot run: {error}")
        return runs

    def probe(self, runs: dict[str, Path], limit: int) -> dict[str, Any]:
        """The probe's report, with what people marked."""
        landmarks, masks = self.folder / "landmarks.csv", self.folder / "masks"
        report = drain(
            probe(
                self.folder / "images",
                list(runs.values()),
                landmarks=landmarks if landmarks.exists() else None,
                masks=masks if masks.exists() else None,
                limit=limit,
                seed=self.seed,
            )
        )
        return report.as_dict()

    def few_shot(self, runs: dict[str, Path], steps: int) -> Iterator[dict[str, Any]]:
        """A row for each arm: Dice after fine-tuning on a few people, tested on all others."""
        people = sorted(set(self.people.values()))
        order = np.random.default_rng(self.seed).permutation(people).tolist()
        for name, run in runs.items():
            bench = FewShot(self.folder, run)
            owners = [self.people[image] for image in bench.images.names]
            test = [i for i, owner in enumerate(owners) if owner not in order[: max(SHOTS)]]
            test = test[:: -(-len(test) // TESTED)]
            row: dict[str, Any] = {"": name}
            for shots in SHOTS:
                train = [i for i, owner in enumerate(owners) if owner in order[:shots]]
                row[f"{shots} labelled"] = bench.dice(train, test, steps, self.seed)
            yield row

    def untrained(self, runs: dict[str, Path]) -> dict[str, Path]:
        """Random weights of the architecture of each arm that stands alone."""
        alone = {name: run for name, run in runs.items() if not ARMS[name].alone}
        return {f"random weights ({name})": self._untrained(run) for name, run in alone.items()}

    def _untrained(self, run: Path) -> Path:
        record = RunFolder.open(run).record
        method = PUBLISHED[record.method]
        torch.manual_seed(self.seed + 1)
        learner = method(method.Settings(**record.settings), record.channels or 1)
        FewShot(self.folder, run).settle(learner.encoder())
        path = run.with_name(f"{run.name}-untrained")
        shutil.rmtree(path, ignore_errors=True)
        folder = RunFolder.create(path, record)
        folder.save_weights(learner.state_dict())
        return folder.path


def probe_rows(report: dict[str, Any]) -> Rows:
    """The figures of a report that encoders are ranked by, a row for each encoder."""
    shown = [f for f in report["figures"] if f["ranked"] or f["truth"]]
    return [
        {"": one["name"]}
        | {figure["name"]: figure["values"][one["name"]]["value"] for figure in shown}
        | {"rank": one["mean_rank"], "by truth": one["mean_rank_by_truth"]}
        for one in report["encoders"]
    ]


def agreement(report: dict[str, Any]) -> float:
    """Kendall's tau of the ranking without labels with one-shot error or linear-probe Dice."""
    truth = {
        name: one["skill"]
        for figure in report["figures"]
        if figure["name"] in ("one_shot_error", "linear_dice")
        for name, one in figure["values"].items()
    }
    pairs = [(one["mean_rank"], truth.get(one["name"])) for one in report["encoders"]]
    known = [(-rank, skill) for rank, skill in pairs if rank is not None and skill is not None]
    if len(known) < 2:
        return float("nan")
    return float(kendalltau(*zip(*known, strict=True)).statistic)


def claims(results: Rows) -> Rows:
    """How often each claim holds, over all sets and seeds."""
    counts: dict[str, list[bool]] = {}

    def note(claim: str, holds: bool) -> None:
        counts.setdefault(claim, []).append(holds)

    for result in results:
        few = {row[""]: row for row in result["few_shot"]}
        figures = {figure["name"]: figure for figure in result["probe"]["figures"]}
        for name, arm in ARMS.items():
            for own, other in pairwise([name, arm.alone or f"random weights ({name})"]):
                if own in few and other in few:
                    for shots in SHOTS:
                        key = f"{shots} labelled"
                        note(f"{own} beats {other}, few labels", few[own][key] > few[other][key])
            _note_random(result["probe"], name.replace(" ", "-"), note)
        for figure, other in ((f, o) for f in COMPOSITION for o in ("LD", "MoCo")):
            skills = figures.get(figure, {"values": {}})["values"]
            if "ACE" in skills and other in skills:
                better = (skills["ACE"]["skill"] or 0) > (skills[other]["skill"] or 0)
                note(f"ACE beats {other}, parts and wholes", better)
    return [{"claim": claim, "holds": sum(held), "of": len(held)} for claim, held in counts.items()]


def _note_random(report: dict[str, Any], name: str, note: Any) -> None:
    """Compare an arm by truth with random weights of the same architecture."""
    twins = {one["name"]: one["twin"] for one in report["encoders"]}
    for figure in report["figures"]:
        values = figure["values"]
        if figure["truth"] and figure["ranked"] and name in values:
            own, random = (values[one]["skill"] or 0.0 for one in (name, twins[name]))
            note(f"{name} beats its random weights, probe by truth", own > random)


def bench_seed(bench: Bench, budget: Budget, given: argparse.Namespace) -> dict[str, Any]:
    """Everything about one set and seed."""
    runs = bench.train(budget, given.arms)
    if not runs:
        raise BadInput("no arm could be trained, see above")
    report = bench.probe(runs, given.limit)
    title = f"{bench.given.name}, seed {bench.seed}"
    show(f"{title}: probe", probe_rows(report))
    print("\n".join(report["recommendation"]["sentences"]))
    few: Rows = []
    if given.tuning and (bench.folder / "masks").exists():
        few = list(bench.few_shot(runs | bench.untrained(runs), given.tuning))
        show(f"{title}: Dice with few labels", few)
    return {
        "set": bench.given.name,
        "seed": bench.seed,
        "probe": report,
        "few_shot": few,
        "kendall_tau": agreement(report),
        "failures": bench.failures,
    }


def main() -> None:
    """Run the sets asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=PROJECT.parent / "shared" / "data")
    parser.add_argument("--sets", nargs="+", default=list(sets()), choices=list(sets()))
    parser.add_argument("--arms", nargs="+", default=list(ARMS), choices=list(ARMS))
    parser.add_argument("--minutes", type=float, default=4.0, help="of learning, for every arm")
    parser.add_argument("--steps", type=int, help="of learning, instead")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--limit", type=int, default=64, help="images probed")
    parser.add_argument("--tuning", type=int, default=40, help="steps of fine-tuning; 0: none")
    parser.add_argument("--work", type=Path, help="keep the runs here; those there are not remade")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    given = parser.parse_args()
    budget = Budget(given.steps, None if given.steps else given.minutes)
    results: Rows = []
    with tempfile.TemporaryDirectory() if given.work is None else nullcontext(given.work) as work:
        for name in given.sets:
            for seed in given.seeds:
                bench = Bench(sets()[name], given.data, Path(work), seed)
                results.append(bench_seed(bench, budget, given))
                write(given.out, {"results": results})
    taus = [{"set": one["set"], "seed": one["seed"], "tau": one["kendall_tau"]} for one in results]
    mean = float(np.nanmean([row["tau"] for row in taus]))
    show(f"Kendall's tau, without labels against truth: mean {mean:.2f}", taus)
    show("claims", claims(results))
    failed = [
        {"arm": arm, "reason": why} for one in results for arm, why in one["failures"].items()
    ]
    if failed:
        show("arms that could not run", failed)
    write(given.out, {"results": results, "mean_tau": mean, "claims": claims(results)})


if __name__ == "__main__":
    main()
