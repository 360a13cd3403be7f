"""What all tests of the window share."""

from __future__ import annotations

import gc
import os
import time
import warnings
from contextlib import contextmanager, suppress
from types import SimpleNamespace

import pytest

pytest.importorskip("qtpy", reason="the window needs napari and a Qt binding")
# A layer that is changed from another thread is an error.
os.environ["NAPARI_ENSURE_PLUGIN_MAIN_THREAD"] = "1"
with warnings.catch_warnings():
    # napari's and magicgui's own: pydantic 1 manners, a binding that is to go.
    warnings.simplefilter("ignore")
    import napari
    import napari.viewer
    from qtpy.QtCore import QEvent
    from qtpy.QtWidgets import QApplication

from projects import new_project

from napari_localcl.widgets.child import Child
from napari_localcl.widgets.session import Session


@pytest.fixture(scope="session")
def qapp():
    """Return the one application of the tests."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return napari.qt.get_qapp()


@pytest.fixture(scope="session", autouse=True)
def config(tmp_path_factory):
    """Keep the projects of the tests out of the user's list."""
    os.environ["LOCALCL_CONFIG"] = str(tmp_path_factory.mktemp("config"))


@pytest.fixture(scope="session", autouse=True)
def _no_patience():
    """Let children have their share of the processor: nobody but the test works at this window."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("napari_localcl.widgets.child._LOWER", 0)
        yield


@pytest.fixture(autouse=True)
def _delete_what_is_to_be_deleted(qapp):
    """Do what the window's loop would: Python may otherwise collect a widget in another thread."""
    yield
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def quiet():
    """Let garbage of other tests not be looked through while times are taken."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture(scope="session")
def wait(qapp):
    """Return a function that lets the window live until something is true."""

    def until(is_true, seconds=120):
        end = time.monotonic() + seconds
        while not is_true():
            assert time.monotonic() < end, "it never came true"
            qapp.processEvents()
            time.sleep(0.002)

    return until


@contextmanager
def opened_viewer(qapp):
    """A viewer; at the end, no window may be left that was not there before."""
    before = set(QApplication.topLevelWidgets())
    viewer = napari.Viewer(show=False)
    yield viewer
    with suppress(RuntimeError):  # a test may have closed it
        viewer.close()
    for _ in range(3):
        qapp.processEvents()
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    left = set(QApplication.topLevelWidgets()) - before
    assert not {type(widget).__name__ for widget in left if "LocalCL" in type(widget).__name__}


@pytest.fixture
def own_viewer(qapp):
    """Return a viewer of the test's own."""
    with opened_viewer(qapp) as viewer:
        yield viewer


@pytest.fixture
def viewer(own_viewer):
    """Return a viewer; modules put one in its place that several tests share."""
    return own_viewer


@pytest.fixture(scope="module")
def plain_viewer(qapp):
    """Return a viewer for all tests of a module; each finds it as the one before left it."""
    with opened_viewer(qapp) as viewer:
        yield viewer


@pytest.fixture(scope="module")
def program():
    """Return the script that the window is to run in the place of the terminal program."""
    return None


@pytest.fixture(scope="module")
def window(qapp, program):
    """Return a viewer and its dock for all tests of a module: a window takes seconds to make.

    Each test opens a project of its own in it, as a user would go over to another one.
    """
    with pytest.MonkeyPatch.context() as patch, opened_viewer(qapp) as viewer:
        if program:
            patch.setattr(Child, "program", (program,))
        _, dock = viewer.window.add_plugin_dock_widget("napari-localcl", "LocalCL")
        yield SimpleNamespace(viewer=viewer, dock=dock)


@pytest.fixture
def session(qapp, pictures, tmp_path):
    """Return a session with a project of pictures."""
    session = Session()
    session.open(new_project(tmp_path / "project", pictures))
    yield session
    session.close()
