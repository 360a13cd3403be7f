"""The published systems, one file or package each; a new one is a new method.

``PUBLISHED`` maps their names to their classes.
"""

from __future__ import annotations

import importlib
import pkgutil

from .method import PUBLISHED, Method, MethodSettings, Stage

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

__all__ = ["PUBLISHED", "Method", "MethodSettings", "Stage"]
