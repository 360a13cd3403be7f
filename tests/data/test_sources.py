from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_localcl.data import sources
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b/img10.png", "b/img9.png", "a.png", ".hidden/x.png", "b/.y.png", "a/2.tif"):
        path = tmp_path / "study" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "study"


def names(source: sources.Source) -> list[str]:
    return [sources.name(file, source.root) for file in source.files]


def test_a_folder_is_searched_in_natural_order_without_hidden_files(folder: Path):
    source = sources.collect(folder)
    assert names(source) == ["a/2.tif", "a.png", "b/img9.png", "b/img10.png"]
    assert source.root == folder
    assert not source.explicit


def test_linked_folders_are_followed_but_circles_end(folder: Path, tmp_path: Path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "z.png").touch()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "b" / "circle").symlink_to(folder)
    assert names(sources.collect(folder))[-1] == "linked/z.png"
    assert len(sources.collect(folder).files) == 5


def test_a_glob_is_relative_to_its_fixed_part(folder: Path):
    source = sources.collect(str(folder / "*" / "img*.png"))
    assert names(source) == ["b/img9.png", "b/img10.png"]
    assert names(sources.collect(f"{folder}/**/*.tif")) == ["a/2.tif"]


def test_a_single_file_is_relative_to_its_folder(folder: Path):
    source = sources.collect(folder / "b" / "img9.png")
    assert names(source) == ["img9.png"]
    assert source.explicit


def test_a_text_list_keeps_its_order_and_is_relative_to_itself(folder: Path):
    (folder / "list.txt").write_text("b/img10.png\n\n a.png \nb/img10.png\nmissing.png\n")
    source = sources.collect(folder / "list.txt")
    assert names(source) == ["b/img10.png", "a.png", "missing.png"]
    assert source.explicit


@pytest.mark.parametrize(
    "text",
    [
        "landmark,image\ntip,a.png\nbase,a.png\ntip,b/img9.png\n",
        "a.png,1\nb/img9.png,2\n",
        "file,finding\na.png,1\nb/img9.png,2\n",
    ],
)
def test_a_table_names_files_in_its_column_image_or_its_first(folder: Path, text):
    (folder / "list.csv").write_text(text)
    assert names(sources.collect(folder / "list.csv")) == ["a.png", "b/img9.png"]


def test_a_list_that_reaches_outside_its_folder_takes_the_common_one(folder: Path):
    (folder / "b" / "list.txt").write_text("img9.png\n../a.png\n")
    source = sources.collect(folder / "b" / "list.txt")
    assert source.root == folder
    assert names(source) == ["b/img9.png", "a.png"]


def test_several_folders_and_files_take_their_common_folder(folder: Path):
    source = sources.collect([folder / "b", str(folder / "a" / "2.tif")])
    assert source.root == folder
    assert names(source) == ["b/img9.png", "b/img10.png", "a/2.tif"]


def test_a_relative_folder_gives_absolute_files(folder: Path, monkeypatch):
    monkeypatch.chdir(folder.parent)
    assert sources.collect("study").root == folder
    assert all(file.is_absolute() for file in sources.collect("study").files)


@pytest.mark.parametrize(
    ("entry", "message"),
    [("none", "does not exist"), ("*.xyz", "matches no file"), ("empty.txt", "names no files")],
)
def test_nothing_to_look_at_is_told(folder: Path, entry, message):
    (folder / "empty.txt").touch()
    with pytest.raises(BadInput, match=message):
        sources.collect(str(folder / entry))
    with pytest.raises(BadInput, match="no images were given"):
        sources.collect([])


def test_only_strange_suffixes_deserve_a_word(tmp_path: Path):
    told = [
        name
        for name in ("x.mha", "x.md", "x.CSV", "LICENSE", "x.c", "x.cz")
        if sources.might_be_image(tmp_path / name)
    ]
    assert told == ["x.mha", "x.cz"]
