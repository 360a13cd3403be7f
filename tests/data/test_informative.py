"""Which image to correct next: unsure, and unlike what is settled or comes before."""

import numpy as np
from projects import empty_annotations

from napari_localcl.data import informative
from napari_localcl.data.informative import most_informative, next_in_order
from napari_localcl.data.project_masks import Masks
from napari_localcl.data.structures import Proposals, Structure

EAST, NORTH, WEST = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]


def test_the_least_sure_and_then_what_is_unlike_it_comes_first():
    vectors = np.array([EAST, EAST, WEST, NORTH, EAST])
    sure = np.array([0.1, 0.2, 0.6, 0.6, np.inf])
    settled = np.zeros(5, bool)
    # The twin of the first comes last, although it is less sure than the others.
    assert most_informative(vectors, sure, settled) == [0, 2, 3, 1]


def test_what_is_like_a_settled_image_waits():
    vectors = np.array([EAST, WEST, EAST])
    sure = np.array([0.5, 0.8, np.inf])
    # East is 0.5 unsure and 0 apart, west 0.2 unsure and 2 apart.
    assert most_informative(vectors, sure, np.array([False, False, True])) == [1, 0]


def test_of_very_many_only_the_first_are_chosen_so(monkeypatch):
    monkeypatch.setattr(informative, "MOST", 1)
    vectors = np.array([EAST, WEST, EAST, NORTH])
    sure = np.array([0.1, 0.9, 0.2, 0.3])
    assert most_informative(vectors, sure, np.zeros(4, bool)) == [0, 2, 3, 1]


def test_the_review_goes_through_images_in_the_order_and_begins_anew():
    images = empty_annotations(3).images
    waiting = {0: 0.9, 1: 0.1, 2: 0.5}
    files = dict.fromkeys(waiting, "a.png")
    both = {name: Structure(Proposals("run", files, waiting), {}, name) for name in ("cup", "disc")}
    masks = Masks(images, both)
    seen, at = [], None
    for _ in range(7):
        at = next_in_order(masks, ("2.png", "0.png"), at)
        seen.append((at.image, at.name))
    assert seen[:4] == [("2.png", "cup"), ("2.png", "disc"), ("0.png", "cup"), ("0.png", "disc")]
    assert seen[4:] == [("1.png", "cup"), ("1.png", "disc"), ("2.png", "cup")]
    assert next_in_order(masks, ("2.png",), None, "disc")[:2] == ("2.png", "disc")
