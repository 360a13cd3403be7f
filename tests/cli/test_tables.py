"""Spacing in, tables out."""

import pytest

from napari_localcl.cli.tables import first_named, parse_spacing, print_table
from napari_localcl.data.errors import BadInput


def test_a_spacing_is_one_number_or_one_for_each_axis():
    assert parse_spacing(None) is None
    assert parse_spacing("0.5") == 0.5
    assert parse_spacing("0.5,2") == (0.5, 2.0)
    assert parse_spacing("3,0.5,2", "Z,Y,X") == (3.0, 0.5, 2.0)
    with pytest.raises(BadInput, match="nor two as Y,X"):
        parse_spacing("3,0.5,2")
    with pytest.raises(BadInput, match="nor several as Z,Y,X"):
        parse_spacing("wide", "Z,Y,X")


def test_names_stand_left_and_figures_right(capsys):
    print_table([["name", "part", "mean"], ["a", "whole", "10.25"]], names=2)
    assert capsys.readouterr().out == "name  part    mean\na     whole  10.25\n"


def test_the_first_names_are_given_and_the_rest_counted():
    assert first_named(["a", "b"]) == "a, b"
    assert first_named([str(number) for number in range(12)]).endswith("8, 9 and 2 more")
