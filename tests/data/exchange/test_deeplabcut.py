from __future__ import annotations

from typing import TYPE_CHECKING

import pandas
import pytest

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange import deeplabcut

if TYPE_CHECKING:
    from pathlib import Path

PLACED = (
    Landmark("a.png", "tip", 20.5, 10, source="human"),
    Landmark("a.png", "base", 35, 50, source="human"),
    Landmark("sub/b.png", "base", 0.1 + 0.2, 59, source="human"),
)
PREDICTED = (
    Landmark("a.png", "tip", 20.5, 10, source="human"),
    Landmark("sub/b.png", "tip", 1, 2, confidence=0.75, source="machine:r1"),
    Landmark("v.nii.gz#2", "tip", 8, 6, confidence=1e-9),
)
FOREIGN = """scorer,,,Ann,Ann,Ann,Ann
bodyparts,,,tip,tip,base,base
coords,,,x,y,x,y
labeled-data,sub,b.png,1.5,2,,
labeled-data,images,a.png,,,3,4
"""


def saved(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "CollectedData_Ann.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_pandas_reads_the_file_as_deeplabcut_does(tmp_path: Path, listing):
    deeplabcut.write(tmp_path / "p.csv", PLACED, listing)
    table = pandas.read_csv(tmp_path / "p.csv", header=[0, 1, 2], index_col=0)
    assert table.columns.names == ["scorer", "bodyparts", "coords"]
    assert list(table.columns) == [
        ("human", part, coord) for part in ("tip", "base") for coord in ("x", "y")
    ]
    assert list(table.index) == ["a.png", "sub/b.png"]
    assert table.loc["a.png"].tolist() == [10, 20.5, 50, 35]
    assert table.loc["sub/b.png", "human"]["tip"].isna().all()
    # What convertcsv2h5 does with the scorer.
    assert table.columns.set_levels(["Ann"], level="scorer")[0] == ("Ann", "tip", "x")


def test_the_likelihood_is_the_confidence_and_the_scorer_the_source(tmp_path: Path, listing):
    deeplabcut.write(tmp_path / "p.csv", PREDICTED, listing)
    table = pandas.read_csv(tmp_path / "p.csv", header=[0, 1, 2], index_col=0)
    assert list(table.columns.unique("scorer")) == ["human", "machine:r1", "napari-localcl"]
    assert table.loc["sub/b.png", ("machine:r1", "tip")].tolist() == [2, 1, 0.75]
    assert table.loc["sub/b.png", ("human", "tip")].isna().all()


@pytest.mark.parametrize("rows", [PLACED, PREDICTED])
def test_all_comes_back(tmp_path: Path, listing, rows):
    deeplabcut.write(tmp_path / "p.csv", rows, listing)
    assert deeplabcut.read(tmp_path / "p.csv", listing) == rows


def test_what_pandas_writes_is_read(tmp_path: Path, listing):
    deeplabcut.write(tmp_path / "p.csv", PREDICTED, listing)
    pandas.read_csv(tmp_path / "p.csv", header=[0, 1, 2], index_col=0).to_csv(tmp_path / "q.csv")
    assert deeplabcut.read(tmp_path / "q.csv", listing) == PREDICTED


def test_an_index_of_three_columns_is_read(tmp_path: Path, listing):
    assert deeplabcut.read(saved(tmp_path, FOREIGN), listing) == (
        Landmark("sub/b.png", "tip", 2, 1.5, source="human"),
        Landmark("a.png", "base", 4, 3, source="human"),
    )


def test_a_networks_scorer_becomes_a_machine(tmp_path: Path, listing):
    text = (
        "scorer,DLC_resnet50,DLC_resnet50,DLC_resnet50\nbodyparts,tip,tip,tip\n"
        "coords,x,y,likelihood\nlabeled-data\\sub\\b.png,1,2,0.5\n"
    )
    assert deeplabcut.read(saved(tmp_path, text), listing) == (
        Landmark("sub/b.png", "tip", 2, 1, confidence=0.5, source="machine:DLC_resnet50"),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("coords,", "image,", "must begin with scorer, bodyparts, coords"),
        (
            FOREIGN,
            "image,landmark,y,x\na.png,tip,1,2\n",
            "must begin with scorer, bodyparts, coords",
        ),
        (FOREIGN, "", "is empty; save a DeepLabCut file there again"),
        ("bodyparts,", "individuals,,,m1,m1,m2,m2\nbodyparts,", "is of several animals"),
        ("x,y,x,y", "x,y,x,likelihood", "the landmark 'base' has no column y; add it"),
        ("Ann,Ann\n", "Ann,Ann,Ann\n", "of sub/b.png has 7 values, not 8"),
        ("1.5,2,", "1.5,two,", "the row of sub/b.png has 'two' where a number is needed"),
        ("1.5,2,", "1.5,,", "the row of sub/b.png has only one of x and y for 'tip'"),
        ("sub,b.png", "sub,c.png", "no image named 'c.png'"),
        ("labeled-data,sub,b.png", "0,,", "no image named '0'"),
    ],
)
def test_a_mistake_is_told_in_one_sentence_with_the_file(
    tmp_path: Path, listing, old, new, message
):
    path = saved(tmp_path, FOREIGN.replace(old, new))
    with pytest.raises(BadInput, match=message) as caught:
        deeplabcut.read(path, listing)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_third_dimension_is_told(tmp_path: Path, listing):
    text = "scorer,A,A,A\nbodyparts,tip,tip,tip\ncoords,x,y,z\na.png,1,2,3\n"
    with pytest.raises(BadInput, match="has a column 'z'; only x, y and likelihood are known"):
        deeplabcut.read(saved(tmp_path, text), listing)


def test_an_unknown_image_is_told_and_nothing_written(tmp_path: Path, listing):
    with pytest.raises(BadInput, match=r"no image named 'c.png'"):
        deeplabcut.write(tmp_path / "p.csv", [Landmark("c.png", "tip", 1, 2)], listing)
    assert not (tmp_path / "p.csv").exists()
