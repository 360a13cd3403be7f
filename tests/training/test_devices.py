"""Where to compute."""

import pytest
import torch

from napari_localcl.data.errors import BadInput
from napari_localcl.training.devices import Team, choose_device, choose_precision, has_bf16


def test_auto_takes_the_accelerator_there_is():
    expected = "cuda" if torch.cuda.is_available() else "cpu"
    assert choose_device("auto") in (expected, "mps")


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_cuda_asked_for_where_there_is_none_is_bad_input():
    with pytest.raises(BadInput, match=r"'cuda' was asked for.*--device auto"):
        choose_device("cuda")


def test_an_unknown_device_is_bad_input_that_lists_the_known():
    with pytest.raises(BadInput, match="auto, cpu, cuda, mps"):
        choose_device("gpu")


def test_the_precision_asked_for_wins_over_what_the_device_has():
    assert choose_precision("cpu", "32-true") == "32-true"
    assert choose_precision("mps") == "32-true"
    assert choose_precision("cpu") == ("bf16-mixed" if has_bf16("cpu") else "32-true")


def test_torchrun_announces_the_team(monkeypatch):
    assert Team.of_environment() == Team()
    for name, value in {"WORLD_SIZE": "8", "RANK": "5", "LOCAL_WORLD_SIZE": "4"}.items():
        monkeypatch.setenv(name, value)
    assert Team.of_environment() == Team(rank=5, world=8, local=4)
