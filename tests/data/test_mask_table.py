"""The table of a folder of masks."""

import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.mask_table import ClassRow, MaskRow, read_mask_rows, write_mask_rows

ROWS = (MaskRow("a.jpg", "a.png", 0.9375, 1204), MaskRow("sub/b.tif#3", "sub/b.tif", 1.0, 0))


def test_a_table_comes_back_as_it_was_written(tmp_path):
    write_mask_rows(tmp_path / "masks.csv", ROWS)
    assert read_mask_rows(tmp_path / "masks.csv") == ROWS
    first, second, _ = (tmp_path / "masks.csv").read_text().splitlines()
    assert (first, second) == ("image,mask,confidence,area", "a.jpg,a.png,0.9375,1204")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("image,mask,area\n", "has no column confidence"),
        ("image,mask,confidence,area\na,a.png,.5,3\na,b.png,1,2\n", r"line 3 has image 'a' again"),
        ("image,mask,confidence,area\n,a.png,.5,3\n", "line 2 has an empty image"),
        ("image,mask,confidence,area\na,,.5,3\n", "line 2 has an empty mask"),
        ("image,mask,confidence,area\na,a.png,sure,3\n", "line 2 has 'sure' in column confidence"),
        ("image,mask,confidence,area\na,a.png,1.5,3\n", r"line 2 has the confidence 1\.5"),
        ("image,mask,confidence,area\na,a.png,.5,3.5\n", r"line 2 has the area 3\.5"),
    ],
)
def test_a_mistake_is_told_in_one_sentence_with_file_and_line(tmp_path, text, why):
    (tmp_path / "masks.csv").write_text(text)
    with pytest.raises(BadInput, match=why) as told:
        read_mask_rows(tmp_path / "masks.csv")
    assert str(told.value).startswith(str(tmp_path / "masks.csv"))


def test_classes_have_columns_of_their_own(tmp_path):
    path = tmp_path / "masks.csv"
    both = (ClassRow("RV", 0.5, 7), ClassRow("LV wall", 0.25, 3))
    rows = (MaskRow("a.png", "a.png", 0.375, 10, both), MaskRow("b.png", "b.png", 1.0, 2))
    write_mask_rows(path, rows)
    first = path.read_text().splitlines()[0]
    assert first.endswith("confidence RV,area RV,confidence LV wall,area LV wall")
    assert read_mask_rows(path) == rows
