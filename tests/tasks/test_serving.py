"""Questions and answers, with a barely trained encoder."""

from __future__ import annotations

import json
import threading
from dataclasses import astuple
from queue import SimpleQueue

import numpy as np
import pytest
from hands import THUMB, WRIST, copy_hands, learn, peak

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.heat_map import HeatMap
from napari_localcl.tasks.serving import serve

MARKS = [astuple(WRIST), astuple(THUMB)]
LAST = ("opened", "map", "found", "suggested", "failed", "places", "odd")


class Conversation:
    """Somebody who asks from another thread, and waits for answers."""

    def __init__(self):
        self._lines = SimpleQueue()
        self.said = SimpleQueue()
        self.heard = []
        lines = iter(self._lines.get, None)
        self._thread = threading.Thread(target=serve, args=(lines, self.said.put), daemon=True)
        self._thread.start()

    def ask(self, kind, number, **facts):
        self._lines.put(json.dumps({"ask": kind, "id": number, **facts}))

    def answers(self, number):
        """All answers to a question, up to the last."""
        while not any(a["id"] == number and a["event"] in LAST for a in self.heard):
            self.heard.append(self.said.get(timeout=300))
        return [answer for answer in self.heard if answer["id"] == number]

    def end(self):
        self._lines.put(None)
        self._thread.join(60)
        return not self._thread.is_alive()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    images = copy_hands(tmp_path_factory.mktemp("hands"))
    return {"images": [str(images)], "run": str(learn(images, images.parent / "run", 3))}


@pytest.fixture
def talk():
    conversation = Conversation()
    yield conversation
    assert conversation.end()


@pytest.fixture
def opened(talk, folder):
    talk.ask("open", 1, **folder)
    assert talk.answers(1)[-1]["event"] == "opened"
    return talk


def test_what_is_open_is_not_opened_again(opened, folder):
    opened.ask("open", 2, **folder)
    assert [answer["event"] for answer in opened.answers(2)] == ["opened"]


def test_landmarks_come_for_the_image_at_hand_first_and_then_for_all(opened):
    opened.ask("landmarks", 2, templates=MARKS, first="hand_03.png")
    begun, first, *rest, found = opened.answers(2)
    assert begun["rows"] == []
    assert {row[0] for row in first["rows"]} == {"hand_03.png"}
    rows = [Landmark(*row) for answer in rest for row in answer["rows"]]
    assert [row.image for row in rows] == [f"hand_0{i}.png" for i in (1, 2, 3, 4) for _ in range(2)]
    assert {row.source for row in rows} == {"human", "machine:run"}
    assert rest[-1]["step"] == rest[-1]["steps"] == 4
    assert found["event"] == "found"


def test_maps_of_a_landmark_and_of_a_pixel_are_highest_there(opened):
    opened.ask("map", 2, image="hand_01.png", templates=[astuple(THUMB)])
    opened.ask("pixel", 3, image="hand_01.png", y=100.0, x=120.0)
    for number, place in ((2, (THUMB.y, THUMB.x)), (3, (100, 120))):
        heat = HeatMap.from_event(opened.answers(number)[-1])
        assert heat.image == "hand_01.png"
        assert np.abs(peak(heat) - place).max() < 12


def test_a_map_asked_for_after_the_landmarks_is_answered_before(opened):
    opened.ask("landmarks", 2, templates=MARKS, first="hand_01.png")
    opened.ask("map", 3, image="hand_02.png", templates=[astuple(THUMB)])
    opened.answers(2)
    order = [answer["event"] for answer in opened.heard if answer["id"] in (2, 3)]
    assert order.index("map") < order.index("found")
    assert order.index("map") <= 2


def test_questions_about_all_images_are_answered_from_what_is_open(opened):
    opened.ask("like", 2, positive=[astuple(THUMB)], count=5)
    *_, places = opened.answers(2)
    image, y, x, similarity = places["rows"][0]
    assert image == "hand_01.png"
    assert np.abs(np.subtract((y, x), (THUMB.y, THUMB.x))).max() < 12
    assert similarity == max(row[3] for row in places["rows"])
    opened.ask("odd", 3, count=2)
    assert len(opened.answers(3)[-1]["outliers"]) == 2


def test_a_newer_question_takes_the_place_of_the_older(opened):
    opened.ask("suggest", 2)
    opened.ask("suggest", 3)
    ranking = opened.answers(3)[-1]["ranking"]
    assert sorted(name for name, _ in ranking) == [f"hand_0{i}.png" for i in (1, 2, 3, 4)]
    assert not [answer for answer in opened.heard if answer["event"] == "suggested"][1:]


def test_what_is_given_up_is_answered_no_more(opened, folder):
    opened.ask("landmarks", 2, templates=MARKS, first="")
    opened.ask("stop", 3, kinds=["landmarks"])
    opened.ask("open", 4, **folder)
    opened.answers(4)
    opened.ask("open", 5, **folder)
    opened.answers(5)
    assert not [answer for answer in opened.heard if answer["event"] == "found"]


def test_what_is_wrong_is_one_sentence_and_the_next_question_is_answered(opened):
    opened.ask("map", 2, image="hand_09.png", templates=[astuple(THUMB)])
    (failed,) = opened.answers(2)
    assert (failed["event"], failed["ask"]) == ("failed", "map")
    assert "hand_09.png" in failed["why"]
    opened.ask("pixel", 3, image="hand_01.png", y=5, x=5)
    assert opened.answers(3)[-1]["event"] == "map"


def test_images_that_cannot_be_opened_fail_all_that_is_asked_of_them(talk, folder, tmp_path):
    talk.ask("open", 1, images=folder["images"], run=str(tmp_path / "nowhere"))
    talk.ask("suggest", 2)
    assert "holds no run" in talk.answers(1)[-1]["why"]
    assert talk.answers(2)[-1]["event"] == "failed"
    talk.ask("open", 3, **folder)
    assert talk.answers(3)[-1]["event"] == "opened"


def test_a_question_before_anything_is_open_says_so(talk):
    talk.ask("pixel", 1, image="hand_01.png", y=5, x=5)
    assert "not open" in talk.answers(1)[-1]["why"]
