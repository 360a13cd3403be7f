"""ACTION: few labels, many images.

You, Dai, Min, Staib and Duncan, "Bootstrapping semi-supervised medical image segmentation with
anatomical-aware contrastive distillation", IPMI 2023, arXiv 2206.02307. Written from the equations.

A student learns from a teacher whose weights follow the student's. At first it is to see the same
neighbours among other images (``global``), then also window by window (``local``, with labels); at
last it learns from labels and from what the teacher says of images without any, while pixels of
one class are brought together and kept from those of others (``anatomical``). Each of these can be
left out: supervision alone, and weak-to-strong consistency, are settings of the same system.

Unlike the release, and as the paper has it: the teacher sees the weak view and the student the
strong one; the teacher's heads follow the student's, and no gradient reaches them; running
statistics are averaged too, and the teacher normalises by them; windows of one image stay
together; one step is one step of the average. Not in the paper: labels drawn by class, weights
that rise over a stage, heads with a nonlinearity where only similarities are compared, and
similarities of what sets vectors apart from the bank's mean; Adam stands for SGD.
"""

from __future__ import annotations

import copy
import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from napari_localcl.data.errors import BadInput
from napari_localcl.data.progress import Progress
from napari_localcl.data.shard import Shard
from napari_localcl.losses.reduction import gather_rows
from napari_localcl.losses.similarity import similarity_distillation
from napari_localcl.methods.method import Method, Stage, stages_of
from napari_localcl.models.averaging import follow
from napari_localcl.models.pixel_head import PixelHead

from .knowledge import LabelKnowledge
from .network import ActionNetwork, perceptron, precisely
from .sampling import ActionBatch, Sampler
from .settings import LABEL_PRESET_HELP, LABEL_PRESETS, PRESET_HELP, PRESETS, ActionSettings
from .terms import (
    Seen,
    contrast_term,
    pseudo_labels,
    pseudo_term,
    ramped,
    supervised_terms,
    trusted,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from napari_localcl.data.labels import DrawnLabels
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.models.encoder import Encoder

GLOBAL, LOCAL, ANATOMICAL = "global", "local", "anatomical"


class Action(Method, name="action"):
    """Anatomical-aware contrastive distillation; see the module."""

    title = "ACTION: anatomical-aware contrastive distillation"
    paper = (
        "C. You, W. Dai, Y. Min, L. Staib, J. S. Duncan: Bootstrapping semi-supervised medical "
        "image segmentation with anatomical-aware contrastive distillation. IPMI 2023, "
        "arXiv 2206.02307"
    )
    Settings = ActionSettings
    presets = PRESETS
    preset_help = PRESET_HELP
    label_presets = LABEL_PRESETS
    label_preset_help = LABEL_PRESET_HELP
    settings: ActionSettings
    student: ActionNetwork
    teacher: ActionNetwork
    followed: Tensor

    def __init__(self, settings: ActionSettings, channels: int) -> None:
        super().__init__(settings, channels)
        self.classes = 0
        self._knowledge: LabelKnowledge | None = None
        self._bank: dict[str, Tensor] = {}
        self._entering: dict[str, Tensor] = {}
        self._fraction = 0.0
        self._build(None)

    def _build(self, backbone: Encoder | None) -> None:
        given = self.settings
        self.student = ActionNetwork(given, self.channels, self.classes, backbone)
        self.teacher = copy.deepcopy(self.student).requires_grad_(False)
        self.predictors = nn.ModuleDict()
        for name, head in ((GLOBAL, self.student.whole), (LOCAL, self.student.windows)):
            if head is not None:
                self.predictors[name] = perceptron(
                    given.distillation.dimensions, given.distillation
                )
        self.represent = None
        if self.student.pixels is not None and given.contrast.weight:
            widths, contrast = self.student.pixels.widths, given.contrast
            self.represent = PixelHead(widths, contrast.dimensions, contrast.kernel)
        self.register_buffer("followed", torch.zeros((), dtype=torch.long))

    @property
    def stages(self) -> tuple[Stage, ...]:
        """Distillation of whole images, of windows, and anatomical contrast."""
        given = self.settings
        shares = {
            GLOBAL: given.global_share,
            LOCAL: given.local_share,
            ANATOMICAL: given.anatomical_share,
        }
        return stages_of(shares)

    def encoder(self) -> Encoder:
        """The teacher's backbone."""
        return self.teacher.backbone

    def learning_encoder(self) -> Encoder:
        """The student's backbone."""
        return self.student.backbone

    def images_per_step(self) -> int:
        """The views that the student sees in the last stage there is."""
        given = self.settings
        if given.anatomical_share:
            return given.labelled + given.unlabelled * bool(given.pseudo.weight)
        return given.batch + given.labelled * bool(given.local_share)

    def parameter_groups(self, stage: str) -> list[dict[str, Any]]:
        """All that learns."""
        learning = [value for value in self.parameters() if value.requires_grad]
        return [{"params": learning, "lr": self.settings.learning_rate}]

    # Labels

    @property
    def segments(self) -> bool:
        """Whether it knows what classes there are."""
        return self.classes > 0

    def begin_segmenting(self, classes: int, backbone: Encoder | None) -> None:
        """Make ready for classes; see :class:`LearnsLabels`."""
        self.classes = classes
        self._build(backbone)

    def know_labels(self, labels: DrawnLabels) -> None:
        """Take labels; see :class:`LearnsLabels`."""
        self._knowledge = LabelKnowledge.of(labels)

    def _known(self) -> LabelKnowledge:
        if self._knowledge is None:
            raise BadInput("labels are missing: give the run some ('finetune --labels')")
        return self._knowledge

    # Training

    def enter(
        self, stage: str, images: PreparedImages, chance: torch.Generator
    ) -> Iterator[Progress]:
        """The teacher begins as the student is; the bank is filled with other images."""
        self.teacher.load_state_dict(self.student.state_dict())
        self.followed.zero_()
        self._bank = {}
        self._fraction = 0.0
        if stage != ANATOMICAL:
            yield from self._fill(stage, images, chance)

    def _fill(
        self, stage: str, images: PreparedImages, chance: torch.Generator
    ) -> Iterator[Progress]:
        """Begin the bank with images, not with noise."""
        wanted, device = self.settings.distillation.bank, next(self.parameters()).device
        sampler = Sampler(self.settings, images, chance, Shard(), device)
        self.teacher.eval()
        rows: list[Tensor] = []
        while sum(map(len, rows)) < wanted:
            batch = sampler.whole()
            assert batch.distilled is not None
            with torch.no_grad():
                rows.append(self._taught(stage, batch.distilled.weak))
            done = min(sum(map(len, rows)), wanted)
            yield Progress("mine", stage, done, wanted, message="embedding other images")
        self._bank = {stage: torch.cat(rows)[:wanted]}

    def train(self, mode: bool = True) -> Action:
        """Training or not, the teacher normalises by its averaged statistics."""
        super().train(mode)
        self.teacher.eval()
        return self

    def memory(self) -> dict[str, Tensor]:
        """The bank, and how much of the stage is done."""
        bank = {f"bank.{name}": value for name, value in self._bank.items()}
        return bank | {"fraction": torch.tensor(self._fraction, dtype=torch.float64)}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`memory` returned."""
        banks = {name: value for name, value in memory.items() if name.startswith("bank.")}
        self._bank = {name.removeprefix("bank."): value for name, value in banks.items()}
        self._fraction = float(memory.get("fraction", torch.zeros(())))

    def sample(
        self,
        stage: str,
        images: PreparedImages,
        chance: torch.Generator,
        shard: Shard,
        device: torch.device,
    ) -> ActionBatch:
        """See :meth:`Method.sample`."""
        sampler = Sampler(self.settings, images, chance, shard, device)
        if stage == GLOBAL:
            return sampler.whole()
        return (sampler.windows if stage == LOCAL else sampler.anatomy)(self._known())

    def losses(self, stage: str, batch: ActionBatch) -> dict[str, Tensor]:
        """The weighted terms of a stage; see the module."""
        if stage == GLOBAL:
            assert batch.distilled is not None
            embedded = self.student.embed_whole(batch.distilled.strong)
            weight = self.settings.distillation.global_weight
            return {GLOBAL: weight * self._distil(stage, embedded, batch.distilled.weak)}
        return self._local(batch) if stage == LOCAL else self._anatomical(batch)

    def _local(self, batch: ActionBatch) -> dict[str, Tensor]:
        assert batch.distilled is not None
        assert batch.labelled is not None
        count = len(batch.labelled.views)
        maps = self.student.maps(torch.cat([batch.labelled.views, batch.distilled.strong]))
        embedded = self.student.embed_windows([maps[0][count:]])
        terms = supervised_terms(self.student.logits([maps[0][:count]]), batch.labelled)
        weight = self.settings.distillation.local_weight
        return terms | {LOCAL: weight * self._distil(LOCAL, embedded, batch.distilled.weak)}

    def _distil(self, stage: str, embedded: Tensor, weak: Tensor) -> Tensor:
        """Compare what the student says of strong views with the teacher's word of the weak."""
        given, bank = self.settings.distillation, self._bank[stage].to(weak.device)
        said = precisely(self.predictors[stage], embedded)
        with torch.no_grad():
            taught = self._taught(stage, weak)
        self._entering = {stage: gather_rows(taught)}
        # Vectors of a fresh network are all but parallel: only what sets them apart is compared.
        centre = bank.mean(dim=0)
        # Similarities divided by a temperature need more digits than bfloat16 has.
        with torch.autocast(weak.device.type, enabled=False):
            return similarity_distillation(
                normalize(said, dim=-1),
                normalize(taught - centre, dim=-1),
                normalize(bank - centre, dim=-1),
                given.student_temperature,
                given.teacher_temperature,
            )

    def _taught(self, stage: str, weak: Tensor) -> Tensor:
        """The teacher's vectors, of views (n, D) or of their windows (n, P, D)."""
        if stage == GLOBAL:
            return self.teacher.embed_whole(weak)
        return self.teacher.embed_windows(self.teacher.maps(weak))

    def _anatomical(self, batch: ActionBatch) -> dict[str, Tensor]:
        labelled, given = batch.labelled, self.settings
        assert labelled is not None
        pseudo = None
        if batch.unlabelled is not None:
            with torch.no_grad():
                told = self.teacher.logits(self.teacher.maps(batch.unlabelled.weak))
            pseudo = pseudo_labels(told, batch.unlabelled, given.pseudo.mixing)
        count = len(labelled.views)
        maps = self.student.maps(torch.cat([labelled.views, *([pseudo.views] if pseudo else [])]))
        logits = self.student.logits(maps)
        labels = [labelled.labels]
        # Sums over many pixels need more digits than bfloat16 has.
        with torch.autocast(logits.device.type, enabled=False):
            terms = supervised_terms(logits[:count], labelled)
            if pseudo is not None:
                weight = given.pseudo.weight * ramped(self._fraction, given.pseudo.ramp)
                terms["pseudo"] = weight * pseudo_term(logits[count:], pseudo, given.pseudo)
                labels.append(trusted(pseudo, given.contrast.weak))
            if self.represent is not None and batch.seeds is not None:
                seen = Seen(maps, logits, torch.cat(labels), batch.seeds)
                weight = given.contrast.weight * ramped(self._fraction, given.contrast.ramp)
                terms["contrast"] = weight * contrast_term(self.represent, seen, given.contrast)
        return terms

    def after_step(self, stage: str, fraction: float) -> None:
        """The teacher follows, and what it said enters the bank."""
        self._fraction = fraction
        self.followed += 1
        # An average of few steps would remember most of all how it began.
        kept = min(self.settings.averaging, 1 - 1 / (int(self.followed) + 1))
        follow(self.teacher, self.student, kept)
        for name, rows in self._entering.items():
            bank = self._bank[name].to(rows.device)
            self._bank[name] = torch.cat([rows, bank])[: len(bank)]
        self._entering = {}

    # Use

    def window(self, canvas: tuple[int, int]) -> tuple[int, int]:
        """As large as the views that it learned from."""
        return self.settings.view_size(canvas)

    def segment(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Segment the classes; see :class:`Segments`.

        The uncertainty is the entropy of all classes and the background, as part of the largest.
        """
        images = images.to(next(self.parameters()).device)
        with torch.no_grad():
            logits = self.teacher.logits(
                self.teacher.maps(images.contiguous(memory_format=torch.channels_last))
            )
        told = logits.softmax(dim=1)
        entropy = torch.special.entr(told).sum(dim=1, keepdim=True)
        return told[:, 1:], entropy / math.log(told.shape[1])
