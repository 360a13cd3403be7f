"""Reading maps at points."""

import pytest
import torch

from napari_localcl.models.sampling import cell_centres, sample_at, to_unit


def ramp(height, width, stride):
    """A map whose two channels are the y and x of its cells' centres in the image."""
    centres = cell_centres((height * stride, width * stride), stride)
    return centres.view(1, height, width, 2).movedim(3, 1)


def test_centres_of_cells_by_hand():
    assert cell_centres((2, 2), 1).tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert cell_centres((8, 4), 4).tolist() == [[1.5, 1.5], [5.5, 1.5]]


def test_the_outer_edges_of_the_image_are_minus_one_and_one():
    corners = torch.tensor([[-0.5, -0.5], [7.5, 3.5], [3.5, 1.5]])
    assert to_unit(corners, (8, 4)).tolist() == [[-1, -1], [1, 1], [0, 0]]


@pytest.mark.parametrize("stride", [1, 2, 8])
def test_a_map_of_coordinates_reads_back_the_points(stride):
    size = (64, 96)
    maps = ramp(64 // stride, 96 // stride, stride)
    low = (stride - 1) / 2
    high = torch.tensor(size) - 1 - low
    points = low + torch.rand(1, 50, 2) * (high - low)
    assert torch.allclose(sample_at(maps, points, size), points, atol=1e-4)


def test_at_the_centres_of_its_cells_a_map_reads_itself():
    maps = torch.rand(2, 3, 4, 6)
    read = sample_at(maps, cell_centres((16, 24), 4).expand(2, -1, -1), (16, 24))
    assert torch.allclose(read, maps.flatten(2).transpose(1, 2), atol=1e-6)


def test_outside_of_the_image_the_border_goes_on():
    maps = torch.rand(1, 3, 4, 4)
    read = sample_at(maps, torch.tensor([[[-50.0, -50.0], [50.0, 50.0]]]), (4, 4))
    assert torch.allclose(read[0, 0], maps[0, :, 0, 0])
    assert torch.allclose(read[0, 1], maps[0, :, -1, -1])


def test_a_map_in_bfloat16_is_read_in_bfloat16():
    maps = torch.ones(1, 2, 4, 4, dtype=torch.bfloat16)
    assert sample_at(maps, torch.zeros(1, 1, 2), (8, 8)).dtype == torch.bfloat16
