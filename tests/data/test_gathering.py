from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from draining import finish
from PIL import Image

from napari_localcl.data.cache import ContentHashes
from napari_localcl.data.errors import BadInput
from napari_localcl.data.gathering import gather

if TYPE_CHECKING:
    from pathlib import Path


def test_each_file_has_one_item_with_its_path_content_and_header(tmp_path: Path, picture):
    (tmp_path / "sub").mkdir()
    Image.fromarray(picture).save(tmp_path / "sub" / "a.png")
    tifffile.imwrite(tmp_path / "stack.tif", np.stack([picture] * 3), photometric="minisblack")
    _, found = finish(gather(tmp_path))
    assert found.root == tmp_path
    stack, image = found.items
    assert (stack.name, stack.files, stack.header.depth) == ("stack.tif", ("stack.tif",), 3)
    assert (image.name, image.header.size) == ("sub/a.png", (48, 64))
    content = (tmp_path / "sub" / "a.png").read_bytes()
    assert image.content == hashlib.sha256(content).hexdigest()


def test_the_files_of_a_series_are_one_item(tmp_path: Path, picture, write_dicom):
    (tmp_path / "knee").mkdir()
    for z in range(3):
        place = {"ImagePositionPatient": [0, 0, z], "ImageOrientationPatient": [1, 0, 0, 0, 1, 0]}
        write_dicom(tmp_path / "knee" / f"{z}", picture, SeriesInstanceUID="1.2", **place)
    _, found = finish(gather(tmp_path))
    (item,) = found.items
    assert (item.name, item.files) == ("knee", ("knee/0", "knee/1", "knee/2"))


def test_a_file_that_vanishes_meanwhile_is_skipped(tmp_path: Path, picture):
    for name in ("a.png", "b.png"):
        Image.fromarray(picture).save(tmp_path / name)
    work = gather(tmp_path)
    next(work)
    next(work)
    (tmp_path / "b.png").unlink()
    _, found = finish(work)
    assert [item.name for item in found.items] == ["a.png"]
    assert "No such file" in found.skipped[0].reason


def test_if_no_file_can_be_read_the_first_is_told(tmp_path: Path, picture, monkeypatch):
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    Image.fromarray(picture).save(tmp_path / "a.png")
    monkeypatch.setattr(ContentHashes, "of", refuse)
    with pytest.raises(BadInput, match=r"no image can be read: a\.png .*Permission denied"):
        finish(gather(tmp_path))
