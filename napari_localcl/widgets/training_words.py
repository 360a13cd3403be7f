"""What a training says of itself, in words for people."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from napari_localcl.widgets.wish import CLASSIFY, FINETUNE, LEARN, SEGMENT
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_localcl.tasks.held_out import HeldOut
    from napari_localcl.tasks.project_runs import RunRow

COUNTED = ("segment", "embed", "fit", "predict")
"""Events of work on images or series that can be counted, and is no training."""

SAFE = "Earlier models, and all points and masks, are as they were."


class Outcome(Enum):
    """How a training ended."""

    LEARNED = auto()
    CANCELLED = auto()
    PAUSED = auto()
    BROKEN = auto()
    FAILED = auto()


def doing(verb: str) -> str:
    """Return what a terminal verb does, as the beginning of a sentence."""
    words = {LEARN: "Learning", SEGMENT: "Segmenting", CLASSIFY: "Learning findings"}
    return {**words, FINETUNE: "Fine-tuning"}[verb]


def plain(complaint: str) -> str:
    """Return what a process complained of; what torch says at length of memory in plain words."""
    if any(sign in complaint for sign in ("out of memory", "MemoryError", "allocate memory")):
        return "memory ran out; choose a smaller image size under Advanced, or another device"
    return complaint.rstrip(".") or "no reason given"


def learned(name: str, warning: str, is_improving: bool) -> tuple[Outcome, str]:
    """Return how a training ended that came to its end, and what to say of it."""
    if warning:
        return Outcome.LEARNED, f"{name} is finished, but {warning}."
    hope = " The loss was still falling: learning longer would help." if is_improving else ""
    return Outcome.LEARNED, f"{name} has learned.{hope}"


def proposed(run: str, counts: Mapping[str, int], measured: HeldOut | None) -> str:
    """Return what to say of masks that a run proposes, so many of each structure."""
    masks = counted(sum(counts.values()), "mask")
    what = f" of {next(iter(counts))}" if len(counts) == 1 else ""
    more = f" {measured.in_words()}." if measured else ""
    return f"{run} proposes {masks}{what}.{more}"


def failed(verb: str, why: str) -> tuple[Outcome, str]:
    """Return how a training ended that failed, and the sentence that says why."""
    return Outcome.FAILED, f"{doing(verb)} failed: {why}. {SAFE}"


def ended_early(
    verb: str, name: str, left: RunRow | None, is_paused: bool, complaint: str
) -> tuple[Outcome, str]:
    """Return how a run ended that did not come to its end, and the sentence that says why.

    Parameters
    ----------
    verb, name : str
        What was done, and the run's folder.
    left : RunRow or None
        The latest run of that verb, if it can be resumed.
    is_paused : bool
        Whether a person wanted it to end.
    complaint : str
        What its process said last.
    """
    if left is None or left.folder != name:
        return failed(verb, plain(complaint))
    if is_paused:
        return Outcome.PAUSED, f"{name} is paused. Resume goes on with it."
    return Outcome.BROKEN, (
        f"{doing(verb)} broke off: {plain(complaint)}. {SAFE} "
        f"Resume goes on with {name} from where it was last saved."
    )


def part_gone(event: Mapping[str, Any], gone: float) -> float | None:
    """Return which part of the time has gone after `gone` seconds; None while nobody can tell."""
    left = event.get("seconds_left")
    return None if left is None else gone / max(gone + left, 1e-6)


def in_words(event: Mapping[str, Any]) -> str:
    """Return how far a training is, from one of its events."""
    stage, steps = event.get("stage", ""), event.get("steps")
    count = f"{event.get('step', 0)} of {steps}" if steps else f"step {event.get('step', 0)}"
    speed = event.get("images_per_second")
    parts = [event.get("message") or stage or event["event"]]
    parts += [count] if event.get("step") else []
    parts += [f"{speed:.3g} images per second"] if speed else []
    parts += [_left(event["seconds_left"])] if "seconds_left" in event else []
    return ", ".join(parts)


def _left(seconds: float) -> str:
    minutes = seconds / 60
    return f"{minutes:.0f} min left" if minutes >= 2 else f"{seconds:.0f} s left"
