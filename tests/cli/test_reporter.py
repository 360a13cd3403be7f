"""What is shown of a task at work."""

import json

from napari_localcl.cli.reporter import BarReporter, EventReporter, drain
from napari_localcl.data.progress import Progress


def task(closed):
    try:
        yield Progress("stage", stage="patches", message="stage 'patches' [1/2]")
        yield Progress("step", "patches", 2, 8, {"patch": 0.5}, 12.5, 63.0)
    finally:
        closed.append(True)
    return "result"


def test_a_drained_task_is_shown_closed_and_its_result_returned(capsys):
    closed = []
    assert drain(task(closed), EventReporter()) == "result"
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["stage", "step"]
    assert events[1]["losses"] == {"patch": 0.5}
    assert closed == [True]


def test_without_a_terminal_only_sentences_are_written_as_they_are(capsys):
    drain(task([]), BarReporter())
    captured = capsys.readouterr()
    assert captured.err == "stage 'patches' [1/2]\n"
    assert not captured.out


def test_on_a_terminal_the_bar_says_losses_speed_and_time_left(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    drain(task([]), BarReporter())
    shown = capsys.readouterr().err
    assert "2/8" in shown
    assert "patch 0.5" in shown
    assert "12.5 images/s" in shown
    assert "1:03 left" in shown


def test_skipped_images_are_listed_once_at_the_end(capsys):
    texts = []
    for show in (EventReporter(), BarReporter()):
        with show:
            for _ in range(2):
                show.say(Progress("skipped", message="a.png is constant"))
            capsys.readouterr()
        texts.append(capsys.readouterr().out)
    assert json.loads(texts[0])["skipped"] == ["a.png is constant"]
    assert texts[1] == "skipped 1 images:\n  a.png is constant\n"
