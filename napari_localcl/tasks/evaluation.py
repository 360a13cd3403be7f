"""How far predictions are from the truth, in the field's standard figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.data.point_sources import is_person

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    Errors = npt.NDArray[np.float64]

RADII_PX = (5.0, 10.0, 20.0)
RADII_MM = (2.0, 2.5, 3.0, 4.0)  # customary since the ISBI cephalometric challenges


@dataclass(frozen=True)
class Spread:
    """How a figure is spread over what was measured; None where nothing was.

    Attributes
    ----------
    mean, median, std : float or None
        `std` is the population's.
    """

    mean: float | None
    median: float | None
    std: float | None

    @classmethod
    def of(cls, values: Errors) -> Spread:
        """Summarise values (N,)."""
        if not len(values):
            return cls(None, None, None)
        return cls(float(values.mean()), float(np.median(values)), float(values.std()))


@dataclass(frozen=True)
class ErrorSummary:
    """The errors of one landmark, or of all.

    Attributes
    ----------
    name : str
        The landmark, or 'all'.
    count : int
        Points in the truth.
    missing : int
        Those without a prediction.
    pixels, millimetres : Spread, Spread or None
        Radial errors (distances to the truth) of the predictions there are: in pixels of the file;
        in millimetres where the spacing is known.
    success : dict of float to float
        Radius to the share of the truth (missing points fail) predicted within it.
    """

    name: str
    count: int
    missing: int
    pixels: Spread
    millimetres: Spread | None
    success: dict[float, float]


@dataclass(frozen=True)
class LandmarkErrors:
    """The result of an evaluation.

    Attributes
    ----------
    unit : {'px', 'mm'}
        The unit of the radii.
    overall : ErrorSummary
        All points.
    landmarks : tuple of ErrorSummary
        One for each landmark of the truth.
    missing : tuple of (str, str)
        Image and landmark of every point without a prediction.
    untold : int
        Predictions that the truth says nothing about; they count nowhere.
    human : int
        Points among the predictions that a person placed or accepted (templates); they count
        nowhere.
    excluded : tuple of str
        Images left out.
    risk_coverage : float or None
        Area under the risk-coverage curve, pixels: the mean error of the k most confident
        predictions, averaged over k. The mean error itself if confidence says nothing, less if it
        ranks errors; None without confidences.
    """

    unit: str
    overall: ErrorSummary
    landmarks: tuple[ErrorSummary, ...]
    missing: tuple[tuple[str, str], ...]
    untold: int
    human: int
    excluded: tuple[str, ...]
    risk_coverage: float | None

    def as_dict(self) -> dict[str, object]:
        """Return everything as plain values, fit for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class _Points:
    """Truth and prediction side by side, one row per point of the truth."""

    names: list[str]
    pixels: Errors  # (N,), NaN where missing
    millimetres: Errors | None
    confidence: Errors  # (N,), NaN where unknown

    def of(self, name: str | None) -> _Points:
        """Return the rows of one landmark; None is all."""
        rows = np.array([name in (None, own) for own in self.names], dtype=bool)
        millimetres = None if self.millimetres is None else self.millimetres[rows]
        names = [own for own, row in zip(self.names, rows, strict=True) if row]
        return _Points(names, self.pixels[rows], millimetres, self.confidence[rows])


def evaluate_landmarks(
    predicted: Iterable[Landmark],
    truth: Iterable[Landmark],
    *,
    radii: Sequence[float] | None = None,
    spacing: float | Sequence[float] | None = None,
    exclude: Iterable[str] = (),
) -> LandmarkErrors:
    """Compare predicted landmarks with the truth.

    Parameters
    ----------
    predicted, truth : iterable of Landmark
        Matched by image and landmark; predictions with the source `human` or `accepted` are none.
    radii : sequence of float or None
        Within which a prediction is a success, in millimetres where the spacing is given, else in
        pixels; None is 2, 2.5, 3, 4 mm or 5, 10, 20 px.
    spacing : float, sequence of two floats or None
        Millimetres per pixel, alike or along (y, x), of all images.
    exclude : iterable of str
        Images to leave out: those that served as templates.

    Raises
    ------
    BadInput
        If nothing is left to compare, or a radius or spacing is not above 0.
    """
    excluded = tuple(dict.fromkeys(exclude))
    rows = [row for row in predicted if row.image not in excluded]
    human = {_key(row) for row in rows if is_person(row.source)}
    told = [row for row in truth if row.image not in excluded and _key(row) not in human]
    given = {_key(row): row for row in rows if not is_person(row.source)}
    if not told:
        raise BadInput(
            "the truth holds no points to compare with, apart from templates and excluded images"
        )
    points = _pair(told, given, None if spacing is None else per_axis(spacing, 2))
    radii = _check_radii(radii, spacing)
    keys = set(map(_key, told))
    return LandmarkErrors(
        unit="px" if spacing is None else "mm",
        overall=_summarise("all", points.of(None), radii),
        landmarks=tuple(
            _summarise(name, points.of(name), radii) for name in dict.fromkeys(points.names)
        ),
        missing=tuple((row.image, row.landmark) for row in told if _key(row) not in given),
        untold=sum(key not in keys for key in given),
        human=len(human),
        excluded=excluded,
        risk_coverage=_risk_coverage(points),
    )


def copy_template(
    template: Iterable[Landmark], images: Iterable[str], sizes: dict[str, tuple[int, int]]
) -> tuple[Landmark, ...]:
    """Return the baseline that looks at nothing: the template's relative coordinates everywhere.

    Parameters
    ----------
    template : iterable of Landmark
        The points of one image.
    images : iterable of str
        Where to copy them to.
    sizes : dict of str to (int, int)
        Height and width of every image, the template's included.
    """
    return tuple(
        Landmark(
            image,
            row.landmark,
            (row.y + 0.5) * sizes[image][0] / sizes[row.image][0] - 0.5,
            (row.x + 0.5) * sizes[image][1] / sizes[row.image][1] - 0.5,
            source="copied",
        )
        for image in images
        for row in template
    )


def per_axis(spacing: float | Sequence[float], axes: int) -> tuple[float, ...]:
    """Return the spacing along each axis.

    Parameters
    ----------
    spacing : float or sequence of float
        Millimetres per pixel, alike along all axes or for each.
    axes : int
        How many there are.

    Raises
    ------
    BadInput
        If it is for another number of axes, or not above 0.
    """
    steps = (spacing,) * axes if isinstance(spacing, int | float) else tuple(spacing)
    if len(steps) != axes:
        raise BadInput(f"a spacing of {len(steps)} numbers is given where {axes} axes need one")
    if not all(0 < step < float("inf") for step in steps):
        raise BadInput(f"a spacing of {spacing} mm per pixel is not above 0")
    return steps


def _key(row: Landmark) -> tuple[str, str]:
    return row.image, row.landmark


def _pair(
    truth: Sequence[Landmark],
    predicted: dict[tuple[str, str], Landmark],
    spacing: tuple[float, ...] | None,
) -> _Points:
    nothing = Landmark("", "", np.nan, np.nan)
    found = [predicted.get(_key(row), nothing) for row in truth]
    away = np.array([(own.y - row.y, own.x - row.x) for own, row in zip(found, truth, strict=True)])
    confidence = np.array([np.nan if own.confidence is None else own.confidence for own in found])
    return _Points(
        [row.landmark for row in truth],
        np.hypot(away[:, 0], away[:, 1]),
        None if spacing is None else np.hypot(away[:, 0] * spacing[0], away[:, 1] * spacing[1]),
        confidence,
    )


def _summarise(name: str, points: _Points, radii: Sequence[float]) -> ErrorSummary:
    there = np.isfinite(points.pixels)
    measured = points.pixels if points.millimetres is None else points.millimetres
    return ErrorSummary(
        name,
        len(there),
        int((~there).sum()),
        Spread.of(points.pixels[there]),
        None if points.millimetres is None else Spread.of(points.millimetres[there]),
        {radius: float((measured[there] <= radius).sum() / len(there)) for radius in radii},
    )


def _risk_coverage(points: _Points) -> float | None:
    known = np.isfinite(points.confidence) & np.isfinite(points.pixels)
    if not known.any():
        return None
    order = np.argsort(-points.confidence[known], kind="stable")
    risks = np.cumsum(points.pixels[known][order]) / np.arange(1, known.sum() + 1)
    return float(risks.mean())


def _check_radii(radii: Sequence[float] | None, spacing: object) -> Sequence[float]:
    if not radii:
        return RADII_PX if spacing is None else RADII_MM
    if not all(0 < radius < float("inf") for radius in radii):
        raise BadInput(f"a radius is above 0, which {', '.join(map(str, radii))} are not all")
    return sorted(radii)
