from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image
from projects import new_project, predicted

from napari_localcl.data.errors import BadInput
from napari_localcl.layers.projects import get_reader, read_layers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Return a folder with a small and a larger grey image of 16 bits."""
    folder = tmp_path / "images"
    folder.mkdir()
    for number, size in enumerate(((20, 30), (40, 25))):
        grey = np.full(size, 1000 * (number + 1), np.uint16)
        Image.fromarray(grey).save(folder / f"{number}.png")
    return folder


@pytest.fixture
def folder(tmp_path: Path, images: Path) -> Path:
    """Return a saved project with a person's point and a prediction."""
    project = new_project(tmp_path / "project", images)
    first, second = project.annotations.images.names
    placed = project.annotations.add_landmark("tip").place(first, "tip", 5, 6)
    project.edit(placed)
    project.set_predictions([predicted(second)])
    project.save()
    project.close()
    return project.folder


def test_a_project_is_a_stack_of_its_images_and_their_points(folder: Path):
    (stack, look, kind), (places, dots, dots_kind) = get_reader(str(folder))(str(folder))
    assert (kind, dots_kind) == ("image", "points")
    assert stack.shape == (2, 40, 30)
    assert not look["rgb"]
    assert places.tolist() == [[0, 5, 6], [1, 5, 7]]
    features = dots["features"]
    assert features["landmark"] == ["tip", "tip"]
    assert features["image"] == ["0.png", "1.png"]
    assert features["source"] == ["human", "machine:one"]
    assert np.isnan(features["confidence"][0])
    assert features["confidence"][1] == 0.9


def test_an_image_is_read_when_it_is_looked_at_with_its_own_values(folder: Path):
    stack = read_layers(str(folder))[0][0]
    assert stack[0, 19, 29] == 1000
    assert stack[0, 20, 0] == 0
    assert stack[1, 39, 24] == 2000
    assert stack[..., 0].shape == (2, 40)
    assert stack[1:, :5].shape == (1, 5, 30)
    assert np.asarray(stack).shape == stack.shape


def test_grey_and_coloured_images_are_shown_in_colour(tmp_path: Path, images: Path):
    Image.new("RGB", (30, 30), (255, 0, 128)).save(images / "2.png")
    project = new_project(tmp_path / "mixed", images)
    (stack, look, _), (places, dots, _) = read_layers(str(project.folder))
    assert look["rgb"]
    assert stack.shape == (3, 40, 30, 3)
    assert stack[2, 0, 0].tolist() == [255, 0, 128]
    assert places.shape == (0, 3)
    assert "face_color" not in dots


def test_its_file_stands_for_the_folder(folder: Path):
    path = str(folder / "project.json")
    assert get_reader(path)(path)[0][0].shape == (2, 40, 30)


def test_reading_leaves_the_project_to_those_who_have_it(folder: Path):
    read_layers(str(folder))
    assert not (folder / "lock.json").exists()


def test_other_folders_and_files_are_left_to_other_readers(tmp_path: Path, images: Path):
    foreign = tmp_path / "foreign"
    foreign.mkdir()
    (foreign / "project.json").write_text(json.dumps({"name": "a game"}))
    given = [images, foreign, foreign / "project.json", images / "0.png", tmp_path / "nowhere"]
    assert [get_reader(str(path)) for path in given] == [None] * len(given)
    assert get_reader([str(images)]) is None


def test_missing_images_are_told(folder: Path, images: Path):
    shutil.rmtree(images)
    with pytest.raises(BadInput, match=r"2 images of the project .* are missing"):
        get_reader(str(folder))(str(folder))
