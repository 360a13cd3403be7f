"""Places of a whole project that look like some points."""

import numpy as np
import pytest
import torch
from clouds import collection_of, noise
from draining import finish

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.tasks.neighbours import APART, Example, find_places, map_of


def planted(**given):
    """40 images of 64 x 96, files twice as large; the same patch is in five of them."""
    maps = noise(40, 16, 24, 16)
    kind = noise(16, seed=1)
    for image, row, column in ((0, 3, 5), (7, 10, 20), (21, 0, 0), (33, 15, 23), (39, 8, 8)):
        maps[image, row, column] = kind
    return collection_of({4: maps}, file_size=(128, 192), **given)


def in_file(row, column):
    """The middle of a cell, in pixels of the file."""
    return tuple((n * 4 + 1.5 + 0.5) * 2 - 0.5 for n in (row, column))


CLICK = Landmark("image_0.png", "", *in_file(3, 5))


def places(collection, positive, negative=(), **given):
    return finish(find_places(Example.of(collection, positive, negative), **given))


def test_all_places_that_look_the_same_are_found_first_wherever_they_are():
    said, found = places(planted(), [CLICK], count=8)
    assert {place.image for place in found[:5]} == {f"image_{i}.png" for i in (0, 7, 21, 33, 39)}
    assert [place.similarity for place in found[:5]] == pytest.approx([1] * 5, abs=1e-3)
    assert found[5].similarity < 0.95
    where = {place.image: (place.y, place.x) for place in found[:5]}
    assert where["image_7.png"] == pytest.approx(in_file(10, 20), abs=0.01)
    assert where["image_33.png"] == pytest.approx(in_file(15, 23), abs=0.01)
    assert said[-1].step == said[-1].steps == 40


def test_the_search_is_exact():
    collection = planted()
    _, found = places(collection, [CLICK], count=30, each=1)
    level = collection.embeddings[range(40)].maps[4]
    best = torch.einsum("nhwd,d->nhw", level, level[0, 3, 5]).flatten(1).amax(dim=1)
    known = best.topk(30)
    names = [f"image_{i}.png" for i in known.indices.tolist()]
    assert {place.image for place in found[:5]} == set(names[:5])  # as similar as each other
    assert [place.image for place in found[5:]] == names[5:]
    assert [place.similarity for place in found] == pytest.approx(known.values.tolist(), abs=1e-3)


def test_places_of_one_image_are_apart_and_few():
    _, found = places(planted(), [CLICK], count=200, each=3)
    for name in {place.image for place in found}:
        own = np.array([(place.y, place.x) for place in found if place.image == name])
        assert len(own) <= 3
        apart = np.abs(own[:, None] - own[None]).max(axis=2) + 1e3 * np.eye(len(own))
        assert apart.min() > 2 * APART
    assert len(found) == 120


def test_a_mirror_image_has_its_places_where_the_file_shows_them():
    straight, turned = planted(), planted(mirrored=range(40))
    _, found = places(turned, [Landmark("image_0.png", "", CLICK.y, 191 - CLICK.x)], count=5)
    where = {place.image: (place.y, place.x) for place in found}
    y, x = in_file(10, 20)
    assert where["image_7.png"] == pytest.approx((y, 191 - x), abs=0.01)
    assert {p.image for p in found} == {p.image for p in places(straight, [CLICK], count=5)[1]}


def test_several_positives_find_what_looks_like_any_of_them():
    collection = planted()
    other = Landmark("image_5.png", "", *in_file(6, 6))
    _, found = places(collection, [CLICK, other], count=6)
    assert {place.image for place in found} == {f"image_{i}.png" for i in (0, 5, 7, 21, 33, 39)}


def test_a_negative_takes_away_what_looks_like_it():
    maps = noise(6, 16, 24, 16)
    kind, other = noise(16, seed=1), noise(16, seed=2)
    maps[1, 2, 2], maps[2, 2, 2] = kind + 0.2 * other, kind + 0.9 * other
    maps[0, 3, 5], maps[3, 0, 0] = kind, other
    collection = collection_of({4: maps}, file_size=(128, 192))
    negative = Landmark("image_2.png", "", *in_file(2, 2))
    _, without = places(collection, [CLICK], count=3, each=1)
    _, found = places(collection, [CLICK], [negative], count=3, each=1)
    assert [place.image for place in without[:2]] == ["image_0.png", "image_1.png"]
    assert "image_2.png" in {place.image for place in without}
    assert found[0].image == "image_0.png"
    assert "image_2.png" not in {place.image for place in found if place.similarity > 0.05}
    assert found[0].similarity < without[0].similarity


def test_what_is_beside_a_narrow_image_is_no_place():
    maps = noise(3, 16, 24, 16)
    maps[1, 8, 0] = maps[0, 8, 12] = noise(16, seed=1)
    collection = collection_of({4: maps}, file_size=(64, 32))  # shown in the middle third
    mark = Landmark("image_0.png", "", 33.5, 17.5)
    _, found = places(collection, [mark], count=9, each=3)
    assert all(0 <= place.x <= 31 for place in found)
    assert [place.image for place in found if place.similarity > 0.9] == ["image_0.png"]


def test_coarser_strides_have_a_say():
    fine, coarse = noise(3, 16, 24, 16), noise(3, 4, 6, 8)
    fine[1, 3, 5] = fine[2, 3, 5] = fine[0, 3, 5]
    coarse[1] = coarse[0]
    collection = collection_of({4: fine, 16: coarse}, file_size=(128, 192))
    _, found = places(collection, [CLICK], count=3, each=1)
    assert [place.image for place in found[:2]] == ["image_0.png", "image_1.png"]
    assert found[2].similarity < 0.9


def test_the_map_of_an_image_is_highest_at_the_place_and_makes_a_mask():
    example = Example.of(planted(), [CLICK])
    heat = map_of(example, "image_7.png")
    assert heat.values.shape == (16, 24)
    assert np.unravel_index(heat.values.argmax(), heat.values.shape) == (10, 20)
    mask = heat.mask(0.8, (128, 192))
    y, x = (round(n) for n in in_file(10, 20))
    assert mask[y, x]
    assert mask.sum() < 100


def test_what_cannot_be_looked_for_says_why():
    collection = planted()
    with pytest.raises(BadInput, match="at least one place"):
        Example.of(collection, [], [CLICK])
    with pytest.raises(BadInput, match=r"image_99\.png"):
        Example.of(collection, [Landmark("image_99.png", "", 1, 1)])
    with pytest.raises(BadInput, match="outside"):
        Example.of(collection, [Landmark("image_0.png", "", 500, 1)])
    with pytest.raises(BadInput, match="no embeddings of stride 2; there are 4"):
        Example.of(collection, [CLICK], stride=2)
