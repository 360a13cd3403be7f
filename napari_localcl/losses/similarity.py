"""Distillation of similarities: a student sees the same neighbours as its teacher."""

from __future__ import annotations

import torch
from torch import Tensor


def similarity_distillation(
    student: Tensor,
    teacher: Tensor,
    anchors: Tensor,
    student_temperature: float = 0.1,
    teacher_temperature: float = 0.01,
) -> Tensor:
    """How differently student and teacher place an image among others.

    Parameters
    ----------
    student, teacher : Tensor (B, ..., D)
        Unit vectors of two views of the same things; no gradient reaches the teacher's.
    anchors : Tensor (K, ..., D)
        Unit vectors of other images, at the same places.
    student_temperature, teacher_temperature : float
        Softmax temperatures; the teacher's is the lower one.

    Returns
    -------
    Tensor ()
        Mean of ``KL(p_t || p_s)`` over all but the last axis, where ``p`` is the softmax over the
        anchors of ``cosine / temperature``.

    Notes
    -----
    Tejankar et al., "ISD: self-supervised learning by iterative similarity distillation", ICCV
    2021; the global and, place by place, the local term of ACTION. Negatives are soft: an anchor
    that resembles the image is not pushed away.
    """
    said = _similarities(student, anchors, student_temperature)
    with torch.no_grad():
        wanted = _similarities(teacher, anchors, teacher_temperature)
    return (wanted.exp() * (wanted - said)).sum(dim=-1).mean()


def _similarities(vectors: Tensor, anchors: Tensor, temperature: float) -> Tensor:
    cosines = torch.einsum("b...d,k...d->b...k", vectors, anchors)
    return (cosines / temperature).log_softmax(dim=-1)
