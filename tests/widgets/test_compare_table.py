"""The figures of a comparison, each with its control."""

from __future__ import annotations

import json

import pytest
from probe_child import RANDOM, report_of
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QStyleOptionViewItem

from napari_localcl.data.errors import BadInput
from napari_localcl.widgets.compare_model import CONTROL
from napari_localcl.widgets.compare_report import CompareReport, read_report
from napari_localcl.widgets.compare_table import CompareTable

TITLE, ABOUT, FIRST, SECOND, LAST = range(5)
ROLES = Qt.ItemDataRole


@pytest.fixture
def report():
    return CompareReport.model_validate(report_of("one-1", "one-2"))


@pytest.fixture
def table(qapp, report):
    table = CompareTable()
    table.show_report(report, {"one-1": "narrow"})
    yield table
    table.deleteLater()


def cell(table, row, column, role=ROLES.DisplayRole):
    model = table.model()
    return model.data(model.index(row, column), role)


def titles(table):
    return [cell(table, row, TITLE) for row in range(table.model().rowCount())]


def test_runs_are_called_as_people_call_them_and_say_their_rank(table):
    heads = [table.model().headerData(n, Qt.Orientation.Horizontal) for n in range(5)]
    assert heads[FIRST:] == ["narrow\nrank 2", "one-2\nrank 1", f"{RANDOM}\nrank 3"]
    tip = table.model().headerData(LAST, Qt.Orientation.Horizontal, ROLES.ToolTipRole)
    assert "before it has learned" in tip


def test_what_is_better_than_its_control_has_a_mark_and_says_so_in_words(table):
    assert [cell(table, 0, column) for column in (FIRST, SECOND)] == ["✓ 0.5", "✓ 0.8"]
    assert cell(table, 0, FIRST, CONTROL) == "0.02"
    assert cell(table, 1, LAST) == "22"
    words = cell(table, 1, LAST, ROLES.AccessibleTextRole)
    assert words == "error: 22 px, not clearly better than its control, 20 px"
    words = cell(table, 0, SECOND, ROLES.ToolTipRole)
    assert words.endswith("clearly better than its control, 0.02, the best of all")


def test_the_best_of_a_row_is_bold_and_nothing_else_is(table):
    bold = [
        (row, column)
        for row in range(3)
        for column in range(FIRST, LAST + 1)
        if (font := cell(table, row, column, ROLES.FontRole)) is not None and font.bold()
    ]
    assert bold == [(0, SECOND), (1, SECOND)]


def test_a_row_explains_its_figure_in_a_sentence_and_names_its_unit(table):
    assert titles(table) == ["places found", "error (px)", "rank"]
    assert cell(table, 0, ABOUT) == "places"
    assert cell(table, 0, TITLE, ROLES.ToolTipRole) == (
        "How well places found. About places. The rank follows from it."
    )
    assert "does not follow" in cell(table, 2, TITLE, ROLES.ToolTipRole)


def test_a_column_sorts_by_how_much_better_than_its_control_a_run_is(table):
    table.sortByColumn(SECOND, Qt.SortOrder.DescendingOrder)
    assert titles(table) == ["places found", "error (px)", "rank"]
    table.sortByColumn(FIRST, Qt.SortOrder.AscendingOrder)
    assert titles(table) == ["rank", "places found", "error (px)"]
    table.sortByColumn(TITLE, Qt.SortOrder.AscendingOrder)
    assert titles(table) == ["error (px)", "places found", "rank"]


def test_there_is_room_for_a_figure_and_its_control(table):
    index = table.model().index(0, FIRST)
    option = QStyleOptionViewItem()
    option.initFrom(table)
    metrics = table.fontMetrics()
    both = metrics.horizontalAdvance("✓ 0.5") + metrics.horizontalAdvance("0.02")
    assert table.itemDelegate().sizeHint(option, index).width() > both


def test_sentences_call_runs_as_people_do(report):
    said = report.sentences({"one-2": "wide"})
    assert said == ["'wide' suits these images best: it is first in places found."]


def test_a_damaged_report_is_one_sentence(tmp_path):
    path = tmp_path / "comparison.json"
    path.write_text(json.dumps({"format": 1}))
    with pytest.raises(BadInput, match=r"comparison\.json cannot be read; compare again"):
        read_report(path)
