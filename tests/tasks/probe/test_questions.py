"""Every figure tells an encoder that knows from one that knows nothing."""

import pytest
import torch
from probed import TellsNothing, TellsPlaces, TellsShades, maps_of_places, plain_colours, subject_of

from napari_localcl.methods.appearance import AppearanceRanges
from napari_localcl.tasks.probe import views
from napari_localcl.tasks.probe.cycles import cycle_figures
from napari_localcl.tasks.probe.filling import filling_figures
from napari_localcl.tasks.probe.probing import _places
from napari_localcl.tasks.probe.regions import region_figures
from napari_localcl.tasks.probe.wholes import whole_figures


def by_name(figures):
    return {figure.kind.name: figure for figure in figures}


@pytest.fixture
def same_colours(monkeypatch):
    plain = AppearanceRanges(0.0, 0.0, 0.0, grey=0.0)
    monkeypatch.setattr(views, "APPEARANCE", plain)


def test_places_of_a_view_are_found_by_who_can_tell_them(same_colours):
    found = by_name(views.view_figures(subject_of(TellsPlaces(), maps_of_places()), 0))
    assert found["view_hits"].value > 0.95
    assert found["view_hits"].control < 0.1
    assert found["view_error"].value < 0.6
    assert found["view_error"].control > 8  # about half of 24 cells
    assert found["alignment"].value < 0.1 < found["alignment"].control
    assert all(found[name].beats_control for name in ("view_hits", "view_error", "alignment"))


def test_places_that_look_alike_are_not_found():
    found = by_name(views.view_figures(subject_of(TellsNothing(), maps_of_places()), 0))
    assert not found["view_hits"].beats_control
    assert found["alignment"].skill == 0
    assert found["symmetry"].skill == 0


def test_a_mirror_image_is_alike_where_its_places_are():
    images = maps_of_places()
    images.pixels[:, 1] = 100  # left and right cannot be told any more
    found = by_name(views.view_figures(subject_of(TellsPlaces(), images), 0))
    assert found["symmetry"].value > 0.99
    assert found["symmetry"].control < 0.9


def test_a_walk_through_other_images_comes_back():
    subject = subject_of(TellsPlaces(), maps_of_places())
    (knows,) = cycle_figures(subject, *_places(subject), 0)
    subject = subject_of(TellsNothing(), maps_of_places())
    (not_,) = cycle_figures(subject, *_places(subject), 0)
    assert knows.value > 0.99
    assert knows.control < 0.1
    assert not not_.beats_control


def test_two_images_are_enough_for_a_walk_and_one_is_not():
    subject = subject_of(TellsPlaces(), maps_of_places(2))
    places, shown = _places(subject)
    assert len(list(cycle_figures(subject, places, shown, 0))) == 1
    assert not list(cycle_figures(subject, places[:1], shown[:1], 0))


def test_wholes_are_composed_of_parts_by_who_sees_what_they_are_made_of():
    found = by_name(whole_figures(subject_of(TellsShades(), plain_colours()), 0))
    for name in ("composition_top1", "decomposition_top1"):
        assert found[name].value == 1
        assert found[name].control == pytest.approx(1 / 6)
    assert found["composition_mrr"].control == pytest.approx(sum(1 / r for r in range(1, 7)) / 6)
    assert found["compositionality"].value > 0.99
    assert found["compositionality"].control < 0.5


def test_wholes_that_look_alike_are_not_found():
    found = by_name(whole_figures(subject_of(TellsNothing(), plain_colours()), 0))
    assert found["composition_top1"].value == 0
    assert found["compositionality"].skill == pytest.approx(0, abs=1e-6)


def test_regions_are_agreed_on_by_who_sees_them():
    subject = subject_of(TellsPlaces(), maps_of_places())
    (figure,) = region_figures(subject, *_places(subject), 0)
    assert figure.value > 0.9
    assert figure.control < 0.5  # squares of a square are alike when it is shifted
    assert figure.beats_control


def test_a_collapse_shows_in_how_the_sphere_is_filled():
    measured = {}
    for encoder in (TellsNothing(), TellsPlaces()):
        subject = subject_of(encoder, maps_of_places())
        measured[type(encoder)] = by_name(filling_figures(subject, *_places(subject), 0))
    nothing, places = measured[TellsNothing], measured[TellsPlaces]
    assert nothing["spread"].value < 1e-3 < 0.5 < places["spread"].value
    assert nothing["effective_rank"].value < 1.1 < 10 < places["effective_rank"].value
    assert places["uniformity"].value < nothing["uniformity"].value


def test_the_same_seed_asks_the_same_and_leaves_chance_alone():
    subject = subject_of(TellsPlaces(), maps_of_places())
    before = torch.get_rng_state()
    first, second = ([f.value for f in views.view_figures(subject, 3)] for _ in range(2))
    assert first == second
    assert torch.equal(torch.get_rng_state(), before)
    assert first != [f.value for f in views.view_figures(subject, 4)]
