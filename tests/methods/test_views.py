"""Views: the geometry is proved with images that show where their pixels are."""

from dataclasses import replace

import pytest
import torch

from napari_localcl.methods.views import GeometryRanges, draw_geometry, inside

SIZE = (64, 96)
EVERYTHING = GeometryRanges(
    rotation=25, mirror=True, zoom=(0.75, 1.35), aspect=0.2, shift=0.1, elastic=0.02
)
STRAIGHT = replace(EVERYTHING, elastic=0.0)


def chance(seed=0):
    return torch.Generator().manual_seed(seed)


def draw(ranges, count=6, size=SIZE, seed=0):
    return draw_geometry(count, size, ranges, chance(seed))


def pixels(count=6, size=SIZE):
    """The coordinates (count, H * W, 2) of all pixels."""
    rows, columns = (torch.arange(float(n)) for n in size)
    grid = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1)
    return grid.view(1, -1, 2).expand(count, -1, -1)


def coordinate_images(count=6, size=SIZE):
    """Images (count, 2, H, W) whose channels are their own y and x."""
    return pixels(count, size).transpose(1, 2).reshape(count, 2, *size)


def errors(found, wanted):
    return (found - wanted).norm(dim=-1)


def linear(geometry):
    return geometry.matrix[:, :, :2]


def zoom(geometry):
    return linear(geometry).det().abs() ** -0.5


@pytest.mark.parametrize("ranges", [GeometryRanges(), STRAIGHT, EVERYTHING], ids=str)
def test_every_pixel_of_a_view_shows_the_place_that_the_geometry_says(ranges):
    geometry = draw(ranges)
    shown = geometry.warp(coordinate_images()).flatten(2).transpose(1, 2)
    said = geometry.to_image(pixels())
    seen = inside(said, SIZE)
    assert seen.float().mean() > 0.5
    assert errors(shown, said)[seen].max() < 1e-2


def test_outside_of_the_image_its_border_goes_on():
    geometry = draw(replace(STRAIGHT, zoom=(0.5, 0.5)))
    shown = geometry.warp(coordinate_images()).flatten(2).transpose(1, 2)
    nearest = geometry.to_image(pixels()).clamp(min=0).minimum(torch.tensor(SIZE) - 1.0)
    assert errors(shown, nearest).max() < 1e-2


@pytest.mark.parametrize(("ranges", "exact"), [(STRAIGHT, 1e-3), (EVERYTHING, 0.2)])
@pytest.mark.parametrize("size", [SIZE, (384, 320)])
def test_the_way_back_undoes_the_way_there(ranges, exact, size):
    geometry = draw(ranges, count=16, size=size)
    spots = pixels(16, size)[:, ::37]
    assert errors(geometry.to_view(geometry.to_image(spots)), spots).max() < exact
    there = geometry.to_view(spots)
    seen = inside(there, size)
    assert errors(geometry.to_image(there), spots)[seen].max() < exact


def test_a_view_of_a_view_is_one_view():
    base, bent = draw(STRAIGHT, seed=1), draw(EVERYTHING, seed=2)
    both = bent.after(base)
    assert errors(both.to_image(pixels()), base.to_image(bent.to_image(pixels()))).max() < 1e-3
    twice = bent.warp(base.warp(coordinate_images()))
    once = both.warp(coordinate_images())
    seen = inside(bent.to_image(pixels()), SIZE, 2) & inside(both.to_image(pixels()), SIZE, 2)
    apart = errors(*(view.flatten(2).transpose(1, 2) for view in (twice, once)))
    assert apart[seen].max() < 0.05


def test_a_bent_view_cannot_be_the_base_of_another():
    with pytest.raises(ValueError, match="straight"):
        draw(STRAIGHT).after(draw(EVERYTHING))


def test_without_any_range_the_view_is_the_image():
    geometry = draw(GeometryRanges())
    assert torch.allclose(geometry.to_image(pixels()), pixels(), atol=1e-4)


def test_quarter_turns_move_pixels_onto_pixels():
    geometry = draw(GeometryRanges(quarter_turns=True), count=32, size=(32, 32))
    image = torch.rand(1, 1, 32, 32, generator=chance()).expand(32, -1, -1, -1)
    turned = torch.stack([image[0].rot90(k, dims=(1, 2)) for k in range(4)])
    views = geometry.warp(image)
    apart = (views[:, None] - turned).abs().amax(dim=(2, 3, 4))  # (32, 4)
    assert (apart.amin(dim=1) < 1e-4).all()
    assert len(apart.argmin(dim=1).unique()) == 4


def test_a_flip_mirrors_each_axis_half_of_the_time():
    geometry = draw(GeometryRanges(flip=True), count=200)
    image = torch.rand(1, 1, *SIZE, generator=chance()).expand(200, -1, -1, -1)
    signs = linear(geometry).diagonal(dim1=1, dim2=2)
    assert torch.allclose(signs.abs(), torch.ones(()))
    assert (signs.mean(dim=0).abs() < 0.25).all()
    for row in range(8):
        axes = [axis + 1 for axis in range(2) if signs[row, axis] < 0]
        view = geometry[row : row + 1].warp(image[:1])[0]
        assert torch.allclose(view, image[0].flip(axes), atol=1e-4)


def test_a_mirror_exchanges_left_and_right_only():
    signs = linear(draw(GeometryRanges(mirror=True), count=200)).diagonal(dim1=1, dim2=2)
    assert (signs[:, 0] == 1).all()
    assert set(signs[:, 1].tolist()) == {-1, 1}


def test_rotation_zoom_aspect_and_shift_stay_in_their_ranges_and_fill_them():
    turned = linear(draw(GeometryRanges(rotation=30), count=400))
    degrees = torch.atan2(turned[:, 1, 0], turned[:, 0, 0]).rad2deg()
    assert degrees.abs().max() <= 30.001
    assert degrees.min() < -25
    assert degrees.max() > 25
    grown = zoom(draw(GeometryRanges(zoom=(0.5, 2.0)), count=400))
    assert 0.5 <= grown.min() < 0.55
    assert 1.9 < grown.max() <= 2.001
    sides = linear(draw(GeometryRanges(aspect=1 / 3), count=400)).diagonal(dim1=1, dim2=2)
    ratio = sides[:, 0] / sides[:, 1]
    assert 0.75 <= ratio.min() < 0.78
    assert 1.29 < ratio.max() <= 1.334
    moved = draw(GeometryRanges(shift=0.1), count=400)
    shift = moved.to_image(torch.zeros(400, 1, 2)).squeeze(1) / torch.tensor(SIZE)
    assert 0.095 < shift.abs().max() <= 0.1001


def test_views_turn_and_grow_about_the_middle_of_the_image():
    middle = (torch.tensor(SIZE) - 1) / 2
    geometry = draw(GeometryRanges(rotation=180, zoom=(0.5, 2), flip=True, aspect=0.3))
    assert torch.allclose(geometry.to_image(middle.expand(6, 1, 2)), middle.expand(6, 1, 2))


def test_a_magnified_view_that_roams_shows_parts_of_the_image_only():
    geometry = draw(GeometryRanges(zoom=(1.0, 2.0), roam=True), count=100)
    said = geometry.to_image(pixels(100))
    assert inside(said, SIZE, -1.0).all()
    middle = geometry.to_image(((torch.tensor(SIZE) - 1) / 2).expand(100, 1, 2))
    assert (middle.std(dim=0) > 2).all()


def test_the_same_seed_gives_the_same_view_and_another_seed_another():
    first, again, other = (draw(EVERYTHING, seed=seed) for seed in (1, 1, 2))
    assert torch.equal(first.matrix, again.matrix)
    assert torch.equal(first.bend, again.bend)
    assert not torch.allclose(first.matrix, other.matrix)


def test_a_part_of_a_batch_of_views_is_those_views():
    geometry = draw(EVERYTHING)
    part = geometry[2:4]
    assert len(part) == 2
    assert torch.equal(part.to_image(pixels(2)), geometry.to_image(pixels())[2:4])
    assert torch.equal(part.warp(coordinate_images(2)), geometry.warp(coordinate_images())[2:4])


def test_a_margin_keeps_points_away_from_the_edge():
    spots = torch.tensor([[0.0, 0.0], [63.0, 95.0], [63.1, 5.0], [4.0, 4.0]])
    assert inside(spots, SIZE).tolist() == [True, True, False, True]
    assert inside(spots, SIZE, 4).tolist() == [False, False, False, True]


def test_a_view_may_be_smaller_than_its_image():
    size, part = (32, 48), replace(EVERYTHING, zoom=(0.5, 1.0), roam=True)
    geometry = draw_geometry(6, size, part, chance(), image=SIZE)
    shown = geometry.warp(coordinate_images()).flatten(2).transpose(1, 2)
    said = geometry.to_image(pixels(size=size))
    assert shown.shape[1] == 32 * 48
    seen = inside(said, SIZE)
    assert seen.float().mean() > 0.5
    assert errors(shown, said)[seen].max() < 1e-2
    assert errors(geometry.to_view(said), pixels(size=size)).max() < 0.2


def test_a_small_view_of_a_small_view_is_one_view():
    size = (32, 48)
    base = draw_geometry(6, size, replace(STRAIGHT, roam=True), chance(1), image=SIZE)
    own = draw_geometry(6, size, EVERYTHING, chance(2))
    both, spots = own.after(base), pixels(size=size)
    assert (both.size, both.image) == (size, SIZE)
    assert errors(both.to_image(spots), base.to_image(own.to_image(spots))).max() < 1e-3


def test_a_small_view_at_full_magnification_roams_over_the_whole_image():
    size = (32, 48)
    geometry = draw_geometry(300, size, GeometryRanges(roam=True), chance(), image=SIZE)
    said = geometry.to_image(pixels(300, size=size))
    assert inside(said, SIZE, -1e-3).all()
    corners = said.amin(dim=1)
    assert corners.amin(dim=0).max() < 2
    assert (corners.amax(dim=0) > torch.tensor([30, 46])).all()
