"""Notice when training goes wrong silently: every place of every image gets the same embedding.

A loss may look well while that happens. So every now and then the learner embeds a few images, and
the spread of their vectors is measured. It changes nothing in the training: modes of layers are put
back, and nothing is drawn that training draws from.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn

from napari_localcl.models.spread import effective_rank, token_spread

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.training.engine import Engine
    from napari_localcl.training.learner import Learner
    from napari_localcl.training.run import RunFolder

EVERY = 20  # steps at least between two looks, and before the first: fresh statistics must settle
SHARE = 0.01  # of the time that looking may take
LEAST = 0.03  # spread of a collapse; fresh and healthy encoders had 0.3 and more after one step
PATIENCE = 2  # looks in a row that must show it
_MOST = 4096  # vectors measured per level


class CollapseWatch:
    """Looks at a learner every now and then; speaks once.

    Parameters
    ----------
    engine : Engine
        Where it is trained.
    learner : Learner
        What is trained.
    images : PreparedImages
        What from.
    run : RunFolder
        Whose record notes a collapse.

    Attributes
    ----------
    said : str
        What was said of a collapse; '' while there is none.
    """

    def __init__(
        self, engine: Engine, learner: Learner, images: PreparedImages, run: RunFolder
    ) -> None:
        self._engine = engine
        self._learner = learner
        self._images = images
        self._run = run
        self.said = run.record.collapse
        self._looks = 0
        self._rest = (0, 0.0)  # no look before this step and time

    def look(self, step: int, *, last: bool = False) -> str:
        """Return a sentence when a collapse has shown itself, else ''.

        Parameters
        ----------
        step : int
            Steps done since the run began.
        last : bool
            Whether no further look will come, so that this one decides.
        """
        step_due, time_due = self._rest
        is_due = step >= step_due and time.monotonic() >= time_due
        if self.said or not self._engine.leads or step < EVERY or not (last or is_due):
            return ""
        since = time.monotonic()
        spread, rank = self._measure()
        now = time.monotonic()
        self._rest = (step + EVERY, now + (now - since) / SHARE)
        self._looks = self._looks + 1 if spread < LEAST else 0
        if not self._looks or (self._looks < PATIENCE and not last):
            return ""
        self.said = _sentence(step, spread, rank)
        self._run.update(collapse=self.said)
        return self.said

    def _measure(self) -> tuple[float, float]:
        """Spread and effective rank of the level that is spread the most."""
        device = self._engine.device
        fast = torch.autocast(
            device.type, torch.bfloat16, enabled=self._engine.precision == "bf16-mixed"
        )
        with torch.no_grad(), fast, _evaluating(cast("nn.Module", self._learner)):
            levels = self._learner.vectors_to_watch(self._images, device)
        return _widest(levels)


def _widest(levels: Mapping[int, Tensor]) -> tuple[float, float]:
    """A level that a stage leaves alone may rest at one point while others learn."""
    rows = [_rows(maps) for maps in levels.values()]
    return max(((token_spread(one), effective_rank(one)) for one in rows), default=(1.0, 1.0))


def _rows(maps: Tensor) -> Tensor:
    """Vectors (B, D, ...) -> some of them as finite rows (N, D)."""
    rows = maps.detach().float().movedim(1, -1).flatten(end_dim=-2)
    return rows[:: max(1, len(rows) // _MOST)].nan_to_num()


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    modes = {part: part.training for part in module.modules()}
    module.eval()
    try:
        yield
    finally:
        for part, mode in modes.items():
            part.training = mode


def _sentence(step: int, spread: float, rank: float) -> str:
    return (
        f"the learning has collapsed by step {step}: all places of all images have come to look "
        f"alike to it (spread {spread:.2g} of 1, effective rank {rank:.1f}), so it can find "
        "nothing; begin again with a smaller learning rate, another seed or another method"
    )
