"""Which encoder suits a user's images: figures without labels, controls, and plain words."""

from napari_localcl.tasks.probe.probing import LIMIT, probe
from napari_localcl.tasks.probe.report import Report

__all__ = ["LIMIT", "Report", "probe"]
