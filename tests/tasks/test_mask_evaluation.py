"""Folders of masks against the truth: what counts, what does not, in which unit."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK
import tifffile
from draining import finish
from PIL import Image

from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import find_images
from napari_localcl.data.mask_writing import MaskFolder
from napari_localcl.tasks.mask_evaluation import evaluate_masks


def square(x=2, value=1, size=4):
    mask = np.zeros((12, 12), np.uint8)
    mask[2 : 2 + size, x : x + size] = value
    return mask


EMPTY = np.zeros((12, 12), np.uint8)


def png(folder, **masks):
    folder.mkdir(exist_ok=True)
    for name, mask in masks.items():
        Image.fromarray(mask).save(folder / f"{name}.png")
    return folder


def nifti(path, mask, spacing):
    path.parent.mkdir(exist_ok=True)
    image = SimpleITK.GetImageFromArray(mask)
    image.SetSpacing(spacing[::-1])
    SimpleITK.WriteImage(image, str(path))
    return path.parent


def evaluated(predicted, truth, **more):
    return finish(evaluate_masks(predicted, truth, **more))[1]


def test_each_way_an_image_can_end_is_counted_and_none_scores_1_for_nothing(tmp_path):
    truth = png(
        tmp_path / "truth",
        hit=square(value=255),
        half=square(value=255),
        missed=square(value=255),
        absent=square(value=255),
        alarm=EMPTY,
        nothing=EMPTY,
        absent_nothing=EMPTY,
    )
    predicted = png(
        tmp_path / "predicted",
        hit=square(),
        half=square(4),
        missed=EMPTY,
        alarm=square(),
        nothing=EMPTY,
        stranger=square(),
    )
    found = evaluated(predicted, truth)
    outcomes = {one.image.removesuffix(".png"): one.outcome for one in found.images}
    assert outcomes == {
        "hit": "scored",
        "half": "scored",
        "missed": "missed",
        "absent": "missing",
        "alarm": "false alarm",
        "nothing": "both empty",
        "absent_nothing": "both empty",
    }
    # Dice 1, 1/2, 0, 0 and 0; distances of the first two only.
    assert found.overall.dice.mean == pytest.approx(1.5 / 5)
    assert found.overall.hd95.mean == pytest.approx(1.0)
    assert found.missing == ("absent.png", "absent_nothing.png")
    assert found.untold == 1
    assert found.unit == "px"


def test_labels_are_scored_apart_and_together(tmp_path):
    both = square(2, 1) + square(7, 2)
    truth = png(tmp_path / "truth", a=both, b=square(2, 1))
    found = evaluated(png(tmp_path / "predicted", a=both, b=square(4, 1)), truth)
    first, second = found.structures
    assert (first.name, first.dice.mean) == ("label 1", 0.75)
    assert (second.name, second.dice.mean) == ("label 2", 1.0)
    assert second.outcomes["both empty"] == 1
    assert found.overall.dice.mean == pytest.approx(2.5 / 3)


def test_a_binary_prediction_is_compared_with_the_label_asked_for(tmp_path):
    truth = png(tmp_path / "truth", a=square(2, 1) + square(7, 3))
    found = evaluated(png(tmp_path / "predicted", a=square(7, 1)), truth, labels=[3])
    assert found.overall.dice.mean == 1.0
    assert found.notes == ("all that the predictions mark is taken for label 3",)


def test_volumes_are_compared_whole_in_the_millimetres_they_state(tmp_path):
    one, other = np.zeros((6, 12, 12), np.uint8), np.zeros((6, 12, 12), np.uint8)
    one[1], other[3] = square(), square()
    truth = nifti(tmp_path / "truth" / "a.nii.gz", one, (2.5, 0.5, 0.5))
    predicted = nifti(tmp_path / "predicted" / "a.nii.gz", other, (2.5, 0.5, 0.5))
    found = evaluated(predicted, truth)
    assert found.unit == "mm"
    assert found.overall.hd95.mean == pytest.approx(5.0)
    assert found.overall.dice.mean == 0
    assert found.images[0].outcome == "scored"
    coarse = evaluated(predicted, truth, spacing=(10.0, 1.0, 1.0))
    assert coarse.overall.hd95.mean == pytest.approx(20.0)


def test_voxels_of_unknown_spacing_are_said_to_count_as_cubes(tmp_path):
    volume = np.stack([square(), square(), EMPTY])
    for side in ("truth", "predicted"):
        (tmp_path / side).mkdir()
        tifffile.imwrite(tmp_path / side / "a.tif", volume, photometric="minisblack")
    found = evaluated(tmp_path / "predicted", tmp_path / "truth")
    assert (found.unit, found.overall.dice.mean) == ("px", 1.0)
    assert "voxels count as cubes" in found.notes[0]


def test_distances_are_in_pixels_unless_every_truth_states_its_spacing(tmp_path):
    truth = nifti(tmp_path / "truth" / "a.nii", square(), (0.5, 0.5))
    predicted = nifti(tmp_path / "predicted" / "a.nii", square(4), (0.5, 0.5))
    assert evaluated(predicted, truth).overall.hd95.mean == pytest.approx(1.0)
    png(truth, b=square())
    png(predicted, b=square(4))
    found = evaluated(predicted, truth)
    assert (found.unit, found.overall.hd95.mean) == ("px", 2.0)
    assert "only 1 of 2 masks state their spacing" in found.notes[0]


def test_a_spacing_is_for_pixels_that_need_not_be_squares(tmp_path):
    truth, predicted = EMPTY.copy(), EMPTY.copy()
    truth[2, 2] = predicted[3, 3] = 1
    folders = png(tmp_path / "predicted", a=predicted), png(tmp_path / "truth", a=truth)
    assert evaluated(*folders, spacing=(3.0, 4.0)).overall.surface.mean == pytest.approx(5.0)
    assert evaluated(*folders, spacing=2.0).overall.surface.mean == pytest.approx(8**0.5)
    with pytest.raises(BadInput, match=r"a\.png: a spacing of 3 numbers"):
        evaluated(*folders, spacing=(1.0, 1.0, 1.0))
    with pytest.raises(BadInput, match="not above 0"):
        evaluated(*folders, spacing=0.0)


def test_a_prediction_of_another_size_counts_as_missing_and_the_rest_goes_on(tmp_path):
    truth = png(tmp_path / "truth", a=square(), b=square(), c=square())
    predicted = png(tmp_path / "predicted", a=square(), b=square()[:9], c=square())
    (truth / "c.png").write_bytes(b"")
    found = evaluated(predicted, truth)
    assert [(one.image, one.outcome) for one in found.images] == [
        ("a.png", "scored"),
        ("b.png", "missing"),
    ]
    assert found.overall.dice.mean == 0.5
    assert "b.png is 9 x 12 pixels but its image 12 x 12" in found.unusable[0]
    assert "c.png is empty" in found.unusable[1]
    (truth / "a.png").unlink()
    (truth / "b.png").unlink()
    with pytest.raises(BadInput, match=r"none of the true masks can be used: .*c\.png is empty"):
        evaluated(predicted, truth)


def test_a_folder_that_the_program_wrote_is_compared_without_its_uncertainty(tmp_path):
    listing = find_images(png(tmp_path / "images", a=square(), b=square()))
    with MaskFolder.create(tmp_path / "out", listing) as masks:
        masks.write("a.png", square(), 1.0, uncertainty=square(value=255))
        masks.write("b.png", square(4), 0.5, uncertainty=square(value=9))
    truth = png(tmp_path / "truth", a_disc=square(value=255), b_disc=square(value=255))
    found = evaluated(tmp_path / "out", truth)
    assert [one.dice for one in found.images] == [1.0, 0.5]
    assert (found.untold, found.unusable, found.notes) == (0, (), ())


def test_everything_can_be_written_as_json(tmp_path):
    truth = png(tmp_path / "truth", a=square(), b=EMPTY)
    found = evaluated(png(tmp_path / "predicted", a=square(4), b=EMPTY), truth)
    figures = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert figures["images"][0]["iou"] == pytest.approx(1 / 3)
    assert figures["images"][1] == {
        "image": "b.png",
        "structure": "mask",
        "outcome": "both empty",
        "dice": None,
        "iou": None,
        "hd95": None,
        "surface": None,
    }
