from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile
from PIL import Image

from napari_localcl.data import tiff
from napari_localcl.data.errors import BadInput
from napari_localcl.data.scan import Header

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(0)
COLOURS = RNG.integers(0, 255, (40, 60, 3), np.uint8)


def saved(tmp_path: Path, pixels: np.ndarray, **how) -> Path:
    tifffile.imwrite(tmp_path / "a.tif", pixels, **how)
    return tmp_path / "a.tif"


@pytest.mark.parametrize("dtype", ["u1", "u2", "u4", "i1", "i2", "i4", "f2", "f4", "f8", ">u2"])
def test_a_grey_tiff_keeps_its_grey_levels(tmp_path: Path, dtype):
    pixels = RNG.integers(0, 120, (40, 60)).astype(dtype)
    path = saved(tmp_path, pixels)
    assert tiff.header(path) == Header((40, 60))
    assert np.array_equal(tiff.read(path).pixels, pixels[None])


def test_a_stack_is_a_volume_in_page_order(tmp_path: Path):
    pixels = RNG.integers(0, 60_000, (5, 40, 60), np.uint16)
    path = saved(tmp_path, pixels, photometric="minisblack")
    assert tiff.header(path) == Header((40, 60), depth=5)
    assert np.array_equal(tiff.read(path).pixels, pixels[None])


def test_pages_written_one_by_one_are_a_volume_too(tmp_path: Path):
    pages = [Image.fromarray(page) for page in RNG.integers(0, 255, (3, 40, 60), np.uint8)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    assert tiff.header(tmp_path / "a.tif").depth == 3
    assert np.array_equal(tiff.read(tmp_path / "a.tif").pixels[0], np.stack(pages))


def test_a_stack_of_one_page_is_a_plain_image(tmp_path: Path):
    path = saved(tmp_path, np.zeros((1, 40, 60), np.uint8), photometric="minisblack")
    assert tiff.header(path).depth == 1
    assert not tiff.read(path).is_volume


@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("scale", [1, 257])
def test_colour_comes_first_however_it_is_stored(tmp_path: Path, planar, scale):
    expected = COLOURS.transpose(2, 0, 1).astype(np.uint8 if scale == 1 else np.uint16) * scale
    stored = expected if planar == "separate" else expected.transpose(1, 2, 0)
    path = saved(tmp_path, stored, photometric="rgb", planarconfig=planar)
    assert tiff.header(path) == Header((40, 60), channels=3)
    assert np.array_equal(tiff.read(path).pixels, expected)


def test_a_stack_of_colours_keeps_both_axes(tmp_path: Path):
    pixels = RNG.integers(0, 255, (4, 40, 60, 3), np.uint8)
    path = saved(tmp_path, pixels, photometric="rgb")
    assert tiff.header(path) == Header((40, 60), depth=4, channels=3)
    assert np.array_equal(tiff.read(path).pixels, pixels.transpose(3, 0, 1, 2))


def test_transparency_is_dropped(tmp_path: Path):
    rgba = np.dstack([COLOURS, np.full((40, 60), 9, np.uint8)])
    path = saved(tmp_path, rgba, photometric="rgb", extrasamples=["unassalpha"])
    assert tiff.header(path).channels == 3
    assert np.array_equal(tiff.read(path).pixels, COLOURS.transpose(2, 0, 1))


def test_a_microscopes_channels_and_time_are_told_from_depth(tmp_path: Path):
    pixels = RNG.integers(0, 255, (2, 3, 4, 40, 60)).astype(np.uint16)
    path = saved(tmp_path, pixels, imagej=True, metadata={"axes": "TZCYX"})
    assert tiff.header(path) == Header((40, 60), depth=6, channels=4)
    expected = pixels.transpose(2, 0, 1, 3, 4).reshape(4, 6, 40, 60)
    assert np.array_equal(tiff.read(path).pixels, expected)


@pytest.mark.parametrize(
    ("mode", "compression"),
    [
        (mode, compression)
        for mode in ("L", "RGB", "I;16")
        for compression in ("tiff_lzw", "packbits", "tiff_adobe_deflate", "jpeg")
        # Baseline JPEG has eight bits.
        if (mode, compression) != ("I;16", "jpeg")
    ],
)
def test_every_common_compression_is_read(tmp_path: Path, compression, mode, picture):
    grey = Image.fromarray(picture.astype(np.uint16) * 200 if mode == "I;16" else picture)
    image = grey.convert("RGB") if mode == "RGB" else grey
    image.save(tmp_path / "a.tif", compression=compression)
    scan = tiff.read(tmp_path / "a.tif")
    expected = np.atleast_3d(np.asarray(image)).transpose(2, 0, 1)
    assert scan.pixels.dtype == expected.dtype
    assert np.allclose(scan.pixels, expected, atol=4 if compression == "jpeg" else 0)


def test_a_compressed_stack_is_read_whole(tmp_path: Path):
    pages = [Image.fromarray(page) for page in RNG.integers(0, 60_000, (3, 40, 60), np.uint16)]
    pages[0].save(
        tmp_path / "a.tif", save_all=True, append_images=pages[1:], compression="tiff_lzw"
    )
    assert np.array_equal(tiff.read(tmp_path / "a.tif").pixels[0], np.stack(pages))


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_white_is_zero_is_turned_so_that_bright_is_high(tmp_path: Path, picture, compression):
    Image.fromarray(picture).save(tmp_path / "a.tif", compression=compression, tiffinfo={262: 0})
    with Image.open(tmp_path / "a.tif") as image:
        shown = np.asarray(image).astype(int)
    assert np.ptp(tiff.read(tmp_path / "a.tif").pixels[0].astype(int) - shown) == 0


@pytest.mark.parametrize("compression", [None, "tiff_lzw"])
def test_palettes_and_single_bits_are_expanded(tmp_path: Path, compression):
    indexed = Image.fromarray(COLOURS).quantize(16)
    indexed.save(tmp_path / "a.tif", compression=compression)
    expected = np.asarray(indexed.convert("RGB")).transpose(2, 0, 1)
    assert np.array_equal(tiff.read(tmp_path / "a.tif").pixels, expected)
    assert tiff.header(tmp_path / "a.tif").channels == 3
    bits = Image.fromarray(COLOURS[..., 0] > 99)
    bits.save(tmp_path / "b.tif", compression=compression)
    assert np.array_equal(tiff.read(tmp_path / "b.tif").pixels[0], np.asarray(bits) * 255)


def test_cmyk_becomes_rgb(tmp_path: Path):
    Image.new("CMYK", (32, 32), (0, 255, 255, 0)).save(tmp_path / "a.tif")
    assert tiff.header(tmp_path / "a.tif").channels == 3
    assert tiff.read(tmp_path / "a.tif").pixels.mean((1, 2)).tolist() == [255, 0, 0]


def test_the_spacing_that_imagej_states_is_kept(tmp_path: Path):
    path = saved(
        tmp_path,
        np.zeros((4, 40, 60), np.uint8),
        imagej=True,
        resolution=(1 / 0.5, 1 / 0.25),
        metadata={"axes": "ZYX", "unit": "um", "spacing": 2.0},
    )
    assert tiff.header(path).spacing == pytest.approx((0.00025, 0.0005))
    assert tiff.read(path).spacing == pytest.approx((0.002, 0.00025, 0.0005))
    place = tiff.geometry(path).to_patient(3, y=4, x=5)
    assert place == pytest.approx((0.0025, 0.001, 0.006))


def test_the_spacing_that_ome_states_is_kept(tmp_path: Path):
    metadata = {
        "axes": "ZYX",
        "PhysicalSizeX": 0.5,
        "PhysicalSizeY": 0.25,
        "PhysicalSizeZ": 3.0,
        "PhysicalSizeZUnit": "mm",
    }
    tifffile.imwrite(tmp_path / "a.ome.tif", np.zeros((4, 40, 60), np.uint8), metadata=metadata)
    spacing = tiff.read(tmp_path / "a.ome.tif").spacing
    assert spacing == pytest.approx((3.0, 0.00025, 0.0005))


def test_centimetres_are_a_spacing_but_a_printers_dots_per_inch_are_not(tmp_path: Path):
    pixels = np.zeros((40, 60), np.uint8)
    path = saved(tmp_path, pixels, resolution=(100, 200), resolutionunit="CENTIMETER")
    assert tiff.read(path).spacing == pytest.approx((0.05, 0.1))
    path = saved(tmp_path, pixels, resolution=(72, 72), resolutionunit="INCH")
    assert tiff.read(path).spacing is None
    assert tiff.geometry(path).to_patient(0, y=4, x=5) == (5, 4, 0)


def test_steps_of_time_are_no_spacing(tmp_path: Path):
    path = saved(
        tmp_path,
        np.zeros((4, 40, 60), np.uint8),
        imagej=True,
        resolution=(2, 2),
        metadata={"axes": "TYX", "unit": "mm", "spacing": 2.0},
    )
    assert tiff.read(path).spacing is None
    assert tiff.header(path).spacing == pytest.approx((0.5, 0.5))


def test_a_damaged_tiff_is_refused(tmp_path: Path):
    (tmp_path / "a.tif").write_bytes(b"II*\0" + RNG.bytes(500))
    with pytest.raises(BadInput, match="without a whole image"):
        tiff.header(tmp_path / "a.tif")
