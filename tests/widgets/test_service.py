"""Which answers of the process are passed on, and which was the last."""

from __future__ import annotations

import pytest

from napari_localcl.widgets.service import Service


@pytest.fixture
def service(qapp, monkeypatch):
    """Return a service that has asked two questions, of a process that is not there."""
    service = Service()
    monkeypatch.setattr(service, "_start", lambda: setattr(service, "_child", _Nobody()))
    service.ask("like")
    service.ask("colours")
    return service


class _Nobody:
    def ask(self, question):
        """Hear nothing."""


def test_a_map_is_the_last_answer_unless_places_follow_it(service):
    heard = []
    service.answered.connect(lambda kind, answer: heard.append((kind, answer["event"])))
    service._on_said({"id": 1, "event": "map"})
    service._on_said({"id": 2, "event": "map"})
    assert service.is_asked("like")
    assert not service.is_asked("colours")
    service._on_said({"id": 1, "event": "places"})
    service._on_said({"id": 1, "event": "places"})
    assert heard == [("like", "map"), ("colours", "map"), ("like", "places")]


def test_answers_to_older_questions_are_not_passed_on(service):
    heard = []
    service.answered.connect(lambda kind, answer: heard.append(answer["id"]))
    service.ask("like")
    service._on_said({"id": 1, "event": "map"})
    service._on_said({"id": 3, "event": "map"})
    assert heard == [3]
