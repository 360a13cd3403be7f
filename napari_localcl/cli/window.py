"""The verb `window`: napari with the dock, and a folder opened in it."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from napari_localcl.data.errors import BadInput

BINDINGS = ("PyQt5", "PyQt6", "PySide6")


def window(
    folder: Annotated[
        Path | None,
        typer.Argument(help="A folder of images, or a project. Left out: an empty one."),
    ] = None,
) -> None:
    """Open the window."""
    if reason := obstacle():
        raise BadInput(reason)
    if folder is not None and not folder.is_dir():
        raise BadInput(f"{folder} is not a folder: give a folder of images or a project")
    # In a process of its own, because a terminal verb knows neither Qt nor napari.
    given = [str(folder.resolve())] if folder else []
    command = [sys.executable, "-m", "napari_localcl.widgets", *given]
    if status := subprocess.run(command, check=False).returncode:
        raise typer.Exit(status)


def obstacle() -> str | None:
    """Return why no window can be opened here; None if one can."""
    if find_spec("napari") is None or not any(find_spec(name) for name in BINDINGS):
        return "there is no napari here: install it with pip install 'napari-localcl[pyqt5]'"
    screens = ("DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in screens):
        return "there is no screen here (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    return None
