"""What would hold the window up when it is first needed, done in the background before."""

from __future__ import annotations

from importlib import import_module
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


def _read_units() -> None:
    """Read the units of measurement that napari's layers look up.

    The registry that pint would read on the main thread is replaced whole, because one that is
    being read cannot be used.
    """
    import pint

    read = pint.UnitRegistry()
    if isinstance(pint.application_registry.get(), pint.LazyRegistry):
        pint.set_application_registry(read)
