from __future__ import annotations

from napari_localcl.widgets.step import State, Step


def test_a_step_says_its_state_in_words_and_opens(qapp):
    step = Step(1, "Images", "Choose images", "Drop a folder.")
    opened = []
    step.opened.connect(lambda: opened.append(True))
    assert (step.state, step.sentence, step.is_open) == (State.NOT_STARTED, "Drop a folder.", False)
    step.set_open(True)
    step.tell(State.NEEDS_YOU, "Look.")
    assert (step.state, step.sentence, step.is_open) == (State.NEEDS_YOU, "Look.", True)
    assert opened == [True]
