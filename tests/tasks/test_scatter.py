"""Points of a scatter: images, patches, landmarks, regions."""

import numpy as np
import pytest
import torch
from clouds import collection_of, noise
from draining import finish
from torch.nn.functional import normalize

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.tasks.scatter import (
    image_points,
    landmark_points,
    patch_points,
    region_points,
)

MAPS = noise(5, 8, 12, 6)


@pytest.fixture
def collection():
    return collection_of({8: MAPS}, file_size=(128, 192))


def cell_of(place):
    """Cells (P, 2) that places (P, 2) of the file are the middle of."""
    cells = ((place + 0.5) / 2 - 4) / 8
    assert torch.allclose(cells, cells.round(), atol=1e-6)
    return cells.round().long()


def test_an_image_is_one_point_in_its_middle(collection):
    cloud = image_points(collection)
    assert len(cloud) == 5
    assert cloud.images.tolist() == [0, 1, 2, 3, 4]
    assert cloud.places[0].tolist() == [63.5, 95.5]
    assert torch.equal(cloud.vectors, collection.embeddings.wholes())


def test_patches_are_as_many_of_every_image_and_where_they_say(collection):
    said, cloud = finish(patch_points(collection, 50, 8))
    assert torch.bincount(cloud.images).tolist() == [10] * 5
    rows, columns = cell_of(cloud.places).T
    known = normalize(MAPS, dim=3)[cloud.images, rows, columns]
    assert torch.allclose(cloud.vectors, known)
    assert len(torch.cat([cloud.images[:, None], cloud.places], dim=1).unique(dim=0)) == 50
    assert said[-1].step == 5


def test_patches_are_the_same_every_time_and_all_if_many_are_asked_for(collection):
    first, second = (finish(patch_points(collection, 50, 8))[1] for _ in range(2))
    assert torch.equal(first.places, second.places)
    assert len(finish(patch_points(collection, 10**6, 8))[1]) == 5 * 96


def test_landmarks_are_read_where_they_lie(collection):
    y, x = 2 * (3 * 8 + 3.5 + 0.5) - 0.5, 2 * (7 * 8 + 3.5 + 0.5) - 0.5
    marks = [Landmark("image_2.png", "tip", y, x), Landmark("image_4.png", "base", y, x)]
    cloud = landmark_points(collection, marks)
    assert cloud.images.tolist() == [2, 4]
    assert cloud.labels == ("tip", "base")
    assert cloud.places.tolist() == [[y, x]] * 2
    assert torch.allclose(cloud.vectors, normalize(MAPS, dim=3)[[2, 4], 3, 7], atol=1e-5)
    with pytest.raises(BadInput, match="no landmarks"):
        landmark_points(collection, [])


def test_a_region_is_the_mean_of_its_cells(collection):
    labels = np.zeros((128, 192), np.int32)
    labels[:64, :96], labels[64:, 96:] = 7, 2
    _, cloud = finish(region_points(collection, {"image_1.png": labels}.get))
    assert cloud.labels == ("2", "7")
    assert cloud.images.tolist() == [1, 1]
    level = normalize(MAPS, dim=3)[1]
    by_hand = torch.stack([level[4:, 6:].mean(dim=(0, 1)), level[:4, :6].mean(dim=(0, 1))])
    assert torch.allclose(cloud.vectors, normalize(by_hand, dim=1), atol=1e-5)
    assert cloud.places.tolist() == [[95.5, 143.5], [31.5, 47.5]]


def test_regions_of_the_canvas_are_read_there_however_small_their_map(collection):
    labels = np.zeros((32, 48), np.int16)  # half of the canvas, a quarter of the file
    labels[:16, :24], labels[16:, 24:] = 7, 2
    _, cloud = finish(region_points(collection, {"image_1.png": labels}.get, on_canvas=True))
    assert cloud.labels == ("2", "7")
    level = normalize(MAPS, dim=3)[1]
    by_hand = torch.stack([level[4:, 6:].mean(dim=(0, 1)), level[:4, :6].mean(dim=(0, 1))])
    assert torch.allclose(cloud.vectors, normalize(by_hand, dim=1), atol=1e-5)
    assert cloud.places.tolist() == [[95.5, 143.5], [31.5, 47.5]]


def test_regions_that_cannot_be_used_say_why(collection):
    with pytest.raises(BadInput, match=r"regions of image_0\.png are 5 x 6 .* 128 x 192"):
        finish(region_points(collection, {"image_0.png": np.ones((5, 6), int)}.get))
    with pytest.raises(BadInput, match="no image has regions"):
        finish(region_points(collection, {}.get))
