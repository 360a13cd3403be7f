"""Distillation of similarities."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from napari_localcl.losses.similarity import similarity_distillation


def test_it_is_the_divergence_of_two_softmaxes_over_the_anchors():
    anchors = torch.eye(2)
    student, teacher = torch.tensor([[0.0, 1.0]]), torch.tensor([[1.0, 0.0]])
    found = similarity_distillation(student, teacher, anchors, 1.0, 0.5)
    p = 1 / (1 + math.exp(-2))  # cosines 1 and 0 over 0.5
    q = 1 / (1 + math.exp(1))  # cosines 0 and 1 over 1
    wanted = p * math.log(p / q) + (1 - p) * math.log((1 - p) / (1 - q))
    assert found.item() == pytest.approx(wanted, rel=1e-5)


def test_a_student_that_agrees_has_nothing_to_learn():
    vectors = normalize(torch.randn(4, 8), dim=1)
    anchors = normalize(torch.randn(5, 8), dim=1)
    assert similarity_distillation(vectors, vectors, anchors, 0.2, 0.2).item() == pytest.approx(
        0, abs=1e-6
    )


def test_windows_are_compared_with_the_same_windows_of_other_images():
    student, teacher = (normalize(torch.randn(3, 4, 8), dim=2) for _ in range(2))
    anchors = normalize(torch.randn(6, 4, 8), dim=2)
    wanted = [
        similarity_distillation(student[:, place], teacher[:, place], anchors[:, place])
        for place in range(4)
    ]
    found = similarity_distillation(student, teacher, anchors)
    assert found.item() == pytest.approx(torch.stack(wanted).mean().item(), rel=1e-5)


def test_no_gradient_reaches_the_teacher():
    student, teacher = (torch.randn(2, 4, requires_grad=True) for _ in range(2))
    similarity_distillation(student, teacher, torch.randn(3, 4)).backward()
    assert student.grad.abs().sum() > 0
    assert teacher.grad is None
