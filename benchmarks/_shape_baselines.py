"""What classical methods find on the sets of the shape benchmark, without any learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from _shape_sets import masks, pictures
from scipy.ndimage import gaussian_filter, label
from skimage.draw import disk
from skimage.feature import canny
from skimage.filters import frangi, sato, threshold_otsu
from skimage.transform import hough_circle, hough_circle_peaks, resize

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy.typing as npt

    Grey = npt.NDArray[np.floating]
    Mask = npt.NDArray[np.bool_]
    Found = dict[str, Mask]

THRESHOLDS = np.linspace(0.5, 0.99, 50)


def baselines(name: str, folder: Path) -> Iterator[tuple[str, Found]]:
    """Name each classical method that fits a set, with its masks by image."""
    if name == "vessels":
        yield "Frangi, best threshold on the prior's eyes", _filtered(folder, _frangi)
        yield "Sato, best threshold on the prior's eyes", _filtered(folder, _sato)
        yield "second observer", masks(folder / "second")
    elif name == "disc":
        yield "brightest blob", _each(folder, _brightest)
        yield "circular Hough", _each(folder, _hough)
    elif name in ("lungs", "heart"):
        yield "mean of the prior's masks", _mean(folder)
        yield "Otsu", _each(folder, _dark if name == "lungs" else _bright)
    elif name == "ventricle":
        yield "brightest blob in the middle", _each(folder, _central)
        yield "circular Hough", _each(folder, lambda image: _hough(image, 10, 28))
    else:
        yield "darkness around the brightest blob", _each(folder, _around)


def dice(found: Mask, truth: Mask) -> float:
    """Twice the shared part of both masks' areas; nothing is never right."""
    return float(2 * (found & truth).sum() / max(found.sum() + truth.sum(), 1))


def _each(folder: Path, method: Callable[[Grey], Mask]) -> Found:
    return {name: method(_grey(image)) for name, image in pictures(folder / "images")}


def _grey(image: npt.NDArray[np.uint8]) -> Grey:
    return image.mean(axis=2) / 255 if image.ndim == 3 else image / 255


def _frangi(image: Grey) -> Grey:
    return np.asarray(frangi(image, sigmas=range(2, 6), black_ridges=True))


def _sato(image: Grey) -> Grey:
    return np.asarray(sato(image, sigmas=range(2, 6), black_ridges=True))


def _filtered(folder: Path, method: Callable[[Grey], Grey]) -> Found:
    """The filter's answers, cut at the quantile that is best on the prior's eyes."""
    answers = {}
    for name, image in pictures(folder / "images"):
        field = gaussian_filter(image.max(axis=2).astype(float), 5) > 30
        inside = gaussian_filter(field.astype(float), 8) > 0.98
        answers[name] = method(image[..., 1] / 255) * inside
    known = masks(folder / "prior")
    quality = [
        np.mean([dice(answers[n] > np.quantile(answers[n], q), known[n]) for n in known])
        for q in THRESHOLDS
    ]
    best = THRESHOLDS[int(np.argmax(quality))]
    return {name: answer > np.quantile(answer, best) for name, answer in answers.items()}


def _largest(mask: Mask) -> Mask:
    parts, count = label(mask)
    return parts == 1 + np.argmax(np.bincount(parts.ravel())[1:]) if count else mask


def _brightest(image: Grey) -> Mask:
    smooth = gaussian_filter(image, image.shape[1] / 100)
    return _largest(smooth > np.quantile(smooth, 0.98))


def _hough(image: Grey, least: float = 0.0, most: float = 0.0) -> Mask:
    """The clearest circle, with radii of a disc unless given in pixels."""
    radii = np.arange(least or 0.035 * image.shape[1], most or 0.06 * image.shape[1], 2)
    edges = canny(gaussian_filter(image, 2), 2)
    _, x, y, radius = hough_circle_peaks(hough_circle(edges, radii), radii, total_num_peaks=1)
    found = np.zeros(image.shape, bool)
    if len(x):
        found[disk((y[0], x[0]), radius[0], shape=image.shape)] = True
    return found


def _bright(image: Grey) -> Mask:
    return np.asarray(image > threshold_otsu(image))


def _dark(image: Grey) -> Mask:
    return ~_bright(image)


def _mean(folder: Path) -> Found:
    """The part of the prior's masks that covers a place, cut at one half."""
    size = (256, 256)
    mean = np.mean(
        [resize(mask.astype(float), size) for mask in masks(folder / "prior").values()], axis=0
    )
    return {
        name: resize(mean, image.shape[:2]) > 0.5 for name, image in pictures(folder / "images")
    }


def _central(image: Grey) -> Mask:
    """The bright blob that is nearest to the middle."""
    parts, count = label(gaussian_filter(image, 1) > threshold_otsu(image))
    if not count:
        return np.zeros(image.shape, bool)
    middle = np.array(image.shape) / 2
    near = [
        np.linalg.norm(np.argwhere(parts == one).mean(axis=0) - middle)
        if (parts == one).sum() > 50
        else np.inf
        for one in range(1, count + 1)
    ]
    return np.asarray(parts == 1 + int(np.argmin(near)))


def _around(image: Grey) -> Mask:
    cavity = _central(image)
    near = gaussian_filter(cavity.astype(float), 4) > 0.05
    return np.asarray(near & ~cavity & (image < threshold_otsu(image)))
