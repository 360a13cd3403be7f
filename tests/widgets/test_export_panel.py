from __future__ import annotations

import json
import shlex

import pytest
from controls_of import control
from projects import predicted
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QCheckBox, QComboBox, QFileDialog, QListWidget, QMessageBox, QPushButton

from napari_localcl.cli.entry import run
from napari_localcl.data.annotations import Landmark, read_landmarks
from napari_localcl.data.exchange.formats import FORMATS, import_landmarks
from napari_localcl.data.marks import Kind
from napari_localcl.widgets.export_panel import ExportPanel
from napari_localcl.widgets.import_dialog import ImportDialog
from napari_localcl.widgets.session import Session
from napari_localcl.widgets.step import State


@pytest.fixture
def panel(session):
    """Return the step of a project with two points of people, a prediction and an absent one."""
    panel = ExportPanel(session)
    second, third, fourth = session.names[1:4]
    session.place("tip", 5, 6)
    session.take([predicted(name) for name in (second, third)])
    session.edit(lambda now: now.accept(second, "tip").mark_absent(fourth, "tip"))
    yield panel
    panel.close_work()


@pytest.fixture
def answers(monkeypatch):
    """Let a person answer `Replace?`; return the questions."""
    questions = []

    def answer(said):
        def ask(_parent, _title, question, *_buttons):
            questions.append(question)
            return said

        monkeypatch.setattr(QMessageBox, "question", ask)

    questions_of = type("Answers", (), {"set": staticmethod(answer), "questions": questions})
    return questions_of


def choose(panel, name):
    control(panel, QComboBox, "Format").setCurrentText(FORMATS[name].title)


def press(panel, name):
    button = control(panel, QPushButton, name)
    assert button.isEnabled()
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def save(panel, path, wait):
    panel.save(path)
    wait(lambda: panel.state is not State.RUNNING)


def destination(name, folder):
    return folder / f"out-{name}{'' if FORMATS[name].per_image else FORMATS[name].suffix}"


def test_with_nothing_to_export_the_step_says_what_to_do_first(session):
    panel = ExportPanel(session)
    assert "nothing to export yet" in panel.sentence
    assert not control(panel, QPushButton, "Export").isEnabled()
    session.place("tip", 5, 6)
    assert "Choose a format" in panel.sentence
    assert control(panel, QPushButton, "Export").isEnabled()


@pytest.mark.parametrize("name", FORMATS)
def test_what_is_exported_in_any_format_is_what_is_known(panel, session, wait, tmp_path, name):
    choose(panel, name)
    path = destination(name, tmp_path)
    save(panel, path, wait)
    assert panel.sentence == f"3 points of 3 images written to {path}."
    rows = import_landmarks([path], session.project.listing)
    assert {(row.image, row.source) for row in rows} == {
        (image, source)
        for image, source in zip(session.names, ("human", "accepted", "machine:one"), strict=False)
    }


def test_predictions_can_be_left_out(panel, wait, tmp_path):
    control(panel, QCheckBox, "Leave predictions out").setChecked(True)
    save(panel, tmp_path / "out.csv", wait)
    assert [row.source for row in read_landmarks(tmp_path / "out.csv")] == ["human", "accepted"]


@pytest.mark.parametrize("name", FORMATS)
def test_an_export_copied_as_command_writes_the_same(panel, session, wait, tmp_path, name):
    choose(panel, name)
    control(panel, QCheckBox, "Leave predictions out").setChecked(True)
    path = destination(name, tmp_path)
    save(panel, path, wait)
    wait(lambda: not session.project.is_dirty)
    press(panel, "Copy as command")
    program, *arguments = shlex.split(QGuiApplication.clipboard().text())
    assert program == "napari-localcl"
    written = import_landmarks([path], session.project.listing)
    moved = path.rename(path.with_name("by-the-window" + path.suffix))
    assert run(arguments) == 0
    assert import_landmarks([path], session.project.listing) == written
    assert moved.exists()


def test_a_search_copied_as_command_begins_with_the_points_of_people(panel, session, monkeypatch):
    assert not control(panel, QPushButton, "Copy search").isEnabled()
    monkeypatch.setattr(Session, "run", session.project.runs / "ld-1")
    session.run_changed.emit()
    press(panel, "Copy search")
    _, verb, images, *flags = shlex.split(QGuiApplication.clipboard().text())
    assert (verb, images) == ("landmarks", str(session.project.input[0]))
    assert flags[:4] == [
        "--run",
        str(session.project.runs / "ld-1"),
        "--template",
        str(session.project.folder / "landmarks.csv"),
    ]


@pytest.mark.parametrize("name", ["csv", "slicer"])
def test_files_that_are_there_are_replaced_only_when_a_person_says_so(
    panel, session, wait, tmp_path, answers, name
):
    choose(panel, name)
    path = destination(name, tmp_path)
    save(panel, path, wait)
    before = import_landmarks([path], session.project.listing)
    session.place("tip", 9, 9)
    answers.set(QMessageBox.StandardButton.No)
    save(panel, path, wait)
    assert "would be replaced" in answers.questions[0]
    assert import_landmarks([path], session.project.listing) == before
    assert "Nothing was written" in panel.sentence
    answers.set(QMessageBox.StandardButton.Yes)
    save(panel, path, wait)
    wait(lambda: panel.state is State.DONE)
    assert import_landmarks([path], session.project.listing) != before


def test_a_place_that_cannot_be_written_is_told(panel, wait, tmp_path):
    (tmp_path / "file").write_text("")
    save(panel, tmp_path / "file" / "out.csv", wait)
    assert panel.state is State.NEEDS_YOU
    place = tmp_path / "file" / "out.csv"
    assert panel.sentence.startswith(f"Not exported: {place} cannot be written")


@pytest.mark.parametrize("name", FORMATS)
def test_the_chooser_fits_the_format_and_completes_the_name(
    panel, session, wait, tmp_path, monkeypatch, name
):
    choose(panel, name)
    one = FORMATS[name]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_a, **_k: str(tmp_path / "x"))
    monkeypatch.setattr(
        QFileDialog, "getSaveFileName", lambda *_a, **_k: (str(tmp_path / "out"), "")
    )
    press(panel, "Export")
    wait(lambda: panel.state is State.DONE)
    expected = tmp_path / "x" if one.per_image else tmp_path / f"out{one.suffix}"
    assert expected.exists()


# Import


@pytest.fixture
def say(monkeypatch):
    """Return a function that lets a person answer the import dialog; collects what it says."""
    shown = []

    def say(*wishes, import_=True):
        def answer(dialog):
            for wish in wishes:
                wish(dialog)
            shown.append(dialog._summary.text())
            return import_

        monkeypatch.setattr(ImportDialog, "exec", answer)

    say.shown = shown
    say()
    return say


def theirs(dialog):
    dialog._theirs.setChecked(True)


def accept_predictions(dialog):
    dialog._predictions.setChecked(True)


def bring_in(panel, path, wait):
    panel.bring_in([path])
    wait(lambda: panel.state is not State.RUNNING)


@pytest.fixture
def foreign(tmp_path, session):
    """Return a COCO file with a new point, one that differs, and an image that is not known."""
    first, *_, last = session.names
    document = {
        "images": [
            {"id": number, "file_name": f"/elsewhere/{name}"}
            for number, name in enumerate([first, last, "other.png"])
        ],
        "categories": [{"id": 1, "keypoints": ["tip"]}],
        "annotations": [
            {"image_id": number, "category_id": 1, "keypoints": [7 + number, 8, 2]}
            for number in range(3)
        ],
    }
    path = tmp_path / "foreign.json"
    path.write_text(json.dumps(document))
    return path


def test_imported_points_are_a_persons_and_can_be_undone(panel, session, foreign, wait, say):
    people = []
    session.people_changed.connect(lambda: people.append(1))
    bring_in(panel, foreign, wait)
    *_, last = session.names
    assert session.annotations.points(last) == (Landmark(last, "tip", 8, 8, None, "human"),)
    assert session.annotations.points(session.names[0])[0].y == 5, "mine is kept"
    assert panel.sentence.startswith("1 point of foreign.json")
    assert people == [1]
    session.undo()
    assert session.annotations.points(last) == ()


def test_conflicts_are_counted_and_a_person_may_take_theirs(panel, session, foreign, wait, say):
    say(theirs)
    bring_in(panel, foreign, wait)
    assert say.shown == ["Points in the files: 1 new, 1 where you said something else."]
    assert session.annotations.points(session.names[0])[0].y == 8


def test_nothing_is_changed_when_a_person_cancels(panel, session, foreign, wait, say):
    say(import_=False)
    before = session.annotations
    bring_in(panel, foreign, wait)
    assert session.annotations is before
    assert panel.sentence == "Nothing was imported."


def test_images_that_are_not_in_the_project_are_listed(session, foreign):
    strangers: set[str] = set()
    rows = import_landmarks([foreign], session.project.listing, strangers)
    dialog = ImportDialog(rows, strangers, session.annotations)
    listed = control(dialog, QListWidget, "Images that are not in the project")
    assert [listed.item(index).text() for index in range(listed.count())] == [
        "/elsewhere/other.png"
    ]
    dialog.deleteLater()


def test_predictions_of_machines_are_taken_only_as_accepted_ones(
    panel, session, wait, say, tmp_path
):
    *_, last = session.names
    path = tmp_path / "found.csv"
    path.write_text(f"image,landmark,y,x,confidence,source\n{last},tip,3,4,0.5,machine:other\n")
    say(import_=False)
    bring_in(panel, path, wait)
    assert say.shown == ["There are no points to take."]
    say(accept_predictions)
    bring_in(panel, path, wait)
    assert session.annotations.points(last) == (Landmark(last, "tip", 3, 4, None, "accepted"),)


def test_a_file_that_cannot_be_read_is_told_and_nothing_changes(panel, session, wait, tmp_path):
    (tmp_path / "bad.json").write_text("{")
    before = session.annotations
    bring_in(panel, tmp_path / "bad.json", wait)
    assert panel.state is State.NEEDS_YOU
    assert str(tmp_path / "bad.json") in panel.sentence
    assert session.annotations is before


def test_an_import_copied_as_command_reads_the_same(panel, session, foreign, wait, say, tmp_path):
    text = json.loads(foreign.read_text())
    del text["annotations"][2]
    foreign.write_text(json.dumps(text))
    bring_in(panel, foreign, wait)
    press(panel, "Copy as command")
    _, *arguments = shlex.split(QGuiApplication.clipboard().text())
    assert run(arguments) == 0
    assert len(read_landmarks(tmp_path / "project-imported.csv")) == 2


def test_absent_landmarks_stay_absent_unless_theirs_are_taken(panel, session, wait, say, tmp_path):
    fourth = session.names[3]
    path = tmp_path / "seen.csv"
    path.write_text(f"image,landmark,y,x\n{fourth},tip,3,4\n")
    bring_in(panel, path, wait)
    assert session.annotations.kind(fourth, "tip") is Kind.ABSENT
    say(theirs)
    bring_in(panel, path, wait)
    assert session.annotations.kind(fourth, "tip") is Kind.HUMAN
