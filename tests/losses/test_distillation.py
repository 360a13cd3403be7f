"""Self-distillation."""

import math

import pytest
import torch

from napari_localcl.losses.distillation import Sharpness, distillation


def test_a_student_is_asked_for_what_the_sharpened_teacher_says():
    teacher, student = torch.tensor([[2.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    found = distillation(student, teacher, torch.zeros(2), Sharpness(student=1.0, teacher=0.5))
    p = 1 / (1 + math.exp(-4))
    said = [-math.log(1 + math.e), 1 - math.log(1 + math.e)]
    assert found.item() == pytest.approx(-(p * said[0] + (1 - p) * said[1]))


def test_the_centre_is_taken_off_what_the_teacher_says():
    student = torch.randn(3, 4)
    teacher, centre = torch.randn(3, 4), torch.randn(4)
    centred = distillation(student, teacher, centre, Sharpness())
    assert centred == distillation(student, teacher - centre, torch.zeros(4), Sharpness())


def test_only_the_student_learns():
    student, teacher = (torch.randn(3, 4, requires_grad=True) for _ in range(2))
    distillation(student, teacher, torch.zeros(4), Sharpness()).backward()
    assert student.grad.abs().sum() > 0
    assert teacher.grad is None
