"""From figures to a recommendation."""

import json

import numpy as np
import pytest

from napari_localcl.tasks.probe.cycles import CYCLES
from napari_localcl.tasks.probe.figures import Figure
from napari_localcl.tasks.probe.filling import RANK, SPREAD
from napari_localcl.tasks.probe.masks import LINEAR
from napari_localcl.tasks.probe.ranking import Column, mean_ranks, ranked_figures, recommend
from napari_localcl.tasks.probe.report import Report
from napari_localcl.tasks.probe.views import HITS
from napari_localcl.tasks.probe.wholes import COMPOSITION_MRR

NOISE = np.random.default_rng(0).normal(0, 0.02, 30)
RANDOM = "random weights"


def column(name, hits, cycles, whole, *, spread=0.5, dice=None):
    levels = {HITS: (hits, 0.01), CYCLES: (cycles, 0.01), COMPOSITION_MRR: (whole, 0.13)}
    if dice is not None:
        levels[LINEAR] = (dice, 0.3)
    figures = [Figure.of(kind, value + NOISE, null) for kind, (value, null) in levels.items()]
    figures += [Figure.of(SPREAD, spread), Figure.of(RANK, 4.0)]
    twin = "" if name == RANDOM else RANDOM
    return Column(name, "ld", name, twin, {figure.kind.name: figure for figure in figures})


def words(*columns):
    return " ".join(recommend(columns).sentences)


GOOD, FAIR = column("good", 0.8, 0.7, 0.9), column("fair", 0.6, 0.5, 0.8)
CHANCE = column(RANDOM, 0.3, 0.2, 0.5)


def test_a_question_asked_twice_counts_once():
    places = column("places", 0.8, 0.7, 0.5)
    parts = column("parts", 0.6, 0.5, 0.9)
    assert mean_ranks([places, parts]) == {"places": 1.5, "parts": 1.5}


def test_a_figure_that_nobody_beats_the_control_of_is_left_out():
    columns = [column("a", 0.01, 0.7, 0.9), column("b", 0.005, 0.5, 0.8)]
    assert ranked_figures(columns) == ("cycle_hits", "composition_mrr")


def test_the_best_is_recommended_with_reasons():
    found = recommend([GOOD, FAIR, CHANCE])
    assert found.best == "good"
    assert found.sentences[0].startswith("'good' suits these images best: it is first in places")
    assert "0.8" in found.sentences[0]
    assert "(control 0.01)" in found.sentences[0]


def test_a_run_that_learned_nothing_is_told_so():
    lazy = column("lazy", 0.3, 0.2, 0.5)
    assert "'lazy' is no better than random weights" in words(GOOD, lazy, CHANCE)
    assert recommend([lazy, CHANCE]).best is None


def test_a_collapse_is_told_however_it_ranks():
    dead = column("dead", 0.9, 0.9, 0.95, spread=0.001)
    assert "'dead' has collapsed" in words(GOOD, dead, CHANCE)
    assert recommend([GOOD, dead, CHANCE]).best == "good"


def test_one_run_alone_is_compared_with_random_weights():
    assert words(GOOD, CHANCE).startswith("'good' has learned from these images, compared with")


def test_runs_that_are_alike_are_said_to_be():
    twin = column("twin", 0.8, 0.7, 0.9)
    assert "about as good" in words(GOOD, twin, CHANCE)
    assert "about as good" not in words(GOOD, FAIR, CHANCE)


def test_what_people_marked_counts_for_more():
    first = column("first", 0.8, 0.7, 0.9, dice=0.5)
    second = column("second", 0.6, 0.5, 0.8, dice=0.8)
    random = column(RANDOM, 0.3, 0.2, 0.5, dice=0.35)
    found = recommend([first, second, random])
    assert found.best == "second"
    assert "without labels would have chosen 'first'" in " ".join(found.sentences)


@pytest.fixture
def report():
    return Report((GOOD, FAIR, CHANCE), 30, 0)


def test_the_report_is_json_and_a_page(report, tmp_path):
    table, page = report.write(tmp_path / "probe.json")
    assert (table.name, page.name) == ("probe.json", "probe.html")
    facts = json.loads(table.read_text())
    assert facts["recommendation"]["best"] == "good"
    assert [one["random"] for one in facts["encoders"]] == [False, False, True]
    hits = next(figure for figure in facts["figures"] if figure["name"] == "view_hits")
    assert hits["ranked"]
    assert hits["values"]["good"]["value"] == pytest.approx(0.8, abs=0.02)
    rank = next(figure for figure in facts["figures"] if figure["name"] == "effective_rank")
    assert (rank["ranked"], rank["values"]["good"]["skill"]) == (False, None)
    assert "suits these images best" in page.read_text()


def test_names_that_look_like_markup_are_shown_as_they_are():
    odd = column("<b>", 0.8, 0.7, 0.9)
    assert "<b>" not in Report((odd, CHANCE), 30, 0).html()


def test_the_table_has_a_row_for_each_figure_and_one_for_ranks(report):
    rows = list(report.rows())
    assert rows[0] == ["figure", "unit", "good", "fair", RANDOM]
    assert rows[-1][0] == "mean rank without labels"
    assert rows[-1][2] == "1"
