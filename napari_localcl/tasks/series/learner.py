"""The recurrent networks of all planes and folds, trained side by side by the one loop."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

from napari_localcl.losses.reduction import weighted_mean
from napari_localcl.methods.method import Stage

from .heads import ClipHead, Heads, draw_clip

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import numpy.typing as npt

    from napari_localcl.data.findings import Findings
    from napari_localcl.data.progress import Progress
    from napari_localcl.data.shard import Shard
    from napari_localcl.models.clip_network import ClipNetwork

    from .features import SeriesFeatures
    from .folds import Fold
    from .settings import ClassifySettings

STAGE = "clips"
Batch = dict[str, list[tuple[Tensor, Tensor]]]


class ClipLearner(Heads):
    """Learns findings from clips; of every plane, one network per fold.

    All folds take each step together, so that whoever ends the training early has all of them.

    Parameters
    ----------
    given : ClassifySettings
        How.
    channels : mapping of str to int
        Planes, and the channels of their features.
    findings : Findings
        What is known of the exams.
    folds : sequence of Fold
        Who learns from which exams.
    """

    stages = (Stage(STAGE, 1.0),)

    def __init__(
        self,
        given: ClassifySettings,
        channels: Mapping[str, int],
        findings: Findings,
        folds: Sequence[Fold],
    ) -> None:
        super().__init__(given, channels, len(findings.names), len(folds))
        self.truth = findings.values
        self.folds = tuple(folds)
        self.class_weights = [
            class_weights(self.truth[list(fold.train)], given.loss == "weighted") for fold in folds
        ]

    def enter(
        self, stage: str, images: SeriesFeatures, chance: torch.Generator
    ) -> Iterator[Progress]:
        """There is nothing to make ready."""
        yield from ()

    def sample(
        self,
        stage: str,
        images: SeriesFeatures,
        chance: torch.Generator,
        shard: Shard,
        device: torch.device,
    ) -> Batch:
        """Draw clips of each plane for each fold: features (B, T, D, g, g) and truth (B, F)."""
        seed = int(torch.randint(2**62, (1,), generator=chance))
        rng = np.random.default_rng(seed)
        batch: Batch = {plane: [] for plane in self.planes}
        for plane in self.planes:
            for fold in self.folds:
                exams = rng.choice(images.having(plane, fold.train), self.given.clips)
                rows = [
                    draw_clip(images.count(plane, exam), self.given.frames, rng) for exam in exams
                ]
                own = shard.take(list(zip(exams.tolist(), rows, strict=True)))
                clips = torch.stack([images.clip(plane, exam, row) for exam, row in own])
                truth = torch.from_numpy(self.truth[[exam for exam, _ in own]]).float()
                batch[plane].append((clips.to(device), truth.to(device)))
        return batch

    def losses(self, stage: str, batch: Batch) -> dict[str, Tensor]:
        """Cross-entropy of what is known, the mean over folds; a term per plane."""
        return {
            plane: torch.stack(
                [
                    self._loss(self._network(plane, fold)(clips), truth, fold)
                    for fold, (clips, truth) in enumerate(parts)
                ]
            ).mean()
            for plane, parts in batch.items()
        }

    def _network(self, plane: str, fold: int) -> ClipNetwork:
        head = self.head(plane, fold)
        assert isinstance(head, ClipHead)
        return head.network

    def _loss(self, logits: Tensor, truth: Tensor, fold: int) -> Tensor:
        present, absent = self.class_weights[fold].to(logits.device)
        known = truth.isfinite()
        target = truth.nan_to_num()
        weights = known * torch.where(target > 0, present, absent)
        terms = binary_cross_entropy_with_logits(logits.float(), target, reduction="none")
        return weighted_mean(terms, weights)

    def parameter_groups(self, stage: str) -> list[dict[str, Any]]:
        """One group."""
        given = self.given
        rate, decay = given.learning_rate, given.decay
        return [{"params": list(self.parameters()), "lr": rate, "weight_decay": decay}]

    def after_step(self, stage: str, fraction: float) -> None:
        """Nothing follows."""

    def memory(self) -> dict[str, Tensor]:
        """Nothing beyond the weights."""
        return {}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """There is nothing to take back."""

    def vectors_to_watch(
        self, images: SeriesFeatures, device: torch.device
    ) -> Mapping[int, Tensor]:
        """None: the encoder is frozen, so that nothing can collapse."""
        return {}

    def images_per_step(self) -> int:
        """Frames of all clips."""
        given = self.given
        return len(self.planes) * len(self.folds) * given.clips * given.frames


def class_weights(truth: npt.NDArray[np.float64], weighted: bool) -> Tensor:
    """Weights (2, F) of present and absent: 1, or inversely to how often each is, the less rare 1.

    Parameters
    ----------
    truth : (N, F) float ndarray
        0, 1, NaN.
    weighted : bool
        Whether they differ at all.
    """
    present, absent = (np.maximum((truth == side).sum(axis=0), 1.0) for side in (1, 0))
    if not weighted:
        return torch.ones(2, truth.shape[1])
    most = np.maximum(present, absent)
    return torch.from_numpy(np.stack([most / present, most / absent])).float()
