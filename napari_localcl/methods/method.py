"""What every published system states, so that one loop trains and every task uses it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor, nn

from napari_localcl.data.contrast import REACH
from napari_localcl.data.settings import build_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from napari_localcl.data.labels import DrawnLabels
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.progress import Progress
    from napari_localcl.data.shard import Shard
    from napari_localcl.models.encoder import Encoder

PUBLISHED: dict[str, type[Method]] = {}
"""The systems by name."""

BASE = "base."
"""What an add-on puts before the names of the weights of the system that it is added to."""
WATCHED = 4  # images that are looked at for a collapse


@dataclass(frozen=True)
class Stage:
    """A part of the training with its own losses, and its share of the budget.

    The learning rate is halved ``halvings`` times, or, at 0, falls as the loop has it, having risen
    over the first ``warm_up`` of the stage where that is given.
    """

    name: str
    share: float
    halvings: int = 0
    warm_up: float | None = None


class Segments(Protocol):
    """A system that can segment once it knows what.

    Attributes
    ----------
    segments : bool
        Whether it does.
    """

    segments: bool

    def segment(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) in [0, 1] -> probabilities (B, K, H, W), uncertainty (B, 1, H, W).

        K structures that exclude each other; what is left to 1 is the background.
        """
        ...

    def window(self, canvas: tuple[int, int]) -> tuple[int, int]:
        """Height and width of the part of a canvas that it is to see at once."""
        ...


class LearnsShape(Segments, Protocol):
    """A system that can learn a structure from its shape alone."""

    def know_shape(self, masks: Tensor, located: bool) -> None:
        """Take masks (M, 1, H, W) of a prior, from 0 to 1, before the training begins.

        `located` says whether where a mask lies means where the structure lies in an image.
        """
        ...


class LearnsLabels(Segments, Protocol):
    """A system that can learn classes of pixels from labels of some images."""

    def begin_segmenting(self, classes: int, backbone: Encoder | None) -> None:
        """Build the network anew for so many classes, before weights are put into it.

        `backbone` is the encoder of an earlier run, as it is; None asks for the system's own.
        """
        ...

    def know_labels(self, labels: DrawnLabels) -> None:
        """Take labels before the training begins."""
        ...


class Adopts(Protocol):
    """A system that has no network of its own."""

    def adopt(self, encoder: Encoder) -> None:
        """Learn on this encoder, before weights are put into it."""
        ...


def stages_of(shares: Mapping[str, float]) -> tuple[Stage, ...]:
    """The stages with a share above 0, their shares made to sum to 1."""
    total = sum(shares.values())
    return tuple(Stage(name, share / total) for name, share in shares.items() if share > 0)


class MethodSettings(BaseModel):
    """Settings of every system; each adds its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    image_size: int = Field(
        384, ge=64, le=2048, multiple_of=32, description="longest side of the working image, pixels"
    )
    local_contrast: bool = Field(
        True, description="even images out, so that faint structures count as much as shades"
    )
    contrast_reach: float = Field(
        REACH,
        ge=0.005,
        le=0.5,
        description="over what surroundings they are evened out: standard deviation, part of the "
        "longer side",
    )
    sides: Literal["one", "shades", "learned"] = Field(
        "one",
        description="organs that come left and right, such as eyes: 'shades' tells the sides by "
        "their shades, 'learned' by what was learned, and mirrors one of them",
    )
    learning_rate: float = Field(2e-3, gt=0, le=1, description="Adam's learning rate")


class Method(nn.Module, ABC):
    """A published self-supervised system: what it samples, learns and minimises.

    A subclass names itself (``class LD(Method, name="ld")``), states the class attributes below
    and fills the abstract methods; the training loop and the tasks need nothing else.

    Parameters
    ----------
    settings : MethodSettings
        An instance of the subclass's ``Settings``.
    channels : int
        Channels of the images, 1 or 3.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    Settings: ClassVar[type[MethodSettings]]
    presets: ClassVar[Mapping[str, Mapping[str, Any]]]
    preset_help: ClassVar[Mapping[str, str]] = {}
    shape_presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    # Settings that decide which others there are; each choice of them has a preset.
    deciding: ClassVar[tuple[str, ...]] = ()
    label_presets: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    label_preset_help: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls, name: str = "", **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not name:
            return
        if name in PUBLISHED:
            raise ValueError(f"two systems are called {name}")
        cls.name = name
        PUBLISHED[name] = cls

    def __init__(self, settings: MethodSettings, channels: int) -> None:
        super().__init__()
        self.settings = settings
        self.channels = channels

    @classmethod
    def settle(
        cls, given: Mapping[str, object], preset: Mapping[str, Any] | None = None
    ) -> MethodSettings:
        """Return the settings that a preset (or a run's record) and further values make.

        See :func:`napari_localcl.data.settings.build_settings`. An add-on's settings hold those of
        the system that it is added to, so only it can tell which names there are.
        """
        return build_settings(cls.Settings, given, preset)

    @classmethod
    def adopts(cls, settings: MethodSettings) -> bool:
        """Whether it learns on whatever network the run has that it starts from.

        Such a method has :meth:`adopt`.
        """
        return False

    @property
    @abstractmethod
    def stages(self) -> Sequence[Stage]:
        """The stages of training, in order."""

    @abstractmethod
    def sample(
        self,
        stage: str,
        images: PreparedImages,
        chance: torch.Generator,
        shard: Shard,
        device: torch.device,
    ) -> Any:
        """Draw the views of a global batch with their correspondence; return the shard's part."""

    @abstractmethod
    def losses(self, stage: str, batch: Any) -> dict[str, Tensor]:
        """The named, weighted terms whose sum is minimised."""

    @abstractmethod
    def encoder(self) -> Encoder:
        """What the tasks take away."""

    def learning_encoder(self) -> Encoder:
        """The encoder that the gradient moves, for an add-on's terms.

        Another than :meth:`encoder` where that one follows as an average.
        """
        return self.encoder()

    @abstractmethod
    def images_per_step(self) -> int:
        """Views that the global batch sends through the network."""

    def vectors_to_watch(
        self, images: PreparedImages, device: torch.device
    ) -> Mapping[int, Tensor]:
        """Embed a few images, always the same, by which a collapse shows.

        What the encoder makes of them, unless a system has something better to look at.
        """
        chosen = torch.linspace(0, len(images) - 1, min(len(images), WATCHED)).round().long()
        pixels = torch.from_numpy(images.batch(chosen.tolist())).to(device).float() / 255
        return self.encoder().embed(pixels)

    def parameter_groups(self, stage: str) -> list[dict[str, Any]]:
        """The optimiser's groups."""
        return [{"params": list(self.parameters()), "lr": self.settings.learning_rate}]

    def enter(
        self, stage: str, images: PreparedImages, chance: torch.Generator
    ) -> Iterator[Progress]:
        """Make ready for a stage; by default there is nothing to do."""
        yield from ()

    def after_step(self, stage: str, fraction: float) -> None:
        """Let teachers follow and queues advance; by default there are none."""
        return

    def memory(self) -> dict[str, Tensor]:
        """What a stage knows beyond the weights; by default nothing."""
        return {}

    def remember(self, memory: Mapping[str, Tensor]) -> None:
        """Take back what :meth:`memory` returned."""
        return

    def window(self, canvas: tuple[int, int]) -> tuple[int, int]:
        """Height and width of what it is to see at once of a canvas; by default all of it."""
        return canvas
