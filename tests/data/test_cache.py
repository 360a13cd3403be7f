from __future__ import annotations

import errno
import hashlib
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_localcl.data.cache import ContentHashes, PlaneCache, default_cache, mapped, mapped_field
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

PIXELS = np.random.default_rng(0).integers(0, 255, (3, 64, 96), np.uint8)
SEEN = PIXELS[0] > 40


def test_a_plane_is_kept_and_found_again(tmp_path: Path):
    cache = PlaneCache(tmp_path, PIXELS.shape, "settings")
    path = cache.path("content", 3)
    assert not cache.holds(path)
    cache.write(path, PIXELS, SEEN)
    assert cache.holds(path)
    assert np.array_equal(np.load(path), PIXELS)
    assert np.array_equal(mapped(path, PIXELS.shape), PIXELS)
    assert np.array_equal(mapped_field(path, PIXELS.shape), SEEN)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_everything_that_changes_the_pixels_changes_the_name(tmp_path: Path):
    cache = PlaneCache(tmp_path, (3, 64, 96), "settings")
    paths = {
        cache.path("content", None),
        cache.path("content", 0),
        cache.path("other", 0),
        PlaneCache(tmp_path, (1, 64, 96), "settings").path("content", 0),
        PlaneCache(tmp_path, (3, 64, 96), "others").path("content", 0),
    }
    assert len(paths) == 5


@pytest.mark.parametrize("size", [0, 50, 128, 5000, 128 + 3 * 64 * 96])
def test_a_plane_cut_short_does_not_count(tmp_path: Path, size):
    cache = PlaneCache(tmp_path, PIXELS.shape, None)
    path = cache.path("content", None)
    cache.write(path, PIXELS, SEEN)
    os.truncate(path, size)
    assert not cache.holds(path)


@pytest.mark.parametrize(
    ("code", "message"), [(errno.ENOSPC, "is full"), (errno.EACCES, "cannot be written")]
)
def test_a_disk_that_takes_no_more_is_told_in_one_sentence(tmp_path, monkeypatch, code, message):
    def refuse(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(np, "save", refuse)
    cache = PlaneCache(tmp_path, PIXELS.shape, None)
    with pytest.raises(BadInput, match=f"{message}.*LOCALCL_CACHE"):
        cache.write(cache.path("content", None), PIXELS, SEEN)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_cache_that_is_a_file_is_told(tmp_path: Path):
    (tmp_path / "file").touch()
    cache = PlaneCache(tmp_path / "file", PIXELS.shape, None)
    with pytest.raises(BadInput, match="cannot be written"):
        cache.write(cache.path("content", None), PIXELS, SEEN)


def test_a_file_is_hashed_once_and_again_when_it_changed(tmp_path: Path, monkeypatch):
    file = tmp_path / "a.png"
    file.write_bytes(b"first")
    hashes = ContentHashes(tmp_path / "cache")
    first = hashes.of(file)
    assert first == hashlib.sha256(b"first").hexdigest()
    hashes.save()

    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "file_digest", None)
        assert ContentHashes(tmp_path / "cache").of(file) == first
    file.write_bytes(b"second")
    assert ContentHashes(tmp_path / "cache").of(file) == hashlib.sha256(b"second").hexdigest()


def test_the_files_of_a_series_have_one_hash_that_depends_on_their_order(tmp_path: Path):
    files = [tmp_path / name for name in "ab"]
    for file in files:
        file.write_text(file.name)
    hashes = ContentHashes(tmp_path)
    assert hashes.of((files[0], files[1])) != hashes.of((files[1], files[0]))
    assert len(hashes.of(tuple(files))) == 64


def test_two_processes_keep_each_others_hashes(tmp_path: Path):
    one, two = ContentHashes(tmp_path), ContentHashes(tmp_path)
    for name, hashes in (("a", one), ("b", two)):
        (tmp_path / name).write_text(name)
        hashes.of(tmp_path / name)
        hashes.save()
    assert len(ContentHashes(tmp_path)._load()) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", "\udcff"])
def test_a_damaged_memory_is_forgotten(tmp_path: Path, text):
    (tmp_path / "hashes.json").write_text(text, errors="surrogateescape")
    (tmp_path / "a").write_text("a")
    assert len(ContentHashes(tmp_path).of(tmp_path / "a")) == 64


def test_no_name_of_a_file_is_kept(tmp_path: Path):
    (tmp_path / "Doe_John.png").write_text("x")
    hashes = ContentHashes(tmp_path)
    hashes.of(tmp_path / "Doe_John.png")
    hashes.save()
    assert "Doe" not in (tmp_path / "hashes.json").read_text()


def test_the_cache_lies_where_the_environment_says(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("LOCALCL_CACHE", str(tmp_path))
    assert default_cache() == tmp_path
    monkeypatch.delenv("LOCALCL_CACHE")
    assert "napari-localcl" in str(default_cache())
