"""The bottom row: undo, all keys, and a report; and what every control must say."""

from __future__ import annotations

import pytest
from controls_of import control, own_controls
from projects import new_project
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication, QKeySequence
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QPushButton,
    QTableWidget,
)

from napari_localcl.widgets.help_report import ReportDialog
from napari_localcl.widgets.help_shortcuts import ShortcutsDialog

pytestmark = pytest.mark.end_to_end


@pytest.fixture
def viewer(window):
    return window.viewer


@pytest.fixture
def dock(window):
    return window.dock


def test_every_control_says_what_it_is_and_does(dock):
    controls = own_controls(dock)
    assert len(controls) > 20
    for one in controls:
        assert one.accessibleName(), one
        assert one.toolTip(), one.accessibleName()


def test_every_control_can_be_reached_by_keyboard(dock):
    for one in own_controls(dock):
        by_tab = one.focusPolicy() & Qt.FocusPolicy.TabFocus
        assert by_tab or one.property("key"), one.accessibleName()


def test_no_key_is_given_twice_or_opens_one_of_naparis_menus(viewer, dock):
    keys = [one.property("key") for one in own_controls(dock) if one.property("key")]
    menus = viewer.window._qt_window.menuBar().actions()
    taken = {QKeySequence.mnemonic(menu.text()).toString() for menu in menus}
    assert "Alt+F" in taken
    assert len(set(keys)) == len(keys)
    assert not taken & set(keys)


def test_f1_shows_the_keys_of_all_buttons_and_of_the_picture(viewer, dock, qapp):
    window = dock.window()
    window.show()
    qapp.setActiveWindow(window)
    qapp.processEvents()
    QTest.keyClick(window, Qt.Key.Key_F1)
    shown = dock.findChild(ShortcutsDialog)
    table = control(shown, QTableWidget, "Keys")
    keys = [table.item(row, 0).text() for row in range(table.rowCount())]
    buttons = dock.findChildren(QAbstractButton)
    with_key = [one.property("key") for one in buttons if one.property("key")]
    assert len(with_key) > 12
    assert keys[: len(with_key)] == with_key
    assert len(set(with_key)) == len(with_key), "no key does two things"
    assert any("Delete" in key for key in keys)
    texts = [table.item(row, 1).text() for row in range(table.rowCount())]
    assert "Accept: it is right: make it yours and go to the next" in texts
    QTest.keyClick(window, Qt.Key.Key_F1)
    assert len(dock.findChildren(ShortcutsDialog)) == 1
    shown.close()


def test_the_report_is_shown_before_it_is_copied_or_saved(dock, pictures, tmp_path, wait):
    dock.session.open(new_project(tmp_path / "project", pictures))
    dock.session.problem.emit("the disk is full")
    QTest.mouseClick(control(dock, QPushButton, "Report"), Qt.MouseButton.LeftButton)
    dialog = dock.findChild(ReportDialog)
    wait(lambda: dialog.text)
    assert "images: 6, landmarks: 0" in dialog.text
    assert "the disk is full" in dialog.text
    assert "step Images: " in dialog.text
    QTest.mouseClick(control(dialog, QPushButton, "Copy"), Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == dialog.text
    dialog.save(tmp_path / "report.md")
    assert (tmp_path / "report.md").read_text(encoding="utf-8") == dialog.text
    dialog.close()
