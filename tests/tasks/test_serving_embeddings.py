"""A window's questions about the embeddings of all images."""

from dataclasses import astuple

import numpy as np
import pytest
import torch
from canvases import prepared
from clouds import collection_of, noise

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.data.heat_map import HeatMap
from napari_localcl.data.packing import unpacked
from napari_localcl.tasks import serving_embeddings
from napari_localcl.tasks.serving_embeddings import Study

CLICK = Landmark("image_0.png", "", 13.5, 21.5)
NAMES = tuple(f"image_{index}.png" for index in range(20))


@pytest.fixture
def study():
    maps = noise(20, 8, 8, 6)
    maps[:, :4] += 4 * torch.eye(6)[0]
    maps[9, 3, 5] = maps[0, 3, 5]
    return Study(collection_of({4: maps}), None)


def asked(study, kind, **facts):
    return list(study.answers({"ask": kind, **facts}))


def test_places_come_after_the_map_of_the_image_at_hand(study):
    first, *news, last = asked(study, "like", positive=[astuple(CLICK)], image="image_9.png")
    heat = HeatMap.from_event(first)
    assert (heat.image, heat.values.shape) == ("image_9.png", (8, 8))
    assert heat.values[3, 5] == pytest.approx(1, abs=1e-3)
    assert news[-1]["step"] == news[-1]["steps"] == 20
    assert {row[0] for row in last["rows"][:2]} == {"image_0.png", "image_9.png"}
    assert last["rows"][0][1:3] == pytest.approx((13.5, 21.5))


def test_negatives_and_the_count_are_heard(study):
    negative = Landmark("image_9.png", "", 13.5, 21.5)
    (*_, last) = asked(study, "like", positive=[astuple(CLICK)], negative=[astuple(negative)])
    assert not {row[0] for row in last["rows"]} & {"image_0.png", "image_9.png"} or all(
        row[3] < 0.9 for row in last["rows"]
    )
    (*_, last) = asked(study, "like", positive=[astuple(CLICK)], count=3)
    assert len(last["rows"]) == 3


def test_what_was_learned_of_all_images_is_learned_once(study):
    *news, first = asked(study, "colours", image="image_1.png")
    assert news
    assert HeatMap.from_event(first).values.shape == (8, 8, 3)
    (second,) = asked(study, "colours", image="image_2.png")
    assert second["image"] == "image_2.png"


def test_learning_goes_on_where_another_question_interrupted_it(study):
    first = study.answers({"ask": "colours", "image": "image_1.png"})
    assert next(first)["step"] == 16
    first.close()
    second, last = asked(study, "colours", image="image_2.png")
    assert second["step"] == 20
    assert last["event"] == "map"


def test_clusters_and_rarity_are_maps(study):
    *_, clusters = asked(study, "clusters", image="image_3.png", count=2)
    shown = HeatMap.from_event(clusters).values
    assert set(np.unique(shown)) == {1, 2}
    assert len(set(shown[:4].flat) & set(shown[4:].flat)) <= 2
    *_, rarity = asked(study, "rarity", image="image_3.png")
    assert 0 <= HeatMap.from_event(rarity).values.min() <= HeatMap.from_event(rarity).values.max()


def test_odd_images_are_rows_of_names_and_numbers(study):
    *_, odd = asked(study, "odd", count=4)
    assert len(odd["outliers"]) == len(odd["pairs"]) == 4
    assert {name for name, _ in odd["outliers"]} <= set(NAMES)
    assert all({first, second} <= set(NAMES) for first, second, _ in odd["pairs"])


@pytest.mark.parametrize(
    ("given", "points"),
    [
        ({"of": "images"}, 20),
        ({"of": "patches", "count": 100}, 100),
        ({"of": "landmarks", "landmarks": [astuple(CLICK)] * 5}, 5),
    ],
)
def test_a_cloud_says_of_each_point_where_it_is_and_what_it_belongs_to(study, given, points):
    (*_, cloud) = asked(study, "scatter", **given)
    assert cloud["event"] == "cloud"
    assert cloud["names"] == NAMES
    arrays = {name: unpacked(cloud[name]) for name in ("positions", "images", "places")}
    assert {name: array.shape for name, array in arrays.items()} == {
        "positions": (points, 2),
        "images": (points,),
        "places": (points, 2),
    }
    (*_, kinds) = asked(study, "kinds", count=3)
    assert unpacked(kinds["clusters"]).shape == (points,)
    assert set(unpacked(kinds["clusters"])) <= {1, 2, 3}
    assert arrays["images"].max() < 20
    assert len(cloud["labels"]) in (0, points)


def test_superpixels_are_found_in_the_images_themselves(study, tmp_path):
    y, x = np.mgrid[:32, :32]
    discs = [(y - 10) ** 2 + (x - 9 - n % 3) ** 2 < 40 for n in range(20)]
    grey = np.stack([np.where(disc, 220, 40 + 2 * y) for disc in discs]).astype(np.uint8)
    own = Study(study.collection, None, prepared(grey[:, None], tmp_path))
    (*_, cloud) = asked(own, "scatter", of="superpixels")
    images, places = unpacked(cloud["images"]), unpacked(cloud["places"])
    assert set(images) == set(range(20))
    assert len(cloud["labels"]) == len(places)
    # One of them is the disc.
    nearest = np.abs(places[images == 0] - (10, 9)).sum(axis=1).min()
    assert nearest < 3


def test_points_are_arranged_anew_only_once_there_are_some(study, monkeypatch):
    monkeypatch.setattr("napari_localcl.tasks.arranging.EARLY", 25)
    monkeypatch.setattr("napari_localcl.tasks.arranging.LATE", 25)
    with pytest.raises(BadInput, match="no points yet"):
        asked(study, "arrange", by="tsne")
    asked(study, "scatter", of="images")
    *news, last = asked(study, "arrange", by="tsne")
    assert [one["step"] for one in news] == [0, 25, 50]
    assert unpacked(last["positions"]).shape == (20, 2)


def test_a_failure_is_said_and_the_next_try_begins_anew(study, monkeypatch):
    def fail(collection):
        raise BadInput("the disk is gone")
        yield

    with monkeypatch.context() as broken:
        broken.setattr(serving_embeddings, "learn_rarity", fail)
        with pytest.raises(BadInput, match="disk is gone"):
            asked(study, "rarity", image="image_3.png")
    assert asked(study, "rarity", image="image_3.png")[-1]["event"] == "map"


def test_whole_images_are_told_as_vectors(study):
    (answer,) = asked(study, "wholes")
    assert list(answer["names"]) == list(NAMES)
    wanted = study.collection.embeddings.wholes().numpy()
    assert np.allclose(unpacked(answer["vectors"]), wanted)
