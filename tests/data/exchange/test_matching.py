from __future__ import annotations

import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.matching import ImageNames, parts

KNOWN = ("img1.png", "a/img1.png", "a/img2.png", "b/img2.png", "c/only.png")
NAMES = ImageNames({name: name for name in KNOWN}, "/images")


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("img1.png", "img1.png"),
        ("a/img1.png", "a/img1.png"),
        ("labeled-data/a/img2.png", "a/img2.png"),
        (r"labeled-data\b\img2.png", "b/img2.png"),
        ("/home/x/img1.png", "img1.png"),
        ("only.png", "c/only.png"),
    ],
)
def test_a_name_may_begin_in_another_folder(name, image):
    assert NAMES.find(name, "file.csv") == image


def test_a_name_that_several_images_may_have_is_told():
    with pytest.raises(BadInput, match=r"file.csv: 'img2.png' may be any of a/img2.png, b/img2"):
        NAMES.find("img2.png", "file.csv")


@pytest.mark.parametrize("name", ["c/img1.jpg", "d/img2.png", "my_img1.png", "", "12"])
def test_an_unknown_image_is_told_with_the_file(name):
    with pytest.raises(BadInput, match=r"^file.csv: there is no image named '.*' in /images"):
        NAMES.find(name, "file.csv")


def test_similar_names_are_offered():
    with pytest.raises(BadInput, match=r"did you mean c/only.png"):
        NAMES.find("x/onli.png", "file.csv")


def test_a_step_up_stays_in_the_folder_and_is_found_again():
    assert parts("../x/a.png") == ("__", "x", "a.png")
    names = ImageNames({"../x/a.png": "../x/a.png", "x/a.png": "x/a.png"}, "/images")
    assert names.find("/out/__/x/a.png", "f") == "../x/a.png"
    assert names.find("/out/x/a.png", "f") == "x/a.png"
