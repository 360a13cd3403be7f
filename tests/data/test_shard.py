from __future__ import annotations

import numpy as np
import pytest

from napari_localcl.data.shard import Shard


def test_the_parts_of_all_processes_make_up_the_batch():
    batch = np.arange(12).reshape(6, 2)
    parts = [Shard(rank, 3).take(batch) for rank in range(3)]
    assert np.array_equal(np.concatenate(parts), batch)
    assert {len(part) for part in parts} == {2}


def test_a_single_process_takes_everything():
    assert Shard().take([1, 2, 3]) == [1, 2, 3]


def test_a_batch_that_does_not_divide_equally_is_refused():
    with pytest.raises(ValueError, match="batch of 5 cannot be divided equally among 2"):
        Shard(0, 2).take([1, 2, 3, 4, 5])


def test_a_rank_outside_the_world_is_refused():
    with pytest.raises(ValueError, match="rank 2"):
        Shard(2, 2)
