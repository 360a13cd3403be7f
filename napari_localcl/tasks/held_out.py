"""How well a run segments what people have labelled and kept back from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from napari_localcl.data.atomic import replacing
from napari_localcl.data.errors import BadInput
from napari_localcl.data.label_canvas import UNKNOWN
from napari_localcl.tasks.mask_scores import dice
from napari_localcl.training.run import RunFolder

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.labels import FoundLabels
    from napari_localcl.data.progress import Progress
    from napari_localcl.training.record import RunRecord

    Codes = npt.NDArray[np.uint8]

FILE = "held-out.json"


class HeldOut(BaseModel):
    """Dice on labels that a run did not learn from.

    Attributes
    ----------
    images : tuple of str
        The images and volumes that were kept back.
    dice : dict of str to float
        Of each class, the mean over those of them that show it or where it was found; from 0 to 1.
    earlier : str
        The run to compare with; empty if there is none.
    before : dict of str to float
        Its Dice on the same labels, of the classes that it knows.
    """

    model_config = ConfigDict(frozen=True)

    images: tuple[str, ...]
    dice: dict[str, float]
    earlier: str = ""
    before: dict[str, float] = {}

    def in_words(self) -> str:
        """Return both Dice as a sentence of its own, class by class."""
        parts = [_told(name, value, self.before.get(name)) for name, value in self.dice.items()]
        kept = f"{len(self.images)} kept back image{'s' if len(self.images) > 1 else ''}"
        return f"Dice on {kept}: {', '.join(parts)}" if parts else f"{kept} show no class"


def read_held_out(run: Path) -> HeldOut | None:
    """Return what was measured of a run; None if nothing was."""
    try:
        return HeldOut.model_validate_json((run / FILE).read_bytes())
    except (OSError, ValidationError):
        return None


def measure(
    run: RunFolder,
    known: FoundLabels,
    earlier: Path | None,
    device: str,
    cache: Path | None,
) -> Generator[Progress, None, HeldOut]:
    """Segment what was kept back from a run, compare it with its labels, and note it in the run.

    Parameters
    ----------
    run : RunFolder
        A run that has learned.
    known : FoundLabels
        The labels that were kept back.
    earlier : Path or None
        A run to compare with, measured on what it did not learn from either.
    device, cache
        As in :func:`napari_localcl.tasks.segmentation.segment`.

    Returns
    -------
    HeldOut
        What the generator returns at its end.
    """
    own = yield from _dice_of(run.path, known, device, cache)
    before: dict[str, float] = {}
    if earlier is not None:
        learned = learned_from(RunFolder.open(earlier).record)
        unknown = known.without(learned)
        before = (yield from _dice_of(earlier, unknown, device, cache)) if unknown.files else {}
    name = earlier.name if earlier and before else ""
    found = HeldOut(images=tuple(known.files), dice=own, earlier=name, before=before)
    with replacing(run.path / FILE) as part:
        part.write_text(found.model_dump_json(indent=2), encoding="utf-8")
    return found


def learned_from(record: RunRecord) -> tuple[str, ...]:
    """Return the images and volumes whose labels a run learned from."""
    return record.labels.images if record.labels else ()


def segments(run: Path) -> bool:
    """Tell whether a run has learned to segment."""
    try:
        return RunFolder.open(run).record.verb in ("finetune", "shapes")
    except BadInput:
        return False


def _dice_of(
    run: Path, known: FoundLabels, device: str, cache: Path | None
) -> Generator[Progress, None, dict[str, float]]:
    """Dice of the classes that a run knows by the same names, a shape by being the only one."""
    from napari_localcl.tasks.segmentation import classes_of, masks_of

    record = RunFolder.open(run).record
    own = {one.name: one.value for one in classes_of(record)}
    names = [one.name for one in known.classes]
    if record.labels is None and len(names) == 1:
        own = {names[0]: 1}
    masks = yield from masks_of(run, known.listing, tuple(known.files), device=device, cache=cache)
    values: dict[str, list[float]] = {name: [] for name in names if name in own}
    for item in known.files:
        codes, planes = known.codes(item), known.listing.items[item]
        there = [z for z, plane in enumerate(planes) if plane.name in masks]
        found = np.stack([masks[planes[z].name] for z in there]) if there else codes[:0]
        for code, name in enumerate(names, 1):
            one = dice_of(found == own[name], codes[there], code) if name in own else None
            if one is not None:
                values[name].append(one)
    return {name: float(np.mean(found)) for name, found in values.items() if found}


def dice_of(found: npt.NDArray[np.bool_], codes: Codes, code: int) -> float | None:
    """Return the Dice of a class where the labels say anything; None where both are empty.

    Parameters
    ----------
    found : (Z, H, W) bool ndarray
        Where it was found.
    codes : (Z, H, W) uint8 ndarray
        The labels; 255 is not labelled.
    code : int
        The class.
    """
    return dice(found & (codes != UNKNOWN), codes == code)


def _told(name: str, value: float, before: float | None) -> str:
    return f"{name} {value:.2f}" + ("" if before is None else f" ({before:.2f} before)")
