"""The terminal: one verb per task, and nothing heavy imported before a verb needs it."""

from napari_localcl.cli.entry import main

__all__ = ["main"]
