"""A child process in the place of the terminal program: it says what that says, and leaves masks.

It is a script of its own, so that a test or a try-out of the window need not learn anything.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np
from series_facts import CLASSIFY

SETTING = {
    "name": "width",
    "default": 8,
    "allowed": "a whole number",
    "help": "so many",
    "choices": [],
    "kind": "int",
    "limits": {},
}
LOOKS = {
    **SETTING,
    "name": "shape.appearance",
    "default": "any",
    "choices": ["brighter", "darker", "any"],
    "kind": "Literal",
}
FACTS = {
    "methods": [
        {
            "name": "ld",
            "title": "a system",
            "paper": "somebody",
            "presets": {"small": [SETTING]},
            "shape_presets": {"small": [SETTING, LOOKS]},
            "preset_help": {},
            "label_preset_help": {"supervised": "labels alone", "action": "all images"},
        }
    ],
    "method": "ld",
    "preset": "small",
    "devices": ["auto", "cpu"],
    "device_names": {"cpu": "2 cores"},
    "classify": CLASSIFY,
}


def say(event: str, **facts: object) -> None:
    print(json.dumps({"event": event, **facts}), flush=True)


def segment(images: list[str], out: Path) -> int:
    """Leave discs as masks, surer from image to image."""
    from napari_localcl.data.folder import find_images
    from napari_localcl.data.mask_writing import MaskFolder

    listing = find_images(images)
    with MaskFolder.create(out, listing) as folder:
        for number, plane in enumerate(listing.planes, 1):
            height, width = plane.header.size
            y, x = np.indices((height, width))
            far = np.hypot(y - height / 2, x - width / 3) / min(height, width)
            unsure = 255 * np.exp(-np.square((far - 0.1) / 0.02))
            mask = (far < 0.1).astype(np.uint8)
            folder.write(plane.name, mask, number / (len(listing) + 1), unsure.astype(np.uint8))
    return len(listing)


def shapes(given: argparse.Namespace) -> None:
    say("start", message="learning a shape on a toaster")
    for step in range(1, 6):
        losses = {"shape": 1 / step, "regions": 2 / step}
        say("step", stage="shape", step=step, steps=5, losses=losses, seconds_left=5.0 - step)
        time.sleep(given.seconds)
    say("result", masks=segment(given.images, given.out))


def finetune(given: argparse.Namespace) -> None:
    """Leave masks of each class of the labels, in folders of their own."""
    from napari_localcl.data.classes import read_classes

    classes = [one.name for one in read_classes(given.labels / "classes.csv")]
    say("step", stage="anatomical", step=1, steps=1, losses={"dice": 0.5}, seconds_left=0.0)
    for name in classes:
        segment(given.images, Path(str(given.out).replace("{class}", name)))
    given.run.mkdir(parents=True, exist_ok=True)
    held = {"images": ["a"], "dice": dict.fromkeys(classes, 0.75), "before": {classes[0]: 0.5}}
    (given.run / "held-out.json").write_text(json.dumps(held))
    say("result", labelled=1)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=0.0)
    parser.add_argument("--fail", default="")
    parser.add_argument("verb")
    parser.add_argument("images", nargs="*")
    parser.add_argument("--run", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--labels", type=Path)
    given, _ = parser.parse_known_args()
    if given.verb == "methods":
        say("result", **FACTS)
    elif given.fail:
        sys.exit(given.fail)
    elif given.verb == "finetune":
        finetune(given)
    else:
        shapes(given)


if __name__ == "__main__":
    main()
