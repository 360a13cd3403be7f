"""The window in a process of its own: `python -m napari_localcl.widgets [FOLDER]`."""

import sys
from pathlib import Path

import napari


def main(folder: Path | None) -> None:
    """Open napari with the dock `LocalCL`, and in it a folder of images or a project.

    Returns when the window is closed.
    """
    viewer = napari.Viewer()
    _, dock = viewer.window.add_plugin_dock_widget("napari-localcl", "LocalCL")
    if folder is not None:
        dock.images.open(folder)
    napari.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else None)
