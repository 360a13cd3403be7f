"""The tests of the window run once with each binding."""

import os
import sys

import pytest

pytest.importorskip("qtpy.QtWidgets")
NAMES = {"pyqt5": "PyQt5", "pyqt6": "PyQt6", "pyside6": "PySide6"}


def test_the_binding_in_use_is_the_one_asked_for():
    loaded = [name for key, name in NAMES.items() if f"{name}.QtWidgets" in sys.modules]
    assert loaded == [NAMES[os.environ.get("QT_API", "pyqt5")]]
