"""The command ``napari-localcl`` as a process: arguments in, exit status out."""

from __future__ import annotations

import sys
import time

STARTED = time.monotonic()  # before anything heavy is imported: budgets count from here


def main() -> None:
    """Run the command and exit."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run the command with these arguments.

    Returns
    -------
    int
        0; 2 for bad input, with one sentence on standard error; 130 when interrupted.
    """
    from napari_localcl.cli.app import app

    try:
        app(arguments, prog_name="napari-localcl")
    except SystemExit as end:
        return int(end.code or 0)
    return 0
