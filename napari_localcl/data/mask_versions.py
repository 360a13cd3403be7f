"""Earlier versions of people's masks, kept beside them in the project.

``versions/<structure>/<mask>/<moment>.<ending>``: what a file was before it was written again. A
mask is saved many times a minute while somebody paints, so one version a minute is kept.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from napari_localcl.data.atomic import replacing

if TYPE_CHECKING:
    from pathlib import Path

MOST = 10
_APART = timedelta(minutes=1)
_FORM = "%Y-%m-%dT%H-%M-%SZ"


@dataclass(frozen=True)
class Version:
    """A mask as it was.

    Attributes
    ----------
    path : Path
        Its file.
    saved : datetime
        Until when it was so, in UTC.
    """

    path: Path
    saved: datetime


def versions_of(folder: Path, file: Path) -> list[Version]:
    """Return the earlier versions of a mask, the latest first.

    Parameters
    ----------
    folder : Path
        Where the versions of its structure are.
    file : Path
        The mask, relative to the folder of its structure.
    """
    place = folder / file.with_name(_bare(file))
    dated = ((_moment(path), path) for path in place.glob("*") if path.name.endswith(_end(file)))
    known = [Version(path, moment) for moment, path in dated if moment is not None]
    return sorted(known, key=lambda one: one.saved, reverse=True)


def keep_version(folder: Path, file: Path, path: Path, now: datetime | None = None) -> None:
    """Keep a mask that is about to be written again, and let the oldest versions go.

    Parameters
    ----------
    folder, file : Path
        As in :func:`versions_of`.
    path : Path
        Where the mask is; nothing happens if it is not there.
    now : datetime or None
        The time, in UTC; None looks at the clock.
    """
    now = now or datetime.now(UTC)
    known = versions_of(folder, file)
    if not path.exists() or (known and now - known[0].saved < _APART):
        return
    place = folder / file.with_name(_bare(file))
    with replacing(place / f"{now.strftime(_FORM)}{_end(file)}") as part:
        shutil.copyfile(path, part)
    for old in known[MOST - 1 :]:
        old.path.unlink(missing_ok=True)


def _end(file: Path) -> str:
    return ".nii.gz" if file.name.endswith(".nii.gz") else file.suffix


def _bare(file: Path) -> str:
    return file.name.removesuffix(_end(file))


def _moment(path: Path) -> datetime | None:
    try:
        return datetime.strptime(_bare(path), _FORM).replace(tzinfo=UTC)
    except ValueError:
        return None
