"""In what runs differ."""

from tiny import tiny_record

from napari_localcl.tasks.run_comparison import ABSENT, differences


def record(settings=None, **changes):
    return tiny_record().model_copy(update={"settings": settings or {}, **changes})


def test_only_what_differs_is_named_with_a_value_for_each_run():
    same = {"width": 8, "points": {"count": 64}}
    other = {"width": 8, "points": {"count": 32}}
    runs = [record(same, seed=0), record(other, seed=0), record(same, seed=1)]
    assert differences(runs) == {"seed": ("0", "0", "1"), "points.count": ("64", "32", "64")}


def test_runs_of_other_methods_may_lack_a_setting():
    found = differences([record({"width": 8}), record({"regions": 50}, method="other")])
    assert found["width"] == ("8", ABSENT)
    assert found["regions"] == (ABSENT, "50")


def test_budgets_of_steps_and_minutes_are_told_apart():
    found = differences([record(steps=10), record(minutes=10.0)])
    assert found == {"budget": ("10 steps", "10 minutes")}


def test_a_run_alone_differs_from_none():
    assert differences([record({"width": 8})]) == {}
