"""Write a mask for every image with what a run has learned."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from napari_localcl.data.classes import LabelClass
from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import find_images
from napari_localcl.data.mask_table import ClassRow
from napari_localcl.data.progress import Progress
from napari_localcl.models.sampling import to_unit
from napari_localcl.tasks.clean_up import CleanUp, clean_up_of
from napari_localcl.tasks.looking import CHUNK, Looking, Onlooker
from napari_localcl.tasks.mask_output import FoundMask, MaskOutput
from napari_localcl.tasks.preparing import prepare_as_learned
from napari_localcl.tasks.pretraining import load_method
from napari_localcl.training.devices import choose_device

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Sequence

    import numpy.typing as npt

    from napari_localcl.data.folder import Listing
    from napari_localcl.data.placement import Placement
    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.methods import Method
    from napari_localcl.methods.method import Segments
    from napari_localcl.training.record import RunRecord


@dataclass(frozen=True)
class Segmented:
    """How a folder was segmented.

    Attributes
    ----------
    folder : Path
        Where the masks are.
    images, empty : int
        How many masks there are, and how many of them show nothing.
    shown : dict of str to int
        How many images show each class, by its name.
    """

    folder: Path
    images: int
    empty: int
    shown: dict[str, int]


def segment(
    images: str | Path | Sequence[str | Path],
    run: str | Path,
    out: str | Path,
    *,
    device: str = "auto",
    cache: Path | None = None,
    clean_up: CleanUp | None = None,
    looking: Looking | None = None,
) -> Generator[Progress, None, Segmented]:
    """Segment all images with a run that has learned a structure, or several.

    Parameters
    ----------
    images : str, Path or sequence of them
        A folder, a file list, a glob or files.
    run : str or Path
        The run.
    out : str or Path
        Folder for masks, maps of uncertainty, `masks.csv` and, where labels were learned,
        `classes.csv`; new, empty or written so before. See :class:`MaskOutput`.
    device : str
        'auto', 'cpu', 'cuda' or 'mps'.
    cache : Path or None
        Where decoded images are kept; None is the user's cache folder.
    clean_up : CleanUp or None
        None takes what the run's settings say.
    looking : Looking or None
        None looks once, at working images as large as in training.

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
        raise BadInput(
            f"{run} learned no structure: learn one with 'shapes --prior' or 'finetune --labels'"
        )
    listing = find_images(images)
    looking, classes = looking or Looking(), classes_of(record)
    folder = MaskOutput(Path(out), listing, classes, record.labels is not None)
    prepared = yield from prepare_as_learned(listing, record, cache, looking.magnification)
    work = _working(learner, record, prepared, device, looking, clean_up)
    empty = done = 0
    shown = {one.name: 0 for one in classes}
    with folder, closing(work.masks()) as found:
        for done, (name, one) in enumerate(found, 1):
            folder.write(name, one)
            empty += not one.mask.any()
            for row in one.classes:
                shown[row.name] += row.area > 0
            yield Progress("segment", "segment", done, len(prepared), message="segmenting")
    return Segmented(Path(out), done, empty, shown)


def masks_of(
    run: str | Path,
    listing: Listing,
    items: Collection[str],
    *,
    device: str = "auto",
    cache: Path | None = None,
) -> Generator[Progress, None, dict[str, npt.NDArray[np.unsignedinteger[Any]]]]:
    """Segment some images without writing anything.

    Parameters
    ----------
    run, device, cache
        As in :func:`segment`.
    listing : Listing
        The images.
    items : collection of str
        Which images and volumes of them.

    Returns
    -------
    dict of str to (H, W) ndarray
        What the generator returns at its end: the run's values, by the name of each image or slice
        that can be used.

    Raises
    ------
    BadInput
        As :func:`segment`.
    """
    learner, record = load_method(run)
    prepared = yield from prepare_as_learned(listing, record, cache)
    some = prepared.subset(
        [at for at, name in enumerate(prepared.names) if listing.named(name).item in items]
    )
    work = _working(learner, record, some, device, Looking(), None)
    found = {}
    with closing(work.masks()) as masks:
        for done, (name, one) in enumerate(masks, 1):
            found[name] = one.mask
            yield Progress("segment", "segment", done, len(some), message="checking")
    return found


def _working(
    learner: Method,
    record: RunRecord,
    prepared: PreparedImages,
    device: str,
    looking: Looking,
    clean_up: CleanUp | None,
) -> _Work:
    kind = choose_device(device)
    assert record.canvas is not None
    segmenting = cast("Segments", learner.to(kind))
    window = segmenting.window(record.canvas)
    model = Onlooker(segmenting, kind, looking, window)
    # Labels may lie anywhere; a shape was looked for where the camera saw something.
    anywhere = record.labels is not None
    return _Work(model, prepared, classes_of(record), clean_up or clean_up_of(record), anywhere)


def classes_of(record: RunRecord) -> tuple[LabelClass, ...]:
    """Return the classes that a run tells apart; a structure learned by its shape is 1."""
    if record.labels is None:
        return (LabelClass(1, "1"),)
    return tuple(LabelClass(one.value, one.name) for one in record.labels.classes)


@dataclass(frozen=True)
class _Work:
    """All images on their way to masks."""

    model: Onlooker
    images: PreparedImages
    classes: Sequence[LabelClass]
    clean_up: CleanUp
    anywhere: bool

    def masks(self) -> Generator[tuple[str, FoundMask], None, None]:
        """Name and mask of every image, in the image's own pixels."""
        images = self.images
        for start in range(0, len(images), CHUNK):
            rows = range(start, min(start + CHUNK, len(images)))
            seen = images.valid(rows) if self.anywhere else images.fields(rows)
            told = self.model(images.batch(rows)) * torch.from_numpy(seen).unsqueeze(1)
            for row, maps in zip(rows, told, strict=True):
                yield images.names[row], self._found(maps, images.placements[row])

    def _found(self, maps: Tensor, placement: Placement) -> FoundMask:
        own = in_file_pixels(maps, placement).numpy()
        doubt = (255 * own[-1]).round().astype(np.uint8)
        marked = self._marked(own[:-1])
        told = told_classes(maps[:-1])
        values = np.array([0, *(one.value for one in self.classes)])
        mask = values[marked].astype(np.min_scalar_type(max(values)))
        sure = [confidence(*pair) for pair in zip(maps[:-1], told, strict=True)]
        rows = tuple(
            ClassRow(one.name, sure[index], int((marked == index + 1).sum()))
            for index, one in enumerate(self.classes)
        )
        # Of what is not there, nothing is known.
        there = [row.confidence for row in rows if row.area] or [0.0]
        overall = sure[0] if len(rows) == 1 else float(np.mean(there))
        return FoundMask(mask, doubt, overall, rows)

    def _marked(self, told: npt.NDArray[np.float32]) -> npt.NDArray[np.intp]:
        """Which class, from 1, each pixel shows, (H, W); 0 for the background."""
        marked = np.zeros(told.shape[1:], np.intp)
        likeliest = told_classes(torch.from_numpy(told)).numpy()
        for index, probability in enumerate(told):
            # Probabilities of others count as background, so that each class is cleaned up alone.
            alone = probability if len(told) == 1 else likeliest[index].astype(np.float32)
            marked[self.clean_up.apply(alone)] = index + 1
        return marked


def told_classes(probabilities: Tensor) -> Tensor:
    """Where each class is the likeliest, the background among them, (K, H, W) -> bool."""
    nothing = 1 - probabilities.sum(dim=0, keepdim=True)
    likeliest = torch.cat([nothing, probabilities]).argmax(dim=0)
    return torch.stack([likeliest == one for one in range(1, len(probabilities) + 1)])


def confidence(probability: Tensor, told: Tensor | None = None) -> float:
    """Return the Dice that a mask has with its own probabilities, from 0 to 1.

    Parameters
    ----------
    probability : Tensor (H, W)
        Of the structure; where it is 0 or 1 everywhere, the mask is sure. An empty mask has 0.
    told : Tensor (H, W), bool, optional
        The mask; by default where it is more probable than not.
    """
    mask = (probability > 0.5 if told is None else told).float()
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
