import numpy as np
import pytest
from projects import predicted

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.marks import Column, Kind
from napari_localcl.data.point_sources import is_machine, is_person


def kinds(column: Column) -> list[Kind]:
    return [column.kind(index) for index in range(len(column.table))]


def test_a_column_begins_with_what_people_said_and_rejected():
    column = Column.of(4, {0: (1.5, 2), 1: None}, {1: frozenset({"machine:a"}), 2: frozenset()})
    assert kinds(column) == [Kind.HUMAN, Kind.ABSENT, Kind.REJECTED, Kind.NOTHING]
    assert column.table[["y", "x"]][0].tolist() == (1.5, 2)
    assert np.isnan(column.table["y"][1:]).all()


def test_predictions_of_several_runs_keep_their_sources():
    points = [predicted("b", run="one"), predicted("c", run="two")]
    column, _ = Column.of(3).predict([1, 2], points)
    assert column.reject(1).rejected == {1: {"machine:one"}}
    assert column.reject(2).rejected == {2: {"machine:two"}}


def test_a_point_rejected_twice_is_rejected_for_both_runs():
    column = Column.of(1)
    for run in ("one", "two"):
        column = column.predict([0], [predicted("a", run=run)])[0].reject(0)
    assert column.rejected == {0: {"machine:one", "machine:two"}}
    assert column.clear(0).rejected == {}


def test_taking_predictions_away_leaves_gaps_only_where_a_person_made_them():
    column, _ = Column.of(3).predict([0, 1, 2], [predicted(name) for name in "abc"])
    column, moved = column.reject(0).accept(1).predict([], [])
    assert kinds(column) == [Kind.REJECTED, Kind.HUMAN, Kind.NOTHING]
    assert moved == 0


def test_machines_are_told_by_their_source():
    assert is_machine("machine:one")
    assert not is_machine("human")
    assert not is_machine(None)


def test_an_accepted_point_is_a_persons_and_not_one_that_a_person_placed():
    assert is_person("accepted")
    assert is_person("human")
    assert not is_person("machine:one")
    assert not is_person(None)
    assert not is_machine("accepted")
    column, _ = Column.of(2).predict([0], [predicted("a")])
    column = column.accept(0).place(1, 3, 4)
    assert [column.source(index) for index in (0, 1)] == ["accepted", "human"]
    assert column.place(0, 5, 7).source(0) == "human", "moving it, by however little"


def test_many_points_are_placed_at_once_and_a_machines_become_accepted_ones():
    points = [Landmark("a", "tip", 1, 2), predicted("b"), Landmark("c", "tip", 3, 4, None, "human")]
    column = Column.of(4).place_all([0, 1, 3], points)
    assert kinds(column) == [Kind.HUMAN, Kind.HUMAN, Kind.NOTHING, Kind.HUMAN]
    assert [column.source(index) for index in (0, 1, 3)] == ["human", "accepted", "human"]
    assert np.isnan(column.table["confidence"]).all()


@pytest.mark.parametrize("take_away", [Column.clear, Column.mark_absent])
def test_predictions_go_with_the_last_point_that_they_rest_on(take_away):
    column = Column.of(3).place(0, 1, 1).place(1, 2, 2).predict([2], [predicted("c")])[0]
    column = take_away(column, 0)
    assert column.kind(2) is Kind.PREDICTED, "one point is left"
    assert take_away(column, 1).kind(2) is Kind.NOTHING


def test_templates_are_the_same_whatever_is_predicted_and_rejected():
    column = Column.of(3).place(0, 1, 1).predict([1, 2], [predicted("b"), predicted("c")])[0]
    assert column.has_same_templates(column.reject(1).mark_absent(2).predict([], [])[0])
    for other in (column.place(0, 1, 2), column.accept(1), column.clear(0)):
        assert not column.has_same_templates(other)


def test_what_people_say_differs_where_they_said_it():
    column = Column.of(4).place(0, 1, 1).predict([1, 2], [predicted("b"), predicted("c")])[0]
    assert column.differs(column.predict([], [])[0]).tolist() == []
    assert column.differs(column.accept(1).reject(2).mark_absent(3)).tolist() == [1, 2, 3]
    assert column.differs(column.place(0, 1, 2)).tolist() == [0]
