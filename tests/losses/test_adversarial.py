"""The discriminator's game, against hand-computed values."""

import math

import pytest
import torch

from napari_localcl.losses.adversarial import deceive, gradient_penalty, tell_apart


def test_a_discriminator_that_cannot_tell_loses_twice_ln_2():
    assert tell_apart(torch.zeros(3), torch.zeros(5)).item() == pytest.approx(2 * math.log(2))
    assert deceive(torch.zeros(3)).item() == pytest.approx(math.log(2))


def test_both_sides_are_binary_cross_entropies():
    real, fake = torch.tensor([2.0, -1.0]), torch.tensor([0.5])
    cross_entropy = torch.nn.functional.binary_cross_entropy_with_logits
    wanted = cross_entropy(real, torch.ones(2)) + cross_entropy(fake, torch.zeros(1))
    assert tell_apart(real, fake).item() == pytest.approx(wanted.item())
    assert deceive(fake).item() == pytest.approx(cross_entropy(fake, torch.ones(1)).item())


def test_the_penalty_is_the_squared_slope_of_a_linear_judge():
    real = torch.rand(2, 1, 2, 2, requires_grad=True)
    slope = torch.tensor([[1.0, 2.0], [0.0, -2.0]])
    logits = (real * slope).sum(dim=(1, 2, 3))
    assert gradient_penalty(real, logits).item() == pytest.approx(9.0)


def test_the_penalty_moves_the_judge():
    scale = torch.tensor(3.0, requires_grad=True)
    real = torch.rand(2, 1, 2, 2, requires_grad=True)
    gradient_penalty(real, (scale * real).sum(dim=(1, 2, 3))).backward()
    assert scale.grad.item() == pytest.approx(2 * 3.0 * 4)
