from napari_localcl.data.history import History


def test_steps_are_undone_and_redone_in_order():
    history = History("a")
    history.push("b")
    history.push("c")
    history.undo()
    history.undo()
    assert history.present == "a"
    history.redo()
    assert history.present == "b"
    assert history.can_undo
    assert history.can_redo


def test_a_new_step_ends_what_could_be_redone():
    history = History("a")
    history.push("b")
    history.undo()
    history.push("c")
    assert not history.can_redo
    history.redo()
    assert history.present == "c"


def test_at_the_ends_nothing_happens():
    history = History("a")
    history.undo()
    history.redo()
    assert history.present == "a"
    assert not history.can_undo


def test_the_same_state_again_is_no_step():
    state = object()
    history = History(state)
    history.push(state)
    assert not history.can_undo


def test_only_so_many_steps_are_remembered():
    history = History(0, most=3)
    for state in range(1, 10):
        history.push(state)
    for _ in range(10):
        history.undo()
    assert history.present == 6


def test_what_follows_from_a_step_is_undone_with_it_and_ends_nothing_that_can_be_redone():
    history = History("a")
    history.push("b")
    history.push("c")
    history.undo()
    history.amend("b with its consequences")
    history.redo()
    assert history.present == "c"
    history.undo()
    assert history.present == "b with its consequences"
    history.undo()
    assert history.present == "a"


def test_news_that_no_step_may_take_back_reaches_all_states():
    history = History(1)
    for state in (2, 3):
        history.push(state)
    history.undo()
    history.transform(lambda state: state * 10)
    assert history.present == 20
    history.undo()
    assert history.present == 10
    history.redo()
    history.redo()
    assert history.present == 30
