"""Tables whose mistakes are told with their line."""

import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.tables import read_table, write_table


def test_cells_come_back_as_they_were_written_numbers_exactly(tmp_path):
    path = tmp_path / "sizes.csv"
    write_table(path, ("name", "size"), [('a, "b"', 0.1 + 0.2), ("c", 3.0), ("d", None)])
    assert path.read_text().splitlines()[2:] == ["c,3", "d,"]
    first, second, third = read_table(path, "table", ("name",), key=("name",))
    assert (first.cells["name"], first.number("size")) == ('a, "b"', 0.1 + 0.2)
    assert second.place == f"{path}, line 3"
    with pytest.raises(BadInput, match="line 4 has '' in column size where a number is needed"):
        third.number("size")


def test_what_may_not_occur_twice_is_told_with_both_lines(tmp_path):
    path = tmp_path / "sizes.csv"
    path.write_text("name,part\na,x\na,y\n\na,x\n")
    with pytest.raises(BadInput, match=r"line 5 has name 'a', part 'x' again \(first on line 2\)"):
        read_table(path, "table", ("name",), key=("name", "part"))


def test_a_missing_file_is_named_for_what_it_should_be(tmp_path):
    with pytest.raises(BadInput, match=r"none\.csv does not exist; give a table of masks \(CSV\)"):
        read_table(tmp_path / "none.csv", "table of masks", ("image",), key=("image",))
