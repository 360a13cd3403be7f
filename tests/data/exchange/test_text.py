from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.text import read_text

if TYPE_CHECKING:
    from pathlib import Path


def test_a_missing_file_is_told(tmp_path: Path):
    with pytest.raises(BadInput, match=r"none.csv does not exist; give a DeepLabCut file"):
        read_text(tmp_path / "none.csv", "a DeepLabCut file")


def test_another_kind_of_file_is_told(tmp_path: Path):
    (tmp_path / "a.csv").write_bytes(b"\x89PNG\xff\xfe")
    with pytest.raises(BadInput, match="cannot be read as text in UTF-8; give a DeepLabCut file"):
        read_text(tmp_path / "a.csv", "a DeepLabCut file")
