from __future__ import annotations

import subprocess
import sys

import pytest

CODE = """
import time, warnings
warnings.simplefilter("ignore")
import napari, npe2, sys
viewer = napari.Viewer(show=False)
start = time.process_time()
from napari_localcl.widgets.dock import LocalCL
dock = LocalCL(viewer)
taken = time.process_time() - start
dock.shut_down()
viewer.close()
assert "torch" not in sys.modules
print(taken)
"""


@pytest.mark.slow
def test_the_dock_opens_in_less_than_a_second_and_without_torch():
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]
    assert float(done.stdout) < 1
