"""How ACE's step grows with the batch, and how much of it goes into targets.

    python benchmarks/ace.py --out ace.json

Images are the project's own skeleton phantoms. A step draws the crops, learns from them and lets
the teacher follow; targets are timed on their own, on the crops of the same steps.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import torch
from _report import show, write

from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import prepare_all
from napari_localcl.data.samples import sample_folder
from napari_localcl.data.settings import build_settings, parse_assignments
from napari_localcl.data.shard import Shard
from napari_localcl.methods.ace import ACE
from napari_localcl.methods.ace.settings import PRESETS, ACESettings
from napari_localcl.methods.ace.terms import targets_of
from napari_localcl.training.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.methods.ace.sampling import CropBatch

STAGE = "consistency"
WARM_UP = 2


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that something takes: of time, and of all processor cores together."""
    start, spent = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - spent


class Steps:
    """Steps of one learner; `batch` is what the latest one learned from."""

    batch: CropBatch

    def __init__(self, given: ACESettings, images: PreparedImages, device: str) -> None:
        torch.manual_seed(0)
        self.images, self.engine = images, Engine(device)
        self.learner = ACE(given, images.channels)
        self.engine.place(self.learner)
        self.objective = self.engine.objective(self.learner)
        groups = self.learner.parameter_groups(STAGE)
        self.optimizer = self.engine.optimizer(groups, given.learning_rate)
        self.chance = torch.Generator().manual_seed(0)

    def step(self) -> None:
        """Draw, learn, follow."""
        place = Shard(), self.engine.device
        with torch.no_grad():
            self.batch = self.learner.sample(STAGE, self.images, self.chance, *place)
        terms = self.objective(STAGE, self.batch)
        self.optimizer.zero_grad()
        self.engine.backward(torch.stack(list(terms.values())).sum())
        self.optimizer.step()
        with torch.no_grad():
            self.learner.after_step(STAGE, 0.5)
        self._wait()

    def targets(self) -> None:
        """Make the targets of the latest step again."""
        rows, columns = self.batch.crops.tokens
        scale = self.learner.settings.crop_scale
        sizes = {
            "composition": (rows // scale, columns // scale),
            "decomposition": (rows * scale, columns * scale),
        }
        for match in self.learner.matches:
            others = sizes.get(match.name, (rows, columns))
            targets_of(match, self.batch.crops, others, self.learner.settings.matching)
        self._wait()

    def _wait(self) -> None:
        if self.engine.device.type == "cuda":
            torch.cuda.synchronize()


def measure(given: ACESettings, images: PreparedImages, device: str, repeats: int) -> dict:
    """One row of medians; where the machine has other work too, look at the cores' time."""
    steps = Steps(given, images, device)
    for _ in range(WARM_UP):
        steps.step()
        steps.targets()
    times = [(*timed(steps.step), *timed(steps.targets)) for _ in range(repeats)]
    step, spent, targets, _ = (median(column) for column in zip(*times, strict=True))
    return {
        "backbone": given.backbone,
        "scale": given.crop_scale,
        "images": given.batch,
        "s per step": step,
        "ms per image": 1000 * step / given.batch,
        "core-ms per image": 1000 * spent / given.batch,
        "targets, ms": 1000 * targets,
        "targets, % of a step": 100 * targets / step,
    }


def settings_of(changes: Mapping[str, object], preset: str) -> ACESettings:
    """The preset, changed."""
    return build_settings(ACESettings, changes, PRESETS[preset])


def main() -> None:
    """Measure every batch size with every backbone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--preset", default="small", choices=PRESETS)
    parser.add_argument("--batches", nargs="+", type=int, default=[4, 8, 16, 32])
    parser.add_argument("--backbones", nargs="+", default=["convolutional", "transformer"])
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--set", action="append", default=[], help="a setting: name=value")
    given = parser.parse_args()
    changes = parse_assignments(given.set)
    files = find_images(sample_folder("skeleton") / "images")
    images = prepare_all(files, settings_of(changes, given.preset).image_size)
    rows = [
        measure(
            settings_of({**changes, "backbone": backbone, "batch": batch}, given.preset),
            images,
            given.device,
            given.repeats,
        )
        for backbone in given.backbones
        for batch in given.batches
    ]
    show(f"a step of ACE, preset {given.preset}, images {images.canvas}", rows)
    write(given.out, {"rows": rows})


if __name__ == "__main__":
    main()
