"""What people have masks of becomes labels; what they have not looked at stays open."""

import numpy as np
import pytest
from draining import finish
from PIL import Image
from projects import new_project

from napari_localcl.data.errors import BadInput
from napari_localcl.data.mask_bits import Bits
from napari_localcl.data.mask_writing import MaskFolder
from napari_localcl.data.project_mask_table import read_proposals
from napari_localcl.data.training_labels import labelled, write_training_labels


@pytest.fixture
def project(tmp_path):
    images = tmp_path / "images"
    images.mkdir()
    for number in range(3):
        pixels = np.full((32, 32), 40 * number + 20, np.uint8)
        Image.fromarray(pixels).save(images / f"{number}.png")
    return new_project(tmp_path / "project", images)


def square(top, left, side):
    mask = np.zeros((32, 32), bool)
    mask[top : top + side, left : left + side] = True
    return mask


def draw(project, image, structure, mask):
    masks = project.annotations.masks.draw(image, structure, Bits.of(mask))
    project.edit(project.annotations.with_masks(masks))


def propose(project, structure, mask):
    folder = project.masks.proposals(structure, "run-1")
    with MaskFolder.create(folder, project.listing) as out:
        for plane in project.listing.planes:
            out.write(plane.name, mask.astype(np.uint8), 0.5)
    project.take_proposals(structure, read_proposals(project.masks, structure, "run-1"), structure)


def write(project, structures, folder):
    work = write_training_labels(project.masks, project.annotations.masks, structures, folder)
    return finish(work)[1]


def read(folder, name):
    with Image.open(folder / name) as file:
        return np.asarray(file)


def test_the_smaller_of_two_masks_lies_on_top_and_the_rest_is_background(project, tmp_path):
    draw(project, "0.png", "cup", square(4, 4, 4))
    draw(project, "0.png", "disc", square(0, 0, 16))
    found = write(project, ("cup", "disc"), tmp_path / "labels")
    labels = read(found.folder, "0.png")
    assert found.images == 1
    assert (np.bincount(labels.ravel(), minlength=3) == [32 * 32 - 256, 16, 256 - 16]).all()
    assert sorted(path.name for path in found.folder.iterdir()) == ["0.png", "classes.csv"]
    assert (found.folder / "classes.csv").read_text().splitlines() == [
        "value,name",
        "1,cup",
        "2,disc",
    ]


def test_a_proposal_that_nobody_has_settled_is_left_open(project, tmp_path):
    draw(project, "0.png", "disc", square(0, 0, 4))
    propose(project, "cup", square(2, 2, 4))
    draw(project, "1.png", "cup", square(8, 8, 2))
    labels = read(write(project, ("cup", "disc"), tmp_path / "labels").folder, "0.png")
    assert (labels[:4, :4] == 2).all(), "what a person says counts"
    assert (labels == 255).sum() == 16 - 4
    assert (labels == 0).sum() == 32 * 32 - 16 - 12
    assert labelled(project.annotations.masks, ["cup", "disc"]) == [0, 1]


def test_a_structure_that_no_image_shows_is_one_sentence(project, tmp_path):
    draw(project, "0.png", "disc", square(0, 0, 4))
    draw(project, "0.png", "cup", np.zeros((32, 32), bool))
    with pytest.raises(BadInput, match="no image shows cup: paint it in one at least"):
        write(project, ("cup", "disc"), tmp_path / "labels")
