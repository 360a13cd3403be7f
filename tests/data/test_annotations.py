from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_localcl.data.annotations import (
    Landmark,
    by_image,
    names,
    read_landmarks,
    read_lines,
    write_landmarks,
)
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

ROWS = (
    Landmark("a.png", "tip", 1.25, 300),
    Landmark("sub/b, left.tif#3", 'the "base"', 0.1 + 0.2, -4),
    Landmark("a.png", "base", 5, 6),
)


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "points.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_points_survive_writing_and_reading_exactly(tmp_path: Path):
    write_landmarks(tmp_path / "points.csv", ROWS)
    assert read_landmarks(tmp_path / "points.csv") == ROWS


def test_placed_points_have_four_columns_and_short_numbers(tmp_path: Path):
    write_landmarks(tmp_path / "points.csv", ROWS[:1])
    assert (tmp_path / "points.csv").read_text() == "image,landmark,y,x\na.png,tip,1.25,300\n"


def test_predicted_points_also_have_confidence_and_source(tmp_path: Path):
    rows = (Landmark("a", "tip", 1, 2, confidence=0.75, source="machine:r1"), ROWS[0])
    write_landmarks(tmp_path / "points.csv", rows)
    text = (tmp_path / "points.csv").read_text()
    assert text.splitlines()[:2] == [
        "image,landmark,y,x,confidence,source",
        "a,tip,1,2,0.75,machine:r1",
    ]
    assert read_landmarks(tmp_path / "points.csv") == rows


def test_a_spreadsheet_with_its_mark_extra_columns_and_blank_lines_is_read(tmp_path: Path):
    path = written(tmp_path, "\ufeffx,note,y,landmark,image\r\n2,ok,1,tip, a.png \r\n,,,,\r\n\r\n")
    assert read_landmarks(path) == (Landmark("a.png", "tip", 1, 2),)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("image,landmark,y\na,b,1\n", "has no column x"),
        ("image;landmark;y;x\n", "separated by commas"),
        ("", "has no column image, landmark, y, x"),
        ("image,landmark,y,x\na,b,1,2\na,c,left,2\n", r"line 3 has 'left' in column y"),
        ("image,landmark,y,x\na,b,1,nan\n", r"line 2 has 'nan' in column x"),
        ("image,landmark,y,x\na,b,1,inf\n", r"line 2 has 'inf' in column x"),
        ("image,landmark,y,x\na,b,,2\n", r"line 2 has '' in column y"),
        ("image,landmark,y,x\na,b,1\n", "line 2 has 3 values instead of 4"),
        ("image,landmark,y,x\n,b,1,2\n", "line 2 has an empty image"),
        ("image,landmark,y,x\na,b,1,2\nc,b,1,2\na,b,3,4\n", r"line 4 .* again \(first on line 2\)"),
        ("image,landmark,y,x,confidence\na,b,1,2,high\n", "'high' in column confidence"),
    ],
)
def test_a_mistake_is_told_in_one_sentence_with_file_and_line(tmp_path: Path, text, message):
    path = written(tmp_path, text)
    with pytest.raises(BadInput, match=message) as caught:
        read_landmarks(path)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_or_foreign_file_is_told(tmp_path: Path):
    with pytest.raises(BadInput, match="does not exist"):
        read_landmarks(tmp_path / "none.csv")
    (tmp_path / "image.csv").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(BadInput, match="cannot be read as CSV"):
        read_landmarks(tmp_path / "image.csv")


def test_a_failed_write_leaves_the_old_file(tmp_path: Path):
    path = tmp_path / "points.csv"
    write_landmarks(path, ROWS)

    def rows():
        yield ROWS[0]
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write_landmarks(path, rows())
    assert read_landmarks(path) == ROWS


def test_rows_are_grouped_by_image_and_names_come_in_order():
    assert list(by_image(ROWS)) == ["a.png", "sub/b, left.tif#3"]
    assert by_image(ROWS)["a.png"] == (ROWS[0], ROWS[2])
    assert names((*ROWS, Landmark("c", "tip", 0, 0))) == ("tip", 'the "base"', "base")


def test_a_row_without_a_point_is_no_point_but_its_line_can_be_read(tmp_path: Path):
    path = written(tmp_path, "image,landmark,y,x,note\na,tip,1,2,seen\nb,tip,,,hidden\n")
    assert read_landmarks(path) == (Landmark("a", "tip", 1, 2),)
    assert [line.cells["note"] for line in read_lines(path)] == ["seen", "hidden"]
