"""One training loop for anything that can name its losses; it knows no method."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.training.budget import Clock
from napari_localcl.training.course import Course, Options
from napari_localcl.training.engine import Engine
from napari_localcl.training.interruption import Interruption
from napari_localcl.training.step import TrainingFailed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.progress import Progress
    from napari_localcl.training.budget import Budget
    from napari_localcl.training.learner import Learner
    from napari_localcl.training.run import RunFolder

__all__ = ["Options", "TrainingFailed", "train"]


def train(
    learner: Learner,
    images: PreparedImages,
    run: RunFolder,
    budget: Budget,
    *,
    seed: int = 0,
    device: str = "auto",
    options: Options | None = None,
    started: float | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> Iterator[Progress]:
    """Train a learner through its stages; of several processes, only the first yields.

    Parameters
    ----------
    learner : Learner
        An ``nn.Module`` that says what it samples and minimises; trained in place.
    images : PreparedImages
        What it samples from.
    run : RunFolder
        Where to write. A saved state in it is resumed, on the CPU with a budget of steps to bitwise
        the same weights as without the interruption.
    budget : Budget
        Steps, or minutes since `started`; every stage gets its share, schedules follow it.
    seed, device : int, str
        What chance depends on; 'auto', 'cpu', 'cuda' or 'mps'.
    options : Options or None
        Precision, learning rate and rhythm; None for the defaults.
    started : float or None
        ``time.monotonic()`` at the start of the verb; None is now.
    stop : callable
        Asked before every step; True ends the training early and keeps the model, as does a file
        named ``stop`` in the run folder.

    Yields
    ------
    Progress
        'start'; per stage 'stage', what the learner says on entering it, 'step' and 'save'; 'done'.

    Raises
    ------
    TrainingFailed
        If the loss is no finite number five steps running, or the budget ended before a step.
    KeyboardInterrupt
        After Ctrl-C or SIGTERM, with state and weights saved.
    """
    options = options or Options()
    engine, saved = Engine(device, options.precision), run.load_state()
    clock = Clock(started, saved.position.seconds if saved else 0.0)
    course = Course(learner, images, run, engine, clock, budget, seed, options)
    with Interruption() as interruption:
        course.stop_asked = lambda: stop() or run.stop_asked()
        course.interrupted = lambda: interruption.asked
        try:
            yield from course.go(saved)
        except BadInput:
            course.mark("failed")
            raise
