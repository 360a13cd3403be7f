"""Labels that are kept back: the same ones again, and never the only ones of a class."""

from pathlib import Path
from types import SimpleNamespace

from napari_localcl.data.classes import LabelClass
from napari_localcl.data.held_out import choose_held_out
from napari_localcl.data.labels import FoundLabels, LabelRules

BOTH = frozenset({1, 2})


def labels(shown):
    classes = (LabelClass(1, "rim"), LabelClass(2, "core"))
    files = {name: Path(name) for name in shown}
    return FoundLabels(SimpleNamespace(), files, classes, LabelRules(), (), shown)


def many(count, first=0):
    return {f"{number}.png": BOTH for number in range(first, first + count)}


def test_a_share_is_kept_back_and_one_at_least_of_three():
    assert len(choose_held_out(labels(many(20)), 0.2)) == 4
    assert len(choose_held_out(labels(many(3)), 0.1)) == 1
    assert choose_held_out(labels(many(2)), 0.5) == ()
    assert choose_held_out(labels(many(20)), 0.0) == ()


def test_what_was_kept_back_is_kept_back_again_when_more_is_labelled():
    first = choose_held_out(labels(many(10)), 0.2)
    learned = set(many(10)) - set(first)
    again = choose_held_out(labels(many(20)), 0.2, first, learned)
    assert set(first) < set(again)
    assert len(again) == 4
    assert not learned & set(again)


def test_half_of_what_is_new_is_learned_from():
    learned = set(many(5))
    assert choose_held_out(labels(many(6)), 0.2, (), learned) == ()
    assert len(choose_held_out(labels(many(9)), 0.5, (), learned)) == 2


def test_the_only_image_that_shows_a_class_is_learned_from():
    rim = frozenset({1})
    for alone in range(4):
        shown = {f"{number}.png": BOTH if number == alone else rim for number in range(4)}
        assert f"{alone}.png" not in choose_held_out(labels(shown), 0.5)
