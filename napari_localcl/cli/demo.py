"""``demo``: the main job on sample data, end to end."""

from pathlib import Path
from typing import Annotated

import typer

from napari_localcl.cli.entry import STARTED
from napari_localcl.cli.options import Cache, Device, Events
from napari_localcl.cli.window import obstacle, window
from napari_localcl.data.samples import sample_sets


def demo(
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where to write the results.")] = Path(
        "localcl-demo"
    ),
    sample: Annotated[
        str, typer.Option("--sample", metavar="|".join(sample_sets()), help="The sample set.")
    ] = "skeleton",
    minutes: Annotated[float, typer.Option(help="Minutes of pre-training.")] = 2.5,
    headless: Annotated[
        bool, typer.Option("--headless", help="Write results and pictures, open no window.")
    ] = False,
    seed: Annotated[int, typer.Option(help="What chance depends on.")] = 0,
    device: Device = "auto",
    cache: Cache = None,
    events: Events = False,
) -> None:
    """Learn from drawn sample images, find the landmarks of one of them in all the others.

    Writes a project with the run, the landmarks found, figures of them over the images, and their
    error against the truth beside that of copying the template's coordinates. Where there is a
    screen, the project is opened in the window at the end.
    """
    from napari_localcl.cli.reporter import drain, reporter
    from napari_localcl.tasks.demo import run_demo
    from napari_localcl.training.budget import Budget

    show = reporter(events)
    budget = Budget(minutes=minutes)
    work = run_demo(
        out, sample, budget=budget, seed=seed, device=device, cache=cache, started=STARTED
    )
    result = drain(work, show)
    show.result(result.text, **result.facts())
    if not (headless or events) and obstacle() is None:
        window(result.project)
