"""The classes that labels tell apart."""

import pytest

from napari_localcl.data.classes import (
    LabelClass,
    check_all_shown,
    check_values,
    listed,
    parse_classes,
    read_classes,
    write_classes,
)
from napari_localcl.data.errors import BadInput

HEART = (LabelClass(1, "RV"), LabelClass(2, "myocardium"))


def test_classes_are_named_in_a_text_or_a_table(tmp_path):
    assert parse_classes("2=myocardium, 1=RV") == HEART
    assert parse_classes("3") == (LabelClass(3, "3"),)
    write_classes(tmp_path / "classes.csv", HEART)
    assert (tmp_path / "classes.csv").read_text().splitlines()[:2] == ["value,name", "1,RV"]
    assert read_classes(tmp_path / "classes.csv") == HEART


def test_a_sentence_names_a_class_by_value_and_name():
    assert listed((LabelClass(1, "RV"), LabelClass(4, "4"))) == "1 (RV), 4"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0=background", "0 is the background"),
        ("RV=1", "value 'RV'"),
        ("70000=x", "from 1 to 65535"),
        ("1=a,1=b", "value 1 twice"),
        ("1=a,2=a", "name a twice"),
        (" ", "names no class"),
    ],
)
def test_what_is_no_class_is_one_sentence(text, sentence):
    with pytest.raises(BadInput, match=sentence):
        parse_classes(text)


def test_a_value_that_no_class_has_names_its_file(tmp_path):
    check_values(tmp_path / "a.png", frozenset({0, 1, 255}), HEART, 255)
    with pytest.raises(BadInput, match=r"a.png holds the label 7, which no class has .*1 \(RV\)"):
        check_values(tmp_path / "a.png", frozenset({0, 7, 9}), HEART, 255)


def test_a_class_that_no_mask_shows_is_named():
    with pytest.raises(BadInput, match=r"no labelled image shows class 2 \(myocardium\)"):
        check_all_shown(HEART, frozenset({1}))
