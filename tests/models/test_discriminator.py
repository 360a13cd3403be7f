"""The network that tells shapes apart."""

import pytest
import torch

from napari_localcl.models.discriminator import ShapeDiscriminator


@pytest.mark.parametrize("form", ["strided", "published"])
@pytest.mark.parametrize("size", [(128, 128), (64, 96)])
def test_a_mask_of_any_size_gets_one_number(form, size):
    assert ShapeDiscriminator(form)(torch.rand(3, 1, *size)).shape == (3,)


@pytest.mark.parametrize("form", ["strided", "published"])
def test_it_bends_unlike_the_release_whose_slope_was_one(form):
    torch.manual_seed(0)
    judge = ShapeDiscriminator(form)
    first = torch.rand(1, 1, 64, 64)
    with torch.no_grad():
        nothing = judge(torch.zeros(1, 1, 64, 64))
        steps = [judge(mask) - nothing for mask in (10 * first, -10 * first)]
    # Of a linear judge, the opposite mask would move the logit by the opposite amount; the
    # release's has poolings, but its last layers are linear.
    assert steps[0].abs().item() != pytest.approx(steps[1].abs().item(), rel=0.05)


def test_the_published_form_has_the_published_layers():
    widths = [
        tuple(layer.weight.shape)
        for layer in ShapeDiscriminator("published").modules()
        if isinstance(layer, torch.nn.Conv2d)
    ]
    assert widths == [
        (16, 1, 3, 3),
        *[(32, 16, 3, 3)],
        *[(32, 32, 3, 3)] * 5,
        (32, 32, 1, 1),
        (1, 32, 1, 1),
    ]


def test_spectral_normalisation_bounds_every_layer():
    torch.manual_seed(0)
    judge = ShapeDiscriminator(spectral=True)
    judge.train()
    for _ in range(30):  # the power iteration settles
        judge(torch.rand(1, 1, 32, 32))
    for layer in judge.modules():
        if isinstance(layer, torch.nn.Conv2d):
            largest = torch.linalg.matrix_norm(layer.weight.flatten(1), ord=2)
            assert largest.item() == pytest.approx(1, abs=0.05)
