"""The sets that few labels are learned from: who is trained on, who is labelled, who is tested.

Split by patient, once and for all. Nothing of a tested patient is ever seen in training, with a
label or without.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# ACDC has five groups of twenty patients each (dilated, hypertrophic, infarcted, normal, right
# ventricle), in the order of their numbers. Of each group 14 are trained on, 2 are left for
# choosing settings, 4 are tested.
ACDC_TRAIN = tuple(20 * group + number for group in range(5) for number in range(1, 15))
ACDC_VALIDATION = (15, 16, 35, 36, 55, 56, 75, 76, 95, 96)
ACDC_TEST = (17, 18, 19, 20, 37, 38, 39, 40, 57, 58, 59, 60, 77, 78, 79, 80, 97, 98, 99, 100)
# The first ones are labelled; another order for each seed, since it matters who is.
ACDC_LABELLED = (
    (1, 62, 83, 24, 45, 6, 67),
    (48, 23, 61, 10, 85, 72, 31),
    (90, 50, 5, 65, 29, 42, 11),
)


@dataclass(frozen=True)
class LabelSet:
    """Volumes with labels, by the patient (or whatever must not be torn apart) that they are of.

    Attributes
    ----------
    name, folder : str
        Of the set, and below the folder of all data.
    classes : str
        As `--classes` takes them.
    train, validation, test : tuple of str
        What the files of patients begin with.
    labelled : tuple of tuple of str
        Of each seed, who is labelled first, second and so on.
    """

    name: str
    folder: str
    classes: str
    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    labelled: tuple[tuple[str, ...], ...]

    def files(self, data: Path, kind: str, patients: tuple[str, ...]) -> list[Path]:
        """The `images` or `labels` of patients."""
        folder = data / self.folder / kind
        found = {path: path.name.split("_frame")[0].split(".")[0] for path in folder.iterdir()}
        return sorted(path for path, patient in found.items() if patient in patients)


def sets(data: Path) -> dict[str, LabelSet]:
    """Every set by name."""
    acdc = LabelSet(
        "acdc",
        "acdc",
        "1=right ventricle,2=myocardium,3=left ventricle",
        _patients(ACDC_TRAIN),
        _patients(ACDC_VALIDATION),
        _patients(ACDC_TEST),
        tuple(map(_patients, ACDC_LABELLED)),
    )
    volumes = sorted(
        path.name.split(".")[0] for path in (data / "msd_hippocampus" / "images").glob("*.nii.gz")
    )
    train = tuple(volumes[:56])
    hippocampus = LabelSet(
        "hippocampus",
        "msd_hippocampus",
        "1=anterior,2=posterior",
        train,
        tuple(volumes[56:64]),
        tuple(volumes[64:]),
        (train[:3], train[3:6], train[6:9]),
    )
    return {one.name: one for one in (acdc, hippocampus)}


def _patients(numbers: tuple[int, ...]) -> tuple[str, ...]:
    return tuple(f"patient{number:03d}" for number in numbers)
