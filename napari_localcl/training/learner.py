"""What the loop asks of anything it trains."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import torch
    from torch import Tensor

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.progress import Progress
    from napari_localcl.data.shard import Shard


class Stage(Protocol):
    """A part of the training with its own losses."""

    @property
    def name(self) -> str:
        """The stage's name, unique within its learner."""
        ...

    @property
    def share(self) -> float:
        """Its part of the budget; the shares of a learner sum to 1."""
        ...

    @property
    def halvings(self) -> int:
        """How often the learning rate is halved; 0 leaves it to the loop's schedule."""
        ...

    @property
    def warm_up(self) -> float | None:
        """Part of the stage in which it rises first; None leaves it to the loop's schedule."""
        ...


class Learner(Protocol):
    """An ``nn.Module`` that says what it samples and what it minimises.

    The loop seeds `chance` and torch anew before every call that draws, from nothing but the run's
    seed, the stage and the step; a learner that draws from these alone resumes exactly.
    """

    @property
    def stages(self) -> Sequence[Stage]:
        """The stages, in order."""
        ...

    def enter(
        self, stage: str, images: PreparedImages, chance: torch.Generator
    ) -> Iterator[Progress]:
        """Make ready for a stage, for instance mine correspondences; once per run and stage.

        A generator may listen: ``if (yield Progress(...)):`` is true once half of the stage's time
        is over (never under a budget of steps), and it should make do with what it has.
        """
        ...

    def sample(
        self,
        stage: str,
        images: PreparedImages,
        chance: torch.Generator,
        shard: Shard,
        device: torch.device,
    ) -> Any:
        """Draw the global batch, and return the shard's part of it on the device."""
        ...

    def losses(self, stage: str, batch: Any) -> dict[str, Tensor]:
        """Return the named, already weighted terms (scalars) whose sum is minimised."""
        ...

    def parameter_groups(self, stage: str) -> list[dict[str, Any]]:
        """Return the optimiser's groups; one with its own 'lr' departs from the loop's.

        Besides what Adam knows, a group may have 'final_weight_decay', to which its 'weight_decay'
        goes over the stage, and 'clip', the most that the gradient of each of its parameters may
        measure (0 is no limit).
        """
        ...

    def after_step(self, stage: str, fraction: float) -> None:
        """Let teachers follow and queues advance; `fraction` of the stage is done."""
        ...

    def memory(self) -> dict[str, Tensor]:
        """Return what a stage knows beyond the weights (mined pairs, queues)."""
        ...

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take back what `memory` returned: the stage goes on without being entered again."""
        ...

    def vectors_to_watch(
        self, images: PreparedImages, device: torch.device
    ) -> Mapping[int, Tensor]:
        """Embed a few images, always the same: stride to unit vectors (B, D, ...).

        By them a collapse shows; it is called in evaluation mode, without gradients, and must draw
        nothing.
        """
        ...

    def images_per_step(self) -> int:
        """Return how many images (views) the global batch sends through the network."""
        ...
