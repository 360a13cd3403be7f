"""Landmarks from a template, end to end with a barely trained encoder."""

import shutil
from dataclasses import replace

import numpy as np
import pytest
from draining import finish
from memory import largest_allocation
from PIL import Image
from small import SMALL_LD

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.data.samples import sample_folder
from napari_localcl.data.sides import side_canvas
from napari_localcl.tasks.atlas import open_atlas
from napari_localcl.tasks.landmarks import (
    PUBLISHED,
    LandmarkSettings,
    locate,
    predict,
    predict_batches,
    suggest_templates,
)
from napari_localcl.tasks.pretraining import pretrain
from napari_localcl.training.budget import Budget

LEARNED = {**SMALL_LD, "image_size": 320, "dimensions": 16, "correspondences_share": 0.0}
PLAIN = LandmarkSettings(detail=1.0)
TEMPLATE = (
    Landmark("hand_01.png", "wrist", 240.25, 128.0),
    Landmark("hand_01.png", "index", 100.0, 120.5),
    Landmark("hand_01.png", "thumb", 182.63, 196.09),
)


@pytest.fixture(scope="module")
def hands(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hands")
    for number in range(1, 5):
        shutil.copy(sample_folder("skeleton") / "images" / f"hand_{number:02d}.png", folder)
    return folder


def learned(hands, tmp_path_factory, steps, **settings):
    folder = tmp_path_factory.mktemp("runs") / "my_run"
    given = {**LEARNED, **settings}
    finish(pretrain(hands, folder, budget=Budget(steps=steps), settings=given, device="cpu"))
    return folder


@pytest.fixture(scope="module")
def run(hands, tmp_path_factory):
    return learned(hands, tmp_path_factory, 40)


@pytest.fixture(scope="module")
def run_of_both_sides(hands, tmp_path_factory):
    return learned(hands, tmp_path_factory, 16, sides="learned")


def find(images, run, templates=TEMPLATE, settings=PLAIN, **given):
    return finish(locate(images, run, templates, settings, "cpu", **given))[1]


def of(rows, image):
    return {row.landmark: row for row in rows if row.image == image}


def miss(rows, image, truth):
    """Largest distance in pixels of the landmarks in an image from points (y, x) by name."""
    found = of(rows, image)
    return max(np.hypot(found[k].y - y, found[k].x - x) for k, (y, x) in truth.items())


CLOSE = 5.0  # pixels, for an encoder that has hardly learned
TRUTH = {mark.landmark: (mark.y, mark.x) for mark in TEMPLATE}


@pytest.fixture
def relatives(hands, tmp_path):
    """The template image, its mirror image, and it at one and a half times the size."""
    folder = tmp_path / "relatives"
    folder.mkdir()
    image = Image.open(hands / "hand_01.png")
    image.save(folder / "hand_01.png")
    image.save(folder / "copy.png")
    image.transpose(Image.Transpose.FLIP_LEFT_RIGHT).save(folder / "mirrored.png")
    image.resize((384, 480), Image.Resampling.BICUBIC).save(folder / "larger.png")
    return folder


@pytest.mark.parametrize(
    "settings",
    [LandmarkSettings(), PLAIN, LandmarkSettings(**PUBLISHED)],
    ids=["default", "no detail", "published"],
)
def test_every_landmark_is_placed_in_every_image(hands, run, settings):
    rows = find(hands, run, settings=settings)
    assert [row.image for row in rows] == [f"hand_0{i}.png" for i in (1, 2, 3, 4) for _ in range(3)]
    assert [row.landmark for row in rows] == ["wrist", "index", "thumb"] * 4
    for row in rows[3:]:
        assert 0 <= row.y <= 319
        assert 0 <= row.x <= 255
        assert 0 <= row.confidence <= 1
        assert row.source == "machine:my_run"


def test_what_a_person_placed_comes_back_as_it_was(hands, run):
    rows = find(hands, run)
    assert rows[:3] == tuple(replace(mark, source="human") for mark in TEMPLATE)


def test_a_copy_of_the_template_has_the_same_points_and_much_confidence(relatives, run):
    for settings in (PLAIN, LandmarkSettings()):
        rows = find(relatives, run, settings=settings)
        assert miss(rows, "copy.png", TRUTH) < CLOSE
        assert min(row.confidence for row in of(rows, "copy.png").values()) > 0.6


def test_points_are_in_pixels_of_each_file(relatives, run):
    # An encoder that has hardly learned needs the prior.
    rows = find(relatives, run, settings=LandmarkSettings(prior_width=32))
    larger = {name: (1.5 * y + 0.25, 1.5 * x + 0.25) for name, (y, x) in TRUTH.items()}
    assert miss(rows, "larger.png", larger) < 3 * CLOSE


def test_a_run_that_learned_both_sides_finds_landmarks_in_either(relatives, run_of_both_sides):
    mirrored = {name: (y, 255 - x) for name, (y, x) in TRUTH.items()}
    for detail in (1.0, 1.67):
        rows = find(relatives, run_of_both_sides, settings=LandmarkSettings(detail=detail))
        assert miss(rows, "copy.png", TRUTH) < CLOSE
        assert miss(rows, "mirrored.png", mirrored) < CLOSE
        assert miss(rows, "copy.png", TRUTH) < CLOSE


def test_what_shows_something_else_is_less_sure(relatives, run):
    noise = np.random.default_rng(0).integers(0, 256, (320, 256), dtype=np.uint8)
    Image.fromarray(noise).save(relatives / "noise.png")
    rows = find(relatives, run)
    copy, other = (
        [row.confidence for row in of(rows, name).values()] for name in ("copy.png", "noise.png")
    )
    assert np.mean(other) < 0.8 * np.mean(copy)


def test_several_templates_may_know_different_landmarks(hands, run):
    more = (*TEMPLATE[:2], Landmark("hand_02.png", "thumb", 150.0, 200.0))
    rows = find(hands, run, more)
    by_person = {(row.image, row.landmark) for row in rows if row.source == "human"}
    assert by_person == {(mark.image, mark.landmark) for mark in more}
    assert len(rows) == 12


def test_the_result_says_how_far_it_is(hands, run):
    said, rows = finish(locate(hands, run, TEMPLATE, PLAIN, "cpu"))
    located = [news for news in said if news.event == "locate"]
    assert (located[-1].step, located[-1].steps) == (4, 4)
    assert len(rows) == 12


# What is wrong with a template


@pytest.mark.parametrize(
    ("templates", "sentence"),
    [
        ((), "click at least one"),
        ((Landmark("hand_1.png", "a", 5, 5),), r"hand_1\.png.*hand_01\.png"),
        ((Landmark("hand_01.png", "a", 400, 5),), r"a at y 400, x 5 .*outside.*320 x 256"),
        ((Landmark("hand_01.png", "a", 5, -3),), "outside"),
        ((Landmark("hand_01.png", "a", float("nan"), 5),), "outside"),
    ],
    ids=["empty", "wrong image", "below", "left", "no number"],
)
def test_a_template_that_does_not_fit_is_bad_input(hands, run, templates, sentence):
    with pytest.raises(BadInput, match=sentence):
        find(hands, run, templates)


def test_points_in_the_corners_of_the_image_are_fine(hands, run):
    corners = (
        Landmark("hand_01.png", "first", 0, 0),
        Landmark("hand_01.png", "last", 319, 255),
    )
    assert len(find(hands, run, corners)) == 8


def test_a_run_that_is_not_there_is_bad_input(hands, tmp_path):
    with pytest.raises(BadInput, match="holds no run"):
        find(hands, tmp_path / "nowhere")


# What is kept


def events(images, run, cache):
    said, rows = finish(locate(images, run, TEMPLATE, PLAIN, "cpu", cache))
    return [news.event for news in said].count("embed"), rows


def test_a_second_look_embeds_nothing_and_finds_the_same(hands, run, tmp_path):
    first, fresh = events(hands, run, tmp_path)
    second, again = events(hands, run, tmp_path)
    assert first > 0
    assert second == 0
    assert again == fresh


def test_a_damaged_store_is_made_again_and_finds_the_same(hands, run, tmp_path):
    _, fresh = events(hands, run, tmp_path)
    for file in (tmp_path / "embeddings").rglob("*.i8"):
        file.write_bytes(file.read_bytes()[:-1000])
    again, rows = events(hands, run, tmp_path)
    assert again > 0
    assert rows == fresh


def test_the_next_click_in_an_image_does_not_align_it_again(hands, run):
    settings = LandmarkSettings(detail=1.0, prior_width=32)
    opened = (finish(open_atlas(hands, run, settings, "cpu"))[1] for _ in range(2))
    atlas, untouched = opened
    finish(predict(atlas, TEMPLATE[:1]))
    aligned = atlas.align.cache_info().misses
    again = finish(predict(atlas, TEMPLATE[1:2]))
    assert atlas.align.cache_info().misses == aligned == 1
    assert again[1] == finish(predict(untouched, TEMPLATE[1:2]))[1]
    finish(predict(atlas, [replace(TEMPLATE[0], image="hand_02.png")]))
    assert atlas.align.cache_info().misses == 2


def test_the_image_somebody_looks_at_comes_first_and_again_in_its_place(hands, run):
    atlas = finish(open_atlas(hands, run, PLAIN, "cpu"))[1]
    first, *batches = predict_batches(atlas, TEMPLATE, "hand_03.png")
    rows = tuple(row for batch in batches for row in batch)
    assert set(of(first, "hand_03.png").values()) == set(of(rows, "hand_03.png").values())
    assert rows == finish(predict(atlas, TEMPLATE))[1]


# Which image to click first


def test_all_images_are_ranked_as_templates(hands, run):
    _, ranking = finish(suggest_templates(hands, run, PLAIN, "cpu"))
    assert sorted(name for name, _ in ranking) == [f"hand_0{i}.png" for i in (1, 2, 3, 4)]
    scores = [score for _, score in ranking]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_a_stranger_is_the_last_one_to_click(hands, run, tmp_path):
    images = shutil.copytree(hands, tmp_path / "images")
    noise = np.random.default_rng(0).integers(0, 256, (320, 256), dtype=np.uint8)
    Image.fromarray(noise).save(images / "noise.png")
    _, ranking = finish(suggest_templates(images, run, PLAIN, "cpu"))
    assert ranking[-1][0] == "noise.png"


def test_a_run_that_tells_sides_finds_the_mirror_image_without_being_asked(tmp_path):
    folder = tmp_path / "hands"
    folder.mkdir()
    for number in range(1, 5):
        with Image.open(sample_folder("skeleton") / "images" / f"hand_{number:02d}.png") as image:
            image.save(folder / f"hand_{number:02d}.png")
            flipped = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            flipped.save(folder / f"flipped_{number:02d}.png")
    # Without evening out, what is mirrored is the same to the last pixel.
    settings = {**LEARNED, "sides": "shades", "local_contrast": False}
    run = tmp_path / "run"
    finish(pretrain(folder, run, budget=Budget(steps=3), settings=settings, device="cpu"))
    mirrored = {name: (y, 255 - x) for name, (y, x) in TRUTH.items()}
    for looking in (PLAIN, LandmarkSettings()):
        rows = find(folder, run, settings=looking)
        assert miss(rows, "flipped_01.png", mirrored) < CLOSE


def test_with_one_level_ranking_does_not_match_all_pixels_with_all(hands, tmp_path):
    single = {**LEARNED, "image_size": 128, "levels": 1, "pairs": 1, "point_weight": 0}
    learned = tmp_path / "single_level"
    finish(pretrain(hands, learned, budget=Budget(steps=1), settings=single, device="cpu"))
    assert len(find(hands, learned)) == 12
    ranking = suggest_templates(hands, learned, PLAIN, "cpu")
    assert largest_allocation(lambda: finish(ranking)) < 40e6


def test_sides_are_told_once_whatever_the_magnification_makes_of_the_canvas(tmp_path):
    folder = tmp_path / "hands"
    folder.mkdir()
    for number in range(1, 5):
        with Image.open(sample_folder("skeleton") / "images" / f"hand_{number:02d}.png") as image:
            upright = image.resize((192, 224))
            turned = upright.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
            (turned if number % 2 else upright).save(folder / f"hand_{number:02d}.png")
    settings = {**LEARNED, "image_size": 224, "sides": "shades"}
    run = tmp_path / "run"
    finish(pretrain(folder, run, budget=Budget(steps=1), settings=settings, device="cpu"))
    _, atlas = finish(open_atlas(folder, run, LandmarkSettings(), "cpu"))
    # At these sizes the small images that sides are told from differ in shape.
    assert side_canvas(atlas.coarse.images.canvas) != side_canvas(atlas.detail.images.canvas)
    coarse, detail = (
        [placement.mirrored for placement in embedded.images.placements]
        for embedded in (atlas.coarse, atlas.detail)
    )
    assert coarse == detail
    assert any(coarse)
