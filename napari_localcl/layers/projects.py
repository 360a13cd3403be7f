"""A project folder as layers, for napari's own ways to open a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari_localcl.data.folder import Listing
    from napari_localcl.layers.points import LayerData

    Reader = Callable[[str], list[LayerData]]


def get_reader(path: str | Sequence[str]) -> Reader | None:
    """Return what reads a project.

    Parameters
    ----------
    path : str or sequence of str
        A project folder or its `project.json`.

    Returns
    -------
    callable or None
        None for everything else: other folders are left to other readers.
    """
    from napari_localcl.data.project_record import read_record

    if not isinstance(path, str):
        return None
    record = _folder(path) / "project.json"
    try:
        if record.is_file():
            read_record(record)
            return read_layers
    except BadInput:
        pass
    return None


def read_layers(path: str) -> list[LayerData]:
    """Read a project.

    Parameters
    ----------
    path : str
        Its folder, or its `project.json`.

    Returns
    -------
    list of layer tuples
        An image (N, H, W) or (N, H, W, 3) that reads its N images as they are looked at, and points
        as `(t, y, x)`; see :func:`points_layer`.

    Raises
    ------
    BadInput
        If a file of the project is damaged, or images are missing.
    """
    from napari_localcl.data.project_opening import read_project
    from napari_localcl.layers.points import points_layer
    from napari_localcl.layers.stack import ImageStack

    folder = _folder(path)
    record, annotations = read_project(folder)
    missing = record.missing(folder)
    if missing:
        raise BadInput(
            f"{len(missing)} images of the project {folder} are missing, {missing[0]} for one; "
            "open it with Plugins > LocalCL to find them again"
        )
    listing = record.listing(folder)
    stack, scale = ImageStack(listing.planes), _scale(listing)
    axes = {"scale": scale, "axis_labels": ("image", "y", "x")}
    look = {"name": record.name, "rgb": stack.is_coloured, **axes}
    if not stack.is_coloured:
        look["contrast_limits"] = stack.window
    names = annotations.images.names
    rows = [row for image in names for row in annotations.points(image)]
    places, dots, kind = points_layer(f"{record.name} landmarks", rows, names)
    return [(stack, look, "image"), (places, {**dots, **axes}, kind)]


def _folder(path: str) -> Path:
    given = Path(path)
    return given.parent if given.name == "project.json" else given


def _scale(listing: Listing) -> tuple[float, float, float]:
    """Return millimetres per pixel if all images agree, else 1."""
    spacings = {plane.header.spacing for plane in listing.planes}
    y, x = (spacings.pop() if len(spacings) == 1 else None) or (1.0, 1.0)
    return 1.0, y, x
