"""A child process in the place of the terminal program: it lists methods, and says it has probed.

It is a script of its own, so that a test or a try-out of the window need not learn anything.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path

from series_facts import CLASSIFY

from napari_localcl.data.settings import list_settings
from napari_localcl.data.superpixels import SuperpixelSettings

RANDOM = "random weights"


def setting(name, default, kind="int", choices=()):
    words = {"allowed": "so much", "help": f"what {name} is", "limits": {}}
    return {"name": name, "default": default, "choices": list(choices), "kind": kind, **words}


def _sized(base, size, **own):
    """Return the settings of a method added to another one, as that has them."""
    return [
        setting("image_size", 64),
        setting("local_contrast", False, "bool"),
        setting("base", base, "str", ("one", "two")),
        setting("base_preset", size, "str", ("small", "large")),
        setting("learning_rate", 0.5 if size == "small" else 0.25, "float"),
        *(setting(name, value) for name, value in own.items()),
        *(asdict(one) for one in list_settings(SuperpixelSettings(), "lrc.superpixels.")),
    ]


ADDED = {
    "name": "lrc",
    "title": "regions, added to another system",
    "paper": "somebody, 2023",
    "presets": {
        "small": _sized("one", "small", queue=8),
        "large": _sized("one", "large", queue=64),
        "two": _sized("two", "small", grid=4),
        "two-large": _sized("two", "large", grid=8),
    },
    "shape_presets": {},
    "preset_help": {"small": "on one", "two": "on two"},
    "deciding": ["base", "base_preset"],
}
ALONE = {
    "name": "one",
    "title": "a system",
    "paper": "somebody else, 2020",
    "presets": {"small": [setting("image_size", 64), setting("queue", 8)]},
    "shape_presets": {"small": [setting("width", 8)]},
    "preset_help": {},
    "deciding": [],
}
FACTS = {
    "methods": [ALONE, ADDED],
    "method": "one",
    "preset": "small",
    "devices": ["auto", "cpu"],
    "device_names": {"cpu": "2 cores"},
    "classify": CLASSIFY,
}

# title, question, unit, whether ranked, and (value, control, whether better) of each encoder
FIGURES = (
    ("places found", "places", "", True, ((0.5, 0.02, True), (0.8, 0.02, True), (0.1, 0.02, True))),
    ("error", "landmarks", "px", True, ((9.0, 20, True), (6.0, 20, True), (22.0, 20, False))),
    ("rank", "how it is filled", "", False, ((5.0, None, False),) * 3),
)


def report_of(first: str, second: str) -> dict[str, object]:
    """Return what `probe` writes of two runs of which the second is better."""
    names = (first, second, RANDOM)
    ranks = dict(zip(names, (2.0, 1.0, 3.0), strict=True))
    return {
        "format": 1,
        "made": "2026-01-02T03:04:05+00:00",
        "images": 6,
        "seed": 0,
        "recommendation": {
            "best": second,
            "sentences": [f"'{second}' suits these images best: it is first in places found."],
        },
        "encoders": [
            {
                "name": name,
                "method": "one",
                "run": name,
                "random": name == RANDOM,
                "collapsed": False,
                "mean_rank": ranks[name],
                "mean_rank_by_truth": None,
            }
            for name in names
        ],
        "figures": [_figure(names, *facts) for facts in FIGURES],
    }


def _figure(names, title, question, unit, ranked, cells):
    return {
        "name": title,
        "title": title,
        "help": f"how well {title}",
        "question": question,
        "unit": unit,
        "best": None if unit == "" and not ranked else 1.0,
        "truth": question == "landmarks",
        "ranked": ranked,
        "values": {name: _cell(*cell) for name, cell in zip(names, cells, strict=True)},
    }


def _cell(value, control, better):
    skill = None
    if control is not None:
        skill = (control - value) / control if control > 1 else (value - control) / (1 - control)
    return {"value": value, "control": control, "skill": skill, "beats_control": better}


def say(event: str, **facts: object) -> None:
    print(json.dumps({"event": event, **facts}), flush=True)


def probe(given: argparse.Namespace) -> None:
    names = [run.name for run in given.run]
    steps = len(names) + 1
    for number, name in enumerate([*names, RANDOM]):
        left = float(steps - number)
        say("probe", stage=name, step=number, steps=steps, seconds_left=left, message="views")
        time.sleep(given.seconds)
    given.out.parent.mkdir(exist_ok=True)
    given.out.with_suffix(".json").write_text(json.dumps(report_of(*names)))
    given.out.with_suffix(".html").write_text("<html>a page</html>")
    say("result", best=names[1])


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--fail", default="")
    parser.add_argument("verb")
    parser.add_argument("images", nargs="*")
    parser.add_argument("--run", type=Path, action="append")
    parser.add_argument("--out", type=Path)
    given, _ = parser.parse_known_args()
    if given.verb == "methods":
        say("result", **FACTS)
    elif given.fail:
        sys.exit(given.fail)
    else:
        probe(given)


if __name__ == "__main__":
    main()
