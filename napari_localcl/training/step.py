"""One training step: draw a batch, follow the gradient of its losses."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

from napari_localcl.data.errors import BadInput
from napari_localcl.training.chance import reseed
from napari_localcl.training.schedules import along_cosine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.training.engine import Engine
    from napari_localcl.training.learner import Learner
    from napari_localcl.training.run import Position
    from napari_localcl.training.schedules import Schedule

PATIENCE = 5  # steps in a row whose loss may be no finite number


class TrainingFailed(BadInput):
    """Training that came to nothing; its message is one sentence that says what to do."""


class Stepper:
    """Takes the steps of one stage.

    Parameters
    ----------
    engine : Engine
        Where to compute.
    learner : Learner
        What to train, made ready for the stage.
    stage : str
        The stage's name.
    images : PreparedImages
        What the learner samples from.
    learning_rate : float
        Adam's, for parameter groups without their own.
    schedule : Schedule
        Factor on every learning rate over the stage.

    Attributes
    ----------
    optimizer : torch.optim.Optimizer
        Fresh for the stage.
    failures : int
        How many of the latest steps in a row had to be skipped.
    """

    def __init__(
        self,
        engine: Engine,
        learner: Learner,
        stage: str,
        images: PreparedImages,
        learning_rate: float,
        schedule: Schedule,
    ) -> None:
        self._engine = engine
        self._learner = learner
        self._stage = stage
        self._images = images
        self._schedule = schedule
        self._chance = torch.Generator()
        self._objective = engine.objective(learner)
        self.optimizer = engine.optimizer(learner.parameter_groups(stage), learning_rate)
        groups = self.optimizer.param_groups
        self._begun = [(group["lr"], group["weight_decay"]) for group in groups]
        self.failures = 0

    def step(self, seed: int, here: Position, fraction: float) -> dict[str, float]:
        """Train on one batch, `fraction` of the stage being done, and return the loss terms.

        Raises
        ------
        TrainingFailed
            If loss or gradient was no finite number five steps running.
        """
        reseed(self._chance, seed, here.stage, here.step)
        terms = self._terms()
        self.optimizer.zero_grad()
        self._engine.backward(torch.stack(list(terms.values())).sum())
        losses = self._numbers(terms)
        if self._healthy(losses):
            self._set_rates(fraction)
            self._clip()
            self.optimizer.step()
            with torch.no_grad():
                self._learner.after_step(self._stage, fraction)
        return losses

    def _terms(self) -> dict[str, torch.Tensor]:
        engine = self._engine
        with torch.no_grad():
            batch = self._learner.sample(
                self._stage, self._images, self._chance, engine.shard, engine.device
            )
        return self._objective(self._stage, batch)

    def _numbers(self, terms: dict[str, torch.Tensor]) -> dict[str, float]:
        values = torch.stack([term.detach().float() for term in terms.values()])
        return dict(zip(terms, self._engine.mean(values).tolist(), strict=True))

    def _set_rates(self, fraction: float) -> None:
        factor = self._schedule(fraction)
        for group, (rate, decay) in zip(self.optimizer.param_groups, self._begun, strict=True):
            group["lr"] = rate * factor
            last = group.get("final_weight_decay", decay)
            group["weight_decay"] = along_cosine(decay, last, fraction)

    def _clip(self) -> None:
        for group in self.optimizer.param_groups:
            if group.get("clip"):
                clip(group["params"], group["clip"])

    def _healthy(self, losses: dict[str, float]) -> bool:
        # One infinite gradient would stay in Adam's moments for good, so such a step is left out.
        if all(map(math.isfinite, losses.values())) and math.isfinite(self._gradient_norm()):
            self.failures = 0
            return True
        self.failures += 1
        if self.failures >= PATIENCE:
            raise TrainingFailed(
                f"the loss of stage '{self._stage}' was no finite number {PATIENCE} steps running: "
                "lower the learning rate, try another --seed, or look for odd images in the folder"
            )
        return False

    def _gradient_norm(self) -> float:
        groups = self.optimizer.param_groups
        parameters = [parameter for group in groups for parameter in group["params"]]
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        return float(torch.nn.utils.get_total_norm(gradients))


def clip(parameters: Sequence[torch.Tensor], most: float) -> None:
    """Shorten the gradient of each parameter, by itself, to at most this norm."""
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    if gradients:
        norms = torch._foreach_norm(gradients)
        torch._foreach_div_(gradients, [(norm / most).clamp(min=1) for norm in norms])
