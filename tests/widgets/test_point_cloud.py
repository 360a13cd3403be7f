"""Points of a plot: their colours, what is known of them, and their small pictures."""

from __future__ import annotations

import numpy as np
import pytest
from draining import finish
from projects import new_project

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.mask_bits import Bits
from napari_localcl.data.packing import packed
from napari_localcl.widgets.cloud_facts import known_structures, landmarks_of, learn_facts
from napari_localcl.widgets.picture import Picture
from napari_localcl.widgets.point_cloud import PointCloud, colouring
from napari_localcl.widgets.thumbnails import SIDE, thumbnail

NAMES = ("blobs_0.png", "blobs_1.png", "blobs_2.png")


@pytest.fixture
def cloud():
    """Return five points of three images, the last two of the second."""
    return PointCloud(
        "patches",
        NAMES,
        np.array([[0, 0], [1, 0], [2, 0], [9, 9], [9, 8]], np.float32),
        np.array([0, 0, 2, 1, 1], np.int32),
        np.array([[5, 6], [50, 6], [5, 60], [9, 9], [40, 30]], np.float32),
    )


@pytest.fixture
def project(pictures, tmp_path):
    project = new_project(tmp_path / "project", pictures)
    yield project
    project.close()


def test_a_cloud_is_what_the_process_says(cloud):
    event = {
        "names": list(NAMES),
        **{name: packed(getattr(cloud, name)) for name in ("positions", "images", "places")},
        "labels": ["tip", "tip", "base", "tip", "base"],
    }
    told = PointCloud.from_event("landmarks", event)
    assert np.array_equal(told.places, cloud.places)
    assert told.facts["landmark"].tolist() == event["labels"]
    assert (told.image(2), told.place(2)) == ("blobs_2.png", (5, 60))
    assert told.of_image("blobs_1.png").tolist() == [3, 4]
    assert not len(told.of_image("elsewhere.png"))


def test_the_most_typical_point_lies_in_the_middle_of_those_chosen(cloud):
    assert cloud.most_typical(np.array([0, 1, 2])) == 1
    assert cloud.most_typical(np.array([0, 1, 2, 3])) in (1, 2)


def test_features_are_what_another_plugin_can_plot(cloud):
    known = cloud.knowing(cluster=np.array([1, 1, 2, 2, 2])).arranged("tsne", cloud.positions + 1)
    features = known.features(np.array([2, 4]))
    assert features["image"].tolist() == ["blobs_2.png", "blobs_1.png"]
    assert features["t-SNE 1"].tolist() == [3, 10]
    assert features["cluster"].tolist() == [2, 2]


def test_groups_have_a_colour_each_and_amounts_a_scale(cloud):
    known = cloud.knowing(
        cluster=np.array([1, 1, 2, 2, 3]), confidence=np.array([0.2, 0.9, np.nan, 0.2, 0.5])
    )
    groups = colouring(known, "cluster")
    assert groups.groups == ("cluster 1", "cluster 2", "cluster 3")
    assert len(set(groups.inks.tolist())) == 3
    assert groups.inks[3] == groups.inks[2] == groups.colours[1]
    amounts = colouring(known, "confidence")
    assert amounts.groups == ()
    assert amounts.limits == (0.2, 0.9)
    assert amounts.inks[0] == amounts.inks[3] == amounts.colours[0]
    assert len(set(amounts.inks.tolist())) == 4
    assert colouring(known, "not known yet").groups == NAMES


def test_many_groups_have_colours_of_their_own(cloud):
    clusters = np.arange(30)
    many = PointCloud("patches", NAMES, *(np.zeros((30, 2), np.float32),), clusters * 0, clusters)
    assert len(set(colouring(many.knowing(cluster=clusters), "cluster").inks.tolist())) == 30


def test_a_label_is_what_the_mask_says_where_the_point_lies(cloud, project):
    mask = np.zeros((80, 64), bool)
    mask[:20, :20] = True
    masks = project.annotations.masks.draw("blobs_0.png", "disc", Bits.of(mask))
    assert known_structures(project.annotations) == ()
    project.edit(project.annotations.with_masks(masks))
    assert known_structures(project.annotations) == ("disc",)
    _, facts = finish(learn_facts(project, cloud, "label", "disc"))
    assert facts["label"].tolist() == ["disc", "not disc", "no mask", "no mask", "no mask"]


def test_a_place_is_as_sure_as_its_landmark_and_an_image_as_its_least_sure(cloud, project):
    project.edit(project.annotations.place_all([Landmark("blobs_0.png", "tip", 5, 6)]))
    found = ((NAMES[1], 0.25), (NAMES[2], 0.75))
    project.set_predictions(
        [Landmark(name, "tip", 9, 9, sure, "machine:one") for name, sure in found]
    )
    assert len(landmarks_of(project.annotations)) == 3
    _, facts = finish(learn_facts(project, cloud, "confidence"))
    assert facts["confidence"].tolist() == [1, 1, 0.75, 0.25, 0.25]
    own = cloud.knowing(landmark=np.array(["tip", "base", "tip", "tip", "tip"]))
    _, facts = finish(learn_facts(project, own, "confidence"))
    assert facts["confidence"][[0, 2, 3]].tolist() == [1, 0.75, 0.25]
    assert np.isnan(facts["confidence"][1])


def test_a_small_picture_shows_a_place_with_what_lies_around_it():
    pixels = np.zeros((400, 800), np.uint16)
    pixels[200:] = 1000
    picture = Picture("a.png", pixels, (0.0, 1000.0), (1.0, 1.0))
    shown = thumbnail(picture, (199.5, 400))
    assert shown.shape == (SIDE, SIDE, 3)
    assert (shown[: SIDE // 2 - 1].max(), shown[SIDE // 2 + 1 :].min()) == (0, 255)
    # The whole image lies in the middle of a square; beyond it is black.
    whole = thumbnail(picture, None)
    rows = np.flatnonzero(whole[:, SIDE // 2, 0] == 255)
    assert (rows.min(), rows.max()) == pytest.approx((SIDE / 2, 3 * SIDE / 4), abs=1.5)


def test_a_coloured_picture_keeps_its_colours():
    pixels = np.zeros((50, 50, 3), np.uint8)
    pixels[..., 1] = 200
    shown = thumbnail(Picture("a.png", pixels, (0.0, 200.0), (1.0, 1.0)), None)
    assert shown[SIDE // 2, SIDE // 2].tolist() == [0, 200, 0]
