"""MoCo and LRC, small enough to train in a test."""

from pathlib import Path

import torch
from small import SMALL_LD
from two_ranks import gradients_of

from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import prepare_all
from napari_localcl.data.shard import Shard
from napari_localcl.methods import PUBLISHED

SMALL_MOCO = {
    "image_size": 64,
    "width": 4,
    "dimensions": 8,
    "batch": 4,
    "queue": 10,
    "hidden": 8,
    "projected": 8,
    "views.part": 1,
}
SMALL_LOCAL = {
    "lrc.images": 2,
    "lrc.regions": 6,
    "lrc.pixels": 4,
    "lrc.least": 2,
    "lrc.grid": 2,
    "lrc.head": 8,
    "lrc.views.part": 1,
    "lrc.superpixels.reduction": 1,
}
SMALL = {
    "moco": SMALL_MOCO,
    "ld": SMALL_LD,
    "none": {"image_size": 64, "width": 4, "dimensions": 8},
}
MEASURED = {
    "moco": ("moco", {}),
    "lrc": ("moco", {}),
    "lrc across, pixels": ("none", {"lrc.across_images": True, "lrc.form": "pixels"}),
    "lrc on ld": ("ld", {"norm": "group"}),
}


def small(base: str, **given):
    """Settings, by dotted name, of a small LRC on a base."""
    return {**SMALL[base], **SMALL_LOCAL, "base": base, **given}


def build(method: str, given, channels: int = 1):
    """Return a method with those settings."""
    torch.manual_seed(0)
    system = PUBLISHED[method]
    return system(system.settle(given), channels)


def measure(pictures: Path, shard: Shard):
    """Case -> (losses, gradients, buffers after the step) of a part of one global batch."""
    images = prepare_all(find_images(pictures), 64)
    found = {}
    for case, (base, given) in MEASURED.items():
        lrc = case.startswith("lrc")
        method = build("lrc" if lrc else base, small(base, **given) if lrc else SMALL_MOCO)
        stage = method.stages[0].name
        chance = torch.Generator().manual_seed(1)
        for _ in method.enter(stage, images, chance):
            pass
        chance.manual_seed(2)
        batch = method.sample(stage, images, chance, shard, torch.device("cpu"))
        terms = method.losses(stage, batch)
        sum(terms.values()).backward()
        method.after_step(stage, 0.5)
        gradients = gradients_of(method)
        losses = {name: term.item() for name, term in terms.items()}
        found[case] = (losses, gradients, dict(method.named_buffers()))
    return found
