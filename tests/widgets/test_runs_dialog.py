"""Runs are chosen, compared, renamed and deleted."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QLabel, QMessageBox, QPushButton, QWidget
from tiny import tiny_record

from napari_localcl.training.run import RunFolder
from napari_localcl.widgets.runs_dialog import RunsDialog

NAME, IN_USE, STEPS, STATUS = 0, 1, 7, 8


@pytest.fixture
def folders(session):
    """Return the names of three runs: two finished of which the first is in use, one broken off."""
    made = []
    for number, (settings, status) in enumerate(
        [({"width": 8}, "finished"), ({"width": 16}, "finished"), ({"width": 8}, "interrupted")], 1
    ):
        path = session.runs.begin("tiny")
        record = tiny_record().model_copy(
            update={"settings": settings, "started": f"2026-01-0{number}T00:00:00+00:00"}
        )
        run = RunFolder.create(path, record)
        run.update(status=status)
        run.metrics.write_text(f"step,stage,seconds,term,value\n1,a,0,x,2\n2,a,1,x,{number}\n")
        made.append(path.name)
    session.use(made[0])
    return made


@pytest.fixture
def dialog(session, folders, qapp):
    parent = QWidget()
    dialog = RunsDialog(session, parent)
    dialog.refresh()
    dialog.show()
    yield dialog
    dialog.close()
    parent.deleteLater()


def select(dialog, *rows):
    dialog.table.clearSelection()
    for row in rows:
        for column in range(dialog.table.columnCount()):
            dialog.table.item(row, column).setSelected(True)


def button(dialog, text):
    return next(one for one in dialog.findChildren(QPushButton) if one.text() == text)


def answer(monkeypatch, yes):
    asked = []
    kind = QMessageBox.StandardButton

    def question(parent, title, text, *_buttons):
        asked.append(text)
        return kind.Yes if yes else kind.No

    monkeypatch.setattr(QMessageBox, "question", question)
    return asked


def column(dialog, number):
    return [dialog.table.item(row, number).text() for row in range(dialog.table.rowCount())]


def test_the_latest_run_comes_first_with_its_facts(dialog, folders):
    assert column(dialog, NAME) == folders[::-1]
    assert column(dialog, IN_USE) == ["", "", "yes"]
    assert column(dialog, STATUS) == ["interrupted", "finished", "finished"]
    assert column(dialog, STEPS) == ["2", "2", "2"]


def test_only_what_can_be_done_is_offered(dialog):
    able = {
        (0,): {"Resume", "Rename", "Delete…"},
        (1,): {"Use", "Rename", "Delete…"},
        (2,): {"Rename", "Delete…"},
        (0, 1): {"Delete…"},
        (): set(),
    }
    for rows, names in able.items():
        select(dialog, *rows)
        texts = ("Use", "Resume", "Rename", "Delete…")
        assert {text for text in texts if button(dialog, text).isEnabled()} == names


def test_another_run_is_put_to_use(dialog, session, folders):
    select(dialog, 1)
    button(dialog, "Use").click()
    assert session.run.name == folders[1]
    assert column(dialog, IN_USE) == ["", "yes", ""]


def test_a_run_is_renamed_in_its_place_and_a_taken_name_is_refused(dialog, session, folders):
    dialog.table.item(1, NAME).setText("wide")
    assert {row.folder: row.name for row in session.runs.rows()}[folders[1]] == "wide"
    dialog.table.item(0, NAME).setText("wide")
    assert column(dialog, NAME) == [folders[2], "wide", folders[0]]
    texts = [label.text() for label in dialog.findChildren(QLabel) if label.isVisible()]
    assert any("Another run is called 'wide'" in text for text in texts)


def test_the_rename_button_opens_the_name_for_writing(dialog):
    select(dialog, 1)
    button(dialog, "Rename").click()
    assert dialog.table.state() == dialog.table.State.EditingState


def test_deleting_asks_and_says_that_a_run_is_in_use(dialog, session, folders, monkeypatch):
    asked = answer(monkeypatch, yes=False)
    select(dialog, 2)
    button(dialog, "Delete…").click()
    assert "in use" in asked[0]
    assert session.run.name == folders[0]
    asked = answer(monkeypatch, yes=True)
    button(dialog, "Delete…").click()
    select(dialog, 0)
    button(dialog, "Delete…").click()
    assert "in use" not in asked[1]
    assert session.run is None
    assert [row.folder for row in session.runs.rows()] == [folders[1]]
    assert column(dialog, NAME) == [folders[1]]


def test_runs_that_are_selected_are_compared(dialog, wait):
    select(dialog, 0, 1)
    wait(lambda: not dialog.comparison.is_busy)
    table = dialog.comparison.settings
    names = [table.verticalHeaderItem(row).text() for row in range(table.rowCount())]
    assert names == ["width"]
    assert [table.item(0, run).text() for run in range(2)] == ["8", "16"]
    assert len(dialog.comparison.plot.names) == 2
    select(dialog, 0)
    wait(lambda: not dialog.comparison.is_busy)
    assert dialog.comparison.plot.names == ("x",)


def test_going_on_with_a_run_closes_the_dialog(dialog, folders):
    wanted = []
    dialog.resume_wanted.connect(wanted.append)
    select(dialog, 0)
    QTest.mouseClick(button(dialog, "Resume"), Qt.MouseButton.LeftButton)
    assert wanted == [folders[2]]
    assert not dialog.isVisible()
