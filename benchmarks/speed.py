"""How fast training, embedding, clicks and ``--help`` are, and how much memory they take.

    python benchmarks/speed.py --out speed.json

Images are the project's own skeleton phantoms, and repetitions of them where many are needed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from _report import drain, show, write

from napari_localcl.data.annotations import Landmark, by_image, read_landmarks
from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import PreparedImages, prepare_all
from napari_localcl.data.samples import sample_folder
from napari_localcl.data.shard import Shard
from napari_localcl.methods.ld import LD
from napari_localcl.methods.ld.settings import LDSettings
from napari_localcl.tasks.atlas import Atlas, Embedded, LandmarkSettings, magnified
from napari_localcl.tasks.embedding_store import BATCH, Embeddings, embed_images
from napari_localcl.tasks.landmarks import predict
from napari_localcl.training.budget import Budget
from napari_localcl.training.engine import Engine
from napari_localcl.training.loop import Options, train
from napari_localcl.training.record import RunRecord
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_localcl.models.encoder import Encoder

WARM_UP, TIMED = 2, 8
PHANTOMS = sample_folder("skeleton")
ROWS = 2000  # of 5 MB at both sizes; further images share them, for 10,000 would take 50 GB


def timed(work: Callable[[], object]) -> float:
    """Seconds that something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def memory() -> float:
    """Largest resident memory of this process so far, GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def training(images: PreparedImages, work: Path) -> list[dict[str, object]]:
    """Steps of every stage: the whole loop against the network and its losses alone."""
    rows = []
    budget = Budget(steps=2 * (WARM_UP + TIMED))  # the last stage comes in two rounds
    for stage in STAGES:
        shares = {f"{name}_share": float(name == stage) for name in STAGES}
        learner = LD(LDSettings(**shares), images.channels)
        run = RunFolder.create(
            work / stage, RunRecord(verb="pretrain", method="ld", settings={}, seed=0)
        )
        moments = [
            time.perf_counter()
            for said in train(learner, images, run, budget, options=Options(report_every=0))
            # The second round of correspondences begins with mining, which is no step.
            if said.event == "step" and said.stage == learner.stages[0].name
        ]
        whole = (moments[-1] - moments[WARM_UP - 1]) / (len(moments) - WARM_UP)
        network = network_seconds(learner, images)
        rows.append(
            {
                "stage": stage,
                "seconds per step": whole,
                "images per second": learner.images_per_step() / whole,
                "in the network, s": network,
                "share outside": 1 - network / whole,
            }
        )
    return rows


STAGES = ("patches", "regions", "correspondences")


def network_seconds(learner: LD, images: PreparedImages) -> float:
    """Seconds of forward pass, losses, backward pass and optimiser on one batch, repeated."""
    engine = Engine("cpu")
    stage = learner.stages[0].name
    objective = engine.objective(learner)
    optimizer = engine.optimizer(learner.parameter_groups(stage), 1e-3)
    chance = torch.Generator().manual_seed(0)
    batch = learner.sample(stage, images, chance, Shard(), engine.device)

    def step() -> None:
        optimizer.zero_grad()
        engine.backward(torch.stack(list(objective(stage, batch).values())).sum())
        optimizer.step()

    for _ in range(WARM_UP):
        step()
    return sum(timed(step) for _ in range(TIMED)) / TIMED


def embedding(images: PreparedImages, work: Path) -> dict[str, object]:
    """Images embedded per second, reading and writing included."""
    encoder = LD(LDSettings(), images.channels).encoder().eval()
    encoder.to(memory_format=torch.channels_last)
    drain(embed_images(encoder, images.subset(range(BATCH)), work / "warm", bf16=True))
    seconds = timed(lambda: drain(embed_images(encoder, images, work / "cold", bf16=True)))
    return {"images": len(images), "images per second": len(images) / seconds}


def repeated(encoder: Encoder, images: PreparedImages, count: int, work: Path) -> Embedded:
    """Embeddings of ``count`` images: repetitions, the first of them in rows of their own."""
    embeddings = drain(embed_images(encoder, images, work, bf16=True))
    store, known = embeddings.store, len(embeddings)
    rows = max(known, min(count, ROWS))
    for start in range(known, rows, BATCH):
        taken = range(start, min(start + BATCH, rows))
        from_rows = [row % known for row in taken]
        copied = embeddings[from_rows]
        maps = store.packed({s: copied.level(s) for s in copied.strides})
        store.add([str(row) for row in taken], maps, embeddings.wholes()[from_rows])
    order = [i % known for i in range(count)]
    names = tuple(f"{images.names[i]}-{row}" for row, i in enumerate(order))
    every = Embeddings(store, tuple(i % rows for i in range(count)))
    return Embedded(replace(images.subset(order), names=names), every)


def many(images: PreparedImages, count: int, work: Path) -> Atlas:
    """An atlas of ``count`` images at the settings that a user gets."""
    settings = LandmarkSettings()
    canvas = magnified(images.canvas, settings.detail)
    larger = prepare_all(find_images(PHANTOMS / "images"), max(canvas), canvas=canvas)
    encoder = LD(LDSettings(), images.channels).encoder().eval()
    coarse, detail = (repeated(encoder, size, count, work) for size in (images, larger))
    return Atlas(coarse, detail, settings, "machine")


def click(images: PreparedImages, count: int, work: Path) -> dict[str, float]:
    """One landmark clicked in the first image, found in all; then another in the same image."""
    atlas = many(images, count, work)
    names, truth = atlas.coarse.images.names, by_image(read_landmarks(PHANTOMS / "landmarks.csv"))

    def mark(row: int, which: int) -> list[Landmark]:
        return [replace(truth[images.names[row]][which], image=names[row])]

    next(predict(atlas, mark(1, 0)))  # the very first click also loads libraries
    result = predict(atlas, mark(0, 0))
    first = timed(lambda: next(result))
    rest = timed(lambda: drain(result))
    again = timed(lambda: drain(predict(atlas, mark(0, 1))))
    return {
        "images": count,
        "first result, s": first,
        "all results, s": first + rest,
        "next click in that image, s": again,
        "peak memory, GB": memory(),
    }


def help_seconds() -> float:
    """Time of ``--help`` in a fresh process, the best of three."""
    command = [sys.executable, "-m", "napari_localcl", "--help"]
    return min(
        timed(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(3)
    )


def in_process(count: int, given: argparse.Namespace) -> dict[str, float]:
    """Measure clicks in a process of their own, so that its peak memory is theirs."""
    command = [sys.executable, __file__, "--click", str(count)]
    if given.scratch:
        command += ["--scratch", str(given.scratch)]
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    row: dict[str, float] = json.loads(out.splitlines()[-1])
    return row


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--counts", nargs="+", type=int, default=[100, 1000, 10_000])
    parser.add_argument("--scratch", type=Path, help="a disk with 10 GB for the stores")
    parser.add_argument("--click", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch) as folder:
        work = Path(folder)
        images = prepare_all(find_images(PHANTOMS / "images"), 384)
        if given.click:
            print(json.dumps(click(images, given.click, work)))
            return
        results: dict[str, object] = {
            "training": training(images, work),
            "embedding": [embedding(images, work)],
        }
        results["peak memory of training and embedding, GB"] = memory()
        results["clicks"] = [in_process(count, given) for count in given.counts]
        results["help, s"] = help_seconds()
    show("training, preset small", results["training"])
    show("embedding", results["embedding"])
    show("one click, embeddings on the disk", results["clicks"])
    print({name: value for name, value in results.items() if not isinstance(value, list)})
    write(given.out, results)


if __name__ == "__main__":
    main()
