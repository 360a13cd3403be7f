"""What is read and imported before the window needs it."""

import subprocess
import sys

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
