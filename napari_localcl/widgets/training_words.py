"""What a training says of itself, in words for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_localcl.widgets.wish import LEARN, SEGMENT

if TYPE_CHECKING:
    from collections.abc import Mapping


def doing(verb: str) -> str:
    """Return what a terminal verb does, as the beginning of a sentence."""
    return {LEARN: "Learning", SEGMENT: "Segmenting"}[verb]


def plain(complaint: str) -> str:
    """Return what a process complained of; what torch says at length of memory in plain words."""
    if any(sign in complaint for sign in ("out of memory", "MemoryError", "allocate memory")):
        return "memory ran out; choose a smaller image size under Advanced, or another device"
    return complaint.rstrip(".") or "no reason given"


def has_learned(name: str, warning: str, is_improving: bool) -> str:
    """Return what there is to say of a run that has learned."""
    if warning:
        return f"{name} is finished, but {warning}."
    hope = " The loss was still falling: learning longer would help." if is_improving else ""
    return f"{name} has learned.{hope}"


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
