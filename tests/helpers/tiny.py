"""A learner small enough to train in a test."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import nn

from napari_localcl.data.progress import Progress
from napari_localcl.training.budget import Budget
from napari_localcl.training.loop import Options, train
from napari_localcl.training.record import RunRecord
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GLOBAL_BATCH = 8


@dataclass(frozen=True)
class TinyStage:
    name: str
    share: float
    halvings: int = 0
    warm_up: float | None = None


class TinyLearner(nn.Module):
    """Learns to tell noise, then (with another head) a mined number; has all the trappings."""

    stages = (TinyStage("noise", 0.5), TinyStage("number", 0.5))

    def __init__(self, sleep: float = 0.0, dropout: float = 0.1):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(1, 6, 3, padding=1), nn.GroupNorm(2, 6), nn.ReLU(), nn.Dropout(dropout)
        )
        self.noise = nn.Conv2d(6, 1, 3, padding=1)
        self.number = nn.Linear(6, 1)
        self.register_buffer("teacher", torch.zeros(6, 1, 3, 3))
        self.mined = torch.zeros(0)
        self.sleep = sleep
        self.entered = []

    def enter(self, stage, images, chance):
        self.entered.append(stage)
        yield Progress("mine", stage=stage, message="looking around")
        self.mined = torch.rand(len(images), generator=chance)

    def sample(self, stage, images, chance, shard, device):
        time.sleep(self.sleep)
        chosen = torch.randint(len(images), (GLOBAL_BATCH,), generator=chance)
        noise = torch.randn(GLOBAL_BATCH, *images.shape[1:], generator=chance)
        parts = (images[chosen], noise, self.mined[chosen])
        return [shard.take(part).to(device) for part in parts]

    def losses(self, stage, batch):
        clean, noise, number = batch
        maps = self.body(clean + 0.3 * noise)
        if stage == "noise":
            return {"noise": F.mse_loss(self.noise(maps), noise)}
        told = self.number(maps.mean((2, 3)))[:, 0]
        return {"number": F.mse_loss(told, number), "size": 0.01 * told.square().mean()}

    def parameter_groups(self, stage):
        head = self.noise if stage == "noise" else self.number
        return [{"params": self.body.parameters()}, {"params": head.parameters(), "lr": 3e-3}]

    def after_step(self, stage, fraction):
        self.teacher.lerp_(self.body[0].weight, 0.1)

    def memory(self):
        return {"mined": self.mined}

    def remember(self, memory):
        self.mined = memory["mined"]

    def vectors_to_watch(self, images, device):
        maps = self.body(images.to(device))
        return {1: F.normalize(maps, dim=1)}

    def images_per_step(self):
        return GLOBAL_BATCH


def tiny_images() -> torch.Tensor:
    return torch.rand(5, 1, 8, 8, generator=torch.Generator().manual_seed(7))


def tiny_learner(sleep: float = 0.0, dropout: float = 0.1) -> TinyLearner:
    torch.manual_seed(0)
    return TinyLearner(sleep, dropout)


def tiny_record() -> RunRecord:
    return RunRecord(verb="pretrain", method="tiny", settings={}, seed=3)


def tiny_train(
    folder: Path, steps: int = 20, learner: TinyLearner | None = None, save_every: float = 30.0
):
    """Return the loop's generator, a new or an unfinished run alike."""
    run = RunFolder(folder)
    if not run.holds_record():
        run = RunFolder.create(folder, tiny_record())
    options = Options(save_every=save_every, report_every=0.0, precision="32-true")
    learner = learner or tiny_learner()
    return train(
        learner, tiny_images(), run, Budget(steps=steps), seed=3, device="cpu", options=options
    )


def train_and_say(say: Callable[[str], None], folder: Path, steps: int, **given: float) -> None:
    """Train in this process, one of several perhaps, and say what happens."""
    save_every = given.pop("save_every", 30.0)
    for news in tiny_train(folder, steps, tiny_learner(**given), save_every):
        say(news.event)
