"""Step 1 and what stands above all steps: opening, skipping, finding again, taking over."""

from __future__ import annotations

import shutil
import zlib

import numpy as np
import pytest
from dicoms import write_dicom
from PIL import Image
from projects import new_project
from qtpy.QtWidgets import QFileDialog, QListWidget, QMessageBox, QPushButton, QTableView

from napari_localcl.data.project_opening import open_project
from napari_localcl.data.recent import recent_projects
from napari_localcl.training.record import RunRecord, SkippedRecord
from napari_localcl.widgets.images_panel import ImagesPanel
from napari_localcl.widgets.session import Session
from napari_localcl.widgets.step import State


@pytest.fixture
def folder(pictures, tmp_path):
    """Return a folder of pictures that a test may change."""
    return shutil.copytree(pictures, tmp_path / "images")


@pytest.fixture
def panel(qapp):
    session = Session()
    panel = ImagesPanel(session)
    panel.session = session
    yield panel
    panel.close_work()
    session.close()
    for banner in (panel.ownership, panel.search):
        banner.deleteLater()
    panel.deleteLater()


@pytest.fixture
def open_(panel, wait):
    """Return a function that opens a folder and waits until that is done."""

    def it(folder, home=None):
        panel.open(folder, home)
        wait(lambda: panel.state is not State.RUNNING)

    return it


@pytest.fixture(autouse=True)
def answer(monkeypatch):
    """Return a function that sets what a person says to all questions; it returns the questions."""
    asked = []

    def say(button):
        def question(parent, title, text, *rest):
            asked.append(text)
            return button

        monkeypatch.setattr(QMessageBox, "question", question)
        return asked

    say(NO)
    return say


YES, NO = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.Cancel


def button(parent, text):
    return next(one for one in parent.findChildren(QPushButton) if one.text() == text)


def table(panel):
    return panel.findChild(QTableView).model()


# Mixed folders


@pytest.fixture
def mixed(tmp_path):
    """Return a folder with about everything that people keep beside their images."""
    folder = tmp_path / "mixed"
    folder.mkdir()
    ramp = np.add.outer(np.arange(40), np.arange(50))
    Image.fromarray(ramp.astype(np.uint8)).save(folder / "grey.png")
    Image.fromarray((500 * ramp).astype(np.uint16)).save(folder / "sixteen.png")
    Image.new("RGBA", (50, 40), (9, 99, 199, 128)).save(folder / "transparent.png")
    write_dicom(folder / "scan.dcm", ramp.astype(np.uint16))
    Image.new("L", (4, 4)).save(folder / "tiny.png")
    whole = (folder / "grey.png").read_bytes()
    (folder / "broken.png").write_bytes(whole[: len(whole) // 2])
    claimed = bytearray(whole)
    claimed[16:24] = (200_000).to_bytes(4, "big") * 2
    claimed[29:33] = zlib.crc32(claimed[12:29]).to_bytes(4, "big")
    (folder / "huge.png").write_bytes(claimed)
    (folder / "empty.tif").write_bytes(b"")
    (folder / "lie.jpg").write_text("no picture")
    (folder / "strange.xyz").write_text("no picture")
    (folder / "notes.txt").write_text("not said a word of")
    return folder


def test_a_mixed_folder_opens_with_a_list_of_what_was_skipped_and_why(panel, open_, mixed, wait):
    open_(mixed)
    assert panel.state is State.DONE, panel.sentence
    names = {"grey.png", "sixteen.png", "transparent.png", "scan.dcm"}
    # That a file is broken off shows when it is decoded.
    assert set(panel.session.names) == names | {"broken.png"}
    skipped = dict(sentence.split(" ", 1) for sentence in panel.skipped.sentences)
    assert "too small" in skipped["tiny.png"]
    assert "more" in skipped["huge.png"]
    assert "0 bytes" in skipped["empty.tif"]
    assert "lie.jpg" in skipped
    assert "is no PNG" in skipped["strange.xyz"]
    assert "notes.txt" not in skipped
    assert f"{len(skipped)} skipped" in panel.sentence


def test_a_folder_without_images_is_a_sentence_and_a_project_stays_open(
    panel, open_, folder, mixed
):
    open_(folder)
    empty = mixed.parent / "nothing"
    empty.mkdir()
    open_(empty)
    assert panel.state is State.NEEDS_YOU
    assert "holds no images" in panel.sentence
    assert "stays open" in panel.sentence
    assert panel.session.project is not None


def test_what_training_could_not_decode_is_listed_too(panel, open_, folder):
    project = new_project(folder.parent / "images-localcl", folder)
    run = project.runs / "ld-1"
    run.mkdir()
    skipped = (SkippedRecord(name="blobs_1.png", reason="is cut short"),)
    record = RunRecord(verb="pretrain", method="ld", settings={}, seed=0, skipped=skipped)
    (run / "run.json").write_text(record.model_dump_json())
    project.close()
    open_(folder)
    assert panel.skipped.sentences == ("blobs_1.png is cut short",)
    for _ in range(2):
        panel.add_skipped("blobs_2.png cannot be read")
    assert len(panel.skipped.sentences) == 2
    assert "2 skipped" in panel.sentence
    assert panel.findChild(QListWidget).isVisibleTo(panel.skipped.parentWidget())


# The list


def test_a_click_in_the_list_goes_to_the_image(panel, open_, folder):
    open_(folder)
    assert table(panel).rowCount() == 6
    panel.findChild(QTableView).clicked.emit(table(panel).index(3, 0))
    assert panel.session.image == panel.session.names[3]
    panel.session.go_by(-1)
    (row,) = panel.findChild(QTableView).selectionModel().selectedRows()
    assert row.row() == 2


def test_a_click_on_a_landmark_is_seen_in_the_list_at_once(panel, open_, folder):
    open_(folder)
    panel.session.place("tip", 5, 6)
    model = table(panel)
    assert model.data(model.index(0, 2)) == "reviewed"


# Projects


def test_projects_that_were_open_come_back_from_the_menu(panel, open_, folder, wait):
    open_(folder)
    home = panel.session.project.folder
    assert recent_projects()[0] == home
    panel.session.close()
    menu = button(panel, "Open recent").menu()
    menu.aboutToShow.emit()
    menu.actions()[0].trigger()
    wait(lambda: panel.session.project is not None)
    assert panel.session.project.folder == home
    shutil.rmtree(home)
    menu.aboutToShow.emit()
    assert str(home) not in [action.toolTip() for action in menu.actions()]


def test_a_project_can_be_kept_elsewhere(panel, folder, tmp_path, wait, monkeypatch):
    home = tmp_path / "elsewhere"
    home.mkdir()
    chosen = iter([str(folder), str(home), str(folder), str(home)])
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: next(chosen))
    button(panel, "New project elsewhere…").click()
    wait(lambda: panel.session.project is not None)
    assert panel.session.project.folder == home
    panel.session.close()
    button(panel, "New project elsewhere…").click()
    wait(lambda: panel.state is State.NEEDS_YOU)
    assert "holds a project already" in panel.sentence


def test_an_opening_given_up_leaves_no_lock(panel, open_, folder, tmp_path, wait):
    new_project(tmp_path / "images-localcl", folder).close()
    other = shutil.copytree(folder, tmp_path / "other")
    panel.open(folder)
    open_(other)
    wait(lambda: not panel._work.is_busy)
    assert panel.session.project.folder.name == "other-localcl"
    assert not (tmp_path / "images-localcl" / "lock.json").exists()


# Two windows


@pytest.fixture
def taken(panel, open_, folder):
    """Return the project that another window has; this one shows it too."""
    other = new_project(folder.parent / "images-localcl", folder)
    open_(folder)
    yield other
    other.close()


def test_the_second_window_says_who_has_it_and_changes_nothing(panel, taken):
    assert "Read-only" in panel.ownership.sentence
    assert "is open in another window (process" in panel.ownership.sentence
    problems = []
    panel.session.problem.connect(problems.append)
    panel.session.place("tip", 5, 6)
    assert "open in another window" in problems[0]
    assert panel.session.points == ()


def test_taking_over_asks_first_and_then_shows_what_was_saved(panel, taken, wait, answer):
    taken.edit(taken.annotations.add_landmark("tip").place(panel.session.names[1], "tip", 5, 6))
    taken.save()
    panel.session.go_by(1)

    asked = answer(NO)
    panel.ownership.button.click()
    assert "The other window can then save nothing more" in asked[0]
    assert panel.session.obstacle

    answer(YES)
    panel.ownership.button.click()
    wait(lambda: not panel.session.obstacle)
    assert panel.ownership.sentence == ""
    assert panel.session.index == 1
    assert [point.landmark for point in panel.session.points] == ["tip"]
    panel.session.place("tip", 7, 8)
    assert panel.session.points[0].y == 7
    assert "open in another window" in taken.lock.obstacle


def test_the_window_that_lost_the_project_is_told(panel, open_, folder, wait):
    open_(folder)
    assert panel.ownership.sentence == ""
    other = open_project(panel.session.project.folder, take_over=True)
    wait(lambda: panel.session.obstacle)
    assert "open in another window" in panel.ownership.sentence
    other.close()
    wait(lambda: "open it again" in panel.session.obstacle)
    assert panel.ownership.button.text() == "Open it again"
    panel.ownership.button.click()
    wait(lambda: not panel.session.obstacle)
    assert panel.ownership.sentence == ""


# Images that were moved


def test_images_that_were_moved_are_found_again_with_their_points(
    panel, open_, folder, wait, tmp_path
):
    open_(folder)
    panel.session.place("tip", 5, 6)
    home = panel.session.project.folder
    panel.session.close()
    moved = folder.rename(tmp_path / "moved")
    open_(home)
    assert "6 of 6 images are missing: blobs_0.png" in panel.search.sentence

    panel.search.look_in(moved)
    wait(lambda: panel.search.sentence == "")
    assert panel.session.plane.path.parent == moved
    assert [point.landmark for point in panel.session.points] == ["tip"]
    panel.session.close()
    again = open_project(home)
    assert again.missing() == ()
    again.close()


def test_a_folder_with_some_of_them_is_taken_only_if_a_person_says_so(
    panel, open_, folder, wait, tmp_path, answer
):
    open_(folder)
    home = panel.session.project.folder
    panel.session.close()
    moved = folder.rename(tmp_path / "moved")
    (moved / "blobs_1.png").unlink()
    shutil.copyfile(moved / "blobs_3.png", moved / "blobs_2.png")
    open_(home)

    asked = answer(NO)
    panel.search.look_in(moved)
    wait(lambda: asked)
    assert "5 of 6 images are in" in asked[0]
    assert "These are not: blobs_1.png" in asked[0]
    assert "1 have another content than before: blobs_2.png" in asked[0]
    assert "6 of 6 images are missing" in panel.search.sentence

    answer(YES)
    panel.search.look_in(moved)
    wait(lambda: "1 of 6 images are missing: blobs_1.png" in panel.search.sentence)


def test_a_folder_with_none_of_them_changes_nothing(panel, open_, folder, wait, mixed):
    open_(folder)
    home = panel.session.project.folder
    panel.session.close()
    shutil.rmtree(folder)
    open_(home)
    panel.search.look_in(mixed)
    wait(lambda: "none of the images is in" in panel.search.sentence.lower())
    assert "6 of 6 images are missing" in panel.search.sentence
    assert panel.session.project.input == (folder,)
