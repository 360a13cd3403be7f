"""Self-distillation: a student says of one view what its teacher says of the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Sharpness:
    """Softmax temperatures of student and teacher; the teacher's is the lower one."""

    student: float = 0.1
    teacher: float = 0.04


def distillation(student: Tensor, teacher: Tensor, centre: Tensor, sharpness: Sharpness) -> Tensor:
    """Cross-entropy of what the student says against what the teacher says.

    Parameters
    ----------
    student, teacher : Tensor (B, K)
        Logits; no gradient reaches the teacher's.
    centre : Tensor (K,)
        Running mean of the teacher's logits, taken off, so that no prototype wins everywhere.
    sharpness : Sharpness
        Temperatures.

    Returns
    -------
    Tensor ()
        Mean of ``-sum_k softmax((t - c) / tau_t)_k log softmax(s / tau_s)_k``.

    Notes
    -----
    Caron et al., "Emerging properties in self-supervised vision transformers", ICCV 2021.
    """
    wanted = ((teacher.detach() - centre) / sharpness.teacher).softmax(dim=1)
    said = (student / sharpness.student).log_softmax(dim=1)
    return -(wanted * said).sum(dim=1).mean()
