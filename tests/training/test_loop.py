"""The loop, on a learner small enough to train in a test."""

import itertools
import json
import time

import pytest
import torch
from tiny import TinyLearner, tiny_images, tiny_learner, tiny_record, tiny_train

from napari_localcl.data.progress import Progress
from napari_localcl.training.budget import Budget
from napari_localcl.training.loop import Options, train
from napari_localcl.training.run import RunFolder
from napari_localcl.training.step import TrainingFailed


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


def weights_of(folder):
    return RunFolder.open(folder).load_weights()


def test_the_losses_fall_and_the_teacher_moves(tmp_path):
    learner = tiny_learner()
    news = [n for n in tiny_train(tmp_path / "run", 120, learner) if n.event == "step"]
    first = [n.losses["noise"] for n in news if n.stage == "noise"]
    assert sum(first[-10:]) < 0.9 * sum(first[:10])
    assert learner.teacher.abs().sum() > 0


def test_every_stage_is_entered_once_and_gets_its_share_of_the_steps(tmp_path):
    learner = tiny_learner()
    news = list(tiny_train(tmp_path / "run", 7, learner))
    assert learner.entered == ["noise", "number"]
    steps = [n.stage for n in news if n.event == "step"]
    assert sorted(steps) == ["noise"] * 4 + ["number"] * 3
    assert (news[0].event, news[-1].event) == ("start", "done")


def test_a_finished_run_holds_weights_and_metrics_and_no_state(tmp_path):
    list(tiny_train(tmp_path / "run", 4))
    record = RunFolder.open(tmp_path / "run").record
    assert record.status == "finished"
    assert record.finished
    assert not (tmp_path / "run" / "state").exists()
    rows = (tmp_path / "run" / "metrics.csv").read_text().splitlines()
    assert rows[0] == "step,stage,seconds,term,value"
    assert [row.split(",")[0] for row in rows[1:]] == ["1", "2", "3", "3", "4", "4"]


def test_progress_says_speed_and_time_left(tmp_path):
    news = [n for n in tiny_train(tmp_path / "run", 10) if n.event == "step"]
    assert news[0].steps == 5
    assert news[-1].images_per_second > 0
    assert news[0].seconds_left > 0
    assert news[-1].seconds_left == 0
    json.dumps(news[0].as_event())


@pytest.mark.parametrize("stop_after", [1, 4, 10, 13, 20])
def test_a_run_left_at_any_step_resumes_to_bitwise_the_same_weights(tmp_path, stop_after):
    list(tiny_train(tmp_path / "whole", 20))
    left = tiny_train(tmp_path / "left", 20, save_every=0.0)
    for _ in itertools.islice((n for n in left if n.event == "save"), stop_after):
        pass
    left.close()
    learner = tiny_learner()
    list(tiny_train(tmp_path / "left", 20, learner))
    assert same(weights_of(tmp_path / "whole"), weights_of(tmp_path / "left"))
    whole, left = (
        [row.split(",")[:2] + row.split(",")[3:] for row in path.read_text().splitlines()]
        for path in (tmp_path / "whole" / "metrics.csv", tmp_path / "left" / "metrics.csv")
    )
    assert whole == left


def test_saving_does_not_perturb_the_training(tmp_path):
    list(tiny_train(tmp_path / "rarely", 10))
    list(tiny_train(tmp_path / "often", 10, save_every=0.0))
    assert same(weights_of(tmp_path / "rarely"), weights_of(tmp_path / "often"))


def test_a_resumed_stage_is_not_entered_again(tmp_path):
    left = tiny_train(tmp_path / "run", 20, save_every=0.0)
    next(n for n in left if n.event == "save" and n.stage == "number")
    left.close()
    learner = tiny_learner()
    list(tiny_train(tmp_path / "run", 20, learner))
    assert learner.entered == []
    assert len(learner.mined) == len(tiny_images())


def test_another_seed_gives_other_weights(tmp_path):
    run = RunFolder.create(tmp_path / "run", tiny_record())
    list(train(tiny_learner(), tiny_images(), run, Budget(steps=20), seed=4, device="cpu"))
    list(tiny_train(tmp_path / "other", 20))
    assert not same(weights_of(tmp_path / "run"), weights_of(tmp_path / "other"))


def test_minutes_end_the_training_in_time_with_every_stage_trained(tmp_path):
    run = RunFolder.create(tmp_path / "run", tiny_record())
    budget = Budget(minutes=2.2 / 60)
    news = list(train(tiny_learner(), tiny_images(), run, budget, device="cpu"))
    assert {n.stage for n in news if n.event == "step"} == {"noise", "number"}
    assert run.record.seconds < 2.4


def test_minutes_spent_before_the_first_step_are_an_error(tmp_path):
    run = RunFolder.create(tmp_path / "run", tiny_record())
    with pytest.raises(TrainingFailed, match="before the first training step"):
        list(train(tiny_learner(), tiny_images(), run, Budget(minutes=1e-4), device="cpu"))
    assert run.record.status == "failed"


def test_a_stop_file_ends_early_and_keeps_the_model(tmp_path):
    for news in tiny_train(tmp_path / "run", 1000):
        if news.event == "step" and news.step == 3:
            (tmp_path / "run" / "stop").touch()
    record = RunFolder.open(tmp_path / "run").record
    assert (record.status, record.stopped_early) == ("finished", True)
    assert weights_of(tmp_path / "run")
    assert not (tmp_path / "run" / "stop").exists()


class Diverging(TinyLearner):
    """Its loss is no number in some steps."""

    bad = ()

    def sample(self, stage, images, chance, shard, device):
        batch = super().sample(stage, images, chance, shard, device)
        self.count = getattr(self, "count", -1) + 1
        if self.count in self.bad:
            batch[0][:] = float("nan")
        return batch


def test_a_step_whose_loss_is_not_finite_is_left_out(tmp_path):
    learner = Diverging()
    learner.bad = (1, 2)
    notes = [n for n in tiny_train(tmp_path / "run", 6, learner) if n.event == "note"]
    assert len(notes) == 2
    assert all(value.isfinite().all() for value in weights_of(tmp_path / "run").values())


def test_a_loss_that_stays_not_finite_ends_the_run_with_a_sentence(tmp_path):
    learner = Diverging()
    learner.bad = range(1000)
    with pytest.raises(TrainingFailed, match="stage 'noise' was no finite number"):
        list(tiny_train(tmp_path / "run", 50, learner))
    assert RunFolder.open(tmp_path / "run").record.status == "failed"


def test_convolutions_are_laid_out_channels_last(tmp_path):
    learner = tiny_learner()
    list(tiny_train(tmp_path / "run", 2, learner))
    assert learner.noise.weight.is_contiguous(memory_format=torch.channels_last)


def test_learning_rates_follow_the_schedule_each_from_its_own_value(tmp_path):
    seen = []

    def half(fraction):
        seen.append(fraction)
        return 0.0

    run = RunFolder.create(tmp_path / "run", tiny_record())
    learner = tiny_learner()
    before = {name: value.clone() for name, value in learner.named_parameters()}
    options = Options(schedule=half)
    list(train(learner, tiny_images(), run, Budget(steps=4), device="cpu", options=options))
    assert seen == [0.0, 0.5, 0.0, 0.5]
    assert same(before, dict(learner.named_parameters()))


class Miner(TinyLearner):
    """Would mine for a long time, if it were let."""

    hurried = False

    def enter(self, stage, images, chance):
        self.mined = torch.rand(len(images), generator=chance)
        for turn in range(200):
            time.sleep(0.01)
            if (yield Progress("mine", stage, turn)):
                self.hurried = True
                return


def test_entering_a_stage_is_hurried_after_half_its_time(tmp_path):
    run = RunFolder.create(tmp_path / "run", tiny_record())
    learner = Miner()
    news = list(train(learner, tiny_images(), run, Budget(minutes=3 / 60), device="cpu"))
    assert learner.hurried
    assert {n.stage for n in news if n.event == "step"} == {"noise", "number"}
