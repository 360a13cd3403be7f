"""Masks of images that are called otherwise now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_localcl.data.project_mask_files import MASK_ENDINGS, MaskFiles
from napari_localcl.data.reading import stem

if TYPE_CHECKING:
    from napari_localcl.data.project_masks import Masks


def rename_masks(before: MaskFiles, after: MaskFiles, masks: Masks) -> None:
    """Give people's masks the names of images that are called otherwise now.

    Parameters
    ----------
    before, after : MaskFiles
        With the same images in the same order, by their old and their new names.
    masks : Masks
        Which there are.
    """
    for structure, index in masks.said():
        then, now = (stem(files.listing.planes[index].item) for files in (before, after))
        for ending in MASK_ENDINGS:
            path, target = (before.labels / structure / f"{one}{ending}" for one in (then, now))
            if then != now and path.exists():
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
