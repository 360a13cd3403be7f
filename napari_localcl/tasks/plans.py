"""What a pre-training is to do, checked before any work begins."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.methods import PUBLISHED
from napari_localcl.training.budget import Budget
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_localcl.methods import Method, MethodSettings
    from napari_localcl.training.record import RunRecord

METHOD, PRESET, RECIPE = "ld", "small", "action"
# What an encoder learned at: it would not know the same image at another size or contrast.
INHERITED = ("image_size", "local_contrast", "contrast_reach")
NO_BUDGET = "how long to train is missing: give --minutes or --steps"


@dataclass(frozen=True)
class Plan:
    """What to train, all of it checked.

    Attributes
    ----------
    method : type of Method
        The published system.
    settings : MethodSettings
        Its settings.
    seed : int
        What chance depends on.
    budget : Budget
        Steps or minutes.
    preset : str
        What the settings began with; empty where a run does not say.
    start_from : str or None
        An earlier run whose weights to begin with.
    resumed : bool
        Whether to go on with a run that is there.
    channels : int or None
        Of the images; None takes what they have.
    """

    method: type[Method]
    settings: MethodSettings
    seed: int
    budget: Budget
    preset: str = ""
    start_from: str | None = None
    resumed: bool = False
    channels: int | None = None


def find_method(name: str) -> type[Method]:
    """Return a published system by its name.

    Raises
    ------
    BadInput
        If there is none; the sentence has near names.
    """
    if name not in PUBLISHED:
        near = difflib.get_close_matches(name, PUBLISHED, n=1) or sorted(PUBLISHED)
        raise BadInput(f"there is no method '{name}': choose {' or '.join(near)}")
    return PUBLISHED[name]


def fresh_plan(
    method: str | None,
    preset: str | None,
    settings: Mapping[str, object] | None,
    seed: int | None,
    budget: Budget | None,
    start_from: str | Path | None,
    to_shape: Mapping[str, object] | None = None,
) -> Plan:
    """Return the plan of a new run; None takes a default.

    With `to_shape`, what suits a prior, the run is to learn a shape.

    Raises
    ------
    BadInput
        If a name is unknown, a value not allowed, the budget missing, or `start_from` no run.
    """
    chosen = find_method(method or METHOD)
    name = preset or PRESET
    presets = chosen.presets if to_shape is None else chosen.shape_presets
    if name not in presets:
        raise BadInput(_no_preset(chosen, name, presets))
    if budget is None:
        raise BadInput(NO_BUDGET)
    given = {**(to_shape or {}), **(settings or {})}
    built = chosen.settle(given, presets[name])
    plan = Plan(chosen, built, seed or 0, budget, name, str(start_from) if start_from else None)
    if start_from is None:
        return plan
    earlier = RunFolder.open(start_from).record
    if not chosen.adopts(built):
        return plan
    suited = chosen.settle({**inherited(earlier), **given}, presets[name])
    return replace(plan, settings=suited, channels=channels_of(earlier, start_from))


def inherited(earlier: RunRecord, more: tuple[str, ...] = ()) -> dict[str, object]:
    """Return the settings that a run goes on with that learns on an earlier run's network."""
    names = INHERITED + more
    return {name: earlier.settings[name] for name in names if name in earlier.settings}


def channels_of(earlier: RunRecord, path: str | Path) -> int:
    """Return the channels of the images that an earlier run learned from.

    Raises
    ------
    BadInput
        If it has seen none.
    """
    if earlier.channels is None:
        raise BadInput(f"{path} was interrupted before it learned anything: choose another")
    return earlier.channels


def recipes() -> dict[str, type[Method]]:
    """Return the recipes of fine-tuning by name, each with the system that it is a preset of."""
    return {name: method for method in PUBLISHED.values() for name in method.label_presets}


def find_recipe(name: str | None) -> type[Method]:
    """Return the system that a recipe of fine-tuning is a preset of; None is the default.

    Raises
    ------
    BadInput
        If there is none.
    """
    known = recipes()
    if (name or RECIPE) not in known:
        raise BadInput(f"there is no recipe '{name}': choose {' or '.join(known)}")
    return known[name or RECIPE]


def recipe_plan(
    recipe: str | None,
    settings: Mapping[str, object] | None,
    suited: Mapping[str, object],
    seed: int | None,
    budget: Budget | None,
    start_from: str | Path | None,
    channels: int | None,
) -> Plan:
    """Return the plan of a new run that learns from labels; None takes a default.

    `suited` and `channels` are what suits the earlier run that it starts from.

    Raises
    ------
    BadInput
        As :func:`fresh_plan`.
    """
    name, method = recipe or RECIPE, find_recipe(recipe)
    if budget is None:
        raise BadInput(NO_BUDGET)
    given = {**suited, **(settings or {})}
    built = method.settle(given, method.label_presets[name])
    begun = str(start_from) if start_from else None
    return Plan(method, built, seed or 0, budget, name, begun, channels=channels)


def _no_preset(method: type[Method], name: str, presets: Mapping[str, object]) -> str:
    if not presets:
        return f"method '{method.name}' cannot segment by a shape: choose another --method"
    return f"method '{method.name}' has no preset '{name}': choose {' or '.join(presets)}"


def resumed_plan(
    record: RunRecord,
    method: str | None,
    settings: Mapping[str, object] | None,
    seed: int | None,
    budget: Budget | None,
) -> Plan:
    """Return the plan to go on with a run; only its budget may be changed.

    Raises
    ------
    BadInput
        If something else is given that differs from the record.
    """
    own = Budget(record.steps, record.minutes)
    plan = plan_of(record, budget or own)
    asked = plan.method.settle(settings or {}, record.settings)
    same = method in (None, record.method) and seed in (None, record.seed)
    if not same or asked != plan.settings:
        raise BadInput(
            "a run is resumed with the method, settings and seed it was begun with: leave them out "
            "or begin another --run"
        )
    return replace(plan, resumed=True, channels=record.channels)


def plan_of(record: RunRecord, budget: Budget) -> Plan:
    """Return the plan that a run was begun with, with this budget.

    Raises
    ------
    BadInput
        If this version does not know the run's method or its settings.
    """
    method = find_method(record.method)
    settings = method.settle({}, record.settings)
    return Plan(method, settings, record.seed, budget, record.preset, record.started_from)
