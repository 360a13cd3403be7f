"""The run folder: what a training leaves behind, whole at every moment.

``run.json``            what the run is (`RunRecord`)
``metrics.csv``         the losses of every step
``weights.safetensors`` the weights, at the end or when interrupted
``state/<n>/``          what resuming needs; complete, because it is renamed into place
``stop``                put there to ask for an early stop that keeps the model
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from napari_localcl.data.errors import BadInput
from napari_localcl.training.files import load_tensors, save_tensors, write_bytes
from napari_localcl.training.record import RunRecord

if TYPE_CHECKING:
    from torch import Tensor

_PARTS = ("model", "optimizer", "memory")


class Position(BaseModel):
    """Where a run stands.

    Attributes
    ----------
    stage, step : int
        The stage's index, and the steps done in it.
    total : int
        Steps done since the run began.
    entered : bool
        Whether the stage has been made ready.
    seconds : float
        Seconds spent since the run began, interruptions left out.
    training_since, stage_since : float
        Those seconds at the start of the training and of the stage's first step.
    """

    model_config = ConfigDict(frozen=True)

    stage: int = 0
    step: int = 0
    total: int = 0
    entered: bool = False
    seconds: float = 0.0
    training_since: float = 0.0
    stage_since: float = 0.0


@dataclass(frozen=True)
class State:
    """What resuming needs: where the run stands, and all tensors that training has changed."""

    position: Position
    model: dict[str, Tensor]
    optimizer: dict[str, Tensor] = field(default_factory=dict)
    memory: dict[str, Tensor] = field(default_factory=dict)


class RunFolder:
    """A run folder that exists; use `create`, `resume` or `open`.

    Parameters
    ----------
    path : Path
        The folder.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    @classmethod
    def create(cls, path: str | Path, record: RunRecord) -> RunFolder:
        """Begin a run in a new or empty folder.

        Raises
        ------
        BadInput
            If the folder holds a run, or anything else, already: nothing is ever overwritten.
        """
        run = cls(Path(path))
        if run.holds_record():
            raise BadInput(_refusal(run))
        if run.path.exists() and (not run.path.is_dir() or any(run.path.iterdir())):
            raise BadInput(f"{path} exists and is no run folder: choose another --run")
        run.path.mkdir(parents=True, exist_ok=True)
        run.write(record)
        return run

    @classmethod
    def resume(cls, path: str | Path) -> RunFolder:
        """Return an unfinished run.

        Raises
        ------
        BadInput
            If there is no run, it is finished, or another process is at it.
        """
        run = cls.open(path)
        record = run.record
        if record.status == "finished":
            raise BadInput(_refusal(run))
        if record.status == "running" and record.process.is_another_alive():
            raise BadInput(
                f"{path} is being trained by process {record.process.number}: wait for it to end"
            )
        return run

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """Return a run that exists, finished or not.

        Raises
        ------
        BadInput
            If the folder holds no run.
        """
        run = cls(Path(path))
        if not run.holds_record():
            raise BadInput(f"{path} holds no run: train one with 'pretrain ... --run {path}'")
        return run

    def holds_record(self) -> bool:
        """Whether there is a ``run.json``."""
        return self._record.is_file()

    @property
    def record(self) -> RunRecord:
        """The run's record.

        Raises
        ------
        BadInput
            If ``run.json`` is damaged or of a newer version.
        """
        try:
            return RunRecord.model_validate_json(self._record.read_bytes())
        except (ValidationError, OSError) as error:
            raise BadInput(
                f"{self._record} is damaged or was written by another version: choose another run"
            ) from error

    def write(self, record: RunRecord) -> None:
        """Write the record."""
        write_bytes(self._record, record.model_dump_json(indent=2).encode())

    def update(self, **changes: Any) -> RunRecord:
        """Change fields of the record and return it."""
        record = RunRecord.model_validate({**self.record.model_dump(), **changes})
        self.write(record)
        return record

    def save_weights(self, weights: dict[str, Tensor]) -> None:
        """Write the weights."""
        save_tensors(self._weights, weights)

    def load_weights(self) -> dict[str, Tensor]:
        """Return the weights, or after a kill those of the last saved state.

        Raises
        ------
        BadInput
            If there are none, or the file is damaged or foreign.
        """
        latest = self._latest()
        if self._weights.exists() or latest is None:
            return load_tensors(self._weights)
        return load_tensors(latest / "model.safetensors")

    def save_state(self, state: State) -> None:
        """Write what resuming needs; the previous state goes only when the new one is complete."""
        before = self._states()
        partial = self._state / f".partial-{os.getpid()}"
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        for part in _PARTS:
            save_tensors(partial / f"{part}.safetensors", getattr(state, part))
        write_bytes(partial / "state.json", state.position.model_dump_json(indent=2).encode())
        number = int(before[-1].name) + 1 if before else 1
        partial.rename(self._state / str(number))
        for old in before:
            shutil.rmtree(old)

    def load_state(self) -> State | None:
        """Return the last complete state, None where the run has not saved any.

        Raises
        ------
        BadInput
            If its files are damaged.
        """
        latest = self._latest()
        if latest is None:
            return None
        parts = [load_tensors(latest / f"{part}.safetensors") for part in _PARTS]
        return State(self._position(latest), *parts)

    def drop_state(self) -> None:
        """Remove what only resuming needs, and a request to stop."""
        shutil.rmtree(self._state, ignore_errors=True)
        self._stop.unlink(missing_ok=True)

    def begin_again(self) -> None:
        """Forget what an earlier start left for its reader: weights, a wish to stop."""
        self._weights.unlink(missing_ok=True)
        self._stop.unlink(missing_ok=True)

    def abandon(self) -> None:
        """Remove a run that could not begin."""
        self._record.unlink(missing_ok=True)
        with suppress(OSError):  # somebody else's files may have come to lie here
            self.path.rmdir()

    def stop_asked(self) -> bool:
        """Whether somebody has put a file named ``stop`` into the folder."""
        return self._stop.exists()

    @property
    def metrics(self) -> Path:
        """The table of losses."""
        return self.path / "metrics.csv"

    @property
    def _record(self) -> Path:
        return self.path / "run.json"

    @property
    def _weights(self) -> Path:
        return self.path / "weights.safetensors"

    @property
    def _stop(self) -> Path:
        return self.path / "stop"

    @property
    def _state(self) -> Path:
        return self.path / "state"

    def _states(self) -> list[Path]:
        found = [path for path in self._state.glob("*") if path.name.isdigit()]
        return sorted(found, key=lambda path: int(path.name))

    def _latest(self) -> Path | None:
        states = self._states()
        return states[-1] if states else None

    def _position(self, folder: Path) -> Position:
        path = folder / "state.json"
        try:
            return Position.model_validate_json(path.read_bytes())
        except (ValidationError, OSError) as error:
            raise BadInput(f"{path} is damaged: the run cannot be resumed") from error


def _refusal(run: RunFolder) -> str:
    if run.record.status == "finished":
        return f"{run.path} already holds a finished run: choose another --run or delete it first"
    return f"{run.path} holds an unfinished run: add --resume to go on, or choose another --run"
