from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.documents import CocoImage, read_json

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; save an image there again"),
        (" \n", "is empty"),
        ('{"id": 1, ', r"is no JSON and so not an image \(EOF while parsing"),
        ("[]", "is not an image: it: Input should be"),
        ('{"id": 1}', "is not an image: file_name: Field required; save it again as one"),
        ('{"id": 1, "file_name": 2}', "is not an image: file_name: Input should be a valid string"),
    ],
)
def test_a_mistake_is_told_in_one_sentence_with_the_file(tmp_path: Path, text, message):
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=message) as caught:
        read_json(path, CocoImage, "an image")
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_what_is_not_asked_for_and_a_mark_of_utf_8_do_not_matter(tmp_path: Path):
    path = tmp_path / "a.json"
    path.write_text('\ufeff{"id": 1, "file_name": "ä.png", "licence": {}}', encoding="utf-8")
    assert read_json(path, CocoImage, "an image").file_name == "ä.png"
