"""Rows of zarr arrays, mapped from files that zarr itself wrote."""

import os

import numpy as np
import pytest
import zarr

from napari_localcl.data.errors import BadInput
from napari_localcl.data.shard_file import ShardedRows

VALUES = np.arange(1, 7 * 6 + 1, dtype=np.float16).reshape(7, 2, 3)


def write(folder, rows, compressors=None, dtype="float16"):
    """Write some of seven rows, three to a file, with zarr."""
    array = zarr.create_array(
        folder,
        shape=(7, 2, 3),
        dtype=dtype,
        chunks=(1, 2, 3),
        shards=(3, 2, 3),
        compressors=compressors,
        fill_value=0,
    )
    for row in rows:
        array[row] = VALUES[row]
    return folder


def test_rows_are_what_zarr_wrote_in_any_order(tmp_path):
    rows = ShardedRows.open(write(tmp_path / "a", range(7)))
    assert (rows.count, rows.shape, rows.dtype, rows.per_shard) == (7, (2, 3), np.float16, 3)
    for wanted in ([0], [0, 1, 2], [2, 3], [6, 0, 0, 5], []):
        assert np.array_equal(rows.read(wanted), VALUES[wanted])


def test_rows_that_follow_each_other_in_a_file_are_mapped(tmp_path):
    rows = ShardedRows.open(write(tmp_path / "a", range(7)))
    assert isinstance(rows.read([3, 4, 5]), np.memmap)
    assert not isinstance(rows.read([2, 3]), np.memmap)


def test_bytes_have_no_order_and_are_read_too(tmp_path):
    rows = ShardedRows.open(write(tmp_path / "a", range(7), dtype="uint8"))
    assert np.array_equal(rows.read([5, 6]), VALUES[5:].astype(np.uint8))


def test_what_is_written_is_known_row_by_row(tmp_path):
    rows = ShardedRows.open(write(tmp_path / "a", [1, 2, 6]))
    assert rows.written().tolist() == [False, True, True, False, False, False, True]
    assert np.array_equal(rows.read([2, 6]), VALUES[[2, 6]])
    with pytest.raises(BadInput, match="run 'embed' again"):
        rows.read([0])
    with pytest.raises(BadInput, match="run 'embed' again"):
        rows.read([4])


@pytest.mark.parametrize("kept", [0, 1, 20, 40, -4, -1])
def test_a_file_cut_short_holds_nothing(tmp_path, kept):
    rows = ShardedRows.open(write(tmp_path / "a", range(7)))
    size = rows.file(0).stat().st_size
    os.truncate(rows.file(0), kept if kept >= 0 else size + kept)
    assert rows.written().tolist() == [False] * 3 + [True] * 4


def test_a_file_of_zeros_holds_nothing(tmp_path):
    # As a power cut may leave it.
    rows = ShardedRows.open(write(tmp_path / "a", range(7)))
    rows.file(1).write_bytes(bytes(rows.file(1).stat().st_size))
    assert rows.written().tolist() == [True] * 3 + [False] * 3 + [True]


def test_an_empty_array_has_no_rows(tmp_path):
    zarr.create_array(
        tmp_path / "a",
        shape=(0, 2),
        dtype="float32",
        chunks=(1, 2),
        shards=(3, 2),
        compressors=None,
    )
    rows = ShardedRows.open(tmp_path / "a")
    assert rows.written().tolist() == []
    assert rows.read([]).shape == (0, 2)


def test_other_forms_are_refused(tmp_path):
    with pytest.raises(BadInput, match="missing, damaged or not"):
        ShardedRows.open(tmp_path / "nothing")
    with pytest.raises(BadInput, match="missing, damaged or not"):
        ShardedRows.open(write(tmp_path / "packed", [0], compressors="auto"))
    zarr.create_array(tmp_path / "plain", shape=(3, 2), dtype="float32", chunks=(1, 2))
    with pytest.raises(BadInput, match="missing, damaged or not"):
        ShardedRows.open(tmp_path / "plain")
