from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.priors import build_prior, families, prior_settings, samples
from napari_localcl.data.samples import sample_folder
from napari_localcl.data.settings import list_settings


@pytest.mark.parametrize("family", families())
def test_every_family_draws_from_its_defaults(family, chance):
    prior = build_prior(family, {})
    drawn = prior.draw(6, (96, 128), chance)
    assert drawn.shape == (6, 96, 128)
    assert drawn.dtype == bool
    assert drawn.any(axis=(1, 2)).all()
    assert not drawn.all(axis=(1, 2)).any()
    assert prior.title


@pytest.mark.parametrize("family", [*families(), "."])
def test_every_setting_says_what_it_is_and_what_is_allowed(family):
    for setting in list_settings(prior_settings(family)):
        assert setting.help
        assert setting.allowed or setting.choices or setting.kind == "bool"


def test_the_same_seed_shows_the_same_samples():
    prior = build_prior("vessels", {})
    shown = samples(prior, (64, 64), 4, seed=7)
    assert shown.dtype == np.uint8
    assert set(np.unique(shown)) == {0, 1}
    assert (shown == samples(prior, (64, 64), 4, seed=7)).all()
    assert (shown != samples(prior, (64, 64), 4, seed=8)).any()


def test_a_family_that_does_not_exist_is_refused_with_the_choices():
    with pytest.raises(BadInput, match=r"elipse does not exist .* ellipse, ring, vessels, lungs"):
        build_prior("elipse", {})


def test_an_unknown_setting_is_refused_with_those_there_are():
    with pytest.raises(BadInput, match=r"'diameter' \(the prior has smallest, largest"):
        build_prior("ellipse", {"diameter": 1})
    with pytest.raises(BadInput, match="did you mean rotation"):
        build_prior(sample_folder("fundus") / "masks" / "disc", {"rotatoin": "20"})


def test_a_value_out_of_range_is_refused_with_the_range():
    with pytest.raises(BadInput, match="elongation='9' must be a number, 1 to 5"):
        build_prior("ellipse", {"elongation": "9"})
    with pytest.raises(BadInput, match=r"smallest=0\.5 is above largest=0\.2"):
        build_prior("ellipse", {"smallest": 0.5, "largest": 0.2})


def test_a_folder_that_is_called_like_a_family_can_be_given_as_a_path(
    disc, save, tmp_path, monkeypatch
):
    (tmp_path / "masks").mkdir()
    save("disc.png", disc).parent.rename(tmp_path / "ring")
    monkeypatch.chdir(tmp_path)
    assert build_prior("ring", {}).title == "rings"
    assert build_prior(Path("ring"), {}).title == "1 mask of ring"


def test_masks_that_come_with_the_program_are_a_prior(chance):
    heart = build_prior(sample_folder("heart") / "masks", {"label": 3})
    drawn = heart.draw(10, (64, 64), chance)
    assert len(heart.shapes) == 40
    assert 0.005 < drawn.mean() < 0.15


@pytest.mark.parametrize("source", [*families(), "masks"])
def test_a_thousand_masks_are_drawn_in_seconds(source, chance):
    prior = build_prior(source if source in families() else sample_folder("heart") / "masks", {})
    prior.draw(2, (128, 128), chance)
    began = time.process_time()
    prior.draw(100, (128, 128), chance)
    assert time.process_time() - began < 2


def test_naming_priors_costs_no_heavy_imports():
    code = (
        "import sys, napari_localcl.data.priors;"
        "print(sorted({'scipy', 'skimage', 'torch', 'PIL', 'SimpleITK'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
