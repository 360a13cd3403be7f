"""Embeddings kept on the disk: computed once, made again where they are damaged."""

import json
from pathlib import Path

import pytest
import torch
from canvases import prepared
from draining import finish

from napari_localcl.models.ld_network import LDNetwork
from napari_localcl.tasks.embedding_store import embed_images, open_store, weights_key

SIZE = (64, 96)


def tiny(seed=0):
    torch.manual_seed(seed)
    return LDNetwork(1, width=4, dimensions=4, clusters=2, levels=3, finest_stride=2).eval()


def noise(count):
    chance = torch.Generator().manual_seed(0)
    return torch.randint(256, (count, 1, *SIZE), dtype=torch.uint8, generator=chance).numpy()


@pytest.fixture
def images(tmp_path):
    return prepared(noise(5), tmp_path / "images")


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "cache"


def embed(images, cache, encoder=None, **given):
    """Return how many images were embedded, and the embeddings of all."""
    said, embeddings = finish(embed_images(encoder or tiny(), images, cache, **given))
    return said[-1].step if said else 0, embeddings


def levels(embeddings):
    pyramid = embeddings[range(len(embeddings))]
    return {stride: pyramid.level(stride) for stride in pyramid.strides}


def equal(first, second):
    one, two = levels(first), levels(second)
    return one.keys() == two.keys() and all(torch.equal(one[s], two[s]) for s in one)


def folder(cache):
    return next((cache / "embeddings").iterdir())


def test_what_is_kept_is_what_the_encoder_says_to_a_hundredth(images, cache):
    _, embeddings = embed(images, cache)
    given = torch.from_numpy(images.batch(range(5))).float() / 255
    with torch.no_grad():
        maps = tiny().embed(given)
    assert embeddings[[0]].size == SIZE
    assert tuple(levels(embeddings)) == tuple(maps) == (2, 4, 8)
    for stride, level in levels(embeddings).items():
        assert (level - maps[stride]).abs().max() < 0.01


def test_images_are_embedded_once(images, cache):
    done, first = embed(images, cache)
    again, second = embed(images, cache)
    assert (done, again) == (5, 0)
    assert equal(first, second)


def test_new_images_cost_only_themselves(images, cache):
    embed(images.subset([0, 2]), cache)
    done, added = embed(images, cache)
    assert done == 3
    # Batches of other sizes may round a byte differently.
    fresh = levels(embed(images, cache / "other")[1])
    for stride, level in levels(added).items():
        assert (level - fresh[stride]).abs().max() <= 1.01 / 127


def test_rows_come_in_the_order_of_the_images(images, cache):
    _, whole = embed(images, cache)
    _, some = embed(images.subset([3, 0, 3]), cache)
    assert torch.equal(levels(some)[4], levels(whole)[4][[3, 0, 3]])


def test_some_images_are_the_same_as_among_all(images, cache):
    _, embeddings = embed(images, cache)
    assert len(embeddings) == 5
    some = embeddings[[4, 1]]
    assert len(some) == 2
    assert torch.equal(some.level(2), levels(embeddings)[2][[4, 1]])
    assert len(embeddings[[]]) == 0


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="asks Linux what is mapped")
def test_files_are_mapped_as_long_as_somebody_looks(images, cache):
    def mapped():
        return str(folder(cache)) in Path("/proc/self/maps").read_text()

    _, embeddings = embed(images, cache)
    assert not mapped()
    pyramid = embeddings[[0, 1]]
    assert mapped()
    assert pyramid.maps[2].dtype == torch.int8
    del pyramid
    assert not mapped()


def test_mirrored_images_are_kept_beside_the_others(images, cache):
    _, straight = embed(images, cache)
    turned = images.mirrored([True] * 5)
    done, mirrored = embed(turned, cache)
    assert done == 5
    assert embed(turned, cache)[0] == 0
    assert equal(embed(images, cache)[1], straight)
    flipped = prepared(noise(5)[..., ::-1].copy(), cache / "flipped")
    assert equal(embed(flipped, cache / "other")[1], mirrored)


def test_other_weights_and_other_sizes_have_stores_of_their_own(images, cache):
    embed(images, cache)
    assert embed(images, cache, tiny(seed=1))[0] == 5
    small = prepared(noise(2)[..., :64].copy(), cache / "small")
    assert embed(small, cache)[0] == 2
    assert embed(images, cache)[0] == 0
    assert weights_key(tiny()) == weights_key(tiny()) != weights_key(tiny(seed=1))
    stores = {open_store(tiny(), 1, size, cache).folder for size in (SIZE, (64, 64))}
    assert len(stores) == 2


@pytest.mark.parametrize("left", [0, 10, -1])
def test_a_file_cut_short_is_made_again(images, cache, left):
    _, whole = embed(images, cache)
    file = folder(cache) / "stride_4.i8"
    file.write_bytes(file.read_bytes()[:left])
    done, again = embed(images, cache)
    assert done == 5
    assert equal(again, whole)


def test_a_missing_file_is_made_again(images, cache):
    _, whole = embed(images, cache)
    (folder(cache) / "stride_2.i8").unlink()
    assert equal(embed(images, cache)[1], whole)


@pytest.mark.parametrize("text", ["", '["image_0', "\x00\x00"])
def test_a_damaged_list_of_rows_is_made_again(images, cache, text):
    _, whole = embed(images, cache)
    (folder(cache) / "rows.json").write_text(text)
    done, again = embed(images, cache)
    assert done == 5
    assert equal(again, whole)


def test_rows_without_a_name_are_overwritten(images, cache):
    # As after a kill between writing the maps and writing their names.
    _, whole = embed(images, cache)
    names = folder(cache) / "rows.json"
    names.write_text(json.dumps(json.loads(names.read_text())[:2]))
    done, again = embed(images, cache)
    assert done == 3
    for stride, level in levels(again).items():
        assert (level - levels(whole)[stride]).abs().max() <= 1.01 / 127


def test_nothing_but_rows_and_names_is_left_behind(images, cache):
    embed(images, cache)
    kept = {file.name for file in folder(cache).iterdir()}
    assert kept == {"stride_2.i8", "stride_4.i8", "stride_8.i8", "whole.f4", "rows.json"}
    assert (folder(cache) / "stride_8.i8").stat().st_size == 5 * 8 * 12 * 4
    assert (folder(cache) / "whole.f4").stat().st_size == 5 * 4 * 4


def test_whole_images_are_kept_as_they_are_said(images, cache):
    _, embeddings = embed(images, cache)
    given = torch.from_numpy(images.batch(range(5))).float() / 255
    with torch.no_grad():
        said = tiny().embed_whole(given)
    assert torch.allclose(embeddings.wholes(), said, atol=1e-6)
    _, some = embed(images.subset([3, 0]), cache)
    assert torch.equal(some.wholes(), embeddings.wholes()[[3, 0]])


def test_an_image_given_twice_is_embedded_once(images, cache):
    done, embeddings = embed(images.subset([1, 1]), cache)
    assert done == 1
    assert torch.equal(*levels(embeddings)[2])
