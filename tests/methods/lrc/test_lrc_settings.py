"""LRC's settings: those of whatever it is added to, and its own."""

import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.settings import list_settings
from napari_localcl.methods import PUBLISHED
from napari_localcl.methods.lrc import LRC

OTHERS = sorted(PUBLISHED.keys() - {"lrc"})


def names(settings):
    return {one.name for one in list_settings(settings)}


@pytest.mark.parametrize("base", OTHERS)
def test_the_settings_are_those_of_the_base_and_its_own(base):
    settings = LRC.settle({"base": base})
    assert names(settings) >= names(PUBLISHED[base].Settings())
    assert {"base", "lrc.temperature", "lrc.superpixels.scale"} <= names(settings)
    assert isinstance(settings, PUBLISHED[base].Settings)


def test_settings_of_another_system_are_unknown():
    assert LRC.settle({"queue": 64}).queue == 64
    with pytest.raises(BadInput, match="there is no setting 'queue'"):
        LRC.settle({"base": "ld", "queue": 64})


def test_a_given_base_wins_over_that_of_the_preset():
    assert LRC.settle({"base": "none"}, LRC.presets["ld"]).base == "none"


def test_each_base_has_a_preset_at_each_size_and_the_usual_one_is_called_like_the_size_alone():
    others = [name for name in [*OTHERS, "none"] if name != "moco"]
    named = [preset for base in others for preset in (base, f"{base}-faithful")]
    assert list(LRC.presets) == ["small", "faithful", *named]
    assert set(LRC.preset_help) == set(LRC.presets)
    assert LRC.settle({}, LRC.presets["small"]).base == "moco"
    for base in others:
        assert LRC.settle({}, LRC.presets[base]).base == base
        large = LRC.settle({}, LRC.presets[f"{base}-faithful"])
        assert (large.base, large.base_preset, large.lrc.images) == (base, "faithful", 32)


def test_the_preset_of_the_base_can_be_chosen():
    published = PUBLISHED["ld"].presets["faithful"]
    assert LRC.settle({"base": "ld", "base_preset": "faithful"}).grid == 8
    assert LRC.settle({"base": "ld"}, LRC.presets["faithful"]).levels == published["levels"]
    assert LRC.settle({}, LRC.presets["faithful"]).queue == 65536


def test_moco_gets_a_decoder_for_regions_to_train():
    assert LRC.settle({}).levels == 4
    assert LRC.settle({"levels": 0}).levels == 0
    assert PUBLISHED["moco"].settle({}).levels == 0


@pytest.mark.parametrize(("base", "images"), [("moco", 4), ("none", 4), ("ld", 2), ("ace", 2)])
def test_beside_few_views_of_the_base_the_local_term_looks_at_few_images(base, images):
    assert LRC.settle({"base": base}).lrc.images == images
    assert LRC.settle({"base": base, "lrc.images": 7}).lrc.images == 7


@pytest.mark.parametrize("wrong", ["sl", "lrc", ""])
def test_a_base_that_is_not_there_is_said_with_those_that_are(wrong):
    with pytest.raises(BadInput, match=f"cannot be added to '{wrong}': choose base=.*ld.*none"):
        LRC.settle({"base": wrong})


def test_a_record_of_the_settings_gives_them_back():
    settings = LRC.settle({"base": "ld", "pairs": 3, "lrc.weight": 2})
    assert LRC.settle({}, settings.model_dump(mode="json")) == settings


def test_two_stages_need_a_decoder():
    LRC(LRC.settle({"lrc.two_stage": True}), 1)
    with pytest.raises(BadInput, match="no decoder"):
        LRC(LRC.settle({"lrc.two_stage": True, "levels": 0}), 1)


def test_negatives_are_of_the_same_image_unless_asked_for():
    assert not LRC.settle({}).lrc.across_images
