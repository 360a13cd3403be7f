"""Tensors on disk."""

from pathlib import Path

import pytest
import torch
from torch import nn

from napari_localcl.data.errors import BadInput
from napari_localcl.training.files import load_tensors, restore, save_tensors


def test_tensors_of_any_layout_come_back_equal(tmp_path):
    last = torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last)
    shared = torch.arange(6.0)
    tensors = {"last": last, "a": shared, "b": shared[::2], "count": torch.tensor(3)}
    save_tensors(tmp_path / "t", tensors)
    back = load_tensors(tmp_path / "t")
    assert back.keys() == tensors.keys()
    assert all(torch.equal(back[name], tensors[name]) for name in tensors)


@pytest.mark.parametrize(
    ("weights", "name"),
    [
        ({"weight": torch.zeros(2, 3)}, "bias"),
        ({"weight": torch.zeros(2, 4), "bias": torch.zeros(2)}, "weight"),
        ({"weight": torch.zeros(2, 3), "bias": torch.zeros(2), "more": torch.zeros(1)}, "more"),
    ],
    ids=["missing", "of another shape", "unknown"],
)
def test_weights_that_do_not_fit_are_bad_input_that_names_the_first(weights, name):
    with pytest.raises(BadInput, match=f"does not fit this network .*'{name}'"):
        restore(nn.Linear(3, 2), weights, Path("run"))
