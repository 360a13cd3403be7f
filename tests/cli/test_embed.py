"""The verb ``embed``."""

import json

import pytest
from draining import finish
from small import SMALL_LD

from napari_localcl.cli.entry import run


@pytest.fixture(scope="module")
def learned(pictures, tmp_path_factory):
    from napari_localcl.tasks.pretraining import pretrain
    from napari_localcl.training.budget import Budget

    path = tmp_path_factory.mktemp("runs") / "run"
    finish(pretrain(pictures, path, budget=Budget(steps=2), settings=SMALL_LD, device="cpu"))
    return path


def embed(*given):
    return run(["embed", *map(str, given), "--device", "cpu"])


def test_it_makes_a_store_and_completes_it(pictures, learned, tmp_path, capsys):
    out = tmp_path / "e.zarr"
    given = (pictures, "--run", learned, "--out", out, "--strides", "4,8")
    assert embed(*given, "--shard", "1/2") == 0
    assert "embedded 6 of 6 images" in capsys.readouterr().out
    assert embed(*given, "--shard", "2/2", "--events") == 0
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (said[-1]["new"], said[-1]["lacking"], said[-1]["total"]) == (0, 0, 6)
    assert (out / "stride_4" / "zarr.json").exists()
    assert not (out / "stride_2").exists()


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (("--shard", "3/2"), "--shard 3/2 is not a part such as 2/4"),
        (("--shard", "0/2"), "is not a part"),
        (("--shard", "half"), "is not a part"),
        (("--strides", "4;8"), "is not a list of numbers"),
        (("--shard", "1/2", "--dask", "tcp://x:1"), "not both"),
        (("--strides", "5"), "has no stride 5"),
    ],
)
def test_what_is_wrong_is_one_sentence(pictures, learned, tmp_path, capsys, given, sentence):
    assert embed(pictures, "--run", learned, "--out", tmp_path / "e.zarr", *given) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())
