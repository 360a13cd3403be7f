from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange import table

if TYPE_CHECKING:
    from pathlib import Path


def test_images_may_lie_in_another_folder_and_absent_landmarks_have_no_point(
    tmp_path: Path, listing
):
    path = tmp_path / "points.csv"
    path.write_text("image,landmark,y,x\nelsewhere/sub/b.png,tip,1,2\na.png,tip,,\n")
    assert table.read(path, listing) == (Landmark("sub/b.png", "tip", 1, 2),)


def test_an_unknown_image_is_told_and_nothing_written(tmp_path: Path, listing):
    with pytest.raises(BadInput, match=r"no image named 'c.png'"):
        table.write(tmp_path / "p.csv", [Landmark("c.png", "tip", 1, 2)], listing)
    assert not (tmp_path / "p.csv").exists()
