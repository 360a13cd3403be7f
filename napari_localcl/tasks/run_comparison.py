"""In what runs differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_localcl.training.record import RunRecord

ABSENT = "-"
"""What stands for a setting that a run does not have."""


def differences(records: Sequence[RunRecord]) -> dict[str, tuple[str, ...]]:
    """Return what was set otherwise in some of the runs, by name; one value for each run.

    Settings of settings have dotted names, as in the terminal.
    """
    facts = [_facts(record) for record in records]
    names = dict.fromkeys(name for one in facts for name in one)
    values = {name: tuple(one.get(name, ABSENT) for one in facts) for name in names}
    return {name: row for name, row in values.items() if len(set(row)) > 1}


def _facts(record: RunRecord) -> dict[str, str]:
    return {
        "method": record.method,
        "preset": record.preset or ABSENT,
        "budget": _budget(record),
        "seed": str(record.seed),
        "device": record.device or ABSENT,
        "precision": record.precision or ABSENT,
        "images": str(len(record.images)),
        "begun with": record.started_from or "nothing",
        "ended early": "yes" if record.stopped_early else "no",
        **dict(_flat(record.settings)),
    }


def _budget(record: RunRecord) -> str:
    return f"{record.steps} steps" if record.steps else f"{record.minutes or 0:g} minutes"


def _flat(settings: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in settings.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield prefix + name, str(value)
