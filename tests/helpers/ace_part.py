"""ACE's losses and gradients on a part of a batch."""

from pathlib import Path

import torch
from small_ace import SMALL_ACE
from two_ranks import gradients_of

from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import prepare_all
from napari_localcl.data.settings import build_settings
from napari_localcl.data.shard import Shard
from napari_localcl.methods.ace import ACE
from napari_localcl.methods.ace.settings import ACESettings

VARIANTS = {
    "as published but for the norm": {"head_norm": "layer"},
    "contrastive": {
        "head_norm": "layer",
        "matching.loss": "contrastive",
        "backbone": "transformer",
    },
}


def measure(pictures: Path, shard: Shard):
    """Variant -> (named losses, named gradients, centre) of the shard's part of one batch."""
    images = prepare_all(find_images(pictures), 64)
    found = {}
    for variant, given in VARIANTS.items():
        torch.manual_seed(0)
        method = ACE(build_settings(ACESettings, {**SMALL_ACE, **given}, {}), 1)
        method.remember({"fraction": torch.tensor(0.5)})
        chance = torch.Generator().manual_seed(2)
        terms = method.losses(
            "consistency",
            method.sample("consistency", images, chance, shard, torch.device("cpu")),
        )
        sum(terms.values()).backward()
        gradients = gradients_of(method)
        with torch.no_grad():
            method.after_step("consistency", 0.5)
        losses = {name: term.item() for name, term in terms.items()}
        found[variant] = (losses, gradients, method.centre)
    return found
