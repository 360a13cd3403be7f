"""ACE's terms: local consistency by matching cells, global consistency by self-distillation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_localcl.losses.distillation import distillation
from napari_localcl.losses.matching import (
    axis_targets,
    balanced_matching,
    contrastive_matching,
    matching_targets,
    similarities,
)

if TYPE_CHECKING:
    from torch import Tensor

    from napari_localcl.losses.distillation import Sharpness
    from napari_localcl.models.tokens import Tokens

    from .cropping import GridCrops, Size
    from .settings import Form, MatchingSettings


@dataclass(frozen=True)
class Match:
    """The teacher's tokens of one crop against what the student makes of the other.

    Attributes
    ----------
    name : str
        The term's name.
    of_large : bool
        Whether the student sees the large crop, and the teacher the small one.
    reach : int
        Neighbours on each side that match a little.
    rare : bool
        Whether so little matches that it weighs even more.
    """

    name: str
    of_large: bool
    reach: int
    rare: bool = False


COMPOSITION = Match("composition", of_large=False, reach=1)
DECOMPOSITION = Match("decomposition", of_large=True, reach=2, rare=True)
# The two directions of matching at one scale; ours, as only crops and targets are known of it.
FORTH = Match("one-to-one-forth", of_large=True, reach=2)
BACK = Match("one-to-one-back", of_large=False, reach=2)

MATCHES: dict[Form, tuple[Match, ...]] = {
    "both": (COMPOSITION, DECOMPOSITION),
    "composition": (COMPOSITION,),
    "decomposition": (DECOMPOSITION,),
    "one-to-one": (FORTH, BACK),
    "none": (),
}


def targets_of(match: Match, crops: GridCrops, others: Size, settings: MatchingSettings) -> Tensor:
    """Which of the student's cells belong to which token of the teacher's crop.

    Parameters
    ----------
    match : Match
        What is compared.
    crops : GridCrops
        Where the crops of B images lie.
    others : tuple of int
        Rows and columns of the student's cells: `scale` times the tokens where it decomposes, that
        part of them where it composes.
    settings : MatchingSettings
        Bells or single cells.

    Returns
    -------
    Tensor (B, rows * columns of tokens, rows * columns of `others`)
        See :func:`matching_targets`.
    """
    offset = crops.fine if match.of_large else crops.coarse
    reach = match.reach if settings.targets == "gaussian" else 0
    rows, columns = (
        axis_targets(offset[:, axis], crops.tokens[axis], others[axis], reach) for axis in (0, 1)
    )
    return matching_targets(rows, columns)


def matching_term(
    match: Match, tokens: Tensor, made: Tensor, crops: GridCrops, settings: MatchingSettings
) -> Tensor:
    """Local consistency of the teacher's tokens (B, D, h, w) with the student's cells (B, D, H, W).

    The teacher's are unit vectors; those of the student need not be.
    """
    logits = similarities(tokens, made, settings.temperature)
    targets = targets_of(match, crops, (made.shape[2], made.shape[3]), settings)
    if settings.loss == "contrastive":
        return contrastive_matching(logits, targets)
    alpha = settings.decomposition_alpha if match.rare else settings.alpha
    return balanced_matching(logits, targets, alpha)


def whole_vectors(tokens: Tokens, overlap: Tensor) -> Tensor:
    """One vector (B, D) for each crop: the class token, or the mean token of the overlap.

    Parameters
    ----------
    tokens : Tokens
        The backbone's.
    overlap : Tensor (B, h, w), bool
        Tokens that both crops of an image show.
    """
    if tokens.whole is not None:
        return tokens.whole
    weights = overlap.unsqueeze(1).to(tokens.maps)
    return (tokens.maps * weights).sum(dim=(2, 3)) / weights.sum(dim=(2, 3))


def consistency_term(
    student: Tensor, teacher: Tensor, centre: Tensor, sharpness: Sharpness
) -> Tensor:
    """Global consistency: half of it from either crop, logits (2B, K) of large crops first."""
    (large, small), (large_wanted, small_wanted) = student.chunk(2), teacher.chunk(2)
    forth = distillation(large, small_wanted, centre, sharpness)
    back = distillation(small, large_wanted, centre, sharpness)
    return (forth + back) / 2
