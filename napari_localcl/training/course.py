"""The course of a run: through the stages, interrupted and resumed, saved and reported."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, cast

import torch

from napari_localcl.data.progress import Progress
from napari_localcl.data.provenance import now
from napari_localcl.training.budget import Timetable
from napari_localcl.training.chance import reseed
from napari_localcl.training.collapse import CollapseWatch
from napari_localcl.training.engine import Engine, optimizer_tensors, restore_optimizer
from napari_localcl.training.files import restore
from napari_localcl.training.metrics import Metrics
from napari_localcl.training.run import Position, State
from napari_localcl.training.schedules import Schedule, cosine, halving
from napari_localcl.training.step import Stepper, TrainingFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from torch import nn

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.training.budget import Budget, Clock
    from napari_localcl.training.devices import Precision
    from napari_localcl.training.learner import Learner, Stage
    from napari_localcl.training.run import RunFolder


@dataclass(frozen=True)
class Options:
    """How the loop goes about it.

    Attributes
    ----------
    precision : {'32-true', 'bf16-mixed'} or None
        None takes bfloat16 autocast where the device has it in hardware.
    learning_rate : float
        Adam's, for parameter groups without their own.
    schedule : Schedule
        Factor on every learning rate over each stage.
    save_every, report_every : float
        Seconds between saved states, and at least between two 'step' events.
    """

    precision: Precision | None = None
    learning_rate: float = 1e-3
    schedule: Schedule = cosine
    save_every: float = 30.0
    report_every: float = 0.25


@dataclass
class Course:
    """A run on its way; `go` is the way.

    Attributes
    ----------
    position : Position
        Where the run stands.
    stop_asked, interrupted : callable
        Whether to end early and keep the model; whether to save and break off.
    stepper : Stepper or None
        Takes the steps of the stage at hand; None between stages.
    stopped_early : bool
        Whether somebody asked to end the training and keep the model.
    last_save, last_report : float
        Monotonic seconds.
    """

    learner: Learner
    images: PreparedImages
    run: RunFolder
    engine: Engine
    clock: Clock
    budget: Budget
    seed: int
    options: Options
    stop_asked: Callable[[], bool] = lambda: False
    interrupted: Callable[[], bool] = lambda: False
    position: Position = field(default_factory=Position)
    stepper: Stepper | None = None
    stopped_early: bool = False
    last_save: float = 0.0
    last_report: float = 0.0
    metrics: Metrics = field(init=False)
    timetable: Timetable = field(init=False)
    watch: CollapseWatch = field(init=False)

    def __post_init__(self) -> None:
        shares = [stage.share for stage in self.learner.stages]
        self.timetable = Timetable(self.budget, shares, self.clock)

    @property
    def module(self) -> nn.Module:
        """The learner, as the module it is too."""
        return cast("nn.Module", self.learner)

    # The whole run

    def go(self, saved: State | None) -> Iterator[Progress]:
        """Train from a saved state, or from the start."""
        self.take_up(saved)
        yield from self.say("start", message=self.describe(saved))
        if self.watch.said:
            yield from self.say("warning", message=self.watch.said)
        for index in range(self.position.stage, len(self.learner.stages)):
            if self.engine.agree(self.timetable.has_time(self.position)):
                resumed = saved if saved and saved.position.stage == index else None
                yield from self.stage(self.learner.stages[index], resumed)
            if self.stopped_early:
                break
            self.move(stage=index + 1, step=0, entered=False)
            self.save()
        yield from self.conclude()

    def take_up(self, saved: State | None) -> None:
        """Put the learner where the run stands, with a first state on disk."""
        if saved:
            restore(self.module, saved.model, self.run.path)
            self.learner.remember(saved.memory)
            self.position = saved.position
        else:
            self.position = Position(training_since=self.clock.seconds())
        self.engine.place(self.module)
        self.engine.agree(None)  # nobody writes before everybody has read
        if self.engine.leads:
            self.run.begin_again()
            self.metrics = Metrics(self.run.metrics, self.position.total)
        self.watch = CollapseWatch(self.engine, self.learner, self.images, self.run)
        if not saved:
            self.save()

    def conclude(self) -> Iterator[Progress]:
        """Keep the weights; the run is finished."""
        if self.position.total == 0:
            raise TrainingFailed(
                f"the budget was spent before the first training step of {self.run.path}: give more"
            )
        if found := self.watch.look(self.position.total, last=True):
            yield from self.say("warning", message=found)
        if self.engine.leads:
            self.metrics.flush()
            self.run.save_weights(self.module.state_dict())
            self.mark("finished", stopped_early=self.stopped_early, finished=now())
            self.run.drop_state()
        early = ", ended early as asked" if self.stopped_early else ""
        message = f"trained {self.position.total} steps in {self.clock.seconds():.0f} s{early}"
        yield from self.say("done", message=message)

    def mark(self, status: str, **changes: object) -> None:
        """Note in the record how the run stands."""
        if self.engine.leads:
            self.run.update(status=status, seconds=round(self.clock.seconds(), 1), **changes)

    # One stage

    def stage(self, stage: Stage, resumed: State | None) -> Iterator[Progress]:
        """Make a stage ready and train it until its share of the budget is spent."""
        yield from self.say("stage", stage, message=f"stage '{stage.name}'")
        if not self.position.entered:
            yield from self.enter(stage)
        self.module.train()
        rate, schedule = self.options.learning_rate, self.schedule(stage)
        self.stepper = Stepper(self.engine, self.learner, stage.name, self.images, rate, schedule)
        if resumed and resumed.position.entered:
            restore_optimizer(self.stepper.optimizer, resumed.optimizer)
        yield from self.steps(stage, self.stepper)
        self.stepper = None

    def schedule(self, stage: Stage) -> Schedule:
        """Return how the learning rate changes over a stage."""
        if stage.halvings:
            return partial(halving, times=stage.halvings)
        if stage.warm_up is not None:
            return partial(cosine, warm_up=stage.warm_up)
        return self.options.schedule

    def enter(self, stage: Stage) -> Iterator[Progress]:
        """Let the learner make a stage ready; interrupted, the run stands before it."""
        chance = torch.Generator()
        reseed(chance, self.seed, self.position.stage, -1)
        for news in self.hurried(self.learner.enter(stage.name, self.images, chance)):
            if self.interrupted():
                self.interrupt()
            if self.engine.leads:
                yield news
        if self.engine.shard.world > 1:
            self.learner.remember(self.engine.agree(self.learner.memory()))
        self.move(entered=True, stage_since=self.clock.seconds())
        self.save()

    def hurried(self, work: Iterator[Progress]) -> Iterator[Progress]:
        """Drive a learner's entering, telling it (if it listens) when half its time is over."""
        since = self.clock.seconds()
        with suppress(StopIteration):
            news = next(work)
            while True:
                yield news
                late = self.timetable.half_over(self.position, since)
                news = work.send(late) if isinstance(work, Generator) else next(work)

    def steps(self, stage: Stage, stepper: Stepper) -> Iterator[Progress]:
        """Step until the stage's budget, or somebody, ends it."""
        news: list[Progress] = []
        while (fraction := self.due()) is not None:
            since = time.monotonic()
            losses = stepper.step(self.seed, self.position, fraction)
            self.count(stage, losses, time.monotonic() - since)
            if found := self.watch.look(self.position.total):
                yield from self.say("warning", stage, message=found)
            if stepper.failures:
                yield from self.say("note", stage, losses, "a loss was not finite: step left out")
            news = list(self.say("step", stage, losses))
            if since - self.last_report >= self.options.report_every:
                self.last_report = since
                yield from news
                news = []
            if since - self.last_save >= self.options.save_every:
                self.save()
                yield from self.say("save", stage)
        yield from news

    def due(self) -> float | None:
        """Return which part of the stage is done, the same in all processes; None if it is over."""
        interrupted, self.stopped_early, fraction = self.engine.agree(
            (self.interrupted(), self.stop_asked(), self.timetable.fraction(self.position))
        )
        if interrupted:
            self.save()
            self.interrupt()
        return None if self.stopped_early or fraction >= 1 else float(fraction)

    def count(self, stage: Stage, losses: dict[str, float], seconds: float) -> None:
        """Count a step, its losses and the seconds it took."""
        self.move(step=self.position.step + 1, total=self.position.total + 1)
        self.timetable.note_step(self.position, seconds)
        if self.engine.leads:
            self.metrics.add(self.position.total, stage.name, self.clock.seconds(), losses)

    # Saving and saying

    def move(self, **changes: object) -> None:
        """Change where the run stands."""
        self.position = self.position.model_copy(update=changes)

    def save(self) -> None:
        """Write what resuming needs; it changes nothing in the training."""
        self.last_save = time.monotonic()
        if not self.engine.leads:
            return
        self.move(seconds=self.clock.seconds())
        self.metrics.flush()
        optimizer = optimizer_tensors(self.stepper.optimizer) if self.stepper else {}
        weights = self.module.state_dict()
        self.run.save_state(State(self.position, weights, optimizer, self.learner.memory()))

    def interrupt(self) -> None:
        """Leave a usable run folder and let the interruption go on its way."""
        if self.engine.leads:
            self.run.save_weights(self.module.state_dict())
        self.mark("interrupted")
        raise KeyboardInterrupt

    def describe(self, saved: State | None) -> str:
        """Return one sentence on how the training starts."""
        engine = self.engine
        processes = f", {engine.shard.world} processes" if engine.shard.world > 1 else ""
        resumed = f", resumed after step {saved.position.total}" if saved else ""
        return f"training on {engine.kind} ({engine.precision}{processes}){resumed}"

    def say(
        self,
        event: str,
        stage: Stage | None = None,
        losses: dict[str, float] | None = None,
        message: str = "",
    ) -> Iterator[Progress]:
        """Yield a Progress, in the leading process only."""
        if not self.engine.leads:
            return
        here, timetable = self.position, self.timetable
        yield Progress(
            event,
            stage=stage.name if stage else "",
            step=here.step if stage else here.total,
            steps=timetable.steps[here.stage] if stage else timetable.total,
            losses=losses or {},
            images_per_second=self.learner.images_per_step() * timetable.steps_per_second(),
            seconds_left=timetable.seconds_left(here),
            message=message,
        )
