"""What somebody who helps needs to know: versions, the computer, the project, the run in use.

No image and no point is in it. Names of skipped files are, and folders, whose beginning is replaced
by `~` where it is the user's own.
"""

from __future__ import annotations

import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from napari_localcl.data.errors import BadInput
from napari_localcl.data.provenance import now
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from napari_localcl.data.project import Project

_PACKAGES = (
    "napari-localcl",
    "napari",
    "qtpy",
    "torch",
    "numpy",
    "scipy",
    "scikit-image",
    "SimpleITK",
    "pydicom",
    "tifffile",
    "zarr",
)
_MOST_SKIPPED, _LAST_STEPS = 20, 10
_PATIENCE = 10  # seconds that asking for the GPU may take


def make_report(
    project: Project | None,
    run: Path | None,
    versions: Mapping[str, str] | None = None,
    said: Iterable[str] = (),
) -> str:
    """Return a report on this computer and a project. Takes a second or more; imports no torch.

    Parameters
    ----------
    project : Project or None
        The one that is open.
    run : Path or None
        The run in use.
    versions : mapping of str to str
        Of what is no package of its own, such as Qt.
    said : iterable of str
        What the program has said lately, a line each.

    Returns
    -------
    str
        Markdown.
    """
    sections = {
        "Versions": [*_versions(), *(f"{name} {text}" for name, text in (versions or {}).items())],
        "Computer": list(_computer()),
        "Project": list(_project(project)) if project else ["none is open"],
        "Run in use": list(_run(run)) if run else ["none"],
        "Said lately": list(said) or ["nothing"],
    }
    parts = [
        f"## {title}\n\n" + "\n".join(f"- {line}" for line in sections[title]) for title in sections
    ]
    text = "\n\n".join([f"# napari-localcl, {now()}", *parts, ""])
    return text.replace(str(Path.home()), "~")


def _versions() -> Iterator[str]:
    yield f"Python {platform.python_version()}"
    for name in _PACKAGES:
        try:
            yield f"{name} {version(name)}"
        except PackageNotFoundError:
            yield f"{name} is not installed"


def _computer() -> Iterator[str]:
    yield platform.platform()
    yield f"processor {_processor()}, {os.cpu_count()} cores"
    memory = psutil.virtual_memory()
    yield f"memory {memory.total / 2**30:.1f} GiB, {memory.available / 2**30:.1f} GiB of it free"
    yield f"GPU {_gpu()}"


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            named = (line.partition(":")[2].strip() for line in lines if line[:10] == "model name")
            return next(named, platform.machine())
    except OSError:
        return platform.processor() or platform.machine()


def _gpu() -> str:
    if platform.system() == "Darwin" and platform.machine() == "arm64":
        return "of Apple (MPS)"
    query = ["nvidia-smi", "--query-gpu=name,memory.total,driver_version", "--format=csv,noheader"]
    try:
        done = subprocess.run(query, capture_output=True, text=True, timeout=_PATIENCE, check=True)
    except (OSError, subprocess.SubprocessError):
        return "none that nvidia-smi knows of"
    return "; ".join(done.stdout.strip().splitlines()) or "none that nvidia-smi knows of"


def _project(project: Project) -> Iterator[str]:
    record, annotations = project.record, project.annotations
    yield f"folder {project.folder}"
    yield f"images: {len(annotations.images)}, landmarks: {len(annotations.names)}"
    counts = project.rows.counts()
    yield ", ".join(f"{count} {status}" for status, count in counts.items())
    if project.lock.obstacle:
        yield project.lock.obstacle
    yield f"skipped files: {len(record.skipped)}"
    for one in record.skipped[:_MOST_SKIPPED]:
        yield f"skipped: {one.name} {one.reason}"


def _run(run: Path) -> Iterator[str]:
    yield f"folder {run}"
    try:
        record = RunFolder.open(run).record
    except BadInput as error:
        yield str(error)
        return
    facts = record.model_dump(exclude={"images", "skipped", "process", "sides"})
    for name, value in facts.items():
        yield f"{name}: {value}"
    yield f"images: {len(record.images)}, skipped: {len(record.skipped)}"
    for line in _last_lines(RunFolder(run).metrics):
        yield f"metrics: {line}"


def _last_lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()[-_LAST_STEPS:]
    except OSError:
        return []
