from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK
from PIL import Image

from napari_localcl.data import raster
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

COLOURS = np.random.default_rng(0).integers(0, 255, (40, 60, 3), np.uint8)


def test_a_grey_png_has_one_channel_and_its_values(tmp_path: Path, picture):
    Image.fromarray(picture).save(tmp_path / "a.png")
    scan = raster.read(tmp_path / "a.png")
    assert np.array_equal(scan.pixels, picture[None])
    assert raster.header(tmp_path / "a.png").size == (48, 64)
    assert raster.header(tmp_path / "a.png").channels == 1


def test_a_16_bit_png_keeps_its_grey_levels(tmp_path: Path, picture):
    deep = picture.astype(np.uint16) * 257
    Image.fromarray(deep).save(tmp_path / "a.png")
    scan = raster.read(tmp_path / "a.png")
    assert scan.pixels.dtype == np.uint16
    assert np.array_equal(scan.pixels[0], deep)


def test_a_colour_png_has_three_channels_in_order(tmp_path: Path):
    Image.fromarray(COLOURS).save(tmp_path / "a.png")
    assert np.array_equal(raster.read(tmp_path / "a.png").pixels, COLOURS.transpose(2, 0, 1))
    assert raster.header(tmp_path / "a.png").channels == 3


@pytest.mark.parametrize("samples", [3, 4])
def test_a_16_bit_colour_png_keeps_its_levels(tmp_path: Path, samples):
    deep = np.random.default_rng(0).integers(0, 4096, (40, 60, samples)).astype(np.uint16)
    image = SimpleITK.GetImageFromArray(deep, isVector=True)
    SimpleITK.WriteImage(image, str(tmp_path / "a.png"))
    assert np.array_equal(raster.read(tmp_path / "a.png").pixels, deep[..., :3].transpose(2, 0, 1))
    assert raster.header(tmp_path / "a.png").channels == 3


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_is_dropped(tmp_path: Path, mode):
    image = Image.fromarray(COLOURS).convert(mode)
    image.putalpha(7)
    image.save(tmp_path / "a.png")
    expected = np.asarray(Image.fromarray(COLOURS).convert("L" if mode == "LA" else "RGB"))
    expected = np.atleast_3d(expected).transpose(2, 0, 1)
    assert np.array_equal(raster.read(tmp_path / "a.png").pixels, expected)


def test_a_palette_is_expanded(tmp_path: Path):
    indexed = Image.fromarray(COLOURS).quantize(16)
    indexed.save(tmp_path / "a.png")
    expected = np.asarray(indexed.convert("RGB")).transpose(2, 0, 1)
    assert np.array_equal(raster.read(tmp_path / "a.png").pixels, expected)
    assert raster.header(tmp_path / "a.png").channels == 3


def test_a_palette_of_greys_is_a_grey_image(tmp_path: Path, picture):
    Image.fromarray(picture).convert("P").save(tmp_path / "a.gif")
    assert raster.header(tmp_path / "a.gif").channels == 1
    assert np.array_equal(raster.read(tmp_path / "a.gif").pixels[0], picture)


def test_one_bit_becomes_black_and_white(tmp_path: Path, picture):
    Image.fromarray(picture > 99).save(tmp_path / "a.png")
    assert np.array_equal(raster.read(tmp_path / "a.png").pixels[0], (picture > 99) * 255)


def test_a_cmyk_jpeg_becomes_rgb(tmp_path: Path):
    flat = Image.new("CMYK", (32, 32), (0, 255, 255, 0))
    flat.save(tmp_path / "a.jpg")
    red = raster.read(tmp_path / "a.jpg").pixels.mean((1, 2))
    assert red == pytest.approx([254, 0, 0], abs=4)


def test_a_jpeg_is_not_turned_by_its_exif_orientation(tmp_path: Path, picture):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(picture).save(tmp_path / "a.jpg", exif=exif, quality=100)
    assert (
        raster.read(tmp_path / "a.jpg").size == raster.header(tmp_path / "a.jpg").size == (48, 64)
    )


def test_a_large_jpeg_may_come_reduced_but_never_below_what_is_needed(tmp_path: Path, picture):
    Image.fromarray(picture).resize((1001, 751)).save(tmp_path / "a.jpg")
    assert raster.read(tmp_path / "a.jpg").reduction == 1
    reduced = raster.read(tmp_path / "a.jpg", least=(180, 240))
    assert (reduced.reduction, reduced.size) == (4, (188, 251))


def test_a_png_that_claims_too_much_is_refused_unread(tmp_path: Path):
    path = tmp_path / "a.png"
    Image.new("L", (8, 8)).save(path)
    claimed = bytearray(path.read_bytes())
    claimed[16:24] = (200_000).to_bytes(4, "big") * 2
    # Pillow checks the header's sum first, so the claim has to be signed.
    claimed[29:33] = zlib.crc32(claimed[12:29]).to_bytes(4, "big")
    path.write_bytes(claimed)
    with pytest.raises(BadInput, match="claims more pixels than can be handled"):
        raster.header(path)
