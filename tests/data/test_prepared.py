from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
import tifffile
from PIL import Image

from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import find_images
from napari_localcl.data.prepared import Preparation, PreparedImages, prepare_all

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def images(tmp_path: Path, picture) -> Path:
    """Write a folder of mixed sizes, depths, types and colours, with two that cannot be used."""
    folder = tmp_path / "images"
    folder.mkdir()
    Image.fromarray(picture).save(folder / "1.png")
    Image.fromarray(np.dstack([picture, picture // 2, picture * 0])).save(folder / "2.png")
    volume = np.stack([picture // 4, picture // 2, picture, picture * 0]).astype(np.float32)
    tifffile.imwrite(
        folder / "3.tif",
        volume,
        imagej=True,
        photometric="minisblack",
        resolution=(2, 4),
        metadata={"axes": "ZYX", "unit": "mm", "spacing": 3.0},
    )
    Image.fromarray(picture.T.copy()).save(folder / "4.png")
    Image.fromarray(np.full((50, 50), 9, np.uint8)).save(folder / "constant.png")
    damaged = np.where(volume > 200, np.nan, volume)
    tifffile.imwrite(folder / "nan.tif", damaged, photometric="minisblack")
    (folder / "zero.png").touch()
    return folder


@pytest.fixture
def prepared(images: Path, tmp_path: Path) -> PreparedImages:
    return prepare_all(find_images(images), 96, cache=tmp_path / "cache")


NAMES = ("1.png", "2.png", "3.tif#0", "3.tif#1", "3.tif#2", "3.tif#3", "4.png")


def test_a_mixed_folder_is_prepared_and_the_unusable_is_listed(prepared):
    assert prepared.names == NAMES
    assert (prepared.canvas, prepared.channels, len(prepared)) == ((64, 96), 3, 7)
    assert [(one.name, one.reason[:20]) for one in prepared.skipped] == [
        ("zero.png", "is empty (0 bytes)"),
        ("constant.png", "is constant: every p"),
        ("nan.tif", "contains NaN or infi"),
    ]


def test_a_batch_holds_the_images_asked_for_in_order(prepared):
    batch = prepared.batch([6, 0, 0])
    assert batch.shape == (3, 3, 64, 96)
    assert batch.dtype == np.uint8
    assert np.array_equal(batch[1], batch[2])
    assert not np.array_equal(batch[0], batch[1])
    assert prepared.batch([]).shape == (0, 3, 64, 96)
    assert prepared.batch(np.array([1])).shape == (1, 3, 64, 96)


def test_images_use_the_whole_range_and_volumes_share_it(prepared):
    assert prepared.batch([0]).min() == 0
    assert prepared.batch([0]).max() == 255
    means = prepared.batch([2, 3, 4, 5]).mean((1, 2, 3))
    assert means[3] == 0
    assert means[0] < 0.6 * means[1] < 0.4 * means[2]


def test_colours_stay_colours_and_grey_is_repeated(prepared):
    red, green, blue = prepared.batch([1])[0].astype(float)
    assert green.mean() == pytest.approx(red.mean() / 2, rel=0.05)
    assert blue.max() == 0
    grey = prepared.batch([0])[0]
    assert np.array_equal(grey[0], grey[2])


def test_what_lies_around_an_upright_image_is_not_valid(prepared):
    valid = prepared.valid([0, 6])
    assert valid.shape == (2, 64, 96)
    assert valid[0, :, 5:90].all()
    assert not valid[1, :, :24].any()
    assert valid[1, :, 24:72].all()


def test_points_can_be_placed_on_every_image(prepared):
    placement = prepared.placements[prepared.index("4.png")]
    assert placement.file_size == (64, 48)
    assert placement.to_canvas([(31.5, 23.5)])[0] == pytest.approx([31.5, 47.5])


def test_spacing_of_the_plane_is_kept(prepared):
    assert prepared.spacings[0] is None
    assert prepared.spacings[2] == pytest.approx((0.25, 0.5))


def test_hashes_are_of_the_files_content(prepared, images):
    assert prepared.hashes[0] == hashlib.sha256((images / "1.png").read_bytes()).hexdigest()
    assert len(set(prepared.hashes[2:6])) == 1


def test_images_are_found_by_name(prepared):
    assert prepared.index("3.tif#2") == 4
    with pytest.raises(BadInput, match=r"nan\.tif contains NaN"):
        prepared.index("nan.tif#1")
    with pytest.raises(BadInput, match=r"no image named '3.tif'.* did you mean 3.tif#"):
        prepared.index("3.tif")


def test_a_subset_keeps_everything_in_step(prepared):
    part = prepared.subset([6, 2])
    assert part.names == ("4.png", "3.tif#0")
    assert part.placements == (prepared.placements[6], prepared.placements[2])
    assert part.hashes[1] == prepared.hashes[2]
    assert part.spacings[1] == prepared.spacings[2]
    assert np.array_equal(part.batch([1]), prepared.batch([2]))
    assert part.index("3.tif#0") == 1


def test_a_second_time_nothing_is_written(prepared, images, tmp_path):
    times = {file: file.stat().st_mtime_ns for file in prepared.files}
    again = prepare_all(find_images(images), 96, cache=tmp_path / "cache")
    assert again == prepared
    assert {file: file.stat().st_mtime_ns for file in again.files} == times


def test_other_settings_do_not_mix_with_the_first(prepared, images, tmp_path):
    grey = prepare_all(find_images(images), 96, channels=1, cache=tmp_path / "cache")
    fixed = prepare_all(find_images(images), 96, canvas=(96, 96), cache=tmp_path / "cache")
    assert grey.batch([1]).shape == (1, 1, 64, 96)
    assert fixed.batch([1]).shape == (1, 3, 96, 96)
    assert set(prepared.files).isdisjoint(grey.files + fixed.files)


def test_a_changed_file_is_prepared_anew(prepared, images, tmp_path, picture):
    Image.fromarray(255 - picture).save(images / "1.png")
    again = prepare_all(find_images(images), 96, cache=tmp_path / "cache")
    assert again.hashes[0] != prepared.hashes[0]
    assert not np.array_equal(again.batch([0]), prepared.batch([0]))


def test_the_users_folder_is_not_written_to(images, tmp_path):
    before = sorted(images.rglob("*"))
    prepare_all(find_images(images), 96, cache=tmp_path / "cache")
    assert sorted(images.rglob("*")) == before


def test_progress_counts_planes_to_the_end(images, tmp_path):
    preparation = Preparation(find_images(images), 96, cache=tmp_path / "cache")
    with pytest.raises(RuntimeError, match="iterate"):
        _ = preparation.images
    progress = list(preparation)
    assert progress[0] == (0, 12)
    assert progress[-1] == (12, 12)
    assert [done for done, _ in progress] == sorted(done for done, _ in progress)
    assert len(preparation.images) == 7


def test_stopping_half_way_keeps_what_was_done(images, tmp_path):
    preparation = Preparation(find_images(images), 96, cache=tmp_path / "cache", threads=1)
    steps = iter(preparation)
    next(steps)
    next(steps)
    steps.close()
    assert list((tmp_path / "cache").rglob("*.npy"))
    assert len(prepare_all(find_images(images), 96, cache=tmp_path / "cache")) == 7


def test_nothing_usable_at_all_is_told(tmp_path: Path):
    Image.fromarray(np.full((50, 50), 9, np.uint8)).save(tmp_path / "a.png")
    with pytest.raises(BadInput, match=r"none of the 1 files can be used: a\.png is constant"):
        prepare_all(find_images(tmp_path), 96, cache=tmp_path / "cache")


def test_a_cache_removed_while_in_use_is_told(prepared):
    prepared.files[0].unlink()
    with pytest.raises(BadInput, match=r"cached copy of 1.png .* run again"):
        prepared.batch([0])


def test_a_disk_without_space_ends_the_work_with_one_sentence(images, tmp_path):
    (tmp_path / "cache").touch()
    with pytest.raises(BadInput, match="cannot be written"):
        prepare_all(find_images(images), 96, cache=tmp_path / "cache")


def test_many_images_hold_neither_memory_nor_files(tmp_path: Path, picture):
    for number in range(300):
        Image.fromarray(picture + np.uint8(number % 10)).save(tmp_path / f"{number}.png")
    process = psutil.Process()
    listing = find_images(tmp_path)
    before = process.memory_info().rss
    images = prepare_all(listing, 256, channels=3, cache=tmp_path / "cache")
    grown = process.memory_info().rss - before
    pixels = len(images) * 3 * images.canvas[0] * images.canvas[1]
    assert grown < pixels / 2
    for start in range(0, 300, 30):
        images.batch(range(start, start + 30))
    assert not [file for file in process.open_files() if file.path.endswith(".npy")]
    assert not [
        part for part in getattr(process, "memory_maps", list)() if part.path.endswith(".npy")
    ]


def test_fields_of_view_are_kept_with_the_images_and_mirrored_with_them(tmp_path):
    y, x = np.mgrid[:96, :96]
    seen = np.hypot(y - 48, x - 30) < 44
    folder = tmp_path / "images"
    folder.mkdir()
    noise = np.random.default_rng(0).integers(60, 200, seen.shape)
    for name in ("one", "two"):
        Image.fromarray(np.where(seen, noise, 0).astype(np.uint8)).save(folder / f"{name}.png")
    for reach in (0.0, 0.1):
        images = prepare_all(find_images(folder), 96, cache=tmp_path / "c", contrast_reach=reach)
        found = images.fields([0])[0]
        assert (found != seen).mean() < 0.04  # a rim may differ
        both = images.mirrored([False, True]).fields([0, 1])
        assert np.array_equal(both[0], both[1][:, ::-1])
