"""What the window does, as commands for a terminal."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_localcl.data.project import Project


def search_command(project: Project, run: Path) -> str:
    """Return the command that finds the landmarks of a project in all its images."""
    template, out = str(project.folder / "landmarks.csv"), str(beside(project, "found.csv"))
    return _command(
        "landmarks", *_images(project), "--run", str(run), "--template", template, "--out", out
    )


def embed_command(project: Project, run: Path) -> str:
    """Return the command that writes the embeddings of a project's images into a store."""
    out = str(beside(project, "embeddings.zarr"))
    return _command("embed", *_images(project), "--run", str(run), "--out", out)


def export_command(project: Project, name: str, out: Path, with_predictions: bool) -> str:
    """Return the command that writes a project's landmarks in a format."""
    landmarks = str(project.folder / "landmarks.csv")
    flags = [] if with_predictions else ["--without-predictions"]
    where = ["--landmarks", landmarks, "--format", name, "--out", str(out)]
    return _command("export", *_images(project), *where, *flags)


def import_command(project: Project, files: Sequence[Path]) -> str:
    """Return the command that reads landmarks of a project's images into a table."""
    images = _images(project)
    folder = images[0] if len(images) == 1 else str(project.listing.root)
    out = str(beside(project, "imported.csv"))
    return _command("import", folder, *map(str, files), "--out", out)


def export_masks_command(project: Project, structures: Sequence[str], name: str, out: Path) -> str:
    """Return the command that writes people's masks of a project in a format."""
    labels = project.masks.labels
    masks = [part for one in structures for part in ("--masks", f"{one}={labels / one}")]
    return _command("export", *_images(project), *masks, "--format", name, "--out", str(out))


def import_masks_command(project: Project, path: Path) -> str:
    """Return the command that reads masks of a project's images into a folder."""
    images = _images(project)
    folder = images[0] if len(images) == 1 else str(project.listing.root)
    out = str(beside(project, "imported-masks"))
    return _command("import", folder, str(path), "--masks", "--out", out)


def beside(project: Project, name: str) -> Path:
    """Return a place beside a project for a file that is made from it."""
    return project.folder.parent / f"{project.folder.name}-{name}"


def _images(project: Project) -> list[str]:
    return [str(path) for path in project.input]


def _command(*arguments: str) -> str:
    return shlex.join(["napari-localcl", *arguments])
