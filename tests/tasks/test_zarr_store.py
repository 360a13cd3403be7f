"""A store of embeddings that others can read: completed, shared, and of one model alone."""

import json
import os
from dataclasses import replace

import numpy as np
import pytest
import torch
import zarr
from canvases import prepared
from draining import finish

from napari_localcl.data.errors import BadInput
from napari_localcl.data.shard import Shard
from napari_localcl.models.ld_network import LDNetwork
from napari_localcl.tasks import store_making
from napari_localcl.tasks.collection import open_collection
from napari_localcl.tasks.embedding_store import embedding_shapes, weights_key
from napari_localcl.tasks.filling import fill, image_keys
from napari_localcl.tasks.store_contents import Contents
from napari_localcl.tasks.store_making import make_store

SIZE = (64, 96)


def tiny(seed=0):
    torch.manual_seed(seed)
    return LDNetwork(1, width=4, dimensions=4, clusters=2, levels=3, finest_stride=2).eval()


def noise(count, seed=0):
    chance = torch.Generator().manual_seed(seed)
    return torch.randint(256, (count, 1, *SIZE), dtype=torch.uint8, generator=chance).numpy()


@pytest.fixture
def images(tmp_path):
    return prepared(noise(10), tmp_path / "images", (32, 48))


@pytest.fixture(autouse=True)
def three_rows_a_file(monkeypatch):
    monkeypatch.setattr(store_making, "MOST_PER_SHARD", 3)


def create(path, encoder=None, strides=(4, 8)):
    encoder = encoder or tiny()
    contents = Contents(
        weights=weights_key(encoder), run="run", channels=1, canvas=SIZE, strides=strides
    )
    return make_store(path, contents, *embedding_shapes(encoder, 1, SIZE))


@pytest.fixture
def store(tmp_path):
    return create(tmp_path / "some" / "embeddings.zarr")


def embed(store, images, part=None):
    """List and embed what is lacking; return how many images that were."""
    store.list_images(images)
    groups = store.lacking(images, part or Shard())
    finish(fill(store, tiny(), images, groups))
    return sum(map(len, groups))


def said(images):
    given = torch.from_numpy(images.batch(range(len(images)))).float() / 255
    with torch.no_grad():
        return tiny().embed_all(given)


def test_any_program_reads_what_the_encoder_says(store, images):
    embed(store, images)
    dense, whole = said(images)
    group = zarr.open_group(store.path, mode="r")
    assert sorted(group.array_keys()) == ["content", "stride_4", "stride_8", "whole"]
    for stride in (4, 8):
        kept = group[f"stride_{stride}"]
        assert kept.dtype == np.float16
        assert kept.shape == (10, 64 // stride, 96 // stride, 4)
        assert (kept.chunks, kept.shards) == ((1, *kept.shape[1:]), (3, *kept.shape[1:]))
        assert np.abs(kept[:] - dense[stride].movedim(1, 3).numpy()).max() < 1e-3
    assert np.abs(group["whole"][:] - whole.numpy()).max() < 1e-6


def test_what_is_mapped_is_what_zarr_decodes(store, images):
    embed(store, images.subset([5, 0, 7, 2]))
    embed(store, images)
    rows = [9, 0, 1, 2, 5, 4, 4]
    decoded = zarr.open_group(store.path, mode="r")["stride_4"][:][rows]
    pyramid = store.pyramid(rows)
    assert (pyramid.strides, pyramid.size) == ((4, 8), SIZE)
    assert np.array_equal(pyramid.maps[4].numpy(), decoded)
    assert torch.equal(pyramid.level(4), torch.from_numpy(decoded).movedim(3, 1).float())


def test_rows_that_follow_each_other_in_a_file_are_not_copied(store, images):
    embed(store, images)
    assert isinstance(store.array("stride_4").read([3, 4, 5]), np.memmap)
    assert not isinstance(store.array("stride_4").read([4, 3]), np.memmap)


def test_only_new_and_changed_images_are_embedded_again(store, images, tmp_path):
    assert embed(store, images.subset(range(4))) == 4
    assert embed(store, images) == 6
    assert embed(store, images) == 0
    other = prepared(noise(11, seed=5), tmp_path / "other", (32, 48))
    changed = replace(images, files=(other.files[10], *images.files[1:]))
    assert embed(store, changed) == 1
    collection = open_collection(store.path)
    dense, _ = said(changed)
    assert (collection.embeddings[range(10)].level(8) - dense[8]).abs().max() < 1e-3


def test_images_that_are_gone_are_listed_no_more_but_kept_for_their_return(store, images):
    embed(store, images)
    few = images.subset([6, 1])
    assert embed(store, few) == 0
    collection = open_collection(store.path)
    assert collection.names == ("image_6.png", "image_1.png")
    dense, whole = said(images)
    assert (collection.embeddings[[0, 1]].level(4) - dense[4][[6, 1]]).abs().max() < 1e-3
    assert torch.allclose(collection.embeddings.wholes(), whole[[6, 1]], atol=1e-6)
    assert embed(store, images) == 0


def test_the_same_pixels_under_two_names_are_one_row(store, images):
    twice = replace(images.subset([2, 2, 3]), names=("a.png", "b.png", "c.png"))
    assert embed(store, twice) == 2
    collection = open_collection(store.path)
    assert collection.names == ("a.png", "b.png", "c.png")
    first, second = collection.embeddings[[0, 1]].level(4)
    assert torch.equal(first, second)


def test_places_of_the_images_are_kept(store, images):
    embed(store, images)
    collection = open_collection(store.path)
    assert collection.placements == images.placements
    mirrored = images.mirrored([True] * 10)
    assert embed(store, mirrored) == 10
    assert all(placement.mirrored for placement in open_collection(store.path).placements)


def test_parts_share_the_work_and_complete_each_other(store, images):
    parts = [Shard(rank, 3) for rank in range(3)]
    store.list_images(images)
    chosen = [{i for group in store.lacking(images, part) for i in group} for part in parts]
    assert sorted(map(len, chosen)) == [3, 3, 4]
    assert set.union(*chosen) == set(range(10))
    embed(store, images, parts[1])
    # What is there can be read while the rest is made.
    assert set(open_collection(store.path).names) == {images.names[i] for i in chosen[1]}
    assert [embed(store, images, part) for part in parts] == [len(chosen[0]), 0, len(chosen[2])]
    assert len(open_collection(store.path)) == 10


@pytest.mark.parametrize("array", ["content", "whole", "stride_4", "stride_8"])
@pytest.mark.parametrize("left", [0, 30, -1, None])
def test_a_file_cut_short_or_lost_is_made_again_and_nothing_else(store, images, array, left):
    embed(store, images)
    file = store.array(array).file(1)
    if left is None:
        file.unlink()
    else:
        os.truncate(file, left if left >= 0 else file.stat().st_size - 1)
    assert len(open_collection(store.path)) == 7
    assert embed(store, images) == 3
    dense, whole = said(images)
    collection = open_collection(store.path)
    assert (collection.embeddings[range(10)].level(4) - dense[4]).abs().max() < 1e-3
    assert torch.allclose(collection.embeddings.wholes(), whole, atol=1e-6)


def test_a_row_of_something_else_does_not_count(store, images):
    # As two processes would leave it that were given different images at the same time.
    embed(store, images)
    content = zarr.open_array(store.path / "content", mode="r+")
    content[4] = 7
    assert store.complete().tolist() == [True] * 4 + [False] + [True] * 5
    assert embed(store, images) == 1
    assert store.complete().all()


def test_a_kill_between_listing_and_embedding_costs_nothing(store, images):
    store.list_images(images)
    with pytest.raises(BadInput, match="no embeddings yet"):
        open_collection(store.path)
    assert embed(store, images) == 10


def test_a_store_of_another_model_is_refused(store, images):
    embed(store, images)
    with pytest.raises(BadInput, match=r"another model.*'run'"):
        store.check_model(weights_key(tiny(seed=1)))
    store.check_model(weights_key(tiny()))
    own = store.contents
    with pytest.raises(BadInput, match="another working size"):
        store.check(own.model_copy(update={"canvas": (64, 64)}))
    with pytest.raises(BadInput, match="strides 4, 8"):
        store.check(own.model_copy(update={"strides": (4,)}))
    store.check(own.model_copy(update={"strides": (4,)}), strides_asked=False)


def test_what_is_no_store_says_so(tmp_path, store):
    with pytest.raises(BadInput, match="no store of embeddings"):
        open_collection(tmp_path / "nothing.zarr")
    facts = json.loads((store.path / "zarr.json").read_text())
    facts["attributes"] = {}
    (store.path / "zarr.json").write_text(json.dumps(facts))
    with pytest.raises(BadInput, match="not a store"):
        open_collection(store.path)


def test_a_store_that_was_compressed_by_another_program_is_refused(store, images):
    embed(store, images)
    facts = store.path / "stride_4" / "zarr.json"
    facts.write_text(facts.read_text().replace('"bytes"', '"zstd"'))
    with pytest.raises(BadInput, match="not as 'embed' writes it"):
        open_collection(store.path)


def test_two_processes_that_make_the_same_store_at_once_share_it(tmp_path, images):
    first = create(tmp_path / "one.zarr")
    embed(first, images)
    second = create(tmp_path / "one.zarr")
    assert embed(second, images) == 0
    assert not list(tmp_path.glob(".*.part"))


def test_keys_tell_mirror_images_apart(images):
    straight, turned = (image_keys(images.mirrored([m] * 10)) for m in (False, True))
    assert not set(straight) & set(turned)
