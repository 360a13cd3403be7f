"""``methods`` in the terminal."""

import json

from napari_localcl.cli.entry import run


def test_every_setting_of_a_system_is_listed_with_its_range_and_help(capsys):
    assert run(["methods", "ld"]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "arXiv" in out
    assert "patches (" in out
    assert "small, faithful" in out
    assert "points.count" in out


def test_an_unknown_system_brings_the_known(capsys):
    assert run(["methods", "dl"]) == 2
    said = capsys.readouterr().err
    assert "no method 'dl': choose " in said
    assert " ld" in said


def test_events_hold_what_a_form_needs(capsys):
    assert run(["methods", "--events"]) == 0
    (event,) = map(json.loads, capsys.readouterr().out.splitlines())
    (ld,) = (method for method in event["methods"] if method["name"] == "ld")
    presets = ld["presets"]
    sizes = [one for name in presets for one in presets[name] if one["name"] == "image_size"]
    assert [size["default"] for size in sizes] == [384, 448]
    assert sizes[0]["kind"] == "int"
    assert sizes[0]["limits"] == {"ge": 64, "le": 2048, "multiple_of": 32}
    assert set(ld["preset_help"]) == set(presets)
    assert set(event["device_names"]) == set(event["devices"][1:])
    assert (event["method"], event["preset"], event["devices"][0]) == ("ld", "small", "auto")
