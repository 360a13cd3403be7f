"""Masks from files as a distribution: one of them at a time, in a random pose and gently bent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from napari_localcl.data.errors import BadInput
from napari_localcl.data.placement import fit
from napari_localcl.data.priors.bending import bend
from napari_localcl.data.priors.prior import Prior, pixels
from napari_localcl.data.priors.shapes import load_shapes
from napari_localcl.data.priors.variation import Variation, anywhere

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.folder import Skipped
    from napari_localcl.data.priors.prior import Floats, Masks
    from napari_localcl.data.priors.shapes import Shape

_LEAST_MASKS = 3


class MaskSettings(Variation):
    """Settings of a prior from mask files."""

    label: int = Field(
        0, ge=0, le=65535, description="the shape's value in the masks; 0 takes all but 0"
    )
    cover: float = Field(
        0.3,
        gt=0,
        lt=1,
        description="part of a pixel that a shape must cover; less keeps thin lines whole",
    )


@dataclass(frozen=True, eq=False)
class Sheet:
    """A mask in the resolution of a canvas.

    Attributes
    ----------
    coverage : (h, w) uint8 ndarray
        How much of each pixel is covered, 0 to 255.
    middle : (2,) ndarray
        The shape's middle `(y, x)` on the sheet.
    place : (2,) ndarray
        Where the middle lies on the canvas, `(y, x)`.
    rim : (N, 2) ndarray
        Offsets `(y, x)` of the shape's outermost pixels from its middle; none if it is too small.
    """

    coverage: npt.NDArray[np.uint8]
    middle: Floats
    place: Floats
    rim: Floats


class MaskPrior(Prior):
    """Masks from files, varied.

    Parameters
    ----------
    source : str or Path
        A folder of masks, or one mask file.
    settings : MaskSettings
        What of the masks is the shape, and how it varies.

    Attributes
    ----------
    shapes : tuple of Shape
        The shapes in use, one for each mask.
    skipped : tuple of Skipped
        Files that hold no usable mask, with the reason.

    Raises
    ------
    BadInput
        If no mask can be used, or fewer than three that do not vary.
    """

    def __init__(self, source: str | Path, settings: MaskSettings) -> None:
        self.settings = settings
        self.shapes, self.skipped = load_shapes(source, settings.label, settings.scale)
        self.title = f"{len(self.shapes)} mask{'s' * (len(self.shapes) > 1)} of {source}"
        told = settings.position == "auto" and len(self.shapes) >= _LEAST_MASKS
        self.located = settings.position == "kept" or told
        self._sheets: dict[tuple[int, int], list[Sheet]] = {}
        if len(self.shapes) < _LEAST_MASKS and not settings.varies:
            raise BadInput(_too_few(source, len(self.shapes), self.skipped))

    def draw(self, count: int, canvas: tuple[int, int], chance: np.random.Generator) -> Masks:
        """Draw masks; see :meth:`Prior.draw`."""
        sheets = self._on(canvas)
        drawn = np.zeros((count, *canvas), bool)
        for mask in drawn:
            mask[:] = self._varied(sheets[chance.integers(len(sheets))], canvas, chance)
        return drawn

    def _on(self, canvas: tuple[int, int]) -> list[Sheet]:
        if canvas not in self._sheets:
            cover, scale = self.settings.cover, self.settings.scale
            sheets = (_sheet(shape, canvas, scale, cover) for shape in self.shapes)
            self._sheets[canvas] = [sheet for sheet in sheets if len(sheet.rim)]
        if not self._sheets[canvas]:
            raise BadInput(
                f"nothing is left of the shape of {self.shapes[0].name} on a working image of "
                f"{canvas[0]} x {canvas[1]} pixels; choose a larger image size or a larger scale"
            )
        return self._sheets[canvas]

    def _varied(self, sheet: Sheet, canvas: tuple[int, int], chance: np.random.Generator) -> Masks:
        from scipy.ndimage import map_coordinates

        matrix, sides = self.settings.pose(chance)
        place = np.where(sides > 0, sheet.place, np.array(canvas) - 1 - sheet.place)
        if not self.located:
            rim = sheet.rim @ matrix.T
            place = anywhere(np.stack([rim.min(axis=0), rim.max(axis=0)]), canvas, chance)
        else:
            moved = place + self.settings.move(canvas, chance)
            place = np.clip(moved, 0, np.array(canvas) - 1)
        offsets = pixels(canvas) + bend(canvas, self.settings.elastic, chance)
        offsets -= place[:, None, None].astype(np.float32)
        back = np.linalg.inv(matrix).astype(np.float32)
        points = np.tensordot(back, offsets, axes=1) + sheet.middle[:, None, None]
        # Beyond its edge a sheet is empty, but right at its edge it is not.
        coverage = map_coordinates(
            sheet.coverage, points, output=np.float32, order=1, mode="grid-constant"
        )
        return np.asarray(coverage >= 255 * self.settings.cover)


def _sheet(shape: Shape, canvas: tuple[int, int], scale: float, cover: float) -> Sheet:
    """Bring a shape to a canvas's resolution, scaled about its middle."""
    from PIL import Image

    placement = fit(shape.size, canvas)
    height, width = (max(1, round(side * placement.scale * scale)) for side in shape.size)
    image = Image.fromarray(shape.coverage)
    coverage = np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))
    ratio = np.array(coverage.shape) / np.array(shape.size)
    middle = (shape.middle + 0.5) * ratio - 0.5
    return Sheet(
        coverage, middle, placement.to_canvas(shape.middle), _rim(coverage >= 255 * cover) - middle
    )


def _rim(inside: Masks) -> Floats:
    """The outermost pixels of each row, (N, 2) as `(y, x)`; none where the shape is lost."""
    rows = np.flatnonzero(inside.any(axis=1))
    first = inside[rows].argmax(axis=1)
    last = inside.shape[1] - 1 - inside[rows, ::-1].argmax(axis=1)
    return np.concatenate([np.stack([rows, first], 1), np.stack([rows, last], 1)]).astype(float)


def _too_few(source: str | Path, count: int, skipped: tuple[Skipped, ...]) -> str:
    left_out = f" ({len(skipped)} files cannot be used)" if skipped else ""
    return (
        f"{source} holds {count} mask{'s' * (count > 1)}{left_out}, too few without variation; add "
        f"masks until there are at least {_LEAST_MASKS}, or let them vary (rotation, zoom, elastic)"
    )
