"""Write a mask for every image with what a run has learned."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import find_images
from napari_localcl.data.mask_writing import MaskFolder
from napari_localcl.data.progress import Progress
from napari_localcl.models.sampling import to_unit
from napari_localcl.tasks.preparing import prepare_as_learned
from napari_localcl.tasks.pretraining import load_method
from napari_localcl.training.devices import choose_device, choose_precision

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import numpy.typing as npt

    from napari_localcl.data.placement import Placement
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.methods.method import Segments
    from napari_localcl.training.record import RunRecord

    Mask = npt.NDArray[np.bool_]

CHUNK = 8


@dataclass(frozen=True)
class CleanUp:
    """What is done to a mask at the end.

    Attributes
    ----------
    components : int
        Largest parts that are kept; 0 keeps all.
    fill_holes : bool
        Whether holes are filled.
    expected : bool
        Whether every image shows the structure.
    """

    components: int = 0
    fill_holes: bool = False
    expected: bool = False

    def apply(self, probability: npt.NDArray[np.float32]) -> Mask:
        """Return the mask (H, W) of probabilities, cleaned up.

        Where the structure is expected and nowhere more probable than not, it is where it is at
        least half as probable as at its likeliest place.
        """
        from scipy.ndimage import binary_fill_holes, label

        most = float(probability.max())
        mask = probability > (most / 2 if self.expected and most <= 0.5 else 0.5)
        if self.components and mask.any():
            parts, count = label(mask)
            sizes = np.bincount(parts.ravel())[1:]
            kept = 1 + np.argsort(-sizes, kind="stable")[: self.components]
            mask = np.isin(parts, kept) if count > self.components else mask
        filled: Mask = binary_fill_holes(mask) if self.fill_holes else mask
        return filled


@dataclass(frozen=True)
class Segmented:
    """How a folder was segmented.

    Attributes
    ----------
    folder : Path
        Where the masks are.
    images, empty : int
        How many masks there are, and how many of them show nothing.
    """

    folder: Path
    images: int
    empty: int


def segment(
    images: str | Path | Sequence[str | Path],
    run: str | Path,
    out: str | Path,
    *,
    device: str = "auto",
    cache: Path | None = None,
    clean_up: CleanUp | None = None,
) -> Generator[Progress, None, Segmented]:
    """Segment all images with a run that has learned a structure.

    Parameters
    ----------
    images : str, Path or sequence of them
        A folder, a file list, a glob or files.
    run : str or Path
        The run.
    out : str or Path
        Folder for masks, maps of uncertainty and `masks.csv`; new, empty or written so before.
    device : str
        'auto', 'cpu', 'cuda' or 'mps'.
    cache : Path or None
        Where decoded images are kept; None is the user's cache folder.
    clean_up : CleanUp or None
        None takes what the run's settings say.

    Returns
    -------
    Segmented
        What the generator returns at its end.

    Raises
    ------
    BadInput
        If the run has learned no structure, no image can be used, or `out` cannot be written.
    """
    learner, record = load_method(run)
    if not getattr(learner, "segments", False):
        raise BadInput(f"{run} learned no structure: learn one with 'shapes --prior'")
    listing = find_images(images)
    folder = MaskFolder.create(Path(out), listing)
    kind = choose_device(device)
    model = _Model(cast("Segments", learner.to(kind)), kind)
    prepared = yield from prepare_as_learned(listing, record, cache)
    clean_up = clean_up or clean_up_of(record)
    empty = done = 0
    with folder, closing(_masks(model, prepared, clean_up)) as found:
        for done, (name, mask, uncertainty, confidence) in enumerate(found, 1):
            folder.write(name, mask.astype(np.uint8), confidence, uncertainty)
            empty += not mask.any()
            yield Progress("segment", "segment", done, len(prepared), message="segmenting")
    return Segmented(Path(out), done, empty)


def clean_up_of(record: RunRecord) -> CleanUp:
    """Return what a run's settings say of cleaning up."""
    given = record.settings["shape"]
    return CleanUp(given["components"], given["fill_holes"], given["expected"])


class _Model:
    """What a run has learned, on a device."""

    def __init__(self, learner: Segments, device: str) -> None:
        self._learner = learner
        self._device = device
        self._fast = choose_precision(device) == "bf16-mixed"

    def __call__(self, pixels: npt.NDArray[np.uint8]) -> tuple[Tensor, Tensor]:
        """Images (B, C, H, W) -> probability and uncertainty, both (B, 1, H, W)."""
        images = torch.from_numpy(pixels).to(self._device).float() / 255
        fast = torch.autocast(self._device, torch.bfloat16, enabled=self._fast)
        with torch.no_grad(), fast:
            probability, uncertainty = self._learner.segment(images)
        return probability.float().cpu(), uncertainty.float().cpu()


def _masks(
    model: _Model, images: PreparedImages, clean_up: CleanUp
) -> Generator[tuple[str, Mask, npt.NDArray[np.uint8], float], None, None]:
    """Name, mask and uncertainty in the image's own pixels, and confidence of every image."""
    for start in range(0, len(images), CHUNK):
        rows = range(start, min(start + CHUNK, len(images)))
        field = torch.from_numpy(images.fields(rows)).unsqueeze(1)
        probability, uncertainty = model(images.batch(rows))
        both = torch.cat([probability * field, uncertainty * field], dim=1)
        for row, maps in zip(rows, both, strict=True):
            own = in_file_pixels(maps, images.placements[row]).numpy()
            mask = clean_up.apply(own[0])
            doubt = (255 * own[1]).round().astype(np.uint8)
            yield images.names[row], mask, doubt, confidence(maps[0])


def confidence(probability: Tensor) -> float:
    """Return the Dice that a mask has with its own probabilities, from 0 to 1.

    Parameters
    ----------
    probability : Tensor (H, W)
        Of the structure; where it is 0 or 1 everywhere, the mask is sure. An empty mask has 0.
    """
    mask = (probability > 0.5).float()
    both = float(probability.sum() + mask.sum())
    return 2 * float((probability * mask).sum()) / both if both else 0.0


def in_file_pixels(maps: Tensor, placement: Placement) -> Tensor:
    """Maps (C, H, W) of the canvas, read at the pixels of the file, (C, h, w)."""
    height, width = placement.file_size
    down, across = (np.zeros((n, 2)) for n in (height, width))
    down[:, 0], across[:, 1] = np.arange(height), np.arange(width)
    rows = torch.from_numpy(placement.to_canvas(down)[:, 0])
    columns = torch.from_numpy(placement.to_canvas(across)[:, 1])
    places = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1).float()
    grid = to_unit(places.view(1, -1, 2), placement.canvas).view(1, height, width, 2)
    read: Tensor = grid_sample(maps[None], grid, padding_mode="border", align_corners=False)
    return read[0]
