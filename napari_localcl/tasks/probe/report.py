"""What a probe found, as JSON for programs and as a page for people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_localcl.data.atomic import replacing
from napari_localcl.data.provenance import now
from napari_localcl.tasks.probe.ranking import (
    QUESTIONS,
    Column,
    Recommendation,
    mean_ranks,
    number,
    ranked_figures,
    recommend,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from napari_localcl.tasks.probe.figures import Figure, Kind

FORMAT = 1


@dataclass(frozen=True)
class Report:
    """The figures of all encoders, and what they mean.

    Attributes
    ----------
    columns : tuple of Column
        Runs in the order given, each architecture's random weights last.
    images, seed : int
        How many images were looked at; what chance depended on.
    """

    columns: tuple[Column, ...]
    images: int
    seed: int

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The figures, in the order of their questions."""
        kinds = [figure.kind for figure in self.columns[0].figures.values()]
        return tuple(sorted(kinds, key=lambda kind: list(QUESTIONS).index(kind.question)))

    @property
    def recommendation(self) -> Recommendation:
        """Which run to take, in plain words."""
        return recommend(self.columns)

    def rows(self) -> Iterator[list[str]]:
        """Yield the table: a row for each figure, 'value / control' for each encoder."""
        yield ["figure", "unit", *(column.name for column in self.columns)]
        for kind in self.kinds:
            cells = [_cell(column.figures[kind.name]) for column in self.columns]
            yield [kind.title, kind.unit, *cells]
        for title, by_truth in (("mean rank without labels", False), ("mean rank by truth", True)):
            ranks = mean_ranks(self.columns, by_truth=by_truth)
            if ranks:
                yield [title, "", *(number(ranks[column.name]) for column in self.columns)]

    def as_dict(self) -> dict[str, Any]:
        """Return everything as plain values, fit for JSON; what was not measured is None."""
        found = self.recommendation
        without, by_truth = (mean_ranks(self.columns, by_truth=way) for way in (False, True))
        return {
            "format": FORMAT,
            "made": now(),
            "images": self.images,
            "seed": self.seed,
            "recommendation": {"best": found.best, "sentences": list(found.sentences)},
            "encoders": [
                {
                    "name": column.name,
                    "method": column.method,
                    "run": column.run,
                    "random": column.is_random,
                    "twin": column.twin or None,
                    "collapsed": column.is_collapsed,
                    "mean_rank": without.get(column.name),
                    "mean_rank_by_truth": by_truth.get(column.name),
                }
                for column in self.columns
            ],
            "figures": [self._figure(kind) for kind in self.kinds],
        }

    def _figure(self, kind: Kind) -> dict[str, Any]:
        ranked = ranked_figures(self.columns, by_truth=kind.is_truth)
        return {
            "name": kind.name,
            "title": kind.title,
            "help": kind.help,
            "question": QUESTIONS[kind.question],
            "unit": kind.unit,
            "best": kind.best,
            "truth": kind.is_truth,
            "ranked": kind.name in ranked,
            "values": {column.name: _values(column.figures[kind.name]) for column in self.columns},
        }

    def write(self, out: Path) -> tuple[Path, Path]:
        """Write `<out>.json` and `<out>.html` and return them."""
        base = out.with_suffix("") if out.suffix.lower() in (".json", ".html") else out
        table, page = (base.with_name(base.name + ending) for ending in (".json", ".html"))
        texts = {table: json.dumps(self.as_dict(), indent=1, allow_nan=False), page: self.html()}
        for path, text in texts.items():
            with replacing(path) as part:
                part.write_text(text, encoding="utf-8")
        return table, page

    def html(self) -> str:
        """Return a page that needs nothing but itself."""
        names = "".join(f"<th>{escape(column.name)}</th>" for column in self.columns)
        words = "".join(f"<p>{escape(line)}</p>" for line in self.recommendation.sentences)
        head = f"<tr><th>figure</th>{names}</tr>"
        return _PAGE.format(
            words=words,
            head=head,
            body="".join(self._body()),
            images=self.images,
            seed=self.seed,
            made=escape(now()),
        )

    def _body(self) -> Iterator[str]:
        question = ""
        for kind in self.kinds:
            if kind.question != question:
                question = kind.question
                wide = len(self.columns) + 1
                yield f'<tr><th class="group" colspan="{wide}">{QUESTIONS[question]}</th></tr>'
            yield self._row(kind)
        for row in self.rows():
            if row[0].startswith("mean rank"):
                cells = "".join(f"<td>{cell}</td>" for cell in row[2:])
                yield f'<tr class="rank"><td>{row[0]}</td>{cells}</tr>'

    def _row(self, kind: Kind) -> str:
        figures = [column.figures[kind.name] for column in self.columns]
        best = _best(figures)
        cells = "".join(
            f'<td class="{"best" if figure is best else ""}">{number(figure.value)}'
            f"<small>{number(figure.control)}</small></td>"
            for figure in figures
        )
        unit = f" ({kind.unit})" if kind.unit else ""
        return f'<tr title="{escape(kind.help)}"><td>{escape(kind.title)}{unit}</td>{cells}</tr>'


def _best(figures: Sequence[Figure]) -> Figure | None:
    known = [figure for figure in figures if figure.beats_control]
    return max(known, key=lambda figure: figure.skill, default=None)


def _cell(figure: Figure) -> str:
    control = f" / {number(figure.control)}" if np.isfinite(figure.control) else ""
    return f"{number(figure.value)}{control}"


def _values(figure: Figure) -> dict[str, Any]:
    facts = {"value": figure.value, "control": figure.control, "skill": figure.skill}
    plain = {name: value if np.isfinite(value) else None for name, value in facts.items()}
    return {**plain, "beats_control": figure.beats_control}


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Which encoder suits these images</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; color: #222; }}
table {{ border-collapse: collapse; margin: 1.5rem 0; }}
th, td {{ padding: .35rem .8rem; text-align: right; border-bottom: 1px solid #ddd; }}
th:first-child, td:first-child {{ text-align: left; }}
.group {{ padding-top: 1.2rem; color: #555; }}
.best {{ font-weight: 600; background: #e8f4ea; }}
.rank td {{ border-top: 2px solid #999; }}
small {{ color: #777; margin-left: .5rem; font-weight: 400; }}
</style></head><body>
<h1>Which encoder suits these images</h1>
{words}
<table><thead>{head}</thead><tbody>{body}</tbody></table>
<p>The small number beside a figure is its control: what one gets who knows nothing of what is
asked.
The best encoder that is clearly better than its control is marked. Rest the pointer on a row to
read what it measures. Ranks: 1 is the best; they are averaged within each question first.</p>
<p>{images} images, seed {seed}, {made}</p>
</body></html>
"""
