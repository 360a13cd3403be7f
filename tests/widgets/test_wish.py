from __future__ import annotations

from pathlib import Path

from napari_localcl.widgets.wish import Budget, Wish


def test_a_wish_becomes_the_arguments_of_the_terminal_verb():
    wish = Wish("ld", "small", Budget("cpu", 2.5), {"flip": True, "grid": 4})
    arguments = wish.arguments(["/a b"], Path("run"))
    assert arguments[:2] == ["pretrain", "/a b"]
    assert arguments[arguments.index("--minutes") + 1] == "2.5"
    assert arguments[-4:] == ["--set", "flip=true", "--set", "grid=4"]
