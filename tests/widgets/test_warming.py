from __future__ import annotations

import subprocess
import sys

import pytest

UNITS = """
import sys
import pint
from napari_localcl.widgets.warming import warm_up
lazy = pint.application_registry.get()
for _ in warm_up():
    pass
now = pint.application_registry.get()
assert isinstance(lazy, pint.LazyRegistry), "it was not touched, only replaced"
assert not isinstance(now, pint.LazyRegistry)
assert pint.Quantity("3 mm") == now("3 mm")
assert {"pandas", "scipy.ndimage", "pyqtgraph"} <= set(sys.modules)
assert "torch" not in sys.modules
for _ in warm_up():
    pass
assert pint.application_registry.get() is now, "units of two registries do not go together"
"""


def test_units_are_read_once_and_what_is_slow_to_import_is_there():
    subprocess.run([sys.executable, "-W", "ignore", "-c", UNITS], check=True)


TORCH = """
import sys
import psutil
from napari_localcl.widgets.warming import load_torch
work = load_torch()
next(work)
mapped = {one.path.rpartition("/")[2] for one in psutil.Process().memory_maps()}
assert "libtorch_cpu.so" in mapped
assert "torch" not in sys.modules
list(work)
assert sys.modules["torch"].ones(3).sum() == 3
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into the process as Linux shows it")
def test_the_libraries_of_torch_are_loaded_before_it_is_imported():
    subprocess.run([sys.executable, "-W", "ignore", "-c", TORCH], check=True)
