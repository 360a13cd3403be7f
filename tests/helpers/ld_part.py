"""LD's losses and gradients on a part of a batch."""

from pathlib import Path

import torch
from small import SMALL_LD
from two_ranks import gradients_of

from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import prepare_all
from napari_localcl.data.settings import build_settings
from napari_localcl.data.shard import Shard
from napari_localcl.methods.ld import LD
from napari_localcl.methods.ld.settings import LDSettings

STAGES = ("patches", "regions", "correspondences-1", "shape")


def measure(pictures: Path, shard: Shard):
    """Stage -> (named losses, named gradients) of the shard's part of one global batch."""
    images = prepare_all(find_images(pictures), 64)
    found = {}
    for stage in STAGES:
        method = _method(stage)
        chance = torch.Generator().manual_seed(1)
        for _ in method.enter(stage, images, chance):
            pass
        chance.manual_seed(2)
        terms = method.losses(
            stage, method.sample(stage, images, chance, shard, torch.device("cpu"))
        )
        method.zero_grad()
        sum(terms.values()).backward()
        gradients = gradients_of(method)
        found[stage] = ({name: term.item() for name, term in terms.items()}, gradients)
    return found


def _method(stage: str) -> LD:
    torch.manual_seed(0)
    small = {**SMALL_LD, "norm": "group"}
    if stage != "shape":
        return LD(build_settings(LDSettings, small, {}), 1)
    shaped = {**small, "shape.share": 1, "shape.appearance": "darker"}
    method = LD(build_settings(LDSettings, shaped, {}), 1)
    masks = torch.zeros(8, 1, 64, 64, dtype=torch.uint8)
    for index, mask in enumerate(masks):
        mask[:, 10 + index : 30, 20 : 40 - index] = 1
    method.know_shape(masks, located=True)
    return method
