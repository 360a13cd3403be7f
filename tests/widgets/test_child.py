from __future__ import annotations

from napari_localcl.widgets.child import Child


def followed(child):
    said, ended = [], []
    child.said.connect(said.append)
    child.ended.connect(lambda *facts: ended.append(facts))
    child.start()
    return said, ended


def test_a_verb_says_its_events_and_how_it_ended(qapp, wait):
    child = Child(["methods"])
    said, ended = followed(child)
    wait(lambda: ended)
    assert ended == [(0, "")]
    assert said[-1]["methods"][0]["presets"]["small"][0]["name"] == "image_size"
    assert said[-1]["devices"][0] == "auto"


def test_bad_input_comes_back_as_its_sentence(qapp, wait):
    child = Child(["methods", "nonsense"])
    _, ended = followed(child)
    wait(lambda: ended)
    status, sentence = ended[0]
    assert status == 2
    assert sentence.startswith("there is no method 'nonsense'")


def test_closing_ends_the_process_and_says_nothing_more(qapp, wait):
    child = Child(["methods"])
    _, ended = followed(child)
    child.close()
    qapp.processEvents()
    assert ended == []
