"""The projects that were open of late."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

from napari_localcl.data.atomic import replacing

_MOST = 10


def recent_projects() -> tuple[Path, ...]:
    """Return the projects that were open of late.

    Returns
    -------
    tuple of Path
        Their folders, the latest first; at most ten, without those that are gone.
    """
    try:
        folders = [Path(folder) for folder in json.loads(_file().read_text(encoding="utf-8"))]
    # A damaged list is no reason to stop anybody.
    except (OSError, ValueError, TypeError):
        return ()
    return tuple(folder for folder in folders if (folder / "project.json").is_file())[:_MOST]


def remember_project(folder: Path) -> None:
    """Put a project first in the list; where that cannot be written, nothing happens.

    Parameters
    ----------
    folder : Path
        The project's folder.
    """
    folder = folder.resolve()
    others = [str(other) for other in recent_projects() if other != folder]
    with suppress(OSError), replacing(_file(), durable=False) as part:
        part.write_text(json.dumps([str(folder), *others][:_MOST], indent=1), encoding="utf-8")


def _file() -> Path:
    from platformdirs import user_config_dir

    folder = os.environ.get("LOCALCL_CONFIG") or user_config_dir("napari-localcl", False)
    return Path(folder) / "recent.json"
