"""Exams: which stack is which plane of which exam, whatever the files are called."""

import numpy as np
import pytest
from PIL import Image

from napari_localcl.data.series import ONLY, find_series, matched


def stack(path, frames=4, size=(16, 12)):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(0).integers(0, 255, (frames, *size)).astype(np.uint8)
    if path.suffix == ".npy":
        np.save(path, pixels)
    elif path.suffix == ".png":
        Image.fromarray(pixels[0]).save(path)
    else:
        first, *others = map(Image.fromarray, pixels)
        first.save(path, save_all=True, append_images=others)


def told(folder, known=()):
    found = find_series(folder, known)
    return {
        exam.name: {p: len(frames) for p, frames in exam.planes.items()} for exam in found.exams
    }


@pytest.mark.parametrize(
    "layout",
    [
        "axial/{}.npy",
        "{}/axial.npy",
        "{}_axial.npy",
        "{0}/{0}_axial.npy",
        "deep/down/axial/{}.tif",
        "{}-axial.tif",
    ],
)
def test_a_plane_is_told_by_the_words_of_its_path(tmp_path, layout):
    for exam in ("knee_1", "knee_2", "knee_3"):
        stack(tmp_path / layout.format(exam))
        stack(tmp_path / layout.format(exam).replace("axial", "T1"), frames=3)
    both = {"axial": 4, "T1": 3}
    assert told(tmp_path) == {"knee_1": both, "knee_2": both, "knee_3": both}


def test_stacks_without_a_plane_are_exams_of_one(tmp_path):
    stack(tmp_path / "series" / "a.tif")
    stack(tmp_path / "series" / "b.tif", frames=2)
    assert told(tmp_path) == {"a": {ONLY: 4}, "b": {ONLY: 2}}


def test_planes_of_any_name_are_told_by_what_repeats(tmp_path):
    for exam in ("p1", "p2", "p3"):
        for plane in ("early", "late"):
            stack(tmp_path / exam / f"{plane}.npy")
    assert told(tmp_path) == {exam: {"early": 4, "late": 4} for exam in ("p1", "p2", "p3")}


def test_a_plane_that_all_exams_lie_in_is_their_plane(tmp_path):
    stack(tmp_path / "data" / "axial" / "a.tif")
    stack(tmp_path / "data" / "axial" / "b.tif")
    assert told(tmp_path) == {"a": {"axial": 4}, "b": {"axial": 4}}


def test_planes_that_a_run_knows_are_told_in_a_single_exam(tmp_path):
    stack(tmp_path / "early" / "p1.npy")
    stack(tmp_path / "late" / "p1.npy")
    assert told(tmp_path, ["early", "late"]) == {"p1": {"early": 4, "late": 4}}


def test_a_folder_of_frames_is_a_stack_in_natural_order(tmp_path):
    for frame in (1, 2, 10):
        stack(tmp_path / "knee_1" / "axial" / f"{frame}.png")
        stack(tmp_path / "knee_2" / "axial" / f"{frame}.png")
    found = find_series(tmp_path)
    assert [exam.name for exam in found.exams] == ["knee_1", "knee_2"]
    assert found.exams[1].planes["axial"] == tuple(f"knee_2/axial/{n}.png" for n in (1, 2, 10))


def test_the_folder_of_one_exam_is_that_exam(tmp_path):
    for frame in range(3):
        stack(tmp_path / "knee_7" / f"{frame}.png")
    stack(tmp_path / "knee_8" / "axial.npy")
    assert told(tmp_path / "knee_7") == {"knee_7": {ONLY: 3}}
    assert told(tmp_path / "knee_8") == {"knee_8": {"axial": 4}}


def test_a_file_of_one_frame_beside_stacks_is_a_series_of_one_frame(tmp_path):
    stack(tmp_path / "a.tif")
    stack(tmp_path / "b.png")
    assert told(tmp_path) == {"a": {ONLY: 4}, "b": {ONLY: 1}}


def test_dicom_series_of_one_folder_are_told_apart_by_their_planes(tmp_path, write_dicom):
    pixels = np.random.default_rng(0).integers(0, 255, (16, 16)).astype(np.int16)
    (tmp_path / "knee").mkdir()
    ways = {"1.2.3.4.5": [1, 0, 0, 0, 1, 0], "1.2.3.4.6": [1, 0, 0, 0, 0, -1]}
    for uid, way in ways.items():
        normal = np.cross(way[:3], way[3:])
        for z in range(3):
            write_dicom(
                tmp_path / "knee" / f"{uid}_{z}.dcm",
                pixels + z,
                SeriesInstanceUID=uid,
                ImageOrientationPatient=way,
                ImagePositionPatient=[float(v) for v in 5 * z * normal],
                PixelSpacing=[1, 1],
                InstanceNumber=z,
            )
    assert told(tmp_path) == {"knee": {"axial": 3, "coronal": 3}}


def test_a_second_stack_of_the_same_plane_is_named_and_left_out(tmp_path):
    stack(tmp_path / "knee_axial.npy")
    stack(tmp_path / "axial" / "knee.npy")
    found = find_series(tmp_path)
    assert len(found.exams) == 1
    (skipped,) = found.skipped
    assert "is a second axial stack of knee" in skipped.reason


def test_the_files_of_a_plane_can_be_learned_from(tmp_path):
    stack(tmp_path / "axial" / "a.npy")
    stack(tmp_path / "axial" / "b.npy")
    stack(tmp_path / "coronal" / "a.npy")
    found = find_series(tmp_path)
    assert found.planes == ("axial", "coronal")
    assert found.files("axial") == [tmp_path / "axial" / "a.npy", tmp_path / "axial" / "b.npy"]


def test_tables_may_name_exams_with_or_without_folders_and_endings():
    names = ["knee_1.tif", "left/knee_2", "twice", "x/twice"]
    exams = ["knee_1", "left/knee_2", "twice", "unheard of"]
    assert list(matched(names, exams)) == [0, 1, 2, None]


def test_a_name_that_could_mean_two_exams_means_neither():
    assert list(matched(["knee"], ["left/knee", "right/knee"])) == [None, None]
