"""A training whose embeddings all become one says so, once, and everywhere it should."""

import itertools

import pytest
import torch
from tiny import TinyLearner, tiny_images, tiny_learner, tiny_record, tiny_train

from napari_localcl.cli.reporter import BarReporter, drain
from napari_localcl.training import collapse
from napari_localcl.training.collapse import EVERY, CollapseWatch
from napari_localcl.training.engine import Engine
from napari_localcl.training.run import RunFolder


@pytest.fixture(autouse=True)
def _look_as_often_as_allowed(monkeypatch):
    monkeypatch.setattr(collapse, "SHARE", 1e9)


class Collapsed(TinyLearner):
    """Embeds everything alike."""

    def vectors_to_watch(self, images, device):
        return {1: torch.ones(2, 4, 3, 3) / 2, 2: torch.ones(2, 4, 1, 1) / 2}


def watch_over(learner, folder):
    run = RunFolder.create(folder / "run", tiny_record())
    return CollapseWatch(Engine("cpu", "32-true"), learner, tiny_images(), run)


def warnings(news):
    return [one.message for one in news if one.event == "warning"]


def test_a_healthy_training_gives_no_warning(tmp_path):
    assert not warnings(tiny_train(tmp_path / "run", 4 * EVERY))
    assert RunFolder.open(tmp_path / "run").record.collapse == ""


def test_a_collapse_is_said_once_and_recorded(tmp_path):
    news = list(tiny_train(tmp_path / "run", 5 * EVERY, Collapsed()))
    (said,) = warnings(news)
    assert f"collapsed by step {2 * EVERY}" in said
    assert "begin again with a smaller learning rate" in said
    record = RunFolder.open(tmp_path / "run").record
    assert (record.status, record.collapse) == ("finished", said)


def test_a_short_training_is_looked_at_when_it_ends(tmp_path):
    assert warnings(tiny_train(tmp_path / "run", EVERY + 1, Collapsed()))


def test_before_the_first_look_nothing_is_said(tmp_path):
    assert not warnings(tiny_train(tmp_path / "run", EVERY - 1, Collapsed()))


def test_a_resumed_run_repeats_what_was_said(tmp_path):
    left = tiny_train(tmp_path / "run", 4 * EVERY, Collapsed(), save_every=0.0)
    since = itertools.dropwhile(lambda one: one.event != "warning", left)
    next(one for one in since if one.event == "save")
    left.close()
    resumed = list(tiny_train(tmp_path / "run", 4 * EVERY, Collapsed()))
    assert [one.event for one in resumed].index("warning") == 1
    assert len(warnings(resumed)) == 1


def test_one_level_that_rests_is_no_collapse(tmp_path):
    class Resting(TinyLearner):
        def vectors_to_watch(self, images, device):
            return {1: torch.ones(2, 4, 3, 3) / 2, 2: torch.eye(4).view(4, 4, 1, 1)}

    watch = watch_over(Resting(), tmp_path)
    assert not watch.look(EVERY, last=True)


def test_looking_leaves_the_modes_of_all_layers_and_the_chance_as_they_were(tmp_path):
    learner = tiny_learner()
    learner.train()
    learner.number.eval()
    before = torch.get_rng_state()
    watch = watch_over(learner, tmp_path)
    assert not watch.look(EVERY, last=True)
    assert learner.body.training
    assert not learner.number.training
    assert torch.equal(torch.get_rng_state(), before)


def test_looking_is_rare_enough_to_cost_next_to_nothing(tmp_path, monkeypatch):
    clock = itertools.count(step=1.0)  # a look takes a second
    monkeypatch.setattr(collapse, "SHARE", 0.01)
    monkeypatch.setattr(collapse.time, "monotonic", lambda: next(clock) * 1.0)
    looks = []

    class Counting(TinyLearner):
        def vectors_to_watch(self, images, device):
            looks.append(True)
            return {1: torch.eye(4).view(4, 4, 1, 1)}

    watch = watch_over(Counting(), tmp_path)
    for step in range(0, 100 * EVERY, EVERY):
        watch.look(step)
    assert len(looks) == 1


def test_the_terminal_repeats_a_warning_at_its_end(tmp_path, capsys):
    drain(tiny_train(tmp_path / "run", 3 * EVERY, Collapsed()), BarReporter())
    captured = capsys.readouterr()
    assert captured.out.startswith("warning: the learning has collapsed")
    assert "the learning has collapsed" in captured.err
