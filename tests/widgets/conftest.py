"""What all tests of the window share."""

from __future__ import annotations

import time

import pytest

pytest.importorskip("napari", reason="the window needs napari and a Qt binding")
pytest.importorskip("qtpy")


@pytest.fixture
def wait(qapp):
    """Return a function that lets the window live until something is true."""

    def until(is_true, seconds=120):
        end = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < end, "it never came true"
            qapp.processEvents()
            time.sleep(0.005)

    return until


@pytest.fixture(scope="session")
def qapp():
    """Return the one application of the tests."""
    from qtpy.QtWidgets import QApplication

    return QApplication.instance() or QApplication([])
