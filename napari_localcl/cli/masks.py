"""What the verbs that write masks say at their end."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_localcl.cli.reporter import Reporter
    from napari_localcl.tasks.segmentation import Segmented


def report_masks(show: "Reporter", found: "Segmented") -> None:
    """Say where masks are, how many show nothing, and how many show each class."""
    blank = f", {found.empty} of them empty" if found.empty else ""
    lines = [f"segmented {found.images} images{blank}: {found.folder}"]
    if len(found.shown) > 1:
        lines += [f"  {name}: in {count}" for name, count in found.shown.items()]
    show.result(
        "\n".join(lines),
        out=str(found.folder),
        images=found.images,
        empty=found.empty,
        shown=found.shown,
    )
