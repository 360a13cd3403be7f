"""How fast images are embedded into a store, asked, and arranged, and how much disk they take.

    python benchmarks/embeddings.py --out embeddings.json [--run RUN] [--scratch DIR]

Images are the project's own skeleton phantoms, repeated. With a run that learned them, near-
duplicates and outliers are planted among them, and looked for. Points are drawn where there is a
screen (`xvfb-run` is one). Queries are of maps of 96 x 96 cells with
32 numbers each, drawn by chance: what they say does not matter for how long they take. The limit
is the time that the machine takes to read the same bytes from memory.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from _planted import planted
from _report import drain, show, write
from torch.nn.functional import normalize

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.folder import find_images
from napari_localcl.data.placement import fit
from napari_localcl.data.prepared import PreparedImages, prepare_all
from napari_localcl.data.samples import sample_folder
from napari_localcl.data.shard import Shard
from napari_localcl.methods.ld import LD
from napari_localcl.methods.ld.settings import LDSettings
from napari_localcl.tasks.arranging import arrange_by_pca, arrange_by_tsne
from napari_localcl.tasks.collection import Collection, open_collection
from napari_localcl.tasks.embedding_store import Embeddings, embedding_shapes, weights_key
from napari_localcl.tasks.filling import BATCH, fill
from napari_localcl.tasks.neighbours import Example, find_places
from napari_localcl.tasks.odd_images import find_odd_images
from napari_localcl.tasks.store_contents import Contents
from napari_localcl.tasks.store_making import make_store
from napari_localcl.training.devices import choose_device, has_bf16

if TYPE_CHECKING:
    from collections.abc import Callable


SIDE, DIMENSIONS, STRIDE = 96, 32, 4
ROWS = 1000  # of 0.6 MB; further images share them, so that 10,000 need no 6 GB of disk
EMBEDDED = 64


def timed(work: Callable[[], object]) -> float:
    """Seconds that something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def phantoms(work: Path, count: int) -> PreparedImages:
    """Skeleton phantoms at the usual size, repeated, each time as another image."""
    images = prepare_all(find_images(sample_folder("skeleton") / "images"), 384)
    images = images.subset([i % len(images) for i in range(count)])
    # An image is known by its cached file.
    files = [work / f"{row}{file.suffix}" for row, file in enumerate(images.files)]
    for file, copy in zip(images.files, files, strict=True):
        shutil.copyfile(file, copy)
    return replace(images, files=tuple(files))


def embedding(work: Path, device: str) -> dict[str, object]:
    """Images embedded into a store per second, against the network's own forward time."""
    images = phantoms(work, EMBEDDED)
    encoder = LD(LDSettings(), images.channels).encoder().eval()
    encoder.to(device, memory_format=torch.channels_last)
    bf16 = has_bf16(device)
    strides = tuple(stride for stride in encoder.strides if stride >= STRIDE)
    contents = Contents(
        weights=weights_key(encoder),
        run="benchmark",
        channels=images.channels,
        canvas=images.canvas,
        strides=strides,
    )
    store = make_store(
        work / "e.zarr", contents, *embedding_shapes(encoder, images.channels, images.canvas)
    )
    store.list_images(images)
    groups = store.lacking(images, Shard())
    network = forward_seconds(encoder, images, device, bf16)
    whole = timed(lambda: drain(fill(store, encoder, images, groups, bf16)))
    kept = sum(file.stat().st_size for file in store.path.rglob("*") if file.is_file())
    return {
        "device": device,
        "images": EMBEDDED,
        "images per second": EMBEDDED / whole,
        "network alone": EMBEDDED / network,
        "share of it": network / whole,
        "strides": str(strides),
        "MB per image": kept / EMBEDDED / 2**20,
    }


def forward_seconds(
    encoder: torch.nn.Module, images: PreparedImages, device: str, bf16: bool
) -> float:
    """Seconds of the network alone for as many images, the same batch again and again."""
    batch = torch.from_numpy(images.batch(range(BATCH))).to(device).float() / 255
    batch = batch.contiguous(memory_format=torch.channels_last)

    def pass_through() -> None:
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=bf16):
            _, whole = encoder.embed_all(batch)
            whole.sum().item()  # waits for a GPU

    pass_through()
    return sum(timed(pass_through) for _ in range(EMBEDDED // BATCH))


def store_of_chance(work: Path) -> Collection:
    """A store of maps drawn by chance, as `embed` writes it."""
    contents = Contents(
        weights="chance", run="benchmark", channels=1, canvas=(384, 384), strides=(STRIDE,)
    )
    path = work / "chance.zarr"
    store = make_store(path, contents, {STRIDE: (SIDE, SIDE, DIMENSIONS)}, DIMENSIONS)
    names = tuple(f"{row:05d}.png" for row in range(ROWS))
    images = PreparedImages(
        canvas=(384, 384),
        channels=1,
        names=names,
        hashes=names,
        placements=(fit((384, 384), (384, 384)),) * ROWS,
        spacings=(None,) * ROWS,
        files=tuple(map(Path, names)),
    )
    store.list_images(images)
    chance = torch.Generator().manual_seed(0)
    for group in store.lacking(images, Shard()):
        maps = normalize(torch.randn(len(group), SIDE, SIDE, DIMENSIONS, generator=chance), dim=3)
        wholes = normalize(torch.randn(len(group), DIMENSIONS, generator=chance), dim=1)
        store.add([f"{row:05d}" for row in group], {STRIDE: maps.half()}, wholes)
    return open_collection(path)


def grown(collection: Collection, count: int) -> Collection:
    """The first images of a collection, or, where there are fewer, repetitions of them."""
    rows = tuple(row % len(collection) for row in range(count))
    names = tuple(f"{index}-{collection.names[row]}" for index, row in enumerate(rows))
    embeddings = Embeddings(collection.embeddings.store, rows)
    return replace(
        collection, names=names, placements=collection.placements[:1] * count, embeddings=embeddings
    )


def query(collection: Collection, count: int) -> dict[str, object]:
    """One click, its nearest patches in all images, with the maps in memory already."""
    images = grown(collection, count)
    mark = Landmark(images.names[0], "", 100.0, 120.0)
    seconds = min(timed(lambda: drain(find_places(Example.of(images, [mark])))) for _ in range(3))
    limit = count * SIDE * SIDE * DIMENSIONS * 2 / bandwidth()
    return {
        "images": count,
        "seconds": seconds,
        "memory's limit, s": limit,
        "ratio": seconds / limit,
    }


def bandwidth() -> float:
    """Bytes per second that the machine reads from memory, the best of five."""
    block = torch.ones(2**27)
    return 4 * len(block) / min(timed(block.sum) for _ in range(5))


def arranging(points: int, iterate: bool) -> dict[str, object]:
    """Points arranged by principal components, and by t-SNE."""
    vectors = normalize(torch.randn(points, DIMENSIONS), dim=1)
    row: dict[str, object] = {
        "points": points,
        "PCA, s": timed(lambda: arrange_by_pca(vectors)),
    }
    if iterate:
        jobs = torch.get_num_threads()
        row["t-SNE, s"] = timed(lambda: drain(arrange_by_tsne(vectors, jobs=jobs)))
    return row


def has_screen() -> bool:
    """Whether windows can be opened."""
    is_shown = sys.platform != "linux" or bool(os.environ.get("DISPLAY"))
    return is_shown and find_spec("qtpy") is not None


def drawn_points(count: int) -> dict[str, object]:
    """Points of the plot drawn per second."""
    # It needs the window's libraries, which all else here does not.
    from _drawing import drawing

    return drawing(count)


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="JSON file to write")
    parser.add_argument("--counts", nargs="+", type=int, default=[100, 1000, 10_000])
    parser.add_argument("--points", nargs="+", type=int, default=[1000, 10_000, 100_000])
    parser.add_argument("--most-for-tsne", type=int, default=10_000)
    parser.add_argument("--run", type=Path, help="a run that finds what is planted")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--scratch", type=Path, help="a disk with 2 GB for the stores")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.scratch) as folder:
        work = Path(folder)
        embedded = [embedding(work, choose_device(given.device))]
        collection = store_of_chance(work)
        queries = [query(collection, count) for count in given.counts]
        odd = timed(lambda: drain(find_odd_images(collection)))
        found = [planted(work, given.run, given.device)] if given.run else []
    drawn = [drawn_points(count) for count in given.points] if has_screen() else []
    arranged = [arranging(count, count <= given.most_for_tsne) for count in given.points]
    show("embedding into a store", embedded)
    show(f"nearest patches, {SIDE} x {SIDE} x {DIMENSIONS} an image", queries)
    show("points arranged", arranged)
    show("points drawn", drawn)
    show("planted images found among the first 20 listed", found)
    print(f"outliers and duplicates of {ROWS} images: {odd:.3g} s")
    results = {
        "embedding": embedded,
        "queries": queries,
        "arranging": arranged,
        "drawing": drawn,
        "planted": found,
        "odd, s": odd,
    }
    write(given.out, results)


if __name__ == "__main__":
    main()
