"""Images that stand alone, and images that are there twice, planted among phantoms."""

import numpy as np
import pytest
import torch
from canvases import prepared
from clouds import collection_of, noise
from draining import finish
from scipy.ndimage import gaussian_filter, shift

from napari_localcl.models.ld_network import LDNetwork
from napari_localcl.tasks.atlas import Embedded
from napari_localcl.tasks.collection import Collection
from napari_localcl.tasks.embedding_store import embed_images
from napari_localcl.tasks.odd_images import find_odd_images

SIZE = (64, 64)
USUAL, PLANTED = 200, 10


def eye(chance):
    """A fundus in few strokes: a bright disc, a dark spot, and vessels that leave the disc."""
    y, x = np.mgrid[:64, :64].astype(float)
    disc = chance.normal((32, 16), (4, 3))
    image = 110 + 25 * np.sin(x / 40 + chance.normal()) + chance.normal(0, 6)
    image += 90 * np.exp(-((y - disc[0]) ** 2 + (x - disc[1]) ** 2) / chance.uniform(15, 40))
    image -= 40 * np.exp(-((y - 32) ** 2 + (x - disc[1] - 28) ** 2) / chance.uniform(20, 60))
    for _ in range(8):
        slope, bend, width = chance.normal(0, 1.2), chance.normal(0, 0.02), chance.uniform(1, 3)
        course = disc[0] + slope * (x - disc[1]) + bend * (x - disc[1]) ** 2
        image -= 45 * np.exp(-((y - course) ** 2) / width**2)
    return image + chance.normal(0, 3, image.shape)


def near_duplicate(image, chance):
    """The same picture, saved otherwise: brighter, softer, a little moved, with other noise."""
    moved = shift(image, chance.uniform(-1, 1, 2), mode="nearest")
    softer = gaussian_filter(moved, chance.uniform(0, 0.5))
    return chance.uniform(0.93, 1.07) * softer + chance.normal(0, 4, image.shape)


def outlier(number, chance):
    """Pictures that are no eye; five are of one kind."""
    y, x = np.mgrid[:64, :64]
    if number < 5:
        return 255 - 0.8 * eye(chance)
    kinds = [
        chance.normal(128, 60, SIZE),
        128 + 100 * np.sign(np.sin(x / 2)),
        np.full(SIZE, 20.0),
        128 + 100 * np.sign(np.sin(x / 5) * np.sin(y / 5)),
        4.0 * y,
    ]
    return kinds[number - 5]


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    chance = np.random.default_rng(0)
    eyes = [eye(chance) for _ in range(USUAL)]
    twins = [near_duplicate(eyes[20 * n], chance) for n in range(PLANTED)]
    others = [outlier(n, chance) for n in range(PLANTED)]
    pixels = np.stack([*eyes, *twins, *others])[:, None].clip(0, 255).astype(np.uint8)
    folder = tmp_path_factory.mktemp("eyes")
    images = prepared(pixels, folder)
    torch.manual_seed(0)
    encoder = LDNetwork(1, width=8, dimensions=16, clusters=2, levels=4, finest_stride=2).eval()
    _, embeddings = finish(embed_images(encoder, images, folder / "cache"))
    return finish(find_odd_images(Collection.of(Embedded(images, embeddings)), 20))[1]


def numbered(name):
    return int(name.removeprefix("image_").removesuffix(".png"))


def test_all_planted_outliers_are_among_the_first_twenty(odd):
    found = {numbered(name) for name, _ in odd.outliers}
    assert len(odd.outliers) == 20
    assert found >= set(range(USUAL + PLANTED, USUAL + 2 * PLANTED))
    far = [value for _, value in odd.outliers]
    assert far == sorted(far, reverse=True)


def test_all_planted_duplicates_are_among_the_first_twenty(odd):
    found = {(numbered(pair.first), numbered(pair.second)) for pair in odd.pairs}
    assert len(odd.pairs) == 20
    assert found >= {(20 * n, USUAL + n) for n in range(PLANTED)}


def test_exact_copies_come_first_and_are_as_similar_as_can_be():
    maps = noise(30, 8, 8, 4)
    maps[17] = maps[4]
    _, odd = finish(find_odd_images(collection_of({8: maps}), 5))
    assert (odd.pairs[0].first, odd.pairs[0].second) == ("image_4.png", "image_17.png")
    assert odd.pairs[0].similarity == pytest.approx(1, abs=1e-3)
    assert odd.pairs[1].similarity < 0.95
    assert len(odd.outliers) == 5


def test_a_single_image_is_neither_odd_nor_twice():
    _, odd = finish(find_odd_images(collection_of({8: noise(1, 8, 8, 4)})))
    assert (odd.outliers, odd.pairs) == ((), ())
