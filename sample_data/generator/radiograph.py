"""From tissue to a digital radiograph: rays, scatter, exposure, noise, lead and metal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from .arrays import Floats, enlarge, fine_grid, grid, ramp, shrink, smooth_noise, turn, window

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from .deformation import Deformation
    from .hand import Bone, Capsule, Hand

SOFT, SPONGY, COMPACT, METAL = 0.021, 0.017, 0.058, 0.9  # attenuation per millimetre


@dataclass(frozen=True)
class Exposure:
    """How one radiograph was taken and shown."""

    photons: float
    scatter: float
    contrast: float
    gamma: float
    brightness: float
    tilt: Floats
    blades: float
    masked: bool

    @classmethod
    def draw(cls, chance: np.random.Generator) -> Exposure:
        """Draw the settings of one radiograph."""
        return cls(
            photons=np.exp(chance.uniform(np.log(900), np.log(6000))),
            scatter=chance.uniform(0.03, 0.22),
            contrast=chance.uniform(0.78, 1.03),
            gamma=chance.uniform(0.75, 1.3),
            brightness=chance.uniform(0.02, 0.16),
            tilt=chance.normal(0, 0.09, 2),
            blades=chance.uniform(1.0, 3.5),
            masked=bool(chance.random() < 0.5),
        )


def tissue(
    hand: Hand, pose: Deformation, size: tuple[int, int], chance: np.random.Generator
) -> Floats:
    """Attenuation (log) of the rays through a hand, (2H, 2W)."""
    points = pose.to_anatomy(fine_grid(size))
    weave = _trabeculae(points.shape[:2], chance)
    bone = np.zeros(weave.shape)
    for group in hand.bones:
        part = _around(np.concatenate([b.ends() for b in group]), pose, weave.shape)
        bone[part] += _group(group, points[part], weave[part])
    grain = 1 + 0.05 * smooth_noise(weave.shape, 9, chance)
    return bone + SOFT * grain * enlarge(_flesh(hand.flesh, pose.to_anatomy(grid(size))))


def _flesh(pieces: Sequence[Capsule], points: Floats) -> Floats:
    """Millimetres of soft tissue: the thickest piece, with smooth seams where pieces meet."""
    total = np.zeros(points.shape[:2])
    for piece in pieces:
        total += piece.crossed(points) ** 4
    return np.asarray(total**0.25)


def _around(places: Floats, pose: Deformation, fine: tuple[int, ...]) -> tuple[slice, slice]:
    """The sub-pixels around anatomical places (N, 2), with room for a bone's width."""
    reached, room = pose.to_image(places), 20 * pose.scale
    return window(reached.min(axis=0) - room, reached.max(axis=0) + room, fine)


def _group(group: Sequence[Bone], points: Floats, weave: Floats) -> Floats:
    """Attenuation of bones grown together: a ray crosses the densest of them."""
    crossed = [bone.crossed(points) for bone in group]
    dense = [COMPACT * compact + SPONGY * spongy * weave for compact, spongy in crossed]
    return np.asarray(np.max(dense, axis=0))


def _trabeculae(size: tuple[int, int], chance: np.random.Generator) -> Floats:
    """Factor on the spongy bone: fine struts, mostly along the limb, over slow patches."""
    along = smooth_noise(size, (3.0, 0.9), chance) - smooth_noise(size, (5.0, 2.0), chance)
    every = smooth_noise(size, 1.2, chance)
    return np.clip(1 + 0.13 * along + 0.12 * every + 0.1 * smooth_noise(size, 12, chance), 0.2, 2)


def lead_letter(size: tuple[int, int], corner: Floats, degrees: float, height: float) -> Floats:
    """The side marker: millimetres of lead of a letter L at `corner` (y, x), (2H, 2W)."""
    local = turn(fine_grid(size) - corner, -degrees) / height
    y, x = local[..., 0], local[..., 1]
    stem = (np.abs(x + 0.3) < 0.11) & (np.abs(y) < 0.5)
    foot = (np.abs(y - 0.4) < 0.11) & (x > -0.41) & (x < 0.32)
    return (stem | foot).astype(float)


def finger_ring(points: Floats, start: Floats, end: Floats, radius: float) -> Floats:
    """A metal ring around the finger from `start` to `end`: millimetres of metal at `points`."""
    axis = end - start
    length = np.hypot(*axis)
    along = (points - (start + end) / 2) @ (axis / length)
    aside = (points - start) @ (np.array([axis[1], -axis[0]]) / length)
    band = np.abs(along + 0.015 * aside**2) < 1.6
    outer = np.sqrt(np.maximum(radius**2 - aside**2, 0))
    inner = np.sqrt(np.maximum((radius - 1.2) ** 2 - aside**2, 0))
    return np.asarray(band * (outer - inner))


def develop(
    attenuation: Floats,
    metal: Floats,
    shut: Floats,
    exposure: Exposure,
    chance: np.random.Generator,
) -> NDArray[np.uint8]:
    """Turn rays weakened by tissue and by metal (2H, 2W) into the image (H, W) of a detector.

    Where the field is `shut` (1, not 0; (2H, 2W)), hardly a ray arrives or nothing is shown.
    """
    lead = shut * (0.0 if exposure.masked else exposure.blades)
    light = _light(shrink(np.exp(-attenuation - metal - lead)), exposure)
    counts = _counted(exposure.photons * light, chance)
    counts = ndimage.gaussian_filter(np.maximum(counts, 1.0), 0.4)
    film = -np.log(counts / exposure.photons)
    closed = shrink(shut)
    low, high = np.percentile(film[closed + shrink(metal) < 0.01], (1, 99.8))
    shown = exposure.brightness + exposure.contrast * (film - low) / (high - low)
    shown = np.clip(_flawed(shown, chance), 0, 1) ** exposure.gamma
    shown *= 1 - closed * exposure.masked
    return np.asarray(255 * shown + 0.5).astype(np.uint8)


def _light(rays: Floats, exposure: Exposure) -> Floats:
    """Add scatter and the uneven beam, and blur by the focal spot."""
    haze = ndimage.gaussian_filter(rays, 30)
    y, x = (np.linspace(-1, 1, n) for n in rays.shape)
    heel = 1 + exposure.tilt[0] * y[:, None] + exposure.tilt[1] * x
    light = ((1 - exposure.scatter) * rays + exposure.scatter * haze) * heel
    return np.asarray(ndimage.gaussian_filter(light, 0.45))


def _counted(photons: Floats, chance: np.random.Generator) -> Floats:
    """Add photon noise, as a normal for these many photons, and the noise of reading out."""
    # Not chance.poisson: it draws more or fewer numbers as its argument differs in the last bit,
    # so another processor would draw another image.
    return photons + np.sqrt(photons + 9) * chance.standard_normal(photons.shape)


def _flawed(film: Floats, chance: np.random.Generator) -> Floats:
    """Flaws of the plate: lines of the anti-scatter grid, dust, a scratch; sometimes."""
    if chance.random() < 0.2:
        film = film + chance.uniform(0.006, 0.02) * np.sin(
            chance.uniform(0.9, 1.6) * np.arange(film.shape[1]) + chance.uniform(0, 6)
        )
    if chance.random() < 0.25:
        specks = chance.random(film.shape) < chance.uniform(1e-4, 6e-4)
        film = film + chance.uniform(0.3, 1.0) * ndimage.gaussian_filter(specks.astype(float), 0.6)
    return film


def blades(size: tuple[int, int], inside: Floats, chance: np.random.Generator) -> Floats:
    """Collimation: 0 in the open field, 1 behind the blades, (2H, 2W); `inside` stays open."""
    degrees = chance.normal(0, 2.5)
    local = turn(fine_grid(size), -degrees)
    kept = turn(inside, -degrees)
    shade = np.zeros(local.shape[:2])
    for axis, sign in ((0, -1), (0, 1), (1, -1), (1, 1)):
        edge = (sign * kept[:, axis]).max() + chance.uniform(9, 90)
        shade = np.maximum(shade, ramp(sign * local[..., axis], edge - 0.8, edge + 0.8))
    return shade
