"""Answers to a window's questions why a classifier says what it says.

They join those of :mod:`napari_localcl.tasks.serving`.

============ ============================== ======================================================
ask          with                           answers
============ ============================== ======================================================
`explain`    `series`, `run`, `exam`,       progress, then `evidence` for each plane: its `frames`,
             `finding`                      and `shares`, how much of the evidence each frame
                                            holds; then `explained`
`evidence`   `image`                        `map`: what spoke for it in that frame of the exam
                                            explained last, see :class:`HeatMap`
============ ============================== ======================================================
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_localcl.data.errors import BadInput
from napari_localcl.data.series import find_series
from napari_localcl.tasks.serving import told

from .classifier import Classifier
from .explaining import explain
from .looking import Look

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from napari_localcl.data.series import SeriesListing

    from .explaining import Explanation

    Answers = Generator[dict[str, object], None, None]

# The window's own questions are about one exam at a time, whose features are in the cache.
_DEVICE = "cpu"


class Reasons:
    """A classifier, the series that it is asked about, and what was explained last."""

    def __init__(self) -> None:
        self._key: object = None
        self._frames: dict[str, tuple[Explanation, int]] = {}

    def answers(self, question: Mapping[str, Any]) -> Answers:
        """Answer a question."""
        return (self._explain if question["ask"] == "explain" else self._evidence)(question)

    def _explain(self, question: Mapping[str, Any]) -> Answers:
        self._open(question["series"], question["run"])
        classifier, finding = self._classifier, question["finding"]
        if finding not in classifier.record.findings:
            raise BadInput(f"{question['run']} has not learned {finding!r}")
        planes = list(classifier.record.channels)
        features = yield from told(self._look.at(self._exam(question["exam"]), planes))
        self._frames = {}
        for plane in features.planes:
            why = explain(classifier, features, 0, plane, finding)
            names = features.images[plane, 0].names
            self._frames.update({name: (why, index) for index, name in enumerate(names)})
            shares = [round(float(share), 4) for share in why.shares]
            yield {"event": "evidence", "plane": plane, "frames": list(names), "shares": shares}
        yield {"event": "explained", "exam": question["exam"], "finding": finding}

    def _evidence(self, question: Mapping[str, Any]) -> Answers:
        if question["image"] not in self._frames:
            raise BadInput(f"{question['image']} is no frame of the series that was explained")
        why, index = self._frames[question["image"]]
        yield {"event": "map", **why.heat_map(index, question["image"]).as_event()}

    def _open(self, series: list[str], run: str) -> None:
        """Have a run and its series at hand; nothing happens if they are."""
        if self._key != (series, run):
            self._key = None
            self._classifier, given = Classifier.load(run, _DEVICE)
            self._look = Look(given, Path(run), _DEVICE, None)
            self._found = find_series(series, list(self._classifier.record.channels))
            self._key = (series, run)

    def _exam(self, name: str) -> SeriesListing:
        own = tuple(exam for exam in self._found.exams if exam.name == name)
        if not own:
            raise BadInput(f"there is no series {name!r} any more; open the folder again")
        return replace(self._found, exams=own, skipped=())
