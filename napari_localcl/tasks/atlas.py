"""A folder of images with their embeddings, ready for clicks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from napari_localcl.data.point_sources import machine_source
from napari_localcl.models.finding import Finder
from napari_localcl.tasks.embedding_store import embed_images
from napari_localcl.tasks.one_side import mirrored_like, on_one_side
from napari_localcl.tasks.preparing import prepare_as_learned
from napari_localcl.tasks.pretraining import load_encoder
from napari_localcl.training.devices import choose_device, has_bf16

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from napari_localcl.data.placement import Placement
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.progress import Progress
    from napari_localcl.models.alignment import SmoothMap
    from napari_localcl.tasks.embedding_store import Embeddings


class LandmarkSettings(BaseModel):
    """How landmarks are looked for; pixels are those of the working image."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    levels: int = Field(5, ge=1, le=8, description="levels of the embedding used, from the finest")
    centre_width: float = Field(
        0.0, ge=0, le=64, description="width of LD's centre-sensitive averaging, pixels; 0 is none"
    )
    prior_width: float = Field(
        0.0,
        ge=0,
        le=1024,
        description="width of the prior from smooth alignment, pixels; 0 is none",
    )
    candidates: int = Field(5, ge=1, le=16, description="peaks looked at more closely")
    agreement_width: float = Field(
        96.0,
        ge=0,
        le=1024,
        description="width of the prior from where the other landmarks are, pixels; 0 is none",
    )
    detail: float = Field(
        1.67, ge=1, le=4, description="magnification of a second, closer look; 1 leaves it out"
    )
    backward: bool = Field(True, description="match back to the template, for the confidence")

    def finder(self) -> Finder:
        """Return what does the looking."""
        return Finder(
            self.levels,
            self.centre_width,
            self.prior_width,
            self.candidates,
            self.agreement_width,
            self.backward,
            has_bf16("cpu"),
        )


PUBLISHED: dict[str, Any] = {
    "levels": 1,
    # A fifth of LD's patch of 56 pixels.
    "centre_width": 11.0,
    "prior_width": 0.0,
    "candidates": 1,
    "agreement_width": 0.0,
    "detail": 1.0,
}
"""Settings of the published form: the finest embedding alone, centre-sensitive averaging."""


KEPT_ALIGNMENTS = 4096  # chunks of images; 40 kilobytes each


@dataclass(frozen=True)
class Embedded:
    """Images at one working size, with their embeddings.

    Attributes
    ----------
    images : PreparedImages
        The images.
    embeddings : Embeddings
        Their embeddings.
    """

    images: PreparedImages
    embeddings: Embeddings

    def placement(self, index: int) -> Placement:
        """Return where an image lies on the canvas."""
        return self.images.placements[index]


@dataclass(frozen=True)
class Atlas:
    """A folder of images, ready for clicks.

    Attributes
    ----------
    coarse : Embedded
        At the size that the encoder learned at.
    detail : Embedded or None
        At a higher magnification, where asked for.
    settings : LandmarkSettings
        How to look.
    source : str
        What predictions are marked with.
    """

    coarse: Embedded
    detail: Embedded | None
    settings: LandmarkSettings
    source: str

    @cached_property
    def align(self) -> Callable[[int, tuple[int, ...]], SmoothMap]:
        """The smooth map from an image to those at some indices.

        It does not depend on the point clicked, so it is kept for the next click in that image.
        """
        return lru_cache(KEPT_ALIGNMENTS)(self._align)

    def _align(self, first: int, chosen: tuple[int, ...]) -> SmoothMap:
        embeddings = self.coarse.embeddings
        return self.settings.finder().align(embeddings[[first]], embeddings[chosen])


def open_atlas(
    images: str | Path | Sequence[str | Path],
    run: str | Path,
    settings: LandmarkSettings | None = None,
    device: str = "auto",
    cache: Path | None = None,
) -> Generator[Progress, None, Atlas]:
    """Read and embed a folder; what was embedded before by the same weights is not done again.

    Parameters
    ----------
    images : str, Path or sequence of them
        A folder, a file list, a glob or files.
    run : str or Path
        A run folder with weights.
    settings : LandmarkSettings or None
        How landmarks will be looked for.
    device : {'auto', 'cpu', 'cuda', 'mps'}
        Where to compute the embeddings.
    cache : Path or None
        Where images and embeddings are kept; None is the user's cache folder.

    Returns
    -------
    Atlas
        What the generator returns at its end.
    """
    settings = settings or LandmarkSettings()
    kind = choose_device(device)
    encoder, record = load_encoder(run)
    encoder.to(kind)
    embedded: list[Embedded] = []
    for factor in [1.0, settings.detail] if settings.detail > 1 else [1.0]:
        prepared = yield from prepare_as_learned(images, record, cache, magnification=factor)
        if embedded:
            prepared = mirrored_like(prepared, embedded[0].images)
        else:
            prepared = yield from on_one_side(images, prepared, encoder, record, cache)
        embeddings = yield from embed_images(encoder, prepared, cache, has_bf16(kind))
        embedded.append(Embedded(prepared, embeddings))
    source = machine_source(Path(run).resolve().name)
    return Atlas(embedded[0], embedded[1] if len(embedded) > 1 else None, settings, source)
