"""``evaluate landmarks`` in the terminal."""

import json

import numpy as np
import pytest
from PIL import Image

from napari_localcl.cli.entry import run
from napari_localcl.data import tiff

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


def square(x, value):
    mask = np.zeros((12, 12), np.uint8)
    mask[2:6, x : x + 4] = value
    return Image.fromarray(mask)


@pytest.fixture
def folders(tmp_path):
    for name in ("found", "truth"):
        (tmp_path / name).mkdir()
    for name, x in {"a": 2, "b": 4}.items():
        square(x, 1).save(tmp_path / "found" / f"{name}.png")
        square(2, 255).save(tmp_path / "truth" / f"{name}_disc.png")
    square(2, 255).save(tmp_path / "truth" / "c_disc.png")
    square(2, 0).save(tmp_path / "found" / "d.png")
    square(2, 0).save(tmp_path / "truth" / "d_disc.png")
    return [str(tmp_path / "found"), str(tmp_path / "truth")]


def test_masks_are_reported_with_their_spread_and_what_was_left_out(folders, capsys):
    assert run(["evaluate", "masks", *folders]) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == ["structure", "measure", "mean", "median", "std", "images"]
    # Dice 1, 0.5 and 0 for the missing one; distances 0 and 2 px.
    assert lines[0].split() == ["mask", "Dice", "0.500", "0.500", "0.408", "3"]
    assert lines[1].split() == ["mask", "IoU", "0.444", "0.333", "0.416", "3"]
    assert lines[2].split() == ["mask", "HD95", "px", "1.00", "1.00", "1.00", "2"]
    assert lines[4] == "missing predictions (1), counted as empty: c_disc.png"
    assert lines[5] == "left out (1), truth and prediction are both empty: d_disc.png"


def test_masks_of_the_prior_are_excluded_and_json_has_each_image(folders, tmp_path):
    target = tmp_path / "scores.json"
    more = ["--exclude", "c.jpg", "--spacing", "0.5", "--json", str(target)]
    assert run(["evaluate", "masks", *folders, *more]) == 0
    found = json.loads(target.read_text())
    assert found["excluded"] == ["c_disc.png"]
    assert found["unit"] == "mm"
    assert [one["hd95"] for one in found["images"]] == [0.0, 1.0, None]
    assert found["overall"]["dice"]["mean"] == pytest.approx(0.75)


def test_a_label_that_the_truth_lacks_is_bad_input(folders, tmp_path, capsys):
    square(2, 3).save(tmp_path / "truth" / "c_disc.png")
    assert run(["evaluate", "masks", *folders, "--label", "7"]) == 2
    assert "the truth holds no label 7, only 3, 255" in capsys.readouterr().err


def test_the_labels_of_volumes_are_reported_apart_with_the_images_they_ended_in(tmp_path, capsys):
    volume = np.zeros((3, 12, 12), np.uint8)
    volume[:, 2:6, 2:6], volume[0, 8:, 8:] = 1, 2
    for name in ("found", "truth"):
        (tmp_path / name).mkdir()
        tiff.write(tmp_path / name / "a.tif", volume * (volume == 1), "ZYX")
        tiff.write(tmp_path / name / "b.tif", volume[:, ::-1], "ZYX")
    tiff.write(tmp_path / "truth" / "a.tif", volume, "ZYX")
    (tmp_path / "found" / "x.tif").write_bytes(b"")
    assert run(["evaluate", "masks", str(tmp_path / "found"), str(tmp_path / "truth")]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    dice = {line.split("Dice")[0].strip(): line.split()[-4:] for line in lines if "Dice  " in line}
    assert dice == {
        "label 1": ["1.000", "1.000", "0.000", "2"],
        "label 2": ["0.500", "0.500", "0.500", "2"],
        "all": ["0.750", "1.000", "0.433", "4"],
    }
    assert lines[-3] == "missed (1), Dice 0 and no distance: a.tif (label 2)"
    assert lines[-2] == "predictions without a truth to compare with: 1"
    assert lines[-1].startswith("voxels count as cubes")
