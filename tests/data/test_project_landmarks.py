from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from projects import empty_annotations, predicted

from napari_localcl.data.annotations import Landmark, read_landmarks
from napari_localcl.data.errors import BadInput
from napari_localcl.data.marks import Kind
from napari_localcl.data.project_landmarks import read_project_landmarks, write_project_landmarks

if TYPE_CHECKING:
    from pathlib import Path

    from napari_localcl.data.project_annotations import Annotations


def worked() -> Annotations:
    """Return annotations with everything in them that there can be."""
    rows = [predicted(f"{i}.png", y=i + 0.1) for i in range(4)]
    state, _ = empty_annotations().with_predictions(rows)
    state = state.place("0.png", "base", 1 / 3, 2).mark_absent("1.png", "base")
    state = state.accept("0.png", "tip")
    return state.reject("2.png", "tip").reject("3.png", "tip").place("3.png", "tip", 4, 5)


def again(path: Path) -> Annotations:
    return read_project_landmarks(path, empty_annotations().images, ("tip", "base"))


def test_everything_survives_writing_and_reading(tmp_path: Path):
    path = tmp_path / "landmarks.csv"
    state = worked()
    write_project_landmarks(path, state)
    read = again(path)
    assert (read.kinds() == state.kinds()).all()
    for image in state.images.names:
        assert read.points(image) == state.points(image)
    for image in ("2.png", "3.png"):
        late, _ = read.delete_landmark("base").with_predictions([predicted(image)])
        assert late.kind(image, "tip") is not Kind.PREDICTED, "the rejection is remembered"


def test_the_file_shows_what_is_absent_and_rejected_as_empty_rows(tmp_path: Path):
    path = tmp_path / "landmarks.csv"
    write_project_landmarks(path, worked())
    assert path.read_text().splitlines() == [
        "image,landmark,y,x,confidence,source,rejected",
        "0.png,tip,0.1,7,,accepted,",
        "0.png,base,0.3333333333333333,2,,human,",
        "1.png,tip,1.1,7,0.9,machine:one,",
        "1.png,base,,,,human,",
        "2.png,tip,,,,,machine:one",
        "3.png,tip,4,5,,human,machine:one",
    ]


def test_any_reader_of_landmark_files_gets_the_points(tmp_path: Path):
    path = tmp_path / "landmarks.csv"
    state = worked()
    write_project_landmarks(path, state)
    assert read_landmarks(path) == tuple(p for i in state.images.names for p in state.points(i))


def test_a_persons_own_landmark_file_can_be_put_there(tmp_path: Path):
    path = tmp_path / "landmarks.csv"
    path.write_text("image,landmark,y,x\n0.png,tip,1,2\n1.png,tip,,\n0.png,heel,3,4\n")
    read = again(path)
    assert read.names == ("tip", "base", "heel")
    assert read.human_points() == (
        Landmark("0.png", "tip", 1, 2, None, "human"),
        Landmark("0.png", "heel", 3, 4, None, "human"),
    )
    assert read.kind("1.png", "tip") is Kind.ABSENT


def test_where_no_file_is_nothing_is_known(tmp_path: Path):
    read = again(tmp_path / "landmarks.csv")
    assert read.names == ("tip", "base")
    assert not read.kinds().any()


def test_damage_is_told_with_the_way_back_and_the_way_back_works(tmp_path: Path):
    path = tmp_path / "landmarks.csv"
    write_project_landmarks(path, worked())
    write_project_landmarks(path, worked().place("0.png", "tip", 1, 1))
    path.write_text("image,landmark,y,x\n0.png,tip,left,2\n")
    with pytest.raises(BadInput, match=r"line 2 has 'left'.*rename landmarks\.csv\.bak to landma"):
        again(path)
    path.with_name("landmarks.csv.bak").replace(path)
    assert (again(path).kinds() == worked().kinds()).all()


def test_a_file_that_is_gone_is_told_as_long_as_there_is_a_copy(tmp_path: Path):
    path = tmp_path / "landmarks.csv"
    for _ in range(2):
        write_project_landmarks(path, worked())
    path.unlink()
    with pytest.raises(BadInput, match=r"does not exist.*rename landmarks\.csv\.bak"):
        again(path)


def test_an_image_that_the_project_does_not_have_is_told_with_its_line(tmp_path: Path):
    path = tmp_path / "landmarks.csv"
    path.write_text("image,landmark,y,x\n9.png,tip,1,2\n")
    with pytest.raises(BadInput, match=r"line 2: there is no image named '9\.png'"):
        again(path)
