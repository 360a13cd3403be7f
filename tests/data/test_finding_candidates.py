"""What of a table could be a finding."""

import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.finding_candidates import find_candidates


def test_columns_of_0_and_1_and_values_of_codes_are_offered_and_measurements_are_not(tmp_path):
    rows = [f"s{i},p{i // 2},{i % 2},{'left' if i < 12 else 'right'},{i / 7},1" for i in range(20)]
    path = tmp_path / "table.csv"
    path.write_text("\n".join(["series,patient,tear,side,volume,scanned", *rows, "s20,p9,,,,"]))
    found = find_candidates(path)
    assert [(one.name, one.present, one.absent, one.is_code) for one in found] == [
        ("tear", 10, 10, False),
        ("side=left", 12, 8, True),
        ("side=right", 8, 12, True),
    ]


def test_a_table_without_any_is_told(tmp_path):
    (tmp_path / "t.csv").write_text("series,volume\na,1.5\nb,1.5\n")
    with pytest.raises(BadInput, match=r"t\.csv has no findings"):
        find_candidates(tmp_path / "t.csv")
