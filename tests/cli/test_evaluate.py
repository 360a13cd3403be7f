"""``evaluate landmarks`` in the terminal."""

import json

import pytest

from napari_localcl.cli.entry import run

TRUTH = "image,landmark,y,x\na.png,tip,10,10\na.png,base,20,20\nb.png,tip,10,10\nb.png,base,20,20\n"
FOUND = "image,landmark,y,x,confidence,source\na.png,tip,13,14,.9,m\na.png,base,20,20,.8,m\n"


@pytest.fixture
def files(tmp_path):
    (tmp_path / "found.csv").write_text(FOUND + "b.png,tip,10,22,.1,m\n")
    (tmp_path / "truth.csv").write_text(TRUTH)
    return [str(tmp_path / "found.csv"), str(tmp_path / "truth.csv")]


def test_the_table_has_the_fields_standard_figures(files, capsys):
    assert run(["evaluate", "landmarks", *files, "--radius", "5", "--radius", "12"]) == 0
    out = capsys.readouterr().out
    rows = {line.split()[0]: line.split()[1:] for line in out.splitlines() if line.strip()}
    assert rows["tip"] == ["2", "0", "8.50", "8.50", "3.50", "50.0%", "100.0%"]
    assert rows["base"] == ["2", "1", "0.00", "0.00", "0.00", "50.0%", "50.0%"]
    assert rows["all"] == ["4", "1", "5.67", "5.00", "4.92", "50.0%", "75.0%"]
    assert "missing predictions: base in b.png" in out
    assert "risk-coverage curve: 4.39 px" in out


def test_spacing_gives_millimetres_too_and_json_holds_everything(files, tmp_path, capsys):
    target = tmp_path / "errors.json"
    more = ["--spacing", "0.1", "--exclude", "b.png", "--json", str(target)]
    assert run(["evaluate", "landmarks", *files, *more]) == 0
    errors = json.loads(target.read_text())
    assert errors["overall"]["millimetres"]["mean"] == pytest.approx(0.25)
    assert errors["excluded"] == ["b.png"]
    assert errors["unit"] == "mm"
    assert "mean mm" in capsys.readouterr().out


def test_a_spacing_that_is_no_number_is_bad_input(files, capsys):
    assert run(["evaluate", "landmarks", *files, "--spacing", "wide"]) == 2
    assert "neither one number of millimetres nor two" in capsys.readouterr().err
