"""What would hold the window up when it is first needed, done in the background before."""

from __future__ import annotations

import ctypes
import os
import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

# napari imports the first two for its first layers of images and points; the monitor draws with
# the last.
_MODULES = ("scipy.ndimage", "pandas", "napari_localcl.widgets.monitor")


def warm_up() -> Generator[None, None, None]:
    """Import and read what takes longer than a window may stand still."""
    _read_units()
    for module in _MODULES:
        yield
        import_module(module)


def load_torch() -> Generator[None, None, None]:
    """Import torch, and what finds landmarks with it."""
    if "torch" not in sys.modules and os.name == "posix":
        _load_libraries()
    yield
    import_module("napari_localcl.tasks.atlas")


def _load_libraries() -> None:
    """Load torch's libraries as torch itself will, but let Python go on meanwhile.

    The system takes most of a second over it. An import would hold all of Python up that long;
    a function called through ctypes does not. Where it fails, torch's import says why.
    """
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return
    suffix = "dylib" if sys.platform == "darwin" else "so"
    load = ctypes.CDLL(None).dlopen
    load.argtypes, load.restype = [ctypes.c_char_p, ctypes.c_int], ctypes.c_void_p
    for name, mode in (("torch_global_deps", os.RTLD_GLOBAL), ("torch_python", os.RTLD_LOCAL)):
        path = Path(spec.origin).parent / "lib" / f"lib{name}.{suffix}"
        load(os.fsencode(path), os.RTLD_LAZY | mode)


def _read_units() -> None:
    """Read the units of measurement that napari's layers look up.

    The registry that pint would read on the main thread is replaced whole, because one that is
    being read cannot be used.
    """
    import pint

    read = pint.UnitRegistry()
    if isinstance(pint.application_registry.get(), pint.LazyRegistry):
        pint.set_application_registry(read)
