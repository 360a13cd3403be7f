"""One fundus photograph with its landmarks and masks."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from . import camera, retina
from .arrays import Floats, fine_grid, shrink
from .deformation import Deformation, Ripple
from .lesions import paint_lesions
from .ovals import Oval
from .vessels import Vessel, draw_vessels

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = (300, 360)
UNIT = 37.0  # pixels per disc diameter for an eye of ordinary size


class Fundus(NamedTuple):
    """A photograph (H, W, 3), its landmarks (y, x) in pixels and its masks (H, W)."""

    image: NDArray[np.uint8]
    landmarks: dict[str, Floats]
    disc: NDArray[np.bool_]
    vessels: NDArray[np.bool_]


def draw(chance: np.random.Generator) -> Fundus:
    """Draw one eye, left or right."""
    fovea = np.array([0.28, -2.5]) + chance.normal(0, (0.12, 0.12))
    pose = _pose(fovea, chance)
    tree = [Vessel(pose.to_image(v.points), v.radii, v.artery) for v in draw_vessels(fovea, chance)]
    disc = Oval(
        pose.to_image(np.zeros(2)),
        _disc_radii(pose.scale, chance),
        pose.degrees + chance.normal(0, 8),
    )
    points = fine_grid(SIZE)
    bare = retina.ground(points.shape[:2], 2 * pose.scale, chance)
    canvas = retina.Canvas(bare, points, pose.scale, disc, pose.to_image(fovea))
    depth = _paint(canvas, tree, chance)
    opening = camera.Opening((np.array(SIZE) - 1) / 2, chance.uniform(138, 158))
    image = shrink(opening.lit(canvas.image, points, chance))
    seen = shrink(opening.seen(points, chance))
    return Fundus(
        camera.photograph(image, seen, chance),
        {"optic_disc": disc.centre, "fovea": canvas.fovea},
        (shrink(disc.ratio(points)) <= 1) & (seen > 0.5),
        (shrink(depth) > 0.35) & (seen > 0.5),
    )


def _disc_radii(unit: float, chance: np.random.Generator) -> tuple[float, float]:
    tall = 0.5 * unit * chance.uniform(0.92, 1.1)
    return tall, tall * chance.uniform(0.8, 0.98)


def _pose(fovea: Floats, chance: np.random.Generator) -> Deformation:
    """Draw the eye's side, the gaze (between disc and macula), turn and size."""
    gaze = chance.uniform(0.1, 0.9) * fovea + chance.uniform((-0.6, -0.25), (0.6, 0.25))
    return Deformation(
        origin=gaze,
        centre=(np.array(SIZE) - 1) / 2,
        degrees=chance.uniform(-8, 8),
        scale=UNIT * chance.uniform(0.86, 1.14),
        mirrored=bool(chance.random() < 0.5),
        ripple=Ripple.draw(0.05, (2.5, 6.0), chance),
    )


def _paint(canvas: retina.Canvas, tree: list[Vessel], chance: np.random.Generator) -> Floats:
    """Paint all that is in the eye; returns how deep each sub-pixel lies in a vessel."""
    retina.paint_macula(canvas, chance)
    retina.paint_disc(canvas, chance)
    depth = retina.paint_vessels(canvas, tree, chance)
    paint_lesions(canvas, chance)
    return depth
