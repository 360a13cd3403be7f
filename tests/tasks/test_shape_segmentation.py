"""A structure from its shape alone: learned, resumed, segmented."""

import csv

import numpy as np
import pytest
import torch
from draining import finish
from PIL import Image
from scipy.ndimage import gaussian_filter

from napari_localcl.data.errors import BadInput
from napari_localcl.tasks.segmentation import segment
from napari_localcl.tasks.shape_segmentation import learn_shape, split_settings
from napari_localcl.training.budget import Budget
from napari_localcl.training.run import RunFolder

SMALL = {
    "image_size": 64,
    "width": 4,
    "dimensions": 8,
    "clusters": 4,
    "pairs": 1,
    "shape.bank": 16,
    "shape.masks_fitted": 8,
    "shape.appearance": "brighter",
    "shape.refine.width": 4,
    "shape.refine.batch": 4,
    "prior.smallest": 0.25,
    "prior.largest": 0.35,
}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Bright discs, on ground of two sizes."""
    folder, chance = tmp_path_factory.mktemp("discs"), np.random.default_rng(0)
    for index, (height, width) in enumerate([(72, 72)] * 5 + [(60, 90)]):
        y, x = np.mgrid[:height, :width]
        centre = chance.uniform(20, 40, 2)
        disc = (y - centre[0]) ** 2 + (x - centre[1]) ** 2 <= 100
        ground = gaussian_filter(chance.normal(0, 30, (height, width)), 2)
        pixels = 90 + ground + 70 * disc
        Image.fromarray(pixels.astype(np.uint8)).save(folder / f"disc_{index}.png")
    return folder


def pixels(path):
    with Image.open(path) as image:
        return np.asarray(image)


def learn(images, run, steps=6, prior="ellipse", settings=SMALL, **given):
    budget = Budget(steps=steps) if steps else None
    work = learn_shape(images, run, prior, budget=budget, settings=settings, device="cpu", **given)
    return finish(work)


@pytest.fixture(scope="module")
def run(images, tmp_path_factory):
    return learn(images, tmp_path_factory.mktemp("runs") / "run")[1]


def test_the_record_says_which_prior_was_learned_from(run):
    record = run.record
    assert (record.verb, record.method, record.status) == ("shapes", "ld", "finished")
    assert record.prior.source == "ellipse"
    assert record.prior.settings == {"smallest": 0.25, "largest": 0.35}
    assert record.settings["shape"]["components"] == 1  # an ellipse is one part
    assert record.settings["clusters"] == 4


def test_settings_of_the_prior_are_told_by_their_prefix():
    of_prior, own = split_settings({"prior.rotation": 3, "width": 8, "shape.bank": 9})
    assert of_prior == {"rotation": 3}
    assert own == {"width": 8, "shape.bank": 9}


def test_every_image_gets_a_mask_in_its_own_pixels(run, images, tmp_path):
    said, found = finish(segment(images, run.path, tmp_path / "out", device="cpu"))
    assert (found.images, found.folder) == (6, tmp_path / "out")
    assert [news.step for news in said if news.event == "segment"] == [1, 2, 3, 4, 5, 6]
    for index in range(6):
        name = f"disc_{index}.png"
        shown, mask, doubt = (
            pixels(folder / name)
            for folder in (images, tmp_path / "out", tmp_path / "out" / "uncertainty")
        )
        assert mask.shape == doubt.shape == shown.shape
        assert set(np.unique(mask)) <= {0, 1}
    with (tmp_path / "out" / "masks.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["image"] for row in rows] == [f"disc_{i}.png" for i in range(6)]
    assert all(0 <= float(row["confidence"]) <= 1 for row in rows)
    assert found.empty == sum(row["area"] == "0" for row in rows)


def test_a_run_left_anywhere_resumes_to_the_same_weights(run, images, tmp_path):
    wanted = RunFolder.open(run.path).load_weights()
    for event, stage in (("match", "shape"), ("step", "shape"), ("label", "refine")):
        work = learn_shape(
            images,
            tmp_path / event,
            "ellipse",
            budget=Budget(steps=6),
            settings=SMALL,
            device="cpu",
        )
        next(news for news in work if (news.event, news.stage) == (event, stage))
        work.close()
        _, resumed = learn(
            images, tmp_path / event, steps=None, prior=None, settings=None, resume=True
        )
        weights = resumed.load_weights()
        assert all(torch.equal(weights[name], wanted[name]) for name in wanted)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"prior": None}, "give --prior"),
        ({"prior": "elipse"}, "no shape that can be simulated"),
        ({"settings": {"prior.smalest": 0.2}}, "smallest"),
        ({"settings": {"shape.apearance": "darker"}}, "shape.appearance"),
        ({"preset": "tiny"}, "no preset 'tiny'"),
        ({"steps": None}, "--minutes or --steps"),
    ],
)
def test_what_cannot_be_used_is_refused_before_any_work(images, tmp_path, given, sentence):
    with pytest.raises(BadInput, match=sentence):
        learn(images, tmp_path / "run", **given)
    assert not (tmp_path / "run").exists()


def test_another_prior_is_another_run(run, images):
    folder = RunFolder(run.path)
    folder.update(status="interrupted")
    with pytest.raises(BadInput, match="begun with the prior ellipse"):
        learn(images, run.path, prior="ring", settings=None, steps=None, resume=True)
    folder.update(status="finished")


def test_a_run_without_a_structure_is_refused_in_a_sentence(images, tmp_path):
    from small import SMALL_LD

    from napari_localcl.tasks.pretraining import pretrain

    work = pretrain(
        images, tmp_path / "run", budget=Budget(steps=3), settings=SMALL_LD, device="cpu"
    )
    finish(work)
    with pytest.raises(BadInput, match="learned no structure"):
        finish(segment(images, tmp_path / "run", tmp_path / "out"))
    assert not (tmp_path / "out").exists()
