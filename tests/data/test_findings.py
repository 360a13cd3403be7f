"""The findings table."""

import numpy as np
import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.findings import (
    Findings,
    check_finding,
    read_findings,
    read_probabilities,
    write_findings,
    write_predictions,
)

TABLE = """series,patient,tear,side,code
a,p1,1,left,3
b,p1,0,right,1
c,p2,,left,
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "series.csv"
    path.write_text(TABLE)
    return path


def test_cells_are_1_0_or_not_known(table):
    found = read_findings(table, ["tear"])
    assert found.series == ("a", "b", "c")
    assert found.patients == ("p1", "p1", "p2")
    np.testing.assert_array_equal(found.values, [[1], [0], [np.nan]])
    assert found.prevalence.tolist() == [0.5]


def test_a_column_of_text_is_told_with_its_line_and_what_to_do(table):
    with pytest.raises(BadInput) as error:
        read_findings(table)
    sentence = str(error.value)
    assert "series.csv, line 2 has 'left' in column 'side' where 0, 1 or nothing" in sentence
    assert "--finding side=left" in sentence


def test_a_value_of_a_column_of_codes_or_words_is_a_finding(table):
    found = read_findings(table, ["side=left", "code=3"])
    assert found.names == ("side=left", "code=3")
    np.testing.assert_array_equal(found.values, [[1, 1], [0, 0], [1, np.nan]])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("series,x\na,2\n", "has '2' in column 'x' where 0, 1 or nothing is needed"),
        ("series,x\na,0.5\n", "has '0.5' in column 'x'"),
        ("name,x\na,1\n", "has no column series"),
        ("series\na\n", "has no findings"),
        ("series,x\n", "names no series"),
        ("series,x\na,1\na,0\n", "again"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(tmp_path, text, sentence):
    path = tmp_path / "t.csv"
    path.write_text(text)
    with pytest.raises(BadInput, match=sentence):
        read_findings(path)


def test_an_unknown_finding_is_told_with_the_columns_there_are(table):
    with pytest.raises(BadInput, match="has no column 'meniscus'; it has series, patient, tear"):
        read_findings(table, ["meniscus"])


def test_findings_are_brought_into_the_order_of_exams(table):
    found = read_findings(table, ["tear"]).of(["b", "new", "a"], table)
    np.testing.assert_array_equal(found.values[:, 0], [0, np.nan, 1])
    assert found.patients == ("p1", "new", "p1")


def test_a_table_of_other_series_is_told(table):
    with pytest.raises(BadInput, match="names none of the series: its first is 'a'"):
        read_findings(table, ["tear"]).of(["x"], table)


def test_a_table_comes_back_as_it_was_written(table, tmp_path):
    found = read_findings(table, ["tear", "side=left"])
    write_findings(tmp_path / "again.csv", found)
    again = read_findings(tmp_path / "again.csv")
    assert (again.series, again.names, again.patients) == (
        found.series,
        found.names,
        found.patients,
    )
    np.testing.assert_array_equal(again.values, found.values)


def test_predictions_come_back_as_they_were_written(tmp_path):
    values = np.array([[0.25, 0.5], [np.nan, 1.0]])
    told = Findings(("a", "b"), ("tear", "cyst"), values, ("a", "b"))
    write_predictions(tmp_path / "p.csv", told, np.zeros((2, 2)), "machine:run")
    found = read_probabilities(tmp_path / "p.csv")
    assert found.names == ("tear", "cyst")
    np.testing.assert_array_equal(found.values, values)
    first = (tmp_path / "p.csv").read_text().splitlines()[0]
    assert first == "series,tear,cyst,tear uncertainty,cyst uncertainty,source"


def test_a_probability_beyond_1_is_refused(tmp_path):
    (tmp_path / "p.csv").write_text("series,tear\na,1.5\n")
    with pytest.raises(BadInput, match="a number from 0 to 1"):
        read_probabilities(tmp_path / "p.csv")


def test_what_is_said_of_a_series_replaces_what_was_known(table):
    found = read_findings(table, ["tear"]).told(2, "tear", 1.0).told(0, "tear", float("nan"))
    np.testing.assert_array_equal(found.values, [[np.nan], [0], [1]])


def test_findings_of_two_tables_stand_side_by_side_and_the_later_count(table):
    first = read_findings(table, ["tear", "code=3"])
    own = Findings(first.series, ("tear", "cyst"), np.ones((3, 2)), first.series)
    both = first.beside(own)
    assert both.names == ("code=3", "tear", "cyst")
    np.testing.assert_array_equal(both.values[:, 1:], np.ones((3, 2)))
    # A table in which every series is a patient of its own says nothing of patients.
    assert both.patients == ("p1", "p1", "p2")
    assert own.beside(first).patients == ("p1", "p1", "p2")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [(" ", "needs a name"), ("tear", "already"), ("patient", "another column")],
)
def test_a_finding_has_a_name_of_its_own(table, name, sentence):
    known = read_findings(table, ["tear"])
    assert check_finding(" cyst ", known) == "cyst"
    with pytest.raises(BadInput, match=sentence):
        check_finding(name, known)
