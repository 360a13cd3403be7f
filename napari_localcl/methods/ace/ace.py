"""ACE: embeddings that agree across compositions and decompositions of what an image shows.

Zhou, Luo, Hosseinzadeh Taher, Pang, Ding, Gotway and Liang, "ACE: anatomically consistent
embeddings in composition and decomposition", WACV 2025, arXiv 2501.10131. From the formulae alone.

A student sees one crop of an image, a teacher whose weights follow the student's sees another of
another scale, and the cells of both are known to coincide (:mod:`.cropping`). What the student
composes of blocks of the small crop is matched with the teacher's tokens of the large one, what it
decomposes of the large one with the teacher's of the small one, and all of both crops is compared
too: ``L = 0.1 global + (composition + decomposition) / 2``.

Tasks take the teacher: an average over many steps is steadier than the student at any one of them,
and the local term compares the teacher's embeddings, not the student's, which pass another head.

Not as published, or unknown: a convolutional backbone stands for Swin-B; brightness is a factor,
not a term; and weights begin at random, not with those of ImageNet. Batches are normalised in the
head for matching: several processes are exactly one with ``head_norm=layer`` alone, but then all
vectors are much alike. Several processes skip other blocks than one would. Images need not be
square: the lattice of cells has their shape. At a scale of 4, and of one-to-one matching, corners
and weights are ours. The vector of a whole image is the mean of those that are matched where there
is no class token. The paper's results could not be read: no figure of ours is a reproduction.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from napari_localcl.losses.reduction import shared_mean
from napari_localcl.methods.method import Method, Stage
from napari_localcl.models.ace_network import ACENetwork, CompositionHead, DecompositionHead
from napari_localcl.models.averaging import follow

from .sampling import CropBatch, draw_batch
from .settings import PRESET_HELP, PRESETS, ACESettings
from .terms import (
    COMPOSITION,
    DECOMPOSITION,
    MATCHES,
    consistency_term,
    matching_term,
    whole_vectors,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.progress import Progress
    from napari_localcl.data.shard import Shard
    from napari_localcl.models.tokens import Tokens

HEADS = {COMPOSITION.name: CompositionHead, DECOMPOSITION.name: DecompositionHead}


class ACE(Method, name="ace"):
    """Composition and decomposition; see the module."""

    title = "ACE: anatomically consistent embeddings in composition and decomposition"
    paper = (
        "Z. Zhou, H. Luo, M. R. Hosseinzadeh Taher, J. Pang, X. Ding, M. Gotway, J. Liang: ACE: "
        "anatomically consistent embeddings in composition and decomposition. WACV 2025, "
        "pp. 3823-3833. arXiv 2501.10131"
    )
    Settings = ACESettings
    presets = PRESETS
    preset_help = PRESET_HELP
    settings: ACESettings
    centre: Tensor

    def __init__(self, settings: ACESettings, channels: int) -> None:
        super().__init__(settings, channels)
        form = settings.form()
        self.student = ACENetwork(channels, form)
        # It says all that it knows: no block is skipped.
        self.teacher = ACENetwork(channels, replace(form, drop_path=0.0)).requires_grad_(False)
        self.teacher.load_state_dict(self.student.state_dict())
        self.matches = MATCHES[settings.matching.form] if settings.learns_locally else ()
        self.heads = nn.ModuleDict(
            {
                match.name: HEADS[match.name](settings.width, settings.scale)
                for match in self.matches
                if match.name in HEADS
            }
        )
        self.register_buffer("centre", torch.zeros(settings.consistency.prototypes))
        self._seen: Tensor | None = None
        self._fraction = 0.0

    @property
    def stages(self) -> tuple[Stage, ...]:
        """One, for everything is learned at once."""
        return (Stage("consistency", 1.0, warm_up=self.settings.warm_up),)

    def encoder(self) -> ACENetwork:
        """The teacher; see the module."""
        return self.teacher

    def learning_encoder(self) -> ACENetwork:
        """The student: what another system adds to ACE reaches the teacher through it."""
        return self.student

    def images_per_step(self) -> int:
        """Two crops of each image."""
        return 2 * self.settings.batch

    def parameter_groups(self, stage: str) -> list[dict[str, Any]]:
        """What the student learns; biases and normalisations do not decay, as in DINO."""
        given = self.settings
        learned = [value for value in self.parameters() if value.requires_grad]
        shared = {"lr": given.learning_rate, "decoupled_weight_decay": True, "clip": given.clip}
        decays = [value for value in learned if value.dim() > 1]
        stays = [value for value in learned if value.dim() == 1]
        first, last = given.weight_decay, given.final_weight_decay
        return [
            {"params": decays, "weight_decay": first, "final_weight_decay": last, **shared},
            {"params": stays, "weight_decay": 0.0, **shared},
        ]

    def enter(
        self, stage: str, images: PreparedImages, chance: torch.Generator
    ) -> Iterator[Progress]:
        """Refuse images that two crops do not fit into."""
        self.settings.lattice(images.canvas)
        yield from ()

    def memory(self) -> dict[str, Tensor]:
        """How much of the training is done."""
        return {"fraction": torch.tensor(self._fraction, dtype=torch.float64)}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`memory` returned."""
        self._fraction = float(memory.get("fraction", torch.zeros(())))

    def sample(
        self,
        stage: str,
        images: PreparedImages,
        chance: torch.Generator,
        shard: Shard,
        device: torch.device,
    ) -> CropBatch:
        """See :meth:`Method.sample`."""
        return draw_batch(self.settings, images, chance, shard, device)

    def losses(self, stage: str, batch: CropBatch) -> dict[str, Tensor]:
        """``global``, and a term of every match; see the module."""
        pixels = torch.cat([batch.large, batch.small])
        student = self.student.tokens(pixels)
        with torch.no_grad():
            teacher = self.teacher.tokens(pixels)
        return dict(self._global(student, teacher, batch)) | dict(
            self._local(student, teacher, batch)
        )

    def _global(
        self, student: Tokens, teacher: Tokens, batch: CropBatch
    ) -> Iterator[tuple[str, Tensor]]:
        given = self.settings.consistency
        if not given.weight:
            return
        overlap = torch.cat(batch.crops.overlap())
        learns = self._fraction >= given.frozen
        said = self.student.consistency(whole_vectors(student, overlap), learns)
        with torch.no_grad():
            wanted = self.teacher.consistency(whole_vectors(teacher, overlap))
            self._seen = shared_mean(wanted)
        yield "global", given.weight * consistency_term(said, wanted, self.centre, given.sharpness)

    def _local(
        self, student: Tokens, teacher: Tokens, batch: CropBatch
    ) -> Iterator[tuple[str, Tensor]]:
        if not self.matches:
            return
        given = self.settings.matching
        learned = self.student.vectors(student).chunk(2)  # of large crops, of small crops
        with torch.no_grad():
            tokens = self.teacher.vectors(teacher).chunk(2)
        for match in self.matches:
            made = learned[0] if match.of_large else learned[1]
            if match.name in self.heads:
                made = self.heads[match.name](made).float()
            # Similarities divided by a temperature need more digits than bfloat16 has.
            with torch.autocast(made.device.type, enabled=False):
                other = tokens[1] if match.of_large else tokens[0]
                term = matching_term(match, other, made, batch.crops, given)
            yield match.name, given.weight / len(self.matches) * term

    def after_step(self, stage: str, fraction: float) -> None:
        """Let the teacher follow, less and less, and the centre."""
        self._fraction = fraction
        left = (1 + math.cos(math.pi * min(fraction, 1.0))) / 2
        follow(self.teacher, self.student, 1 - (1 - self.settings.momentum) * left)
        if self._seen is not None:
            self.centre.lerp_(self._seen, 1 - self.settings.consistency.centring)
