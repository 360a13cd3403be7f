"""The window in a process of its own: `python -m napari_localcl.widgets [FOLDER]`."""

import sys
from pathlib import Path

import napari
from qtpy.QtWidgets import QMainWindow

_SIZE = 1400, 900  # pixels, where the screen has them


def main(folder: Path | None) -> None:
    """Open napari with the dock `LocalCL`, and in it a folder of images or a project.

    Returns when the window is closed.
    """
    viewer = napari.Viewer()
    _enlarge(viewer.window._qt_window)
    _, dock = viewer.window.add_plugin_dock_widget("napari-localcl", "LocalCL")
    if folder is not None:
        dock.images.open(folder)
    napari.run()


def _enlarge(window: QMainWindow) -> None:
    """Make room for the picture between the docks: napari's first size has none."""
    screen = window.screen().availableGeometry()
    width, height = (
        max(now, min(wanted, most))
        for now, wanted, most in zip(
            (window.width(), window.height()),
            _SIZE,
            (screen.width(), screen.height()),
            strict=True,
        )
    )
    window.resize(width, height)
    if not screen.contains(window.geometry()):
        window.move(screen.topLeft())


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
