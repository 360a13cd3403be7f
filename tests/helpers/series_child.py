"""A child process in the place of the terminal program: it says of each series what is known of it.

It is a script of its own, so that a test or a try-out of the window need not learn anything.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from shapes_child import FACTS, say

from napari_localcl.data.findings import read_findings, write_findings, write_predictions
from napari_localcl.data.heat_map import HeatMap
from napari_localcl.data.series import find_series
from napari_localcl.training.record import RunRecord
from napari_localcl.training.run import RunFolder


def classify(given: argparse.Namespace) -> None:
    """Tell each finding with 0.8 where it is known to be there, 0.3 elsewhere."""
    record = RunRecord(verb="classify", method="logistic", preset=given.preset, settings={}, seed=0)
    folder = RunFolder.create(given.run, record)
    exams = [exam.name for exam in find_series(given.images).exams]
    truth = read_findings(given.labels).of(exams, given.labels)
    write_findings(given.run / "labels.csv", truth)
    say("skipped", message="finding 'rare' is left out: nothing is known of it")
    for step in range(1, 6):
        say("embed", step=step, steps=5, message="seeing frames")
        time.sleep(given.seconds)
    said = replace(truth, values=np.where(truth.values == 1, 0.8, 0.3))
    folder.update(status="finished")
    write_predictions(given.out, said, np.zeros_like(said.values), f"machine:{given.run.name}")
    say("result", out=str(given.out))


def serve() -> None:
    """Answer that the last frame of each plane holds most, in its middle."""
    series = None
    for line in sys.stdin:
        question = json.loads(line)
        if question["ask"] == "explain":
            series = series or find_series(question["series"])
            exam = next(one for one in series.exams if one.name == question["exam"])
            for plane, frames in exam.planes.items():
                shares = [0.0] * (len(frames) - 2) + [0.25, 0.75]
                facts = {"plane": plane, "frames": frames, "shares": shares}
                say("evidence", id=question["id"], **facts)
            say("explained", id=question["id"])
        elif question["ask"] == "evidence":
            values = np.outer(np.hanning(8), np.hanning(8)).astype(np.float32)
            heat = HeatMap(question["image"], values, 8.0, (3.5, 3.5))
            say("map", id=question["id"], **heat.as_event())


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("verb")
    parser.add_argument("images", nargs="*")
    for name in ("--run", "--out", "--labels"):
        parser.add_argument(name, type=Path)
    parser.add_argument("--preset", default="")
    given, _ = parser.parse_known_args()
    if given.verb == "methods":
        say("result", **FACTS)
    elif given.verb == "serve":
        serve()
    else:
        classify(given)


if __name__ == "__main__":
    main()
