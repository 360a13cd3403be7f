"""Training in processes of its own: killed, interrupted, or shared by several."""

import csv
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny
import torch

from napari_localcl.training.run import RunFolder

SCRIPT = [sys.executable, "-W", "ignore", tiny.__file__]


def start(*arguments):
    command = [*SCRIPT, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_steps(process, count=3):
    for line in process.stdout:
        count -= line.startswith("step")
        if not count:
            return
    raise AssertionError(process.stderr.read())


def same_weights(first: Path, second: Path) -> bool:
    one, two = (RunFolder.open(path).load_weights() for path in (first, second))
    return all(torch.equal(one[name], two[name]) for name in one.keys() | two.keys())


@pytest.mark.slow
def test_a_run_killed_at_random_moments_ends_with_the_same_weights(tmp_path):
    chance = random.Random(1)
    options = ("--steps", 200, "--sleep", 0.004, "--save-every", 0.01)
    for _ in range(3):
        process = start(tmp_path / "killed", *options)
        wait_for_steps(process)
        time.sleep(chance.uniform(0, 0.25))
        process.kill()
        process.communicate()
        assert RunFolder.open(tmp_path / "killed").record.status == "running"
        assert RunFolder.open(tmp_path / "killed").load_weights()
    list(tiny.tiny_train(tmp_path / "killed", 200))
    list(tiny.tiny_train(tmp_path / "whole", 200))
    assert same_weights(tmp_path / "killed", tmp_path / "whole")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_weights_and_resumes(tmp_path, number):
    process = start(tmp_path / "run", "--steps", 1000, "--sleep", 0.01)
    wait_for_steps(process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    run = RunFolder.open(tmp_path / "run")
    assert run.record.status == "interrupted"
    assert (tmp_path / "run" / "weights.safetensors").exists()
    saved = run.load_state()
    list(tiny.tiny_train(tmp_path / "run", saved.position.total + 20))
    assert run.record.status == "finished"


@pytest.mark.slow
def test_two_processes_lose_what_one_loses_on_the_same_global_batch(tmp_path):
    RunFolder.create(tmp_path / "two", tiny.tiny_record())
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    arguments = [tiny.__file__, tmp_path / "two", "--steps", "12", "--dropout", "0"]
    command = [sys.executable, "-W", "ignore", *torchrun, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("done") == 1, "only the leading process speaks"
    list(tiny.tiny_train(tmp_path / "one", 12, tiny.tiny_learner(dropout=0.0)))
    one, two = (losses(tmp_path / name) for name in ("one", "two"))
    assert [row[:2] for row in one] == [row[:2] for row in two]
    assert [row[2] for row in two] == pytest.approx([row[2] for row in one], rel=1e-4)


def losses(run):
    rows = csv.DictReader((run / "metrics.csv").read_text().splitlines())
    return [(row["step"], row["term"], float(row["value"])) for row in rows]
