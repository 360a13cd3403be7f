"""Embedding a project into a store: by one process, by parts, by workers."""

import shutil

import pytest
import torch
from draining import finish
from small import SMALL_LD

from napari_localcl.data.errors import BadInput
from napari_localcl.data.shard import Shard
from napari_localcl.tasks.collection import open_collection
from napari_localcl.tasks.embedding import embed
from napari_localcl.tasks.embedding_workers import embed_on_workers
from napari_localcl.tasks.pretraining import pretrain
from napari_localcl.training.budget import Budget


@pytest.fixture(scope="module")
def learned(pictures, tmp_path_factory):
    """Two runs that learned next to nothing, differently."""
    folder = tmp_path_factory.mktemp("runs")
    for seed, name in enumerate(("first", "second")):
        given = {"settings": SMALL_LD, "seed": seed, "device": "cpu"}
        finish(pretrain(pictures, folder / name, budget=Budget(steps=3), **given))
    return folder


@pytest.fixture
def images(pictures, tmp_path):
    return shutil.copytree(pictures, tmp_path / "images")


def work(images, run, out, **given):
    return finish(embed(images, run, out, device="cpu", **given))


def test_it_is_made_completed_and_read(images, learned, tmp_path):
    out = tmp_path / "sub" / "embeddings.zarr"
    (images / "blobs_5.png").rename(tmp_path / "later.png")
    said, done = work(images, learned / "first", out)
    assert (done.new, done.lacking, done.total) == (5, 0, 5)
    assert [(news.step, news.steps) for news in said if news.event == "embed"] == [(5, 5)]
    shutil.move(tmp_path / "later.png", images / "blobs_5.png")
    assert work(images, learned / "first", out)[1].new == 1
    assert work(images, learned / "first", out)[1].new == 0
    collection = open_collection(out, learned / "first")
    assert collection.names == tuple(f"blobs_{i}.png" for i in range(6))
    assert collection.strides[0] == 4
    assert collection.placements[0].file_size == (80, 64)


def test_strides_are_those_asked_for_and_then_those_of_the_store(images, learned, tmp_path):
    out = tmp_path / "embeddings.zarr"
    with pytest.raises(BadInput, match="has no stride 3; its strides are 2, 4"):
        work(images, learned / "first", out, strides=[3])
    assert not out.exists()
    work(images, learned / "first", out, strides=[8, 2])
    assert open_collection(out).strides == (2, 8)
    assert work(images, learned / "first", out)[1].new == 0
    with pytest.raises(BadInput, match="made with the strides 2, 8"):
        work(images, learned / "first", out, strides=[4])


def test_a_store_of_another_model_is_never_used(images, learned, tmp_path):
    out = tmp_path / "embeddings.zarr"
    work(images, learned / "first", out)
    with pytest.raises(BadInput, match="another model, that of the run 'first'"):
        work(images, learned / "second", out)
    with pytest.raises(BadInput, match="another model"):
        open_collection(out, learned / "second")


def test_parts_may_come_in_any_order(images, learned, tmp_path, monkeypatch):
    monkeypatch.setattr("napari_localcl.tasks.store_making.MOST_PER_SHARD", 2)
    out = tmp_path / "embeddings.zarr"
    _, second = work(images, learned / "first", out, part=Shard(1, 2))
    assert (second.new, second.lacking) == (2, 4)
    assert len(open_collection(out)) == 2
    _, first = work(images, learned / "first", out, part=Shard(0, 2))
    assert (first.new, first.lacking) == (4, 0)
    assert len(open_collection(out)) == 6


def test_two_worker_processes_do_what_one_does(images, learned, tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr("napari_localcl.tasks.store_making.MOST_PER_SHARD", 1)
    alone, shared = tmp_path / "alone.zarr", tmp_path / "shared.zarr"
    work(images, learned / "first", alone)
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0"
    )
    with cluster:
        address = cluster.scheduler_address
        said, done = finish(
            embed_on_workers(images, learned / "first", shared, address, device="cpu")
        )
        again = finish(embed_on_workers(images, learned / "first", shared, address, device="cpu"))[
            1
        ]
    assert (done.new, done.lacking, done.total) == (6, 0, 6)
    assert (again.new, again.lacking) == (0, 0)
    assert said[-1].step == said[-1].steps
    one, two = (open_collection(path) for path in (alone, shared))
    assert one.names == two.names
    difference = one.embeddings[range(6)].level(4) - two.embeddings[range(6)].level(4)
    assert difference.abs().max() < 0.02
    assert torch.allclose(one.embeddings.wholes(), two.embeddings.wholes(), atol=0.02)


def test_a_scheduler_that_is_not_there_says_so(images, learned, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("napari_localcl.tasks.embedding_workers.CONNECT_SECONDS", 0.2)
    with pytest.raises(BadInput, match="no dask scheduler answers at tcp"):
        finish(
            embed_on_workers(
                images, learned / "first", tmp_path / "e.zarr", "tcp://127.0.0.1:1", device="cpu"
            )
        )
