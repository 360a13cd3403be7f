import numpy as np
from projects import predicted

from napari_localcl.data.marks import Column, Kind, is_machine


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
