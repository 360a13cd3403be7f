"""Features of frames: computed once by a frozen encoder, and kept on the disk.

There is one file per stack, named by the encoder's weights and the frames' content; files are
mapped, so that memory holds the frames of the clips that are looked at.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import adaptive_avg_pool2d

from napari_localcl.data.atomic import replacing
from napari_localcl.data.cache import default_cache, writable
from napari_localcl.data.progress import Progress
from napari_localcl.models.pixel_encoder import PixelEncoder
from napari_localcl.tasks.embedding_store import weights_key
from napari_localcl.training.devices import choose_precision

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    from torch import Tensor

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.models.encoder import Encoder

    Maps = npt.NDArray[np.float16]

BATCH = 8  # frames seen at once
_VERSION = 1


@dataclass(frozen=True)
class Sight:
    """What frames are seen with.

    Attributes
    ----------
    encoder : Encoder
        In evaluation mode, on its device.
    grid, channels : int
        As the settings have them.
    """

    encoder: Encoder
    grid: int
    channels: int

    def __call__(self, pixels: npt.NDArray[np.uint8]) -> Tensor:
        """Frames (B, C, H, W) -> features (B, D, grid, grid), float16 on the CPU."""
        device = next((p.device for p in self.encoder.parameters()), torch.device("cpu"))
        fast = choose_precision(device.type) == "bf16-mixed"
        images = torch.from_numpy(pixels).to(device).float() / 255
        images = images.contiguous(memory_format=torch.channels_last)
        with torch.inference_mode(), torch.autocast(device.type, torch.bfloat16, enabled=fast):
            levels = self.encoder.embed(images)
        joined: list[Tensor] = []
        for stride in sorted(levels, reverse=True):
            if sum(level.shape[1] for level in joined) < self.channels:
                joined.append(adaptive_avg_pool2d(levels[stride].float(), self.grid))
        maps = torch.cat(joined, dim=1)
        # Unit vectors have small numbers; what follows learns best from numbers around one.
        unit = 1.0 if isinstance(self.encoder, PixelEncoder) else maps.shape[1] ** 0.5
        return (maps * unit).half().cpu()

    def key(self) -> str:
        """What the features depend on besides the frames."""
        return f"{weights_key(self.encoder)}-{self.grid}-{self.channels}-{_VERSION}"


@dataclass(frozen=True)
class SeriesFeatures:
    """Features of the frames of exams.

    Attributes
    ----------
    exams, planes : tuple of str
        Their names.
    files : mapping of (str, int) to Path
        Where the features of a plane of an exam are kept; no entry where it has no such plane.
    images : mapping of (str, int) to PreparedImages
        The frames themselves.
    """

    exams: tuple[str, ...]
    planes: tuple[str, ...]
    files: Mapping[tuple[str, int], Path]
    images: Mapping[tuple[str, int], PreparedImages]

    def __len__(self) -> int:
        return len(self.exams)

    def having(self, plane: str, exams: Sequence[int]) -> list[int]:
        """Return those of the exams that have a plane."""
        return [exam for exam in exams if (plane, exam) in self.files]

    def frames(self, plane: str, exam: int) -> Maps:
        """Map the features (F, D, g, g) of an exam's frames; read when they are looked at."""
        mapped: Maps = np.load(self.files[plane, exam], mmap_mode="r", allow_pickle=False)
        return mapped

    def clip(self, plane: str, exam: int, frames: npt.NDArray[np.int64]) -> Tensor:
        """Return the features (T, D, g, g) of some frames."""
        return torch.from_numpy(self.frames(plane, exam)[frames]).float()

    def channels(self, plane: str) -> int:
        """Return how many channels the features of a plane have."""
        exam = next(exam for one, exam in self.files if one == plane)
        return int(self.frames(plane, exam).shape[1])

    def count(self, plane: str, exam: int) -> int:
        """Return how many frames an exam has in a plane."""
        return len(self.images[plane, exam])

    def joined(self, other: SeriesFeatures) -> SeriesFeatures:
        """Return the features of the same exams in the planes of both."""
        return replace(
            self,
            planes=(*self.planes, *other.planes),
            files={**self.files, **other.files},
            images={**self.images, **other.images},
        )


def see(
    sight: Sight,
    plane: str,
    exams: Sequence[str],
    stacks: Mapping[int, PreparedImages],
    cache: Path | None,
) -> Generator[Progress, None, SeriesFeatures]:
    """Compute what the cache lacks of the features of a plane.

    Parameters
    ----------
    sight : Sight
        What frames are seen with.
    plane : str
        The plane's name.
    exams : sequence of str
        All exams.
    stacks : mapping of int to PreparedImages
        The frames of those that have the plane.
    cache : Path or None
        Where features are kept; None is the user's cache folder.

    Returns
    -------
    SeriesFeatures
        What the generator returns at its end.
    """
    folder = (cache or default_cache()) / "series"
    key, files = sight.key(), {}
    total, done = sum(map(len, stacks.values())), 0
    for exam, images in stacks.items():
        frames = repr((key, [file.stem for file in images.files]))
        name = hashlib.sha256(frames.encode()).hexdigest()
        files[plane, exam] = file = folder / name[:2] / f"{name}.npy"
        if not file.exists():
            with writable(folder), replacing(file, durable=False) as part:
                yield from _fill(part, sight, images, done, total)
        done += len(images)
    yield Progress("embed", step=total, steps=total, message=f"features of {plane} frames")
    images_of = {(plane, exam): images for exam, images in stacks.items()}
    return SeriesFeatures(tuple(exams), (plane,), files, images_of)


def _fill(
    file: Path, sight: Sight, images: PreparedImages, done: int, total: int
) -> Generator[Progress, None, None]:
    """Write the features of a stack, a few frames at a time."""
    mapped = None
    for start in range(0, len(images), BATCH):
        rows = range(start, min(start + BATCH, len(images)))
        maps = sight(images.batch(rows)).numpy()
        if mapped is None:
            shape = (len(images), *maps.shape[1:])
            mapped = np.lib.format.open_memmap(file, "w+", np.float16, shape)
        mapped[start : start + len(maps)] = maps
        yield Progress("embed", step=done + rows[-1] + 1, steps=total, message="seeing frames")
    assert mapped is not None
    mapped.flush()
