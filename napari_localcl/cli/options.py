"""Options that several verbs share, written once."""

from pathlib import Path
from typing import Annotated

import typer

_IMAGES = typer.Argument(
    metavar="IMAGES",
    help="A folder, a file list (.txt, .csv), a glob in quotes, or files: PNG, JPEG, TIFF, "
    "DICOM, NIfTI.",
    show_default=False,
)
Images = Annotated[list[str], _IMAGES]
OneImages = Annotated[str, _IMAGES]
Device = Annotated[
    str, typer.Option(metavar="auto|cpu|cuda|mps", help="Where to compute.", show_default=True)
]
Cache = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Where decoded images are kept.",
        show_default="$LOCALCL_CACHE, else the user's cache folder",
    ),
]
Events = Annotated[
    bool, typer.Option("--events", help="Say everything as JSON, one object per line.")
]
Set = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="Change a setting; may be repeated.",
        show_default="none",
    ),
]

Minutes = Annotated[
    float | None, typer.Option(help="Minutes for everything, reading included; or --steps.")
]
Steps = Annotated[int | None, typer.Option(help="Training steps over all stages; or --minutes.")]
Seed = Annotated[int | None, typer.Option(help="What chance depends on.", show_default="0")]
Resume = Annotated[
    bool, typer.Option("--resume", help="Go on with the run if it is there and unfinished.")
]
StartFrom = Annotated[
    Path | None,
    typer.Option("--from", metavar="RUN0", help="An earlier run whose weights to begin with."),
]
NewRun = Annotated[
    Path, typer.Option(metavar="DIR", help="The run folder to make.", show_default=False)
]


def images_argument(given: list[str]) -> str | list[str]:
    """Return one IMAGES as it was given, several (a glob that the shell resolved) as a list."""
    return given[0] if len(given) == 1 else given
