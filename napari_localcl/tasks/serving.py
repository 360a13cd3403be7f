"""Answers to a window's questions about one folder of images, given by a process of its own.

A question is a dictionary: `ask` says what, `id` comes back with every answer to it. There is one
open question of each kind: a newer one takes the place of the older, which is answered no more.

=========== ============================== ======================================================
ask         with                           answers
=========== ============================== ======================================================
`open`      `images`, `run`                progress unless they are open, then `opened`
`pixel`     `image`, `y`, `x`              `map`: similarity to that pixel, see :class:`HeatMap`
`map`       `image`, `templates`           `map`: similarity to the one landmark of the templates
`landmarks` `templates`, `first`           `points` of the image `first`, of some images at a time
                                           with `step` of `steps`, then `found`
`suggest`                                  progress, then `suggested` with `ranking`
`like`, ...                                see :mod:`napari_localcl.tasks.serving_embeddings`
`explain`                                  see :mod:`napari_localcl.tasks.series.serving`; needs no
`evidence`                                 `open`
`stop`      `kinds`                        none: what was asked of these kinds is given up
=========== ============================== ======================================================

Points are lists with the fields of a :class:`Landmark`. Any question may be answered by `failed`
and `why`. The most urgent is worked on first, a little at a time, so that a pixel's map does not
wait until all landmarks are found.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import astuple
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TYPE_CHECKING, Any

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from napari_localcl.data.progress import Progress
    from napari_localcl.tasks.atlas import Atlas
    from napari_localcl.tasks.series.serving import Reasons
    from napari_localcl.tasks.serving_embeddings import Study

Question = Mapping[str, Any]
Answer = dict[str, object]
Answers = Generator[Answer, None, None]

# The module is imported when it is needed, for it takes seconds.
_QUICK = ("like", "colours", "clusters", "rarity", "change", "scatter", "kinds", "odd", "wholes")
_SLOW = ("arrange",)
_ABOUT_SERIES = ("evidence", "explain")
_URGENCY = ("open", "pixel", "map", *_ABOUT_SERIES, *_QUICK, "landmarks", "suggest", *_SLOW)


def serve(lines: Iterable[str], say: Callable[[Answer], None]) -> None:
    """Answer questions until there are no more lines.

    Parameters
    ----------
    lines : iterable of str
        One question each, as JSON.
    say : callable
        Takes the answers.
    """
    asked: SimpleQueue[Question | None] = SimpleQueue()
    Thread(target=_read, args=(lines, asked), daemon=True).start()
    Desk(say).work(asked)


def _read(lines: Iterable[str], asked: SimpleQueue[Question | None]) -> None:
    for line in lines:
        asked.put(json.loads(line))
    asked.put(None)


class Desk:
    """What is being answered; see the module.

    Parameters
    ----------
    say : callable
        Takes the answers.
    """

    def __init__(self, say: Callable[[Answer], None]) -> None:
        self._say = say
        self._open: dict[str, tuple[Question, Answers]] = {}
        self._folder: tuple[object, object] | None = None
        self._atlas: Atlas | None = None
        self._study: Study | None = None
        self._reasons: Reasons | None = None
        self._threads = 0

    def work(self, asked: SimpleQueue[Question | None]) -> None:
        """Answer what is asked until None is."""
        while True:
            try:
                question = asked.get(block=not self._open)
            except Empty:
                self._go_on()
                continue
            if question is None:
                return
            self._take(question)

    def _take(self, question: Question) -> None:
        kind = question["ask"]
        if kind == "stop":
            for given_up in question["kinds"]:
                self._open.pop(given_up, None)
        else:
            self._open[kind] = question, self._answers(question)

    def _answers(self, question: Question) -> Answers:
        kind = question["ask"]
        if kind == "open":
            folder, self._folder = self._folder, (question["images"], question["run"])
            if folder != self._folder:
                self._atlas = self._study = None
            elif self._atlas is None and "open" in self._open:
                return self._open["open"][1]
        return _ANSWERS[kind](self, question)

    def _go_on(self) -> None:
        """Work a little on the most urgent question."""
        kind = next(kind for kind in _URGENCY if kind in self._open)
        question, answers = self._open[kind]
        self._share_processors(kind)
        try:
            self._say({"id": question["id"], **next(answers)})
        except StopIteration:
            del self._open[kind]
        except BadInput as error:
            self._fail(kind, str(error))
        except Exception as error:
            self._fail(kind, f"{type(error).__name__}: {error}")

    def _share_processors(self, kind: str) -> None:
        """Compute with fewer threads while somebody waits for the answer.

        A map is quicker with one: where other programs keep the processors busy, threads wait for
        each other ten times as long as they compute. One processor stays free for the window.
        """
        import torch

        self._threads = self._threads or torch.get_num_threads()
        one_less = max(1, self._threads - 1)
        fewer = {"pixel": 1, "map": 1, "like": 1, "landmarks": one_less, "suggest": one_less}
        torch.set_num_threads(fewer.get(kind, self._threads))

    def _fail(self, kind: str, why: str) -> None:
        # Without the images, nothing else can be answered either.
        failed = list(self._open) if kind == "open" else [kind]
        for one in failed:
            question, _ = self._open.pop(one)
            self._say({"event": "failed", "id": question["id"], "ask": one, "why": why})

    # What can be asked. Imports are inside: torch takes seconds, and reading the input does not.

    def _opened(self, question: Question) -> Answers:
        import torch

        from napari_localcl.tasks.atlas import open_atlas

        if self._atlas is None:
            self._atlas = yield from told(open_atlas(question["images"], question["run"]))
        # What embedding took of a GPU is given back: the next training needs it.
        torch.cuda.empty_cache()
        yield {"event": "opened", "images": len(self._there.coarse.images)}

    @property
    def _there(self) -> Atlas:
        if self._atlas is None:
            raise BadInput("the images are not open: learn from them, or choose a run")
        return self._atlas

    def _pixel(self, question: Question) -> Answers:
        point = Landmark(question["image"], "", question["y"], question["x"])
        yield self._mapped(question["image"], [point])

    def _map(self, question: Question) -> Answers:
        yield self._mapped(question["image"], _landmarks(question["templates"]))

    def _mapped(self, image: str, templates: list[Landmark]) -> Answer:
        from napari_localcl.tasks.heat_map import heat_map

        return {"event": "map", **heat_map(self._there, templates, image).as_event()}

    def _points(self, question: Question) -> Answers:
        from napari_localcl.tasks.landmarks import predict_batches

        names = self._there.coarse.images.names
        # Said before anything is looked for, so that a map asked for at the same time comes first.
        yield {"event": "points", "rows": [], "step": 0, "steps": len(names)}
        first = question["first"] if question["first"] in names else None
        batches = predict_batches(self._there, _landmarks(question["templates"]), first)
        if first is not None:
            yield {"event": "points", "rows": _rows(next(batches)), "step": 0, "steps": len(names)}
        done = 0
        for batch in batches:
            done += len({row.image for row in batch})
            yield {"event": "points", "rows": _rows(batch), "step": done, "steps": len(names)}
        yield {"event": "found"}

    def _suggested(self, question: Question) -> Answers:
        from napari_localcl.tasks.suggestions import rank_templates

        yield {"event": "suggested", "ranking": (yield from told(rank_templates(self._there)))}

    def _studied(self, question: Question) -> Answers:
        from napari_localcl.tasks.serving_embeddings import Study

        self._study = self._study or Study.of(self._there, self._folder and self._folder[0])
        yield from self._study.answers(question)

    def _reasoned(self, question: Question) -> Answers:
        from napari_localcl.tasks.series.serving import Reasons

        self._reasons = self._reasons or Reasons()
        yield from self._reasons.answers(question)


_ANSWERS: dict[str, Callable[[Desk, Question], Answers]] = {
    "open": Desk._opened,
    "pixel": Desk._pixel,
    "map": Desk._map,
    "landmarks": Desk._points,
    "suggest": Desk._suggested,
    **dict.fromkeys((*_QUICK, *_SLOW), Desk._studied),
    **dict.fromkeys(_ABOUT_SERIES, Desk._reasoned),
}


def told(work: Generator[Progress, None, Any]) -> Generator[Answer, None, Any]:
    """Do work, saying its progress."""
    while True:
        try:
            yield next(work).as_event()
        except StopIteration as end:
            return end.value


def _landmarks(rows: Iterable[Iterable[Any]]) -> list[Landmark]:
    return [Landmark(*row) for row in rows]


def _rows(landmarks: Iterable[Landmark]) -> list[tuple[object, ...]]:
    return [astuple(landmark) for landmark in landmarks]
