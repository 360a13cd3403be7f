"""How points look: a symbol, a label in words and a colour each say where a point comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data.point_sources import ACCEPTED_SOURCE, is_machine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.layers import Image, Points

    from napari_localcl.data.annotations import Landmark

LANDMARKS = "Landmarks"
_SIZE = 14  # screen pixels
_EMPHASIS = 1.5  # of the point at hand
_BESIDE = (13, 12)  # of the label from the point, down and right, screen pixels
_LIT = 0.46  # share of the range of grey values from which on a black label reads better


@dataclass(frozen=True)
class Look:
    """What a kind of point looks like.

    Attributes
    ----------
    symbol : str
        As napari names it.
    colour : str
        Of Okabe and Ito's, which colour-blind people can tell; symbol and words tell it too.
    glyph : str
        The symbol as a letter, for the legend.
    meaning : str
        What the legend says, with the label of a landmark called `tip`.
    """

    symbol: str
    colour: str
    glyph: str
    meaning: str


_PLACED = Look("disc", "#56B4E9", "●", "<b>tip</b>: placed or moved by a person")
_ACCEPTED = Look("square", "#009E73", "■", "<b>tip, accepted</b>: a person agreed to it")
_PREDICTED = Look("diamond", "#E69F00", "◆", "<b>tip? 80%</b>: predicted, and how sure")


def look(source: str | None) -> Look:
    """Return what a point of this source looks like."""
    if is_machine(source):
        return _PREDICTED
    return _ACCEPTED if source == ACCEPTED_SOURCE else _PLACED


def legend() -> str:
    """Return the kinds of points in words, as rich text."""
    return "<br>".join(f"{one.glyph} {one.meaning}" for one in (_PLACED, _ACCEPTED, _PREDICTED))


def make_points() -> dict[str, Any]:
    """Return the keywords of a new layer of points."""
    text = {
        "string": "{shown_as}",
        "size": 11,
        "anchor": "upper_left",
        "color": "white",
    }
    features = _features(())
    looks = {"border_color": "black", "text": text}
    return {"name": LANDMARKS, "features": features, "ndim": 2, **looks}


def show_points(layer: Points, points: Sequence[Landmark], image: Image) -> None:
    """Put points over an image."""
    layer.selected_data = set()
    layer.data = places(points)
    # Every change makes napari measure and draw the layer again.
    if not np.array_equal(layer.scale, image.scale):
        layer.scale = image.scale
    layer.features = _features(points)
    if points:
        # A point that a person adds has the default until it is shown anew.
        inks = [_label_colour(image, point) for point in points]
        layer.text.color = {"array": inks, "default": "white"}
        looks = [look(point.source) for point in points]
        layer.symbol = [one.symbol for one in looks]
        layer.face_color = [one.colour for one in looks]


def places(points: Sequence[Landmark]) -> np.ndarray:
    """Return where points are, (N, 2)."""
    return np.array([(point.y, point.x) for point in points]).reshape(-1, 2)


def fit_to_screen(layer: Points, zoom: float, at_hand: int | None = None) -> None:
    """Keep symbols and labels at one size and distance on the screen.

    Not by the layer's limits of size on the canvas: they are not minded where points are clicked.

    Parameters
    ----------
    layer : Points
        With the points.
    zoom : float
        Screen pixels per unit of the world.
    at_hand : int or None
        The point that is being reviewed, which is larger.
    """
    pixel = 1 / max(zoom * layer.scale[-1], 1e-9)
    sizes = np.full(len(layer.data), _SIZE * pixel)
    if at_hand is not None:
        sizes[at_hand] *= _EMPHASIS
    if not np.allclose(layer.size, sizes):
        layer.size = sizes
    layer.current_size = _SIZE * pixel
    beside = np.array(_BESIDE) * pixel
    if not np.array_equal(layer.text.translation, beside):
        layer.text.translation = beside


def _features(points: Sequence[Landmark]) -> dict[str, list[Any]]:
    return {
        "landmark": [point.landmark for point in points],
        "source": [point.source for point in points],
        "confidence": [np.nan if p.confidence is None else p.confidence for p in points],
        "shown_as": [_words(point) for point in points],
    }


def _words(point: Landmark) -> str:
    if is_machine(point.source):
        sure = "" if point.confidence is None else f" {point.confidence:.0%}"
        return f"{point.landmark}?{sure}"
    return f"{point.landmark}, accepted" if point.source == ACCEPTED_SOURCE else point.landmark


def _label_colour(image: Image, point: Landmark) -> str:
    """Black where the image is bright to the right of the point, else white."""
    height, width = image.data.shape[:2]
    y = int(np.clip(point.y, 0, height - 1))
    x = int(np.clip(point.x, 0, width - 1))
    tall, wide = max(2, height // 60), max(4, width // 5)
    beside = np.asarray(image.data[max(0, y - tall) : y + tall + 1, x : x + wide])
    low, high = (0, beside.max(initial=1)) if image.rgb else image.contrast_limits
    if image.rgb and image.dtype == np.uint8:
        high = 255
    lit = (float(beside.mean()) - low) / max(high - low, 1e-9)
    return "black" if lit > _LIT else "white"
