"""Drawing many dots, and which part of a plane is seen."""

from __future__ import annotations

import time

import numpy as np
import pytest

from napari_localcl.widgets.dots import draw_dots, fainter, radius_for
from napari_localcl.widgets.plane_view import PlaneView

RED, BLUE = 0xFFFF0000, 0xFF0000FF


def dots(places, inks, size=(20, 30), radius=0):
    return draw_dots(np.array(places, np.float32), np.array(inks, np.uint32), size, radius)


def test_a_dot_is_drawn_where_it_is_and_nowhere_else():
    picture = dots([[7.4, 3.9]], [RED])
    assert picture.shape == (20, 30)
    assert np.argwhere(picture).tolist() == [[3, 7]]
    assert picture[3, 7] == RED


def test_a_larger_dot_is_round():
    assert (dots([[10, 10]], [RED], radius=1) > 0).sum() == 5
    picture = dots([[10, 10]], [RED], radius=2) > 0
    assert picture.sum() == 21
    assert np.array_equal(picture[8:13, 8:13], picture[8:13, 8:13].T)


def test_later_dots_lie_over_earlier_ones():
    assert dots([[5, 5], [5, 5]], [RED, BLUE])[5, 5] == BLUE


def test_dots_at_the_edge_are_cut_and_those_outside_left_out():
    places = [[0, 0], [29.9, 19.9], [-0.1, 5], [30, 5], [5, 20], [np.nan, 3]]
    picture = dots(places, [RED] * 6, radius=1) > 0
    assert sorted(map(tuple, np.argwhere(picture).tolist())) == [
        (0, 0), (0, 1), (1, 0), (18, 29), (19, 28), (19, 29),
    ]  # fmt: skip


def test_fainter_colours_let_the_ground_through():
    (ink,) = fainter(np.array([RED], np.uint32)).tolist()
    assert (ink >> 24, ink >> 16 & 255, ink & 0xFFFF) == (56, 56, 0)


def test_few_dots_are_large():
    sizes = [radius_for(count) for count in (10, 1000, 10_000, 100_000)]
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > sizes[-1] >= 1


def test_a_hundred_thousand_dots_take_less_than_a_thirtieth_of_a_second():
    chance = np.random.default_rng(0)
    places = (chance.normal(size=(100_000, 2)) * 100 + 250).astype(np.float32)
    inks = np.full(100_000, RED, np.uint32)

    def seconds():
        start = time.thread_time()
        draw_dots(places, inks, (500, 500), radius_for(100_000))
        return time.thread_time() - start

    assert min(seconds() for _ in range(5)) < 1 / 30


def test_all_points_are_seen_up_being_up():
    positions = np.array([[-1, -2], [3, 2]], np.float32)
    view = PlaneView(size=(100, 200)).of_all(positions)
    (x0, y0), (x1, y1) = view.to_picture(positions).tolist()
    assert x0 < x1
    assert y0 > y1
    assert min(x0, x1, y0, y1) >= 0
    assert max(y0, y1) <= 100
    assert view.to_plane(x0, y0) == pytest.approx((-1, -2), abs=1e-4)


def test_what_is_under_the_mouse_stays_there_when_zooming():
    view = PlaneView((1.0, 2.0), 10.0, (100, 200))
    before = view.to_plane(30, 70)
    assert view.zoomed(2, 30, 70).to_plane(30, 70) == pytest.approx(before)
    assert view.zoomed(2, 30, 70).scale == 20


def test_points_follow_a_drag_and_a_larger_window_shows_the_same():
    point = np.array([[1.5, 2.5]], np.float32)
    view = PlaneView((1.0, 2.0), 10.0, (100, 200))
    moved = view.moved(12, -7).to_picture(point) - view.to_picture(point)
    assert moved[0].tolist() == pytest.approx([12, -7], abs=1e-4)
    larger = view.sized((200, 400))
    assert larger.scale == 20
    assert larger.to_plane(200, 100) == view.to_plane(100, 50)
