"""What is dropped on the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qtpy.QtGui import QDragEnterEvent, QDropEvent


def dropped_folder(event: QDragEnterEvent | QDropEvent) -> Path | None:
    """Return the first folder among what is dragged; of a file, the folder that it lies in."""
    for url in event.mimeData().urls():
        path = Path(url.toLocalFile())
        if url.isLocalFile() and path.exists():
            return path if path.is_dir() else path.parent
    return None
