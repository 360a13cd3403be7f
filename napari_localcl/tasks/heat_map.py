"""How similar every place of an image is to a landmark, or to a pixel, as the finder sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from napari_localcl.tasks.cells import on_image
from napari_localcl.tasks.click import Marks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.heat_map import HeatMap
    from napari_localcl.tasks.atlas import Atlas


def heat_map(atlas: Atlas, templates: Sequence[Landmark], image: str) -> HeatMap:
    """Return the similarity of an image to one landmark.

    It is the product of the similarities at the levels that the finder looks at first.

    Parameters
    ----------
    atlas : Atlas
        The images with their embeddings.
    templates : sequence of Landmark
        Points of one landmark on one image or more, `image` itself allowed.
    image : str
        Where to look.

    Raises
    ------
    BadInput
        If an image is not in the atlas, or a point lies outside of its image.
    """
    coarse, finder = atlas.coarse, atlas.settings.finder()
    index = coarse.images.index(image)
    template = Marks.of(templates, coarse.images).template(coarse)
    with torch.inference_mode():
        values = finder.similarity(template, coarse.embeddings[[index]])[0, 0].numpy()
    return on_image(image, values, coarse.placement(index))
