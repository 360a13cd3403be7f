"""Why: where in which frames a classifier looked when it said what it said."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.nn.functional import interpolate

from napari_localcl.data.atomic import replacing
from napari_localcl.data.progress import Progress
from napari_localcl.data.tables import write_table
from napari_localcl.tasks.cells import on_image
from napari_localcl.tasks.segmentation import in_file_pixels

from .classification import look_with

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import numpy.typing as npt
    from torch import Tensor

    from napari_localcl.data.heat_map import HeatMap
    from napari_localcl.data.placement import Placement

    from .classifier import Classifier
    from .features import SeriesFeatures

    Floats = npt.NDArray[np.float64]

FRAMES = "frames.csv"


@dataclass(frozen=True)
class Explanation:
    """What spoke for a finding in the frames of a plane of an exam.

    Attributes
    ----------
    maps : (F, g, g) float ndarray
        From 0 to 1, the largest of all frames; all 0 where nothing spoke for it.
    placements : tuple of Placement
        Where each frame lies on the canvas that the maps cover.
    """

    maps: Floats
    placements: tuple[Placement, ...]

    @property
    def shares(self) -> Floats:
        """How much of the evidence each frame holds, (F,); they sum to 1, or are all 0."""
        mass = self.maps.sum(axis=(1, 2))
        return np.asarray(mass / max(mass.sum(), 1e-12))

    def mattered(self, count: int = 3) -> list[int]:
        """Return the frames that mattered most, the first one most."""
        order = np.argsort(-self.shares, kind="stable")[:count]
        return [int(frame) for frame in order if self.shares[frame] > 0]

    def frame(self, index: int) -> npt.NDArray[np.float32]:
        """Return the map (H, W) of a frame in the pixels of its file."""
        canvas = self._on_canvas(index)
        fine: npt.NDArray[np.float32] = in_file_pixels(canvas, self.placements[index])[0].numpy()
        return fine

    def heat_map(self, index: int, image: str) -> HeatMap:
        """Return the map of a frame, called `image`, to be laid over it."""
        return on_image(image, self._on_canvas(index)[0].numpy(), self.placements[index])

    def _on_canvas(self, index: int) -> Tensor:
        """The map of a frame in the pixels of the working canvas, (1, H, W)."""
        coarse = torch.from_numpy(self.maps[index]).float().view(1, 1, *self.maps.shape[1:])
        size = self.placements[index].canvas
        return interpolate(coarse, size, mode="bilinear", align_corners=False)[0]


def explain(
    classifier: Classifier, features: SeriesFeatures, exam: int, plane: str, finding: str
) -> Explanation:
    """Explain what a classifier says of a finding, by the folds that may judge the exam.

    Of the recurrent head, by integrated gradients or Grad-CAM, as the run's settings say; of the
    light head, by what each cell adds to the logit.
    """
    maps = classifier.relevance(features, plane, exam, finding)
    return Explanation(maps, features.images[plane, exam].placements)


def write_maps(
    series: str | Path | Sequence[str | Path],
    run: str | Path,
    out: str | Path,
    *,
    device: str = "auto",
    cache: Path | None = None,
) -> Generator[Progress, None, Path]:
    """Write maps of what spoke for each finding, for all series.

    Parameters
    ----------
    series, run, device, cache
        As :func:`.classification.predict_findings` takes them.
    out : str or Path
        Folder for `<finding>/<plane>/<series>.tif`, stacks of 0 to 255 in the frames' own pixels,
        and `frames.csv`, how much of the evidence each frame holds.

    Returns
    -------
    Path
        What the generator returns at its end: the folder.
    """
    classifier, features = yield from look_with(series, run, device=device, cache=cache)
    work = [
        (exam, plane, finding)
        for plane, exam in features.files
        if plane in classifier.record.channels
        for finding in classifier.record.findings
    ]
    rows: list[list[str | float | None]] = []
    for done, (exam, plane, finding) in enumerate(work, 1):
        why = explain(classifier, features, exam, plane, finding)
        name = features.exams[exam]
        _write_stack(Path(out) / finding / plane / f"{name}.tif", why)
        rows += [
            [name, plane, finding, frame, round(float(share), 4)]
            for frame, share in enumerate(why.shares)
        ]
        yield Progress("explain", step=done, steps=len(work), message="writing maps")
    write_table(Path(out) / FRAMES, ("series", "plane", "finding", "frame", "share"), rows)
    return Path(out)


def _write_stack(path: Path, why: Explanation) -> None:
    """Write the maps frame by frame: a series may have thousands."""
    from tifffile import TiffWriter

    with replacing(path, durable=False) as part, TiffWriter(part) as file:
        for index in range(len(why.maps)):
            levels = np.round(255 * np.clip(why.frame(index), 0, 1)).astype(np.uint8)
            file.write(levels, compression="zlib", contiguous=False, metadata=None)
