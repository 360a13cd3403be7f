from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from projects import new_project, predicted

from napari_localcl.data.marks import Kind
from napari_localcl.data.project_opening import open_project
from napari_localcl.data.review import doubts_in
from napari_localcl.widgets.session import Session


@pytest.fixture
def reviewed(session):
    """Return a session with one click, and predictions of 0.1, 0.2, ... in the images after it."""
    _, *others = session.names
    session.place("tip", 5, 6)
    session.take([predicted(name, confidence=0.1 * n) for n, name in enumerate(others, 1)])
    return session


def heard(signal):
    calls = []
    signal.connect(lambda *facts: calls.append(facts))
    return calls


def test_going_stops_at_both_ends(session):
    session.go_by(-1)
    assert session.index == 0
    session.go_by(100)
    assert session.index == len(session.names) - 1


def test_a_click_adds_its_landmark_and_is_told(session):
    people = heard(session.people_changed)
    session.place("tip", 5, 6)
    assert [(p.landmark, p.y, p.x, p.source) for p in session.points] == [("tip", 5, 6, "human")]
    assert len(people) == 1


def test_a_click_outside_of_the_image_is_a_problem_and_changes_nothing(session):
    problems = heard(session.problem)
    session.place("tip", -50, 6)
    assert "lies outside" in problems[0][0]
    assert session.points == ()


def test_predictions_are_no_news_of_people(reviewed):
    people = heard(reviewed.people_changed)
    reviewed.take([predicted(reviewed.names[1])])
    assert people == []


def test_the_least_sure_comes_first_and_accepting_goes_on(reviewed):
    reviewed.next_uncertain()
    assert reviewed.image == reviewed.names[1]
    people = heard(reviewed.people_changed)
    reviewed.accept()
    assert reviewed.image == reviewed.names[2]
    assert len(people) == 1


def test_rejecting_takes_the_point_out_and_goes_on(reviewed):
    reviewed.next_uncertain()
    reviewed.reject()
    assert reviewed.image == reviewed.names[2]
    reviewed.go_by(-1)
    assert reviewed.points == ()


def test_moving_a_prediction_makes_it_a_persons(reviewed):
    reviewed.go_by(1)
    reviewed.place("tip", 9, 9)
    assert reviewed.points[0].source == "human"


def test_a_preview_shows_at_once_and_leaves_people_alone(reviewed):
    reviewed.show([predicted(reviewed.image, y=30)])
    assert [point.y for point in reviewed.points] == [5.0]
    reviewed.go_by(1)
    reviewed.show([predicted(reviewed.image, y=31)])
    assert [point.y for point in reviewed.points] == [31.0]
    reviewed.take([predicted(reviewed.image, y=32)])
    assert [point.y for point in reviewed.points] == [32.0]


def test_closing_saves(session):
    session.place("tip", 5, 6)
    folder = session.project.folder
    session.close()
    assert "tip" in (folder / "landmarks.csv").read_text(encoding="utf-8")


# Review


def sources(session, image):
    return [point.source for point in session.annotations.points(image)]


def test_accepting_tells_the_point_from_one_that_a_person_placed(reviewed):
    reviewed.next_uncertain()
    reviewed.accept()
    assert sources(reviewed, reviewed.names[1]) == ["accepted"]


def test_what_is_accepted_is_what_is_shown(reviewed):
    reviewed.next_uncertain()
    reviewed.show([predicted(reviewed.image, y=31)])
    image = reviewed.image
    reviewed.accept()
    assert reviewed.annotations.points(image)[0].y == 31


def test_dragging_the_prediction_at_hand_makes_it_a_persons_and_goes_on(reviewed):
    reviewed.next_uncertain()
    reviewed.move({"tip": (9, 9)})
    assert sources(reviewed, reviewed.names[1]) == ["human"]
    assert reviewed.image == reviewed.names[2]


def test_dragging_anything_else_stays(reviewed):
    reviewed.move({"tip": (6, 6)})
    assert reviewed.image == reviewed.names[0], "a person's own point"
    reviewed.go_by(1)
    reviewed.move({"tip": (9, 9)})
    assert reviewed.image == reviewed.names[1], "the review has not come here"
    reviewed.place("base", 4, 4)
    reviewed.take([predicted(name, "base") for name in reviewed.names[2:]])
    reviewed.look_at(next(iter(doubts_in(reviewed.annotations, reviewed.names[2]))))
    reviewed.move({"base": (9, 9)})
    assert reviewed.image == reviewed.names[2], "another landmark of the image at hand"


def test_a_drag_to_the_outside_changes_nothing_and_stays(reviewed):
    reviewed.next_uncertain()
    problems = heard(reviewed.problem)
    reviewed.move({"tip": (-50, 9)})
    assert len(problems) == 1
    assert reviewed.image == reviewed.names[1]
    assert sources(reviewed, reviewed.image) == ["machine:one"]


def test_points_dragged_or_deleted_together_are_one_step(reviewed):
    reviewed.place("base", 4, 4)
    reviewed.move({"tip": (8, 8), "base": (9, 9)})
    assert [(point.y, point.x) for point in reviewed.points] == [(8, 8), (9, 9)]
    reviewed.remove("tip", "base")
    assert reviewed.points == ()
    reviewed.undo()
    assert [point.y for point in reviewed.points] == [8, 9]
    reviewed.undo()
    assert [point.y for point in reviewed.points] == [5, 4]


def test_all_predictions_of_an_image_are_accepted_at_once(reviewed):
    reviewed.place("base", 4, 4)
    reviewed.take([predicted(reviewed.names[1], "base")])
    reviewed.next_uncertain()
    image = reviewed.image
    reviewed.accept_all()
    assert sources(reviewed, image) == ["accepted", "accepted"]
    assert reviewed.image != image
    reviewed.undo()
    assert (reviewed.image, sources(reviewed, image)) == (image, ["machine:one"] * 2)


def test_what_cannot_be_seen_is_marked_as_absent_and_can_be_looked_for_again(reviewed):
    reviewed.next_uncertain()
    at = reviewed.doubt
    reviewed.mark_absent()
    assert reviewed.kind_of(at) is Kind.ABSENT
    assert reviewed.image == reviewed.names[2]
    reviewed.look_at(at)
    searches = heard(reviewed.people_changed)
    reviewed.look_again()
    assert reviewed.kind_of(at) is Kind.NOTHING
    assert len(searches) == 1


def test_a_rejected_one_can_be_marked_as_absent(reviewed):
    reviewed.next_uncertain()
    at = reviewed.doubt
    reviewed.reject()
    reviewed.look_at(at)
    reviewed.mark_absent()
    assert reviewed.kind_of(at) is Kind.ABSENT


def test_the_review_keeps_to_one_landmark(reviewed):
    reviewed.take([predicted(name, "base", confidence=0.9) for name in reviewed.names[3:5]])
    reviewed.keep_to("base")
    visited = []
    for _ in range(2):
        reviewed.next_uncertain()
        visited.append(reviewed.image)
        reviewed.accept()
    assert visited == list(reviewed.names[3:5])
    assert reviewed.doubt is None
    reviewed.keep_to(None)
    reviewed.next_uncertain()
    assert reviewed.doubt.name == "tip"


def test_the_review_goes_on_from_the_row_that_a_person_has_chosen(reviewed):
    chosen = doubts_in(reviewed.annotations, reviewed.names[3])[0]
    reviewed.look_at(chosen)
    reviewed.reject()
    assert reviewed.image == reviewed.names[4]


def test_how_many_predictions_moved_is_told(reviewed):
    moved = heard(reviewed.predictions_moved)
    reviewed.take([predicted(name, y=5 + 10 * (i > 2)) for i, name in enumerate(reviewed.names)])
    assert moved == [(3,)]


# Undo


def test_undo_of_an_accepted_one_returns_to_its_image_and_takes_it_in_hand(reviewed):
    reviewed.next_uncertain()
    at = reviewed.doubt
    reviewed.accept()
    reviewed.take([predicted(name, y=20) for name in reviewed.names[2:]])
    searches = heard(reviewed.people_changed)
    reviewed.undo()
    assert (reviewed.image, reviewed.doubt) == (at.image, at)
    assert sources(reviewed, at.image) == ["machine:one"]
    assert len(searches) == 1, "predictions follow from the points that are left"
    reviewed.redo()
    assert sources(reviewed, at.image) == ["accepted"]
    assert reviewed.annotations.points(reviewed.names[3])[0].y == 20


def test_predictions_that_came_are_no_step_of_their_own(reviewed):
    reviewed.undo()
    assert reviewed.points == ()
    assert not reviewed.can_undo


def test_undo_reaches_what_was_done_elsewhere_and_goes_there(reviewed):
    reviewed.go_by(4)
    reviewed.undo()
    assert reviewed.image == reviewed.names[0]
    assert reviewed.can_redo


def test_predictions_are_made_anew_after_every_undo_and_redo(reviewed):
    reviewed.next_uncertain()
    reviewed.reject()
    searches = heard(reviewed.people_changed)
    reviewed.undo()
    reviewed.redo()
    assert len(searches) == 2
    reviewed.redo()
    assert len(searches) == 2, "there was nothing to redo"


def test_in_a_project_that_is_open_elsewhere_nothing_is_changed_that_could_not_be_saved(reviewed):
    second, problems = Session(), []
    second.problem.connect(problems.append)
    reviewed._keeping.flush()
    second.open(open_project(reviewed.project.folder))
    second.place("tip", 1, 1)
    second.undo()
    assert [point.y for point in second.points] == [5]
    assert all("open in another window" in sentence for sentence in problems)
    assert len(problems) == 2
    second.close()


def test_a_new_name_is_undone_where_one_is(reviewed):
    reviewed.go_by(2)
    reviewed.edit(lambda now: now.rename_landmark("tip", "end"))
    reviewed.undo()
    assert reviewed.annotations.names == ("tip",)
    assert reviewed.image == reviewed.names[2]


def test_without_a_project_there_is_nothing_to_undo(qapp):
    session = Session()
    session.undo()
    session.redo()
    assert not session.can_undo
    assert not session.can_redo


def test_predictions_go_with_the_last_point_that_they_rest_on(reviewed):
    reviewed.remove("tip")
    assert reviewed.annotations.kinds().max() == Kind.NOTHING
    reviewed.undo()
    assert np.count_nonzero(reviewed.annotations.kinds() == Kind.PREDICTED) == 5


def test_a_preview_of_before_does_not_outlive_an_edit(reviewed):
    reviewed.show([predicted(reviewed.image, "tip"), predicted(reviewed.image, "base")])
    reviewed.edit(lambda now: now.rename_landmark("tip", "end"))
    assert [point.landmark for point in reviewed.points] == ["end"]


# Saving

_WINDOW = """
import sys
from pathlib import Path
from qtpy.QtCore import QCoreApplication
from napari_localcl.data.project_opening import open_project
from napari_localcl.widgets.session import Session

app = QCoreApplication(sys.argv)
session = Session()
session.open(open_project(Path(sys.argv[1])))
session.place("tip", 5, 6)
print("edited", flush=True)
app.exec()
"""


def test_an_edit_outlives_a_window_that_is_killed_a_second_later(pictures, tmp_path):
    folder = tmp_path / "project"
    new_project(folder, pictures).close()
    command = [sys.executable, "-W", "ignore", "-c", _WINDOW, str(folder)]
    window = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert window.stdout.readline() == "edited\n"
    with pytest.raises(subprocess.TimeoutExpired):
        window.wait(1)
    window.kill()
    window.communicate()
    project = open_project(folder)
    assert project.lock.obstacle is None
    assert [(p.landmark, p.y, p.x) for p in project.annotations.human_points()] == [("tip", 5, 6)]
    project.close()
