"""Embeddings of images at several strides."""

import torch
from fourier import AFFINE, BEND, SIZE, pyramid, same, some_points
from torch.nn.functional import normalize

from napari_localcl.models.pyramid import Pyramid
from napari_localcl.models.sampling import cell_centres, sample_at


def test_a_pyramid_reads_its_cells_at_their_centres():
    images = pyramid(same, AFFINE)
    centres = cell_centres(SIZE, 8).expand(2, -1, -1)
    assert torch.allclose(images.at(centres)[8], images.maps[8].flatten(1, 2), atol=1e-4)


def test_points_are_read_as_from_whole_levels_and_beyond_the_border_too():
    images = pyramid(same, AFFINE)
    chance = torch.Generator().manual_seed(3)
    given = torch.rand(2, 200, 2, generator=chance) * 168 - 20
    read = images.at(given)
    assert tuple(read) == images.strides
    for stride, here in read.items():
        whole = normalize(sample_at(images.level(stride), given, SIZE), dim=2)
        assert torch.allclose(here, whole, atol=1e-4)


def test_choosing_images_copies_nothing():
    images = pyramid(same, AFFINE, BEND)
    chosen = images[torch.tensor([2, 0, 2])]
    assert len(chosen) == 3
    assert all(chosen.maps[s].data_ptr() == images.maps[s].data_ptr() for s in images.strides)
    again = chosen[1:]
    assert torch.equal(again.level(4), images.level(4)[[0, 2]])
    assert torch.equal(
        again.at(some_points().expand(2, -1, -1))[8][0], images[:1].at(some_points())[8][0]
    )


def test_cells_are_those_of_the_rows_and_columns_and_of_the_chosen_images():
    images = pyramid(same, AFFINE)[torch.tensor([1])]
    rows, columns = torch.tensor([[[3, 4]]]), torch.tensor([[[5, 6, 7]]])
    cells = images.cells(8, rows, columns)
    assert cells.shape == (1, 1, 2, 3, images.maps[8].shape[3])
    assert torch.allclose(cells[0, 0, 1, 2], images.maps[8][1, 4, 7])


def test_levels_join_to_unit_vectors_at_the_stride_asked_for():
    joined = pyramid(same).coarse(8)
    assert joined.shape[:3] == (1, SIZE[0] // 8, SIZE[1] // 8)
    assert torch.allclose(joined.norm(dim=3), torch.ones(()), atol=1e-5)


def test_vectors_kept_as_bytes_are_nearly_the_same():
    exact = pyramid(same, AFFINE)
    maps = {s: (m * 127).round().to(torch.int8) for s, m in exact.maps.items()}
    coarse = Pyramid(maps, SIZE, exact.rows, length=127)
    given = some_points().expand(2, -1, -1)
    rows, columns = torch.tensor([[[3, 4]]] * 2), torch.tensor([[[5, 6]]] * 2)
    for stride in exact.strides:
        assert (coarse.level(stride) - exact.level(stride)).abs().max() < 0.005
        assert (coarse.at(given)[stride] - exact.at(given)[stride]).abs().max() < 0.01
    near = coarse.cells(4, rows, columns) - exact.cells(4, rows, columns)
    assert near.abs().max() < 0.005
    assert (coarse.coarse(8) - exact.coarse(8)).abs().max() < 0.01
