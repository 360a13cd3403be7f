"""Finding the points of templates in images whose correspondence is known."""

from dataclasses import replace

import pytest
import torch
from fourier import AFFINE, BEND, SIZE, Affine, errors, pyramid, same, some_points
from memory import largest_allocation
from torch.nn.functional import normalize

from napari_localcl.models.finding import Finder, Template, centre_sensitive
from napari_localcl.models.matching import best_peaks
from napari_localcl.models.pyramid import Pyramid

FINER = (1, 2, 4, 8, 16)
PUBLISHED = Finder(levels=1, prior_width=0, candidates=1)


def template(images, where):
    known = torch.ones(where.shape[:2], dtype=torch.bool)
    return Template(images, where, known)


# A template in itself


@pytest.mark.parametrize("finder", [Finder(), PUBLISHED], ids=["all levels", "published"])
@pytest.mark.parametrize("strides", [FINER, (2, 4, 8, 16, 32)], ids=str)
def test_a_template_is_found_in_itself(finder, strides):
    image = pyramid(same, strides=strides)
    places = finder.find(template(image, some_points()), image)
    error = errors(places.points, some_points())
    assert error.mean() < 0.3
    assert error.max() < 0.35 * strides[0]
    assert places.score.exp().min() > 0.95
    assert places.cycle_error.max() < 0.6 * strides[0]


@pytest.mark.parametrize("finder", [Finder(), PUBLISHED], ids=["all levels", "published"])
def test_a_template_is_found_in_itself_with_centre_sensitive_averaging(finder):
    image = pyramid(same, strides=FINER)
    places = replace(finder, centre_width=6.0).find(template(image, some_points()), image)
    assert errors(places.points, some_points()).max() < 0.35
    # Both sides are averaged, or none, so the template is similar to itself.
    assert places.score.exp().min() > 0.95


def test_with_one_level_at_full_resolution_not_all_pixels_are_matched_with_all():
    # At the 448 pixels of the preset `faithful` that would need 160 gigabytes.
    size = (96, 96)
    image = pyramid(same, strides=(1,), size=size)
    marks = template(image, torch.tensor([[[40.0, 50.0]]]))
    assert largest_allocation(lambda: Finder().find(marks, image)) < 50e6
    assert errors(Finder().find(marks, image).points, marks.points).max() < 0.3


@pytest.mark.parametrize("finder", [Finder(), Finder(centre_width=3.0)], ids=["plain", "averaged"])
def test_similarity_is_highest_where_the_point_is_and_falls_around_it(finder):
    image = pyramid(same)
    marks = template(image, torch.tensor([[[41.5, 81.5]]]))
    similarity = finder.similarity(marks, image)
    assert similarity.shape == (1, 1, 32, 32)
    assert similarity.argmax().item() == 10 * 32 + 20
    assert 0.9 < similarity.max() <= 1
    assert 0 <= similarity.min() < 0.01


def test_a_second_look_near_a_guess_finds_the_point():
    image = pyramid(same)
    closer = Finder().closer(template(image, some_points()), image, some_points() + 3)
    assert errors(closer, some_points()).mean() < 0.5
    assert errors(closer, some_points()).max() < 1


@pytest.mark.parametrize("stride", [2, 8])
def test_a_second_look_goes_as_far_as_16_pixels_at_any_stride(stride):
    image = pyramid(same, strides=(stride,))
    place = torch.tensor([[[51.5, 51.5]]])
    marks = template(image, place)
    near = Finder().closer(marks, image, place + torch.tensor([14.0, 0.0]))
    # Beside the middle of its window the prior draws a peak towards the guess.
    assert errors(near, place).max() < 0.6 * stride
    far = Finder().closer(marks, image, place + torch.tensor([48.0, 0.0]))
    assert errors(far, place).min() > 20


# A template in others


@pytest.mark.parametrize("shift", [(32.0, 0.0), (0.0, -32.0), (16.0, 16.0)])
def test_what_is_shifted_is_found_shifted(shift):
    # Multiples of the coarsest stride used, so that the cells are the same ones.
    images = pyramid(same, Affine(shift=shift), strides=FINER)
    where = some_points(margin=52)
    both = Finder().find(template(images[:1], where), images)
    assert errors(both.points[0] - both.points[1], torch.tensor(shift)).max() < 0.02
    lead = Finder(prior_width=32).find(template(images[:1], where), images[1:])
    assert errors(lead.points, where - torch.tensor(shift)).max() < 0.5


@pytest.mark.parametrize("warp", [AFFINE, BEND], ids=["affine", "bend"])
def test_points_are_found_in_a_warped_image(warp):
    images = pyramid(same, warp)
    places = Finder().find(template(images[:1], some_points()), images[1:])
    error = errors(places.points, warp.back(some_points()))
    assert error.mean() < 0.5
    assert error.max() < 1.5
    assert places.cycle_error.max() < 2


def test_several_images_are_searched_as_each_alone():
    images = pyramid(same, Affine(8.0), BEND)
    given = template(images[:1], some_points())
    together = Finder().find(given, images)
    for row in range(3):
        alone = Finder().find(given, images[row : row + 1])
        assert errors(together.points[row], alone.points[0]).max() < 0.05
        assert torch.allclose(together.score[row], alone.score[0], atol=1e-3)


def test_what_is_not_there_is_less_similar_and_not_found_back():
    elsewhere = [Affine(shift=(5000.0 + 700 * row, 3000.0 - 900 * row)) for row in range(8)]
    images = pyramid(same, *elsewhere)
    there, missing = (
        Finder().find(template(images[:1], some_points()), some)
        for some in (images[:1], images[1:])
    )
    assert missing.score.max() < there.score.min()
    assert missing.cycle_error.median() > 2 * there.cycle_error.median()
    assert missing.cycle_error.quantile(0.9) > 10 * there.cycle_error.quantile(0.9)


@pytest.mark.parametrize("warp", [AFFINE, BEND], ids=["affine", "bend"])
def test_aligning_in_bfloat16_leads_to_within_a_third_of_a_cell(warp):
    images = pyramid(same, warp)
    exact, fast = (
        Finder(bf16=bf16).align(images[:1], images[1:])(some_points()) for bf16 in (False, True)
    )
    assert errors(fast, exact).max() < 8 / 3
    assert errors(fast, warp.back(some_points())).max() < 4


def test_a_smooth_map_that_is_known_already_is_not_made_again():
    images = pyramid(same, AFFINE)
    given, asked = template(images[:1], some_points()), []
    known = Finder().align(images[:1], images)

    def lead(row):
        asked.append(row)
        return known

    finder = Finder(prior_width=32)
    fresh, again = finder.find(given, images), finder.find(given, images, lead)
    assert asked == [0]
    for first, second in zip(vars(fresh).values(), vars(again).values(), strict=True):
        assert torch.equal(first, second)


def test_without_matching_back_there_is_no_cycle_error():
    image = pyramid(same)
    places = Finder(backward=False).find(template(image, some_points()), image)
    assert (places.cycle_error == 0).all()


def test_images_that_say_nothing_give_finite_places():
    blank = Pyramid.of({s: torch.ones(1, 128 // s, 128 // s, 4) / 2 for s in FINER}, SIZE)
    places = Finder().find(template(blank, some_points()), blank)
    for value in vars(places).values():
        assert value.isfinite().all()


# Several templates


def test_a_second_template_mends_a_wrong_one():
    warp = AFFINE
    images = pyramid(same, warp, BEND, strides=FINER)
    wrong, right = some_points() + torch.tensor([4.0, -3.0]), warp.back(some_points())
    truth = BEND.back(some_points())
    one = Finder().find(template(images[:1], wrong), images[2:])
    two = Finder().find(template(images[:2], torch.cat([wrong, right])), images[2:])
    assert errors(one.points, truth).mean() > 4
    assert errors(two.points, truth).mean() < 0.7 * errors(one.points, truth).mean()


def test_the_embedding_of_a_point_is_the_mean_over_the_images_that_have_it():
    images = pyramid(same, BEND)
    where = some_points(count=3).repeat(2, 1, 1)
    known = torch.tensor([[True, True, False], [True, False, True]])
    mean = Template(images, where, known).embeddings[4]
    read = images.at(where)[4]
    expected = [(read[0, 0] + read[1, 0]) / 2, read[0, 1], read[1, 2]]
    assert torch.allclose(mean, normalize(torch.stack(expected), dim=1), atol=1e-5)


def test_points_that_an_image_does_not_have_are_taken_from_one_that_has():
    warp = AFFINE
    images = pyramid(same, warp)
    known = torch.tensor([[True, False] * 30, [False, True] * 30])
    where = torch.cat([some_points(), warp.back(some_points())])
    garbage = torch.full_like(where, 1e3)
    marks = Template(images, torch.where(known.unsqueeze(2), where, garbage), known)
    places = Finder().find(marks, images)
    assert errors(places.points, where).max() < 1.5
    assert places.cycle_error.max() < 2


# Two places alike

HERE, THERE = torch.tensor([40.0, 40.0]), torch.tensor([88.0, 88.0])
FEW = (2, 4, 8)


def twins(places):
    """The anatomy around HERE is shown at THERE again, and at HERE itself it has a hole."""
    at_there = (places - THERE).norm(dim=-1, keepdim=True) < 30
    at_here = (places - HERE).norm(dim=-1, keepdim=True) < 30
    torn = torch.where(at_here, places + 4 * normalize(places - HERE, dim=-1), places)
    return torch.where(at_there, places - THERE + HERE, torn)


def one_point():
    return template(pyramid(same, strides=FEW), HERE.view(1, 1, 2))


def test_a_closer_look_at_several_candidates_tells_twins_apart():
    coarse, fine = pyramid(twins, strides=FEW), pyramid(same, strides=FEW)
    query = Pyramid.of({**coarse.maps, 2: fine.maps[2]}, SIZE)
    one, three = (
        Finder(prior_width=0, candidates=count).find(one_point(), query) for count in (1, 3)
    )
    assert errors(one.points, THERE).max() < 12
    assert errors(three.points, HERE).max() < 2


def test_the_smooth_map_between_the_images_tells_twins_apart():
    query = pyramid(twins, strides=FEW)
    without, prior = (Finder(prior_width=width).find(one_point(), query) for width in (0, 16))
    assert errors(without.points, THERE).max() < 4
    assert errors(prior.points, HERE).max() < 6


def test_twins_leave_a_smaller_margin():
    lone, paired = (
        Finder(prior_width=0).find(one_point(), pyramid(anatomy, strides=FEW))
        for anatomy in (same, twins)
    )
    assert 0 <= paired.margin.item() < 0.5 * lone.margin.item()


# The parts


def bump(height, width, row, column):
    rows, columns = torch.arange(height).view(-1, 1), torch.arange(width)
    return -((rows - row) ** 2 + (columns - column) ** 2) / 20.0


def test_the_best_peaks_come_in_order_and_the_first_between_cells():
    response = torch.maximum(bump(20, 30, 5.3, 6.7), bump(20, 30, 14, 22) - 0.5)[None, None]
    peaks, values = best_peaks(response, 2)
    assert torch.allclose(peaks[0, 0], torch.tensor([[5.3, 6.7], [14, 22]]), atol=0.02)
    assert values[0, 0, 0] > values[0, 0, 1]


def test_where_there_are_too_few_peaks_the_first_stands_in():
    peaks, values = best_peaks(bump(20, 30, 5, 6)[None, None], 3)
    assert torch.allclose(peaks, peaks[:, :, :1], atol=0.6)
    assert (values == values[..., :1]).all()


def test_centre_sensitive_averaging_is_its_formula():
    width, reach = 1.5, 8
    level = normalize(torch.randn(2, 6, 24, 24, generator=torch.Generator().manual_seed(2)), dim=1)
    offsets = torch.arange(-reach, reach + 1)
    bell = torch.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * width**2))
    window = level[:, :, 12 - reach : 13 + reach, 10 - reach : 11 + reach]
    expected = normalize((window * bell).sum(dim=(2, 3)), dim=1)
    assert torch.allclose(centre_sensitive(level, width)[:, :, 12, 10], expected, atol=0.02)


def test_centre_sensitive_averaging_keeps_what_is_the_same_everywhere():
    level = normalize(torch.rand(1, 6, 1, 1), dim=1).expand(-1, -1, 20, 20)
    assert torch.allclose(centre_sensitive(level, 2.0), level, atol=1e-5)


def test_centre_sensitive_averaging_weighs_the_centre_most():
    level = torch.zeros(1, 2, 21, 21)
    level[:, 0] = 1
    level[0, :, 10, 10] = torch.tensor([0.0, 1.0])
    seen = centre_sensitive(level, 2.0)[0, 1]
    assert seen.argmax() == 10 * 21 + 10
    ring = torch.stack([seen[10, 8], seen[10, 12], seen[8, 10], seen[12, 10]])
    assert torch.allclose(ring, ring[0].expand(4), atol=1e-6)
    assert seen[10, 10] > seen[10, 11] > seen[10, 12] > seen[10, 14]
