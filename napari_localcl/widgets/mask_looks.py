"""How masks look: a colour and words each say where a mask comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.utils.colormaps import Colormap, DirectLabelColormap

from napari_localcl.data.structures import MaskState, Structure

if TYPE_CHECKING:
    import numpy.typing as npt
    from napari.layers import Image, Labels

    from napari_localcl.data.project_masks import Masks

    Pixels = npt.NDArray[np.uint8]

# Those of the points: Okabe and Ito's, which colour-blind people can tell. Words tell it too.
_MINE, _AGREED, _FOUND = "#56B4E9", "#009E73", "#E69F00"
_COLOURS = {MaskState.PROPOSED: _FOUND, MaskState.ACCEPTED: _AGREED}


def show_state(layer: Labels, masks: Masks, place: tuple[str, str]) -> None:
    """Let a mask's colour and features say what is known of it; `place` is image and structure."""
    colour = _COLOURS.get(masks.state(*place), _MINE)
    if layer.colormap.name != colour:
        layer.colormap = DirectLabelColormap(
            color_dict={None: colour, 0: "transparent"}, name=colour
        )
    layer.features = _facts(masks, place)


def fill(layer: Image | Labels, pixels: Pixels, image: Image) -> None:
    """Put pixels of an image's size into a layer that lies over it."""
    if layer.data.shape == pixels.shape and np.array_equal(layer.scale, image.scale):
        # Less than a new array would take, which napari measures and pictures in its list.
        layer.data[:] = pixels
        layer.refresh(thumbnail=False, highlight=False, extent=False)
    else:
        layer.data = pixels
        layer.scale = image.scale


def change(layer: Image | Labels, **looks: object) -> None:
    """Change what is another: napari draws the layer again even where it is not."""
    for name, value in looks.items():
        if getattr(layer, name) != value:
            setattr(layer, name, value)


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
