"""Trainings as the window sees them, with small processes in the place of the real one."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
import time

import numpy as np
import psutil
import pytest
from awake import AWAKE
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QPushButton
from small import SMALL_FLAGS
from tiny import tiny_record

from napari_localcl.data.errors import BadInput
from napari_localcl.tasks.verdict import Trend
from napari_localcl.training.run import RunFolder
from napari_localcl.widgets.child import Child
from napari_localcl.widgets.learn_panel import LearnPanel
from napari_localcl.widgets.monitor import Monitor
from napari_localcl.widgets.step import State
from napari_localcl.widgets.training import LOG_LINES, Training
from napari_localcl.widgets.training_words import Outcome
from napari_localcl.widgets.wish import Budget, Wish

WISH = Wish("tiny", "small", Budget("cpu", 10, "steps"))


@pytest.fixture
def training(session):
    training = Training(session)
    training.heard = []
    training.ended.connect(lambda *facts: training.heard.append(facts))
    yield training
    training.close()


@pytest.fixture
def act(tmp_path, monkeypatch):
    """Return a function that puts a script in the place of `python -m napari_localcl`.

    It finds the folder of its run as `run`, and `say` writes an event.
    """

    def replace(script):
        path = tmp_path / "script.py"
        head = """
            import json, os, signal, sys, time
            from pathlib import Path
            run = Path(sys.argv[sys.argv.index("--run") + 1])
            def say(event, **facts):
                print(json.dumps({"event": event, **facts}), flush=True)
        """
        path.write_text(textwrap.dedent(head) + textwrap.dedent(script), encoding="utf-8")
        monkeypatch.setattr(Child, "program", (str(path),))

    return replace


@pytest.fixture
def pulse(qapp):
    """Return the time of day, and of the main thread's own work, at each beat of a timer."""
    beats = []
    timer = QTimer()
    timer.timeout.connect(lambda: beats.append((time.monotonic(), time.thread_time())))
    timer.start(5)
    yield beats
    timer.stop()


def begin_run(session, **changes):
    """Leave a run that was broken off, as a killed process does."""
    path = session.runs.begin("tiny")
    run = RunFolder.create(path, tiny_record())
    run.update(process={**dict(run.record.process), "started": 1.0}, **changes)
    return path


FAST = """
    terms = [f"term {n}" for n in range(5)]
    for step in range(1, 20_001):
        stage, here = ("one", step) if step < 9000 else ("two", step - 8999)
        say("step", stage=stage, step=here,
            losses={term: 1 / step for term in terms}, seconds_left=3.0, images_per_second=9.0)
        if step % 4 == 0:
            print("a complaint", file=sys.stderr)
    print("enough", file=sys.stderr)
    sys.exit(3)
"""


def test_however_fast_news_comes_the_window_goes_on(training, session, act, wait, pulse, quiet):
    panel, monitor = LearnPanel(session, training), Monitor(training)
    wait(lambda: panel.form.is_ready)
    act(FAST)
    for widget in (panel, monitor):
        widget.show()
    wait(lambda: len(pulse) > 3)
    pulse.clear()
    training.start(WISH)
    wait(lambda: training.heard)
    work = np.diff([thread for _, thread in pulse])
    assert work.max() < AWAKE
    assert len(pulse) > 30
    assert training.history.last == 20_000
    assert [stage.name for stage in training.history.stages] == ["one", "two"]
    assert training.logged > 5000
    assert len(training.log) == LOG_LINES
    assert training.heard[0][0] is Outcome.FAILED
    assert "enough" in training.heard[0][1]
    for widget in (panel, monitor):
        widget.close()


def test_what_a_library_prints_is_logged_and_no_event(training, act, wait):
    act('print("hello"); print("[1]"); say("start", message="training on a toaster"); sys.exit(3)')
    training.start(WISH)
    wait(lambda: training.heard)
    text = "\n".join(training.log)
    assert "hello" in text
    assert "[1]" in text
    assert training.setting == "training on a toaster"


def test_a_killed_process_leaves_a_run_that_is_resumed_with_its_losses(
    training, session, act, wait
):
    begin = """
        say("step", stage="noise", step=1, losses={"noise": 1.0})
        os.kill(os.getpid(), signal.SIGKILL)
    """
    act(begin)
    folder = begin_run(session)
    table = RunFolder(folder).metrics
    rows = "".join(f"{step},noise,0.1,noise,{1 / step}\n" for step in (1, 2, 3))
    table.write_text("step,stage,seconds,term,value\n" + rows)
    training.resume(folder.name, "cpu")
    assert "--resume" in training.command
    wait(lambda: training.heard)
    outcome, sentence = training.heard[0]
    assert outcome is Outcome.BROKEN
    assert "was killed" in sentence
    assert f"Resume goes on with {folder.name}" in sentence
    act('say("step", stage="noise", step=4, losses={"noise": 0.2}); time.sleep(60)')
    training.resume(folder.name, "cpu")
    wait(lambda: training.history.last == 4)
    assert training.history.stages[0].total.steps == [1, 2, 3, 4]


def test_cancelling_removes_the_run_and_pausing_keeps_it(training, session, act, wait):
    waits = 'say("step", stage="a", step=1, losses={"a": 1.0}); time.sleep(60)'
    act(waits)
    kept = begin_run(session)
    training.resume(kept.name, "cpu")
    wait(lambda: training.can_stop_early)
    training.pause()
    wait(lambda: training.heard)
    assert training.heard[0] == (
        Outcome.PAUSED,
        f"{kept.name} is paused. Resume goes on with it.",
    )
    training.resume(kept.name, "cpu")
    wait(lambda: training.can_stop_early)
    training.cancel()
    wait(lambda: len(training.heard) == 2)
    assert training.heard[1][0] is Outcome.CANCELLED
    assert session.runs.rows() == ()


def test_running_out_of_memory_is_said_in_plain_words(training, act, wait):
    act('sys.exit("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 9 GiB")')
    training.start(WISH)
    wait(lambda: training.heard)
    assert "memory ran out; choose a smaller image size" in training.heard[0][1]


def test_a_project_that_another_window_has_is_not_trained_in(training, session, monkeypatch):
    problems = []
    session.problem.connect(problems.append)

    def refuse():
        raise BadInput("the project is open in another window")

    monkeypatch.setattr(session.project, "check_writable", refuse)
    training.start(WISH)
    assert problems == ["the project is open in another window"]
    assert not training.is_running


def test_the_panel_offers_to_resume_what_broke_off(training, session, act, wait):
    begin_run(session)
    panel = LearnPanel(session, training)
    panel.set_open(True)
    session.run_changed.emit()
    assert panel.state is State.NEEDS_YOU
    assert "tiny-1 was broken off at its start: Resume goes on" in panel.sentence
    wait(lambda: panel.form.is_ready)
    act('say("start"); time.sleep(60)')
    (resume,) = (b for b in panel.findChildren(QPushButton) if b.text() == "Resume")
    assert resume.isVisibleTo(panel)
    resume.click()
    assert training.is_running
    assert training.is_resumed
    assert not resume.isVisibleTo(panel)
    panel.close_child()


def test_the_monitor_shows_what_came_before_it_was_opened(training, act, wait):
    act(
        """
        say("start", message="training on cpu")
        for step in range(1, 101):
            say("step", stage="one", step=step, losses={"a": 2 - step / 100, "b": None})
        time.sleep(60)
        """
    )
    training.start(WISH)
    wait(lambda: training.history.last == 100)
    monitor = Monitor(training)
    monitor.show()
    assert monitor._plot.names == ("a", "b")
    assert monitor._plot.stages == ("one",)
    assert "training on cpu" in monitor._log.toPlainText()
    assert monitor._setting.text() == "Training on cpu."
    assert monitor.sizeHint().height() <= 200
    monitor.close()


def test_a_falling_loss_is_told(training, act, wait):
    act(
        """
        for step in range(1, 101):
            say("step", stage="one", step=step, losses={"a": 2 - step / 100})
        time.sleep(60)
        """
    )
    training.start(WISH)
    wait(lambda: training.history.last == 100)
    assert training.verdict.trend is Trend.IMPROVING


PARENT = """
import json, sys
from qtpy.QtCore import QCoreApplication
from napari_localcl.widgets.child import Child
app = QCoreApplication([])
child = Child(json.loads(sys.argv[1]))
child.said.connect(lambda event: print(event["event"], child._process.processId(), flush=True))
child.start()
app.exec()
"""


@pytest.mark.slow
def test_a_training_ends_and_can_be_resumed_when_its_window_is_killed(pictures, tmp_path, wait):
    run = tmp_path / "run"
    verb = ["pretrain", str(pictures), "--run", str(run), "--steps", "5000", "--device", "cpu"]
    command = [sys.executable, "-W", "ignore", "-c", PARENT]
    pipes = {"stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen([*command, json.dumps([*verb, *SMALL_FLAGS])], **pipes) as window:
        line = next(line for line in window.stdout if line.startswith("step"))
        trainer = psutil.Process(int(line.split()[1]))
        window.kill()
    psutil.wait_procs([trainer], timeout=60)
    assert not trainer.is_running() or trainer.status() == psutil.STATUS_ZOMBIE
    record = RunFolder.open(run).record
    assert record.status == "interrupted"
    assert RunFolder.open(run).load_state().position.total > 0


def test_a_collapse_is_shown_while_it_runs_and_said_at_the_end(training, session, act, wait):
    monitor = Monitor(training)
    monitor.show()
    begun = json.loads(tiny_record().model_dump_json()) | {"status": "finished"}
    act(
        f"""
        say("step", stage="one", step=40, losses={{"a": 1.0}})
        say("warning", stage="one", step=40, message="the learning has collapsed")
        run.mkdir(parents=True)
        (run / "run.json").write_text({json.dumps(json.dumps(begun))})
        """
    )
    training.start(WISH)
    wait(lambda: training.heard)
    assert monitor._warning.text() == "⚠ The learning has collapsed."
    assert any("collapsed" in line for line in training.log)
    assert "is finished, but the learning has collapsed." in training.heard[0][1]
