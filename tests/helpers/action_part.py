"""ACTION's losses and gradients on a part of a batch."""

from pathlib import Path

import numpy as np
import torch
from small_action import SMALL_ACTION
from two_ranks import gradients_of

from napari_localcl.data.folder import find_images
from napari_localcl.data.labels import DrawnLabels
from napari_localcl.data.prepared import prepare_all
from napari_localcl.data.settings import build_settings
from napari_localcl.data.shard import Shard
from napari_localcl.methods.action import Action
from napari_localcl.methods.action.settings import LABEL_PRESETS, ActionSettings

SHARED = {
    **SMALL_ACTION,
    "norm": "group",
    "batch": 4,
    "unlabelled": 4,
    "pseudo.confident": 0.3,
    "contrast.weak": 0.3,
    "pseudo.ramp": 0,
    "contrast.ramp": 0,
}


def labels(count: int = 3) -> DrawnLabels:
    """Two classes, side by side, of as many images; below nothing is known."""
    maps = np.zeros((count, 64, 64), np.uint8)
    for index, one in enumerate(maps):
        one[10:40, 10 + index : 30] = 1
        one[10:40, 30:50] = 2
        one[60:] = 255
    rows = np.arange(count)
    return DrawnLabels(2, rows, maps, rows, np.zeros(count, bool))


def learner(recipe: str = "action", **given: object) -> Action:
    """A learner that knows its labels."""
    torch.manual_seed(0)
    made = Action(build_settings(ActionSettings, given or SHARED, LABEL_PRESETS[recipe]), 1)
    made.begin_segmenting(2, None)
    made.know_labels(labels())
    return made


def measure(pictures: Path, shard: Shard):
    """Stage -> (named losses, named gradients, bank) of the shard's part of one global batch."""
    images = prepare_all(find_images(pictures), 64, canvas=(64, 64))
    found = {}
    for stage in ("global", "local", "anatomical"):
        method = learner()
        chance = torch.Generator().manual_seed(1)
        for _ in method.enter(stage, images, chance):
            pass
        method.train()
        method.after_step(stage, 0.9)
        batch = method.sample(stage, images, chance, shard, torch.device("cpu"))
        terms = method.losses(stage, batch)
        sum(terms.values()).backward()
        method.after_step(stage, 0.9)
        gradients = gradients_of(method)
        losses = {name: term.item() for name, term in terms.items()}
        found[stage] = (losses, gradients, method.memory())
    return found
