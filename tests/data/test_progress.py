"""What long work says."""

import json

from napari_localcl.data.progress import Progress


def test_an_event_holds_what_is_known_and_is_fit_for_json():
    news = Progress("step", "patches", 3, 8, {"patch": 0.5, "mixup": float("nan")}, 2.5, 7.0)
    assert json.loads(json.dumps(news.as_event(), allow_nan=False)) == {
        "event": "step",
        "stage": "patches",
        "step": 3,
        "steps": 8,
        "losses": {"patch": 0.5, "mixup": None},
        "images_per_second": 2.5,
        "seconds_left": 7.0,
    }


def test_an_event_leaves_out_what_is_unknown():
    event = Progress("cache", message="looking for images").as_event()
    assert event == {
        "event": "cache",
        "step": 0,
        "images_per_second": 0.0,
        "message": "looking for images",
    }
