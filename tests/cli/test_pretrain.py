"""``pretrain`` in the terminal."""

import json
import os
import shutil
import signal
import subprocess
import sys
from threading import Thread

import pytest
from small import SMALL_FLAGS

from napari_localcl.cli.entry import run
from napari_localcl.training.run import RunFolder

FLAGS = [*SMALL_FLAGS, "--device", "cpu"]


def pretrain(images, folder, *more):
    return run(["pretrain", str(images), "--run", str(folder), *FLAGS, *more])


def test_a_run_is_made_and_named_on_standard_output(pictures, tmp_path, capsys):
    assert pretrain(pictures, tmp_path / "run", "--steps", "3") == 0
    captured = capsys.readouterr()
    assert captured.out == f"learned from 6 images: {tmp_path / 'run'}\n"
    assert "training on cpu" in captured.err
    assert RunFolder.open(tmp_path / "run").record.status == "finished"


def test_events_are_one_json_object_per_line_and_nothing_else(pictures, tmp_path, capsys):
    assert pretrain(pictures, tmp_path / "run", "--steps", "4", "--events") == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    kinds = [event["event"] for event in events]
    assert kinds[0] == "cache"
    assert {"start", "stage", "step", "done"} <= set(kinds)
    assert kinds[-1] == "result"
    assert events[-1]["run"] == str(tmp_path / "run")
    step = next(event for event in events if event["event"] == "step")
    assert step["losses"]
    assert step["images_per_second"] > 0


def test_skipped_files_are_listed_ten_and_then_counted(pictures, tmp_path, capsys):
    images = shutil.copytree(pictures, tmp_path / "images")
    for index in range(13):
        (images / f"broken_{index:02}.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    assert pretrain(images, tmp_path / "run", "--steps", "1") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "skipped 13 images:"
    assert lines[1].startswith("  broken_00.png ")
    assert lines[11] == "  and 3 more"
    assert len(RunFolder.open(tmp_path / "run").record.skipped) == 13


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ((), "give --minutes or --steps"),
        (("--steps", "3", "--minutes", "1"), "give exactly one"),
        (("--steps", "3", "--set", "widht=8"), "did you mean width?"),
        (("--steps", "3", "--set", "width=1"), "width='1' must be a whole number, 4 to 64"),
        (("--steps", "3", "--set", "width"), "write --set name=value"),
        (("--steps", "3", "--method", "lb"), "choose ace or action or ld"),
        (("--steps", "3", "--device", "tpu"), "auto, cpu, cuda, mps"),
        (("--steps", "3", "--from", "nowhere"), "nowhere holds no run"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_and_status_2(
    pictures, tmp_path, capsys, more, sentence
):
    assert pretrain(pictures, tmp_path / "run", *more) == 2
    errors = capsys.readouterr().err
    assert sentence in errors
    assert errors.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_finished_run_is_not_overwritten(pictures, tmp_path, capsys):
    assert pretrain(pictures, tmp_path / "run", "--steps", "1") == 0
    assert pretrain(pictures, tmp_path / "run", "--steps", "1") == 2
    assert pretrain(pictures, tmp_path / "run", "--resume") == 2
    assert capsys.readouterr().err.count("already holds a finished run") == 2


@pytest.mark.slow
def test_interrupted_it_ends_with_130_and_a_run_that_can_be_used_and_resumed(pictures, tmp_path):
    folder = tmp_path / "run"
    arguments = [str(pictures), "--run", str(folder), "--steps", "400", *FLAGS, "--events"]
    command = [sys.executable, "-m", "napari_localcl", "pretrain", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, text=True, **pipes) as process:
        next(line for line in process.stdout if json.loads(line)["event"] == "step")
        process.send_signal(signal.SIGINT)
        errors = process.stderr.read()
        process.wait(timeout=60)
    assert process.returncode == 130, errors
    assert "Traceback" not in errors
    check_interrupted(pictures, folder)


def check_interrupted(pictures, folder):
    assert RunFolder.open(folder).record.status == "interrupted"
    assert RunFolder.open(folder).load_weights()
    assert run(["pretrain", str(pictures), "--run", str(folder), "--resume", "--steps", "20"]) == 0
    assert RunFolder.open(folder).record.status == "finished"


def test_when_nobody_listens_any_more_it_ends_as_if_interrupted(
    pictures, tmp_path, monkeypatch, capsys
):
    reading, writing = os.pipe()
    listener = Thread(target=hear_one_step, args=(reading,))
    listener.start()
    with monkeypatch.context() as patch, os.fdopen(writing, "w") as out:
        patch.setattr(sys, "stdout", out)
        status = pretrain(pictures, tmp_path / "run", "--steps", "400", "--events")
    listener.join()
    assert status == 130
    assert "Traceback" not in capsys.readouterr().err
    check_interrupted(pictures, tmp_path / "run")


def hear_one_step(reading):
    with os.fdopen(reading) as lines:
        next(line for line in lines if json.loads(line)["event"] == "step")


@pytest.mark.slow
def test_two_processes_of_ld_lose_what_one_loses_on_the_same_global_batch(pictures, tmp_path):
    # Batch statistics would be of half a batch each on the CPU, so: groups.
    flags = ["--steps", "8", *FLAGS, "--set", "norm=group", "--set", "pairs=2"]
    assert run(["pretrain", str(pictures), "--run", str(tmp_path / "one"), *flags]) == 0
    torchrun = ["torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "--"]
    arguments = ["pretrain", str(pictures), "--run", str(tmp_path / "two"), *flags, "--events"]
    command = [sys.executable, "-W", "ignore", "-m", *torchrun, "napari_localcl", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert [json.loads(line)["event"] for line in done.stdout.splitlines()].count("done") == 1
    one, two = (
        [row.split(",") for row in (tmp_path / name / "metrics.csv").read_text().splitlines()[1:]]
        for name in ("one", "two")
    )
    assert [row[3] for row in one] == [row[3] for row in two]
    first = [row[0] == "1" for row in one].count(True)
    values = [[float(row[4]) for row in rows] for rows in (one, two)]
    assert values[1][:first] == pytest.approx(values[0][:first], rel=0.01)
    assert values[1] == pytest.approx(values[0], rel=0.1)
