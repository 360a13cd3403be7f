"""Runs are compared by a process of its own, in whose place a small one stands here."""

from __future__ import annotations

import shlex

import numpy as np
import pytest
from controls_of import by_tab, control, own_controls
from probe_child import __file__ as CHILD
from qtpy.QtWidgets import (
    QApplication,
    QComboBox,
    QFileDialog,
    QLabel,
    QMessageBox,
    QPushButton,
    QSpinBox,
    QTableView,
    QWidget,
)
from tiny import tiny_record

from napari_localcl.training.run import RunFolder
from napari_localcl.widgets.child import Child
from napari_localcl.widgets.runs_dialog import RunsDialog


def make_run(session, started, **changes):
    path = session.runs.begin("one")
    record = tiny_record().model_copy(update={"started": f"2026-01-0{started}T00:00:00+00:00"})
    RunFolder.create(path, record).update(**{"status": "finished", **changes})
    return path.name


@pytest.fixture
def act(monkeypatch):
    """Return a function that says what the process in the place of the verb is to do."""

    def act(*flags):
        monkeypatch.setattr(Child, "program", (CHILD, *flags))

    act()
    return act


@pytest.fixture
def dialog(session, act, qapp):
    """Return the dialog of two finished runs, the first in use, and one that was broken off."""
    folders = [make_run(session, 1), make_run(session, 2)]
    make_run(session, 3, status="interrupted")
    session.use(folders[0])
    parent = QWidget()
    dialog = RunsDialog(session, parent, lambda: "cpu")
    dialog.folders = folders
    dialog.refresh()
    dialog.show()
    dialog.show_compare()
    yield dialog
    dialog.compare.work.close()
    dialog.close()
    parent.deleteLater()


def button(dialog, name):
    return control(dialog.compare, QPushButton, name)


def said(dialog):
    return control(dialog.compare, QLabel, "Recommendation").text()


def compare(dialog, wait):
    button(dialog, "Compare").click()
    wait(lambda: not dialog.compare.work.is_running)


def command(dialog):
    button(dialog, "Copy as command").click()
    return shlex.split(QApplication.clipboard().text())


def after(words, flag):
    return [words[place + 1] for place, word in enumerate(words) if word == flag]


def test_the_latest_finished_runs_are_offered_first(dialog):
    assert [row.folder for row in dialog.table.selected] == dialog.folders[::-1]
    assert button(dialog, "Compare").isEnabled()
    assert not control(dialog.compare, QTableView, "Figures").isVisible()
    dialog.table.clearSelection()
    assert not button(dialog, "Compare").isEnabled()


def test_a_comparison_ends_with_a_recommendation_that_is_put_to_use_with_one_click(
    dialog, session, wait
):
    session.runs.rename(dialog.folders[0], "wide")
    compare(dialog, wait)
    # The second in the order of the table, the latest first, is the better one.
    assert said(dialog).startswith("'wide' suits these images best")
    assert control(dialog.compare, QTableView, "Figures").model().rowCount() == 3
    use = button(dialog, "Use this model")
    assert not use.isEnabled()
    assert "in use already" in use.toolTip()
    session.use(dialog.folders[1])
    assert use.isEnabled()
    use.click()
    assert session.run.name == dialog.folders[0]


def test_what_was_compared_is_there_again_when_the_window_is_opened_anew(dialog, session, wait):
    compare(dialog, wait)
    parent = QWidget()
    again = RunsDialog(session, parent)
    assert said(again) == said(dialog) != ""
    assert "6 images, 2026-01-02" in said(again)
    parent.deleteLater()


def test_landmarks_of_people_and_masks_of_people_count_and_predictions_do_not(dialog, session):
    words = command(dialog)
    assert words[:2] == ["napari-localcl", "probe"]
    assert after(words, "--device") == ["cpu"]
    assert [run.rpartition("/")[2] for run in after(words, "--run")] == dialog.folders[::-1]
    assert after(words, "--landmarks") == after(words, "--masks") == []

    session.place("tip", 5, 6)
    for name in session.names[:2]:
        assert session.draw_mask(name, "disc", np.eye(80, 64, dtype=bool))
    assert not control(dialog.compare, QComboBox, "Masks").isVisible()
    session.save()
    dialog.show_compare()
    assert control(dialog.compare, QComboBox, "Masks").currentText() == "disc (2)"
    words = command(dialog)
    assert after(words, "--landmarks") == [str(session.project.folder / "landmarks.csv")]
    assert after(words, "--masks") == [str(session.project.folder / "labels" / "disc")]
    about = [one.text() for one in dialog.compare.findChildren(QLabel)]
    assert any("your landmarks in 1 image, by your masks of disc" in text for text in about)
    control(dialog.compare, QComboBox, "Masks").setCurrentIndex(0)
    control(dialog.compare, QSpinBox, "Most images").setValue(3)
    words = command(dialog)
    assert after(words, "--masks") == []
    assert after(words, "--limit") == ["3"]


def test_a_comparison_can_be_given_up_and_the_one_before_stays(dialog, act, wait):
    compare(dialog, wait)
    before = said(dialog)
    act("--seconds", "30")
    button(dialog, "Compare").click()
    wait(lambda: "left" in said(dialog))
    assert said(dialog).startswith(f"{dialog.folders[1]}: views")
    assert not button(dialog, "Compare").isVisible()
    button(dialog, "Cancel").click()
    wait(lambda: not dialog.compare.work.is_running)
    assert said(dialog) == f"Cancelled. What was compared before stays.\n{before}"
    assert button(dialog, "Compare").isVisible()


def test_why_it_failed_is_one_sentence(dialog, act, wait):
    act("--fail", "the run one-2 is empty")
    compare(dialog, wait)
    assert said(dialog) == "Comparing failed: the run one-2 is empty."


def test_a_report_is_saved_as_its_ending_says_and_replaces_nothing_unasked(
    dialog, wait, tmp_path, monkeypatch
):
    compare(dialog, wait)
    asked = []

    def answer(*given):
        asked.append(given[2])
        return QMessageBox.StandardButton.No

    chosen = [(str(tmp_path / "page"), "Page (*.html)"), (str(tmp_path / "page.json"), "")]
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: chosen[0])
    monkeypatch.setattr(QMessageBox, "question", answer)
    button(dialog, "Save report").click()
    assert (tmp_path / "page.html").read_text() == "<html>a page</html>"
    (tmp_path / "page.html").write_text("mine")
    button(dialog, "Save report").click()
    assert "page.html would be replaced" in asked[0]
    assert (tmp_path / "page.html").read_text() == "mine"
    del chosen[0]
    button(dialog, "Save report").click()
    assert '"recommendation"' in (tmp_path / "page.json").read_text()


def test_another_project_is_shown_its_own_comparison_and_ends_that_of_the_first(
    dialog, session, act, wait, pictures, tmp_path
):
    from projects import new_project

    compare(dialog, wait)
    act("--seconds", "30")
    button(dialog, "Compare").click()
    session.open(new_project(tmp_path / "other", pictures))
    assert not dialog.compare.work.is_running
    assert said(dialog) == ""


def test_all_that_one_can_do_can_be_done_with_the_keyboard_and_says_what_it_is(dialog, wait):
    compare(dialog, wait)
    reached = {one.accessibleName() for one in by_tab(dialog.compare)}
    names = {"Compare", "Most images", "Figures", "Copy as command", "Save report"}
    assert names <= reached | {"Use this model"}
    for one in own_controls(dialog.compare):
        assert one.accessibleName(), one
        assert one.toolTip(), one
