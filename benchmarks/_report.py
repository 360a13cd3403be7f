"""What every benchmark prints and writes: a table, a JSON file, and the machine."""

from __future__ import annotations

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch
from rich.console import Console
from rich.table import Table

from napari_localcl.training.devices import has_bf16

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence

Result = TypeVar("Result")
PROJECT = Path(__file__).resolve().parent.parent


def drain(work: Generator[Any, None, Result]) -> Result:
    """Run a task to its end, and return its result."""
    while True:
        try:
            next(work)
        except StopIteration as end:
            return end.value


def machine() -> dict[str, object]:
    """Describe where the figures come from."""
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "bf16": has_bf16("cpu"),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "napari-localcl": version("napari-localcl"),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), "unknown")


def show(title: str, rows: Sequence[Mapping[str, object]]) -> None:
    """Print rows as a table; numbers with three digits."""
    table = Table(title=title, title_justify="left")
    columns = list(dict.fromkeys(key for row in rows for key in row))
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*(_text(row.get(column, "")) for column in columns))
    Console(width=160).print(table)


def _text(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def write(path: Path | None, results: Mapping[str, object]) -> None:
    """Write everything as JSON, with the machine."""
    if path is not None:
        path.write_text(json.dumps({"machine": machine(), **results}, indent=1))
        print(f"written: {path}")
