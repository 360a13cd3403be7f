"""Training in processes of its own: killed, interrupted, or shared by several."""

import csv
import os
import random
import signal
import time
from functools import partial
from pathlib import Path

import pytest
import tiny
import torch
from forking import all_of, start, start_team

from napari_localcl.training.run import RunFolder


def start_training(folder, steps, **given):
    return start(partial(tiny.train_and_say, **given), folder, steps)


def wait_for_steps(heard, count=3):
    said = []
    while said.count("step") < count:
        said.append(heard.recv())


def same_weights(first: Path, second: Path) -> bool:
    one, two = (RunFolder.open(path).load_weights() for path in (first, second))
    return all(torch.equal(one[name], two[name]) for name in one.keys() | two.keys())


def test_a_run_killed_at_random_moments_ends_with_the_same_weights(tmp_path):
    chance = random.Random(1)
    for _ in range(3):
        process, heard = start_training(tmp_path / "killed", 200, sleep=0.01, save_every=0.01)
        wait_for_steps(heard)
        time.sleep(chance.uniform(0, 0.25))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert RunFolder.open(tmp_path / "killed").record.status == "running"
        assert RunFolder.open(tmp_path / "killed").load_weights()
    list(tiny.tiny_train(tmp_path / "killed", 200))
    list(tiny.tiny_train(tmp_path / "whole", 200))
    assert same_weights(tmp_path / "killed", tmp_path / "whole")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_leaves_weights_and_resumes(tmp_path, number):
    process, heard = start_training(tmp_path / "run", 1000, sleep=0.01)
    wait_for_steps(heard)
    os.kill(process.pid, number)
    said = all_of(heard)
    process.join()
    assert process.exitcode == 130, said
    run = RunFolder.open(tmp_path / "run")
    assert run.record.status == "interrupted"
    assert (tmp_path / "run" / "weights.safetensors").exists()
    saved = run.load_state()
    list(tiny.tiny_train(tmp_path / "run", saved.position.total + 20))
    assert run.record.status == "finished"


def test_two_processes_lose_what_one_loses_on_the_same_global_batch(tmp_path):
    RunFolder.create(tmp_path / "two", tiny.tiny_record())
    team = start_team(partial(tiny.train_and_say, dropout=0.0), tmp_path / "two", 12)
    said = [all_of(heard) for _, heard in team]
    for process, _ in team:
        process.join()
    assert [process.exitcode for process, _ in team] == [0, 0], said
    assert [one.count("done") for one in said] == [1, 0], "only the leading process speaks"
    list(tiny.tiny_train(tmp_path / "one", 12, tiny.tiny_learner(dropout=0.0)))
    one, two = (losses(tmp_path / name) for name in ("one", "two"))
    assert [row[:2] for row in one] == [row[:2] for row in two]
    assert [row[2] for row in two] == pytest.approx([row[2] for row in one], rel=1e-4)


def losses(run):
    rows = csv.DictReader((run / "metrics.csv").read_text().splitlines())
    return [(row["step"], row["term"], float(row["value"])) for row in rows]
