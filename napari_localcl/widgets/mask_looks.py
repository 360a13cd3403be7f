"""How masks look: a colour and words each say where a mask comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import Colormap, DirectLabelColormap

from napari_localcl.data.project_masks import MaskState, Structure

if TYPE_CHECKING:
    from napari.layers import Image, Labels

    from napari_localcl.data.project_masks import Masks

# Those of the points: Okabe and Ito's, which colour-blind people can tell. Words tell it too.
_MINE, _AGREED, _FOUND = "#56B4E9", "#009E73", "#E69F00"
_COLOURS = {MaskState.PROPOSED: _FOUND, MaskState.ACCEPTED: _AGREED}


def show_state(layer: Labels, masks: Masks, place: tuple[str, str]) -> None:
    """Let a mask's colour and features say what is known of it; `place` is image and structure."""
    colour = _COLOURS.get(masks.state(*place), _MINE)
    layer.colormap = DirectLabelColormap(color_dict={None: colour, 0: "transparent"})
    layer.features = _facts(masks, place)


def lay_over(layer: Image | Labels, image: Image) -> None:
    """Lay a layer of an image's pixels over it."""
    # Every change makes napari measure and draw the layer again.
    if not np.array_equal(layer.scale, image.scale):
        layer.scale = image.scale


def forget_strokes(layer: Labels) -> None:
    """Let napari's own undo not bring strokes from one image to another."""
    mode = layer.mode
    layer.editable = False
    layer.editable = True
    layer.mode = mode


def _facts(masks: Masks, place: tuple[str, str]) -> dict[str, list[Any]]:
    image, structure = place
    known, index = masks.structures.get(structure, Structure()), masks.images.index(image)
    return {
        "index": [0, 1],
        "structure": ["", structure],
        "state": ["", str(masks.state(image, structure))],
        "run": ["", known.proposals.run],
        "confidence": [np.nan, known.proposals.confidences.get(index, np.nan)],
    }


def fading() -> Colormap:
    """Magenta, the fainter the surer: what is sure shows the image as it is."""
    colours = np.tile([0.9, 0.2, 0.9, 1.0], (256, 1))
    colours[:, 3] = 0.8 * np.linspace(0, 1, 256)
    return Colormap(colours, name="uncertainty", display_name="uncertainty")
