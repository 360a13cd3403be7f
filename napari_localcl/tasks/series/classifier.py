"""What a run of ``classify`` has learned, and what it says of exams."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from napari_localcl.data.errors import BadInput
from napari_localcl.data.settings import build_settings
from napari_localcl.training.devices import choose_device
from napari_localcl.training.files import restore, write_bytes
from napari_localcl.training.run import RunFolder

from .calibration import Verdict, learn_verdict
from .heads import Heads
from .settings import ClassifySettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from napari_localcl.data.findings import Findings

    from .features import SeriesFeatures
    from .folds import Fold

    Floats = npt.NDArray[np.float64]

FILE = "classifier.json"
VERB = "classify"


class ClassifierRecord(BaseModel):
    """What ``classifier.json`` says.

    Attributes
    ----------
    findings : tuple of str
        Their names, in the order of the logits.
    prevalence : tuple of float
        Their shares among the exams that were learned from.
    channels : dict of str to int
        Planes, and the channels of their features.
    folds : int
        How many.
    verdicts : tuple of tuple of Verdict
        Per fold and finding.
    tested : dict of str to int
        Hash of the content of an exam that was learned from -> the fold that has not seen it.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal[1] = 1
    findings: tuple[str, ...]
    prevalence: tuple[float, ...]
    channels: dict[str, int]
    folds: int
    verdicts: tuple[tuple[Verdict, ...], ...] = ()
    tested: dict[str, int] = {}


@dataclass(frozen=True)
class Classifier:
    """Heads and what makes probabilities of their logits.

    Attributes
    ----------
    record : ClassifierRecord
        What it knows.
    heads : Heads
        In evaluation mode.
    """

    record: ClassifierRecord
    heads: Heads

    @classmethod
    def load(cls, run: str | Path, device: str = "auto") -> tuple[Classifier, ClassifySettings]:
        """Return the classifier of a run, on a device, and the run's settings.

        Raises
        ------
        BadInput
            If there is no such run, it is no classifier's, or its training did not end.
        """
        folder = RunFolder.open(run)
        if folder.record.verb != VERB:
            raise BadInput(f"{run} learned no findings: learn them with 'classify --labels'")
        try:
            record = ClassifierRecord.model_validate_json((folder.path / FILE).read_bytes())
        except FileNotFoundError:
            raise BadInput(f"{run} was interrupted: go on with --labels and --resume") from None
        except (OSError, ValidationError) as error:
            raise BadInput(f"{folder.path / FILE} is damaged: train the run again") from error
        given = build_settings(ClassifySettings, {}, folder.record.settings)
        heads = Heads(given, record.channels, len(record.findings), record.folds)
        restore(heads, folder.load_weights(), folder.path)
        return cls(record, heads.to(choose_device(device)).eval()), given

    def save(self, run: Path) -> None:
        """Write what the weights do not hold."""
        write_bytes(run / FILE, self.record.model_dump_json(indent=1).encode())

    def judged(
        self, features: SeriesFeatures, truth: Findings, folds: Sequence[Fold]
    ) -> Classifier:
        """Learn fusion and calibration of each fold from the exams that it held back."""
        verdicts = []
        for index, fold in enumerate(folds):
            said = np.stack([self.logits(features, exam, index) for exam in fold.held])
            known = truth.values[list(fold.held)]
            verdicts.append(
                tuple(learn_verdict(said[:, :, f], known[:, f]) for f in range(known.shape[1]))
            )
        tested = {
            fingerprint(features, exam): index
            for index, fold in enumerate(folds)
            for exam in fold.test
        }
        record = self.record.model_copy(update={"verdicts": tuple(verdicts), "tested": tested})
        return replace(self, record=record)

    def logits(self, features: SeriesFeatures, exam: int, fold: int) -> Floats:
        """Logits (planes, findings) of an exam; NaN where it lacks a plane."""
        said = np.full((len(self.record.channels), len(self.record.findings)), np.nan)
        for row, plane in enumerate(self.record.channels):
            if (plane, exam) in features.files:
                said[row] = self.heads.head(plane, fold).logits(features, plane, exam)
        return said

    def folds_for(self, features: SeriesFeatures, exam: int) -> list[int]:
        """Which folds may judge an exam: one that was learned from, the one that never saw it."""
        fold = self.record.tested.get(fingerprint(features, exam))
        return list(range(self.record.folds)) if fold is None else [fold]

    def probabilities(self, features: SeriesFeatures, exam: int) -> Floats:
        """Calibrated probabilities (findings,) of an exam, the mean over :meth:`folds_for`."""
        said = []
        for fold in self.folds_for(features, exam):
            logits = self.logits(features, exam, fold)
            verdicts = self.record.verdicts[fold]
            said.append(
                [float(v.probability(logits[None, :, f])[0]) for f, v in enumerate(verdicts)]
            )
        return np.asarray(np.mean(said, axis=0))

    def relevance(self, features: SeriesFeatures, plane: str, exam: int, finding: str) -> Floats:
        """How much each cell of each frame (F, g, g) speaks for a finding, at most 1.

        The mean over :meth:`folds_for`, each scaled to its largest value over all frames, so that
        frames can be compared; all 0 where nothing speaks for it.
        """
        index = self.record.findings.index(finding)
        maps = [
            _scaled(self.heads.head(plane, fold).relevance(features, plane, exam, index))
            for fold in self.folds_for(features, exam)
        ]
        return _scaled(np.mean(maps, axis=0))


def fingerprint(features: SeriesFeatures, exam: int) -> str:
    """A hash of the content of an exam's files, of the first plane that it has."""
    plane = next(one for one in features.planes if (one, exam) in features.files)
    content = "".join(features.images[plane, exam].hashes)
    return hashlib.sha256(content.encode()).hexdigest()


def blank(channels: Mapping[str, int], truth: Findings, folds: int) -> ClassifierRecord:
    """The record of a classifier whose fusion and calibration are still to be learned."""
    return ClassifierRecord(
        findings=truth.names,
        prevalence=tuple(float(rate) for rate in truth.prevalence),
        channels=dict(channels),
        folds=folds,
    )


def _scaled(maps: Floats) -> Floats:
    most = maps.max(initial=0.0)
    return np.asarray(maps / most if most > 0 else maps)
