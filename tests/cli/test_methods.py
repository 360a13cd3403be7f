"""``methods`` in the terminal."""

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
    assert "no method 'dl': choose ld" in capsys.readouterr().err
