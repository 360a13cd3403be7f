"""One window at a time may save a project; the lock file says which."""

from __future__ import annotations

from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, ValidationError

from napari_localcl.data.atomic import replacing
from napari_localcl.data.provenance import ProcessRecord

if TYPE_CHECKING:
    from pathlib import Path


class LockState(StrEnum):
    """Who may save.

    `OTHER_COMPUTER` is for a person to decide: nobody here can tell whether that window is still
    open, or was lost in a crash. `LOST` is a window whose lock another one took, or waited for:
    what it shows may be older than what is saved.
    """

    OURS = "ours"
    OTHER_WINDOW = "other window"
    OTHER_COMPUTER = "other computer"
    LOST = "lost"
    NOT_WRITABLE = "not writable"


_OBSTACLES = {
    LockState.OTHER_WINDOW: "is open in another window (process {0.number}); close it there and "
    "open the project again to make changes",
    LockState.OTHER_COMPUTER: "is open on the computer {0.host} (process {0.number}), or was left "
    "so by a crash; close it there, or take it over if it is not open any more",
    LockState.LOST: "was open in another window meanwhile; open it again to make changes",
    LockState.NOT_WRITABLE: "lies in a folder that cannot be written; copy it to one that can to "
    "make changes",
}


class _Claim(BaseModel):
    model_config = ConfigDict(frozen=True)

    process: ProcessRecord
    # Two windows may belong to one process.
    window: str


class Lock:
    """The right to save a project, or the reason why this window does not have it.

    A lock whose process is dead is taken over. Two windows that do so at the same moment both
    believe they have it; :attr:`state` reads the file again, so that one of them learns of it
    before it saves.

    Parameters
    ----------
    folder : Path
        The project.
    force : bool
        Take the lock from whoever has it; that window can then no longer save.
    """

    def __init__(self, folder: Path, *, force: bool = False) -> None:
        self._path = folder / "lock.json"
        self._claim = _Claim(process=ProcessRecord.own(), window=uuid4().hex)
        self._writable = True
        if force or self.state is LockState.LOST:
            self._take()

    @property
    def state(self) -> LockState:
        """Who may save at this moment."""
        return self._judge(self._read())

    @property
    def obstacle(self) -> str | None:
        """Why this window cannot save, as one sentence; None if it can."""
        claim = self._read()
        text = _OBSTACLES.get(self._judge(claim))
        if text is None:
            return None
        return f"the project {self._path.parent} {text.format(claim and claim.process)}"

    def release(self) -> None:
        """Let others have it."""
        if self._read() == self._claim:
            with suppress(OSError):
                self._path.unlink()

    def _take(self) -> None:
        try:
            with replacing(self._path) as part:
                part.write_text(self._claim.model_dump_json(), encoding="utf-8")
        except OSError:
            self._writable = False

    def _judge(self, claim: _Claim | None) -> LockState:
        if claim == self._claim:
            return LockState.OURS
        if claim is not None and claim.process.is_elsewhere:
            return LockState.OTHER_COMPUTER
        if claim is not None and claim.process.is_alive():
            return LockState.OTHER_WINDOW
        return LockState.LOST if self._writable else LockState.NOT_WRITABLE

    def _read(self) -> _Claim | None:
        try:
            return _Claim.model_validate_json(self._path.read_bytes())
        # It is written whole: a damaged one is nobody's.
        except (OSError, ValidationError):
            return None
