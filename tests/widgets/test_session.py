from __future__ import annotations

import pytest
from projects import new_project, predicted

from napari_localcl.widgets.session import Session


@pytest.fixture
def session(qapp, pictures, tmp_path):
    session = Session()
    session.open(new_project(tmp_path / "project", pictures))
    yield session
    session.close()


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
