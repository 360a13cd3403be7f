"""Processes of their own that need not import torch: they are forked off one that has.

Importing it takes seconds, and a test of several processes would do little else.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
import sys
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from multiprocessing.connection import Connection

_HAS_FORKS = "forkserver" in multiprocessing.get_all_start_methods()
_PROCESSES = multiprocessing.get_context("forkserver" if _HAS_FORKS else "spawn")
if _HAS_FORKS:
    _PROCESSES.set_forkserver_preload(
        ["lightning_fabric", "napari_localcl.methods.ld", "napari_localcl.training.loop"]
    )


def start(work: Callable[..., None], *given: Any, **variables: str) -> tuple[Any, Connection]:
    """Start a process that calls `work` with a function that tells what it says, and with `given`.

    Returns
    -------
    process : multiprocessing.Process
        Ended by Ctrl-C, its exit status is 130.
    heard : Connection
        What it says, and at last, if it failed, why; it ends with the process.
    """
    heard, speaking = _PROCESSES.Pipe(duplex=False)
    process = _PROCESSES.Process(target=_run, args=(work, speaking, variables, given), daemon=True)
    process.start()
    speaking.close()
    return process, heard


def start_team(work: Callable[..., None], *given: Any) -> list[tuple[Any, Connection]]:
    """Start two processes as ``torchrun`` does."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {
        "TORCHELASTIC_RUN_ID": "two",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(port),
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
    }
    ranks = ("0", "1")
    return [start(work, *given, RANK=rank, LOCAL_RANK=rank, **shared) for rank in ranks]


def all_of(heard: Connection) -> list[Any]:
    """Return what a process says until its end."""
    said = []
    while True:
        try:
            said.append(heard.recv())
        except EOFError:
            return said


def _run(
    work: Callable[..., None], speaking: Connection, variables: Mapping[str, str], given: Any
) -> None:
    os.environ.update(variables)
    try:
        work(speaking.send, *given)
    except KeyboardInterrupt:
        sys.exit(130)
    except BaseException:
        speaking.send(traceback.format_exc())
        raise
