"""Masks told from embeddings."""

import numpy as np
import pytest
from PIL import Image
from probed import SIDE, TellsNothing, TellsPlaces, maps_of_places, subject_of

from napari_localcl.data.errors import BadInput
from napari_localcl.tasks.probe.masks import Masks, mask_figures


@pytest.fixture
def masks(tmp_path):
    """A disc that lies elsewhere in every image, in images that are shifted alike."""
    images, files = maps_of_places(), {}
    for index, name in enumerate(images.names):
        shift = 8 * index - 20
        images.pixels[index] = np.roll(images.pixels[index], shift, axis=1)
        rows, columns = np.ogrid[:SIDE, :SIDE]
        disc = (rows - 48) ** 2 + (columns - 48) ** 2 < 14**2
        path = tmp_path / name
        Image.fromarray(np.roll(disc, shift, axis=0).astype(np.uint8)).save(path)
        files[name] = path
    return images, Masks(files)


def measure(encoder, masks):
    images, files = masks
    return {f.kind.name: f for f in mask_figures(subject_of(encoder, images), files, 0)}


def test_who_sees_what_a_place_is_tells_the_mask_wherever_it_lies(masks):
    found = measure(TellsPlaces(), masks)
    assert found["knn_dice"].value > 0.9
    assert found["linear_dice"].value > 0.9
    assert found["linear_dice"].control < 0.7
    assert found["linear_dice"].beats_control
    assert found["mask_silhouette"].beats_control


def test_who_sees_nothing_tells_nothing(masks):
    found = measure(TellsNothing(), masks)
    assert found["linear_dice"].value == 0
    assert found["mask_rand"].value == pytest.approx(0)


def test_one_mask_is_too_few(masks):
    images, files = masks
    few = Masks(dict(list(files.files.items())[:1]))
    with pytest.raises(BadInput, match="fewer than two"):
        list(mask_figures(subject_of(TellsPlaces(), images), few, 0))


def test_a_mask_of_another_size_is_named(masks, tmp_path):
    images, files = masks
    Image.fromarray(np.zeros((10, 10), np.uint8)).save(tmp_path / "0.png")
    with pytest.raises(BadInput, match=r"0\.png is 10 x 10 pixels and its image 96 x 96"):
        measure(TellsPlaces(), (images, files))
