from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_localcl.data import decoding
from napari_localcl.data.decoding import Decoder, by_file
from napari_localcl.data.folder import Skipped, find_images

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def decoder(tmp_path: Path) -> Decoder:
    return Decoder((64, 64), 1, False, tmp_path / "cache")


def test_a_volume_is_decoded_once_for_all_its_planes(tmp_path, picture, decoder, monkeypatch):
    tifffile.imwrite(tmp_path / "v.tif", np.stack([picture] * 4), photometric="minisblack")
    reads = []
    real = decoding.read
    monkeypatch.setattr(decoding, "read", lambda *a, **k: reads.append(a) or real(*a, **k))
    (planes,) = by_file(find_images(tmp_path).planes)
    assert len(decoder(planes)) == 4
    assert len(reads) == 1
    decoder(planes)
    assert len(reads) == 1


def test_only_what_the_cache_lacks_is_made_again(tmp_path, picture, decoder):
    tifffile.imwrite(tmp_path / "v.tif", np.stack([picture] * 3), photometric="minisblack")
    (planes,) = by_file(find_images(tmp_path).planes)
    ready = decoder(planes)
    kept = ready[0].file.stat().st_mtime_ns
    before = np.load(ready[1].file)
    ready[1].file.write_bytes(b"cut")
    assert np.array_equal(np.load(decoder(planes)[1].file), before)
    assert ready[0].file.stat().st_mtime_ns == kept


def test_a_file_replaced_by_one_of_another_size_is_skipped(tmp_path, picture, decoder):
    Image.fromarray(picture).save(tmp_path / "a.png")
    listing = find_images(tmp_path)
    Image.fromarray(picture[:30]).save(tmp_path / "a.png")
    (planes,) = by_file(listing.planes)
    skipped = decoder(planes)
    assert skipped == Skipped(
        "a.png", "does not hold what its header says; it is damaged or was just replaced"
    )


def test_a_file_that_vanished_is_skipped(tmp_path, picture, decoder):
    Image.fromarray(picture).save(tmp_path / "a.png")
    (planes,) = by_file(find_images(tmp_path).planes)
    (tmp_path / "a.png").unlink()
    skipped = decoder(planes)
    assert isinstance(skipped, Skipped)
    assert "No such file" in skipped.reason


def test_an_image_is_kept_both_evened_out_and_as_it_is(tmp_path, picture):
    Image.fromarray(picture).save(tmp_path / "a.png")
    (planes,) = by_file(find_images(tmp_path).planes)
    plain, evened = (
        np.load(Decoder((64, 64), 1, local, tmp_path / "cache")(planes)[0].file)
        for local in (False, True)
    )
    assert np.ptp(plain) == 255
    assert abs(evened.mean() - 127) < abs(plain.mean() - 127) + 5
    assert not np.array_equal(plain, evened)
    again = Decoder((64, 64), 1, False, tmp_path / "cache")(planes)[0].file
    assert np.array_equal(np.load(again), plain)
