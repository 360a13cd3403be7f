"""One step: rates, weight decay and clipping, as the groups and stages ask for."""

import itertools

import pytest
import torch
from tiny import TinyLearner, TinyStage, tiny_images, tiny_record, tiny_train

from napari_localcl.training.budget import Budget
from napari_localcl.training.engine import Engine
from napari_localcl.training.loop import train
from napari_localcl.training.run import Position, RunFolder
from napari_localcl.training.step import Stepper, clip


def test_gradients_longer_than_allowed_are_shortened_each_by_itself():
    long, short, none = (torch.nn.Parameter(torch.zeros(2)) for _ in range(3))
    long.grad, short.grad = torch.tensor([6.0, 8.0]), torch.tensor([0.3, 0.4])
    clip([long, short, none], 2.0)
    assert torch.allclose(long.grad, torch.tensor([1.2, 1.6])), "a norm of 10 becomes 2"
    assert torch.equal(short.grad, torch.tensor([0.3, 0.4]))
    assert none.grad is None


class Demanding(TinyLearner):
    """Weights decay more and more, and gradients are short; its second stage warms up slowly."""

    stages = (TinyStage("noise", 0.5), TinyStage("number", 0.5, warm_up=0.5))

    def parameter_groups(self, stage):
        decay = {"weight_decay": 0.1, "final_weight_decay": 0.5, "decoupled_weight_decay": True}
        body, head = super().parameter_groups(stage)
        return [body | {"clip": 1e-3}, head | decay]


def stepper(stage, schedule):
    learner = Demanding(dropout=0.0)
    list(learner.enter(stage, tiny_images(), torch.Generator()))
    engine = Engine("cpu", "32-true")
    return learner, Stepper(engine, learner, stage, tiny_images(), 1e-2, schedule)


@pytest.mark.parametrize(("fraction", "decay"), [(0.0, 0.1), (0.5, 0.3), (1.0, 0.5)])
def test_weight_decay_goes_to_its_end_over_the_stage(fraction, decay):
    # At a learning rate of (almost) nothing times its own, Adam moves by decay alone.
    learner, taken = stepper("noise", lambda fraction: 1.0)
    taken.step(0, Position(), fraction)
    body, head = taken.optimizer.param_groups
    assert (body["weight_decay"], head["weight_decay"]) == (0, pytest.approx(decay))
    norms = [value.grad.norm() for value in learner.body.parameters()]
    assert max(norms) <= 1e-3 * (1 + 1e-5)
    assert max(value.grad.norm() for value in learner.noise.parameters()) > 1e-3


def test_rates_rise_over_the_stages_own_warm_up(tmp_path):
    run, rates = RunFolder.create(tmp_path / "run", tiny_record()), []

    class Watched(Demanding):
        def after_step(self, stage, fraction):
            rates.append((stage, self.taken.param_groups[1]["lr"]))

    learner = Watched()
    given, make = learner.parameter_groups, Engine.optimizer

    def seen(engine, groups, rate):
        learner.taken = make(engine, groups, rate)
        return learner.taken

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "optimizer", seen)
        list(train(learner, tiny_images(), run, Budget(steps=8), device="cpu"))
    assert given("noise")
    late = [rate / 3e-3 for stage, rate in rates if stage == "number"]
    assert late == pytest.approx([0.01, 0.505, 1.0, 0.505])


def test_a_run_of_such_a_learner_resumes_to_bitwise_the_same_weights(tmp_path):
    def learner():
        torch.manual_seed(0)
        return Demanding()

    list(tiny_train(tmp_path / "whole", 12, learner()))
    left = tiny_train(tmp_path / "left", 12, learner(), save_every=0.0)
    for _ in itertools.islice((news for news in left if news.event == "save"), 9):
        pass
    left.close()
    list(tiny_train(tmp_path / "left", 12, learner()))
    whole, left = (RunFolder.open(tmp_path / name).load_weights() for name in ("whole", "left"))
    assert all(torch.equal(whole[name], left[name]) for name in whole)
