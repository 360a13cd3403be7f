"""ACE's losses and gradients on a part of a batch; as a script, in one of several processes."""

import os
import sys
from pathlib import Path

import torch
from small_ace import SMALL_ACE
from torch import distributed as dist

from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import prepare_all
from napari_localcl.data.settings import build_settings
from napari_localcl.data.shard import Shard
from napari_localcl.methods.ace import ACE
from napari_localcl.methods.ace.settings import ACESettings

VARIANTS = {
    "as published": {},
    "contrastive": {"matching.loss": "contrastive", "backbone": "transformer"},
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
        gradients = {
            name: value.grad.clone()
            for name, value in method.named_parameters()
            if value.grad is not None
        }
        with torch.no_grad():
            method.after_step("consistency", 0.5)
        losses = {name: term.item() for name, term in terms.items()}
        found[variant] = (losses, gradients, method.centre)
    return found


def main() -> None:
    """Measure this process's part and write it to ``<folder>/<rank>.pt``."""
    pictures, folder = map(Path, sys.argv[1:])
    rank, world = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    dist.init_process_group(
        "gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=world
    )
    torch.save(measure(pictures, Shard(rank, world)), folder / f"{rank}.pt")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
