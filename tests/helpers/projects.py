"""Small projects for tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from draining import finish

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.project_annotations import Annotations, no_annotations
from napari_localcl.data.project_images import ProjectImages
from napari_localcl.data.project_opening import create_project

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from napari_localcl.data.project import Project


def empty_annotations(count: int = 4, names: Sequence[str] = ("tip", "base")) -> Annotations:
    """Return annotations of images `0.png`, `1.png`, ... of 40 x 50 pixels, without a point."""
    images = ProjectImages(tuple(f"{i}.png" for i in range(count)), ((40, 50),) * count)
    return no_annotations(images, names)


def predicted(
    image: str, landmark: str = "tip", y: float = 5.0, confidence: float = 0.9, run: str = "one"
) -> Landmark:
    return Landmark(image, landmark, y, 7.0, confidence, f"machine:{run}")


def new_project(folder: Path, images: Path) -> Project:
    return finish(create_project(folder, images))[1]
