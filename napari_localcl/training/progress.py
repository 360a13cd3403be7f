"""Progress, the only thing the loop says."""

from napari_localcl.data.progress import Progress

__all__ = ["Progress"]
