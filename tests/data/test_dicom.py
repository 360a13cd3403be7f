from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import SimpleITK
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from napari_localcl.data import dicom
from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from pathlib import Path

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 4000, (20, 30), np.uint16)
# Rows of the image run towards the feet, columns to the left: a coronal slice.
CORONAL = [1, 0, 0, 0, 0, -1]


@pytest.fixture
def series(tmp_path: Path, write_dicom):
    """Write ten slices, whose names, numbers and positions are in three different orders."""
    uid, volume = generate_uid(), RNG.integers(0, 900, (10, 20, 30), np.uint16)
    for name, z in enumerate(RNG.permutation(10)):
        write_dicom(
            tmp_path / f"IM{name:03}",
            volume[z],
            SeriesInstanceUID=uid,
            InstanceNumber=10 - int(z),
            ImagePositionPatient=[-5, 100 + 2.5 * float(z), 7],
            ImageOrientationPatient=CORONAL,
            PixelSpacing=[0.8, 0.6],
            SliceThickness=2,
            Modality="MR",
        )
    return sorted(tmp_path.iterdir()), volume


def test_a_file_keeps_values_spacing_and_modality(tmp_path: Path, write_dicom):
    path = write_dicom(tmp_path / "a.dcm", GREY, PixelSpacing=[0.5, 0.25], Modality="CR")
    scan = dicom.read(path)
    assert np.array_equal(scan.pixels, GREY[None])
    assert (scan.spacing, scan.modality, scan.window) == ((0.5, 0.25), "CR", None)
    assert dicom.header(path).size == (20, 30)


def test_a_radiographs_spacing_at_the_detector_is_used(tmp_path: Path, write_dicom):
    path = write_dicom(tmp_path / "a.dcm", GREY, ImagerPixelSpacing=[0.143, 0.143])
    assert dicom.header(path).spacing == dicom.read(path).spacing == (0.143, 0.143)


def test_signed_values_are_rescaled_and_the_window_kept(tmp_path: Path, write_dicom):
    stored = RNG.integers(-2000, 2000, (20, 30)).astype(np.int16)
    path = write_dicom(
        tmp_path / "a.dcm",
        stored,
        RescaleSlope=2,
        RescaleIntercept=-1024,
        WindowCenter=[40, 300],
        WindowWidth=[400, 2000],
    )
    scan = dicom.read(path)
    assert scan.pixels.dtype == np.float32
    assert np.array_equal(scan.pixels[0], stored * 2.0 - 1024)
    assert scan.window == (-160.0, 240.0)


def test_monochrome1_is_turned_with_its_window(tmp_path: Path, write_dicom):
    path = write_dicom(
        tmp_path / "a.dcm",
        GREY,
        PhotometricInterpretation="MONOCHROME1",
        WindowCenter=1000,
        WindowWidth=500,
    )
    scan = dicom.read(path)
    assert np.array_equal(scan.pixels[0], -GREY.astype(float))
    assert scan.window == (-1250.0, -750.0)


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("scale", [{}, {"RescaleSlope": 0.1, "RescaleIntercept": -7}])
def test_padding_becomes_as_dark_as_the_darkest_of_the_picture(
    tmp_path: Path, write_dicom, photometric, scale
):
    padded = GREY.astype(np.int16) + 100
    padded[:5] = -2000 if photometric == "MONOCHROME2" else 0
    padding = int(padded[0, 0])
    path = write_dicom(
        tmp_path / "a.dcm",
        padded,
        PhotometricInterpretation=photometric,
        PixelPaddingValue=padding,
        **scale,
    )
    pixels = dicom.read(path).pixels[0]
    assert (pixels[:5] == pixels[5:].min()).all()


def test_a_table_of_display_values_is_applied(tmp_path: Path, write_dicom):
    table = Dataset()
    table.LUTDescriptor = [256, 0, 16]
    values = (65535 * np.linspace(0, 1, 256) ** 2).astype(np.uint16)
    table.LUTData = values.tobytes()
    eight_bits = (GREY // 16).astype(np.uint8)
    path = write_dicom(tmp_path / "a.dcm", eight_bits, VOILUTSequence=[table])
    assert np.array_equal(dicom.read(path).pixels[0], values[eight_bits])


def test_colours_come_first(tmp_path: Path, write_dicom):
    colours = RNG.integers(0, 255, (20, 30, 3), np.uint8)
    path = write_dicom(tmp_path / "a.dcm", colours)
    assert dicom.header(path).channels == 3
    assert np.array_equal(dicom.read(path).pixels, colours.transpose(2, 0, 1))


def test_a_palette_is_expanded(tmp_path: Path, write_dicom):
    ramp = np.arange(256, dtype=np.uint16) * 257
    tables = {
        f"{colour}PaletteColorLookupTable{part}": value
        for colour, table in (("Red", ramp), ("Green", ramp[::-1]), ("Blue", ramp // 2))
        for part, value in (("Data", table.tobytes()), ("Descriptor", [256, 0, 16]))
    }
    stored = (GREY // 16).astype(np.uint8)
    path = write_dicom(
        tmp_path / "a.dcm", stored, PhotometricInterpretation="PALETTE COLOR", **tables
    )
    assert dicom.header(path).channels == 3
    assert np.array_equal(dicom.read(path).pixels[1], ramp[::-1][stored])


def test_ybr_becomes_rgb(tmp_path: Path, write_dicom):
    ybr = np.zeros((20, 30, 3), np.uint8) + np.array([76, 85, 255], np.uint8)
    path = write_dicom(tmp_path / "a.dcm", ybr, PhotometricInterpretation="YBR_FULL")
    assert dicom.read(path).pixels.mean((1, 2)) == pytest.approx([254, 0, 0], abs=2)


@pytest.mark.parametrize("colour", [False, True])
def test_frames_are_planes(tmp_path: Path, write_dicom, colour):
    frames = RNG.integers(0, 255, (4, 20, 30, 3) if colour else (4, 20, 30), np.uint8)
    path = write_dicom(tmp_path / "a.dcm", frames)
    expected = frames.transpose(3, 0, 1, 2) if colour else frames[None]
    assert dicom.header(path).depth == 4
    assert np.array_equal(dicom.read(path).pixels, expected)


def test_an_enhanced_file_states_its_geometry_per_frame(tmp_path: Path, write_dicom):
    def group(keyword: str, **values) -> Dataset:
        macro, outer = Dataset(), Dataset()
        for name, value in values.items():
            setattr(macro, name, value)
        setattr(outer, keyword, [macro])
        return outer

    shared = group("PixelMeasuresSequence", PixelSpacing=[0.8, 0.6])
    shared.update(group("PlaneOrientationSequence", ImageOrientationPatient=CORONAL))
    shared.update(group("PixelValueTransformationSequence", RescaleSlope=2, RescaleIntercept=1))
    places = [
        group("PlanePositionSequence", ImagePositionPatient=[-5, 4.0 * z, 7]) for z in range(3)
    ]
    frames = RNG.integers(0, 900, (3, 20, 30), np.uint16)
    path = write_dicom(
        tmp_path / "a.dcm",
        frames,
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=places,
    )
    scan = dicom.read(path)
    assert scan.spacing == (4.0, 0.8, 0.6)
    assert dicom.header(path).spacing == (0.8, 0.6)
    assert scan.origin == (-5.0, 0.0, 7.0)
    assert np.array_equal(scan.pixels[0], frames * 2.0 + 1)
    assert dicom.geometry(path).to_patient(2, y=10, x=5) == pytest.approx((-2.0, 8.0, -1.0))


def test_a_series_is_sorted_by_position_and_not_by_name(series):
    files, volume = series
    scan = dicom.read_series(files)
    # The normal of a coronal slice points to the back, which is where positions grow.
    assert np.array_equal(scan.pixels[0], volume)
    assert scan.spacing == pytest.approx((2.5, 0.8, 0.6))
    assert scan.modality == "MR"


def test_a_series_has_the_geometry_that_itk_gives_it(series):
    files, _ = series
    scan = dicom.read_series(files)
    folder = str(files[0].parent)
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(folder)
    image = SimpleITK.ReadImage(names)
    assert np.array_equal(scan.pixels[0], SimpleITK.GetArrayFromImage(image))
    assert scan.spacing == pytest.approx(image.GetSpacing()[::-1])
    assert scan.direction == pytest.approx(image.GetDirection())
    assert scan.origin == pytest.approx(image.GetOrigin())


def test_a_pixel_of_a_series_lies_where_itk_places_it(series):
    files, _ = series
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(files[0].parent))
    place = SimpleITK.ReadImage(names).TransformIndexToPhysicalPoint((5, 10, 3))
    assert dicom.series_geometry(files).to_patient(3, y=10, x=5) == pytest.approx(place)
    # -5 + 5 columns of 0.6; 100 + 3 slices of 2.5; 7 - 10 rows of 0.8.
    assert place == pytest.approx((-2.0, 107.5, -1.0))


def test_a_series_with_a_gap_keeps_the_places_of_its_slices(series):
    files, _ = series
    kept = [file for file in files if dcmread(file).ImagePositionPatient[1] != 105]
    places = [dicom.series_geometry(kept).origins[z][1] for z in range(9)]
    assert places == [100, 102.5, 107.5, 110, 112.5, 115, 117.5, 120, 122.5]


@pytest.mark.parametrize(("stated", "step"), [({}, 1), ({"SpacingBetweenSlices": 4}, 4)])
def test_frames_without_places_are_stacked(tmp_path: Path, write_dicom, stated, step):
    frames = RNG.integers(0, 255, (4, 20, 30), np.uint8)
    path = write_dicom(tmp_path / "a.dcm", frames, PixelSpacing=[0.5, 0.25], **stated)
    assert dicom.geometry(path).to_patient(2, y=6, x=8) == pytest.approx((2, 3, 2 * step))


def test_slices_at_one_place_are_in_the_order_of_their_numbers(tmp_path: Path, write_dicom):
    uid = generate_uid()
    for number in (3, 1, 2):
        write_dicom(
            tmp_path / f"{9 - number}.dcm",
            np.full((20, 30), number, np.uint16),
            SeriesInstanceUID=uid,
            InstanceNumber=number,
            ImagePositionPatient=[0, 0, 0],
            ImageOrientationPatient=CORONAL,
        )
    scan = dicom.read_series(list(tmp_path.iterdir()))
    assert scan.pixels[0, :, 0, 0].tolist() == [1, 2, 3]
    assert scan.spacing is None
    # Told apart by a millimetre each along the normal, which points to the back.
    geometry = dicom.series_geometry(tmp_path.iterdir())
    assert geometry.origins == ((0, 0, 0), (0, 1, 0), (0, 2, 0))


def test_a_scout_of_another_orientation_is_no_slice(series, write_dicom):
    files, _ = series
    uid = dcmread(files[0]).SeriesInstanceUID
    scout = write_dicom(
        files[0].with_name("scout"),
        GREY,
        SeriesInstanceUID=uid,
        ImagePositionPatient=[0, 0, 0],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
    )
    groups = dicom.series(dicom.peek(file) for file in [*files, scout])
    assert sorted(map(len, groups)) == [1, 10]
    with pytest.raises(BadInput, match="are 2 images, not the slices of one volume"):
        dicom.read_series([*files, scout])


def test_radiographs_of_one_series_stay_images_of_their_own(tmp_path: Path, write_dicom):
    uid = generate_uid()
    files = [write_dicom(tmp_path / f"{i}.dcm", GREY, SeriesInstanceUID=uid) for i in range(3)]
    assert [len(one) for one in dicom.series(map(dicom.peek, files))] == [1, 1, 1]


def test_slices_with_different_windows_have_none_together(tmp_path: Path, write_dicom):
    uid = generate_uid()
    files = [
        write_dicom(
            tmp_path / f"{z}.dcm",
            GREY,
            SeriesInstanceUID=uid,
            ImagePositionPatient=[0, z, 0],
            ImageOrientationPatient=CORONAL,
            WindowCenter=500 + z,
            WindowWidth=100,
        )
        for z in range(2)
    ]
    assert dicom.read_series(files).window is None


@pytest.mark.parametrize("compressor", ["JPEG", "JPEG2000"])
def test_compressed_pixels_are_read(tmp_path: Path, compressor):
    writer = SimpleITK.ImageFileWriter()
    writer.SetFileName(str(tmp_path / "a.dcm"))
    writer.SetUseCompression(True)
    writer.SetCompressor(compressor)
    writer.Execute(SimpleITK.GetImageFromArray(GREY[None]))
    assert dcmread(tmp_path / "a.dcm").file_meta.TransferSyntaxUID.is_compressed
    assert np.array_equal(dicom.read(tmp_path / "a.dcm").pixels[0], GREY)


def test_contradicting_bits_are_refused_before_they_reach_a_decoder(tmp_path: Path):
    writer = SimpleITK.ImageFileWriter()
    writer.SetFileName(str(tmp_path / "a.dcm"))
    writer.SetUseCompression(True)
    writer.SetCompressor("JPEG")
    writer.Execute(SimpleITK.GetImageFromArray(GREY[None]))
    data = dcmread(tmp_path / "a.dcm")
    data.BitsAllocated = 84
    data.save_as(tmp_path / "a.dcm")
    with pytest.raises(BadInput, match="claims 16 of 84 bits"):
        dicom.read(tmp_path / "a.dcm")


def test_an_old_file_without_preamble_is_read(tmp_path: Path, write_dicom):
    path = write_dicom(tmp_path / "a.dcm", GREY)
    data = dcmread(path)
    del data.file_meta, data.preamble
    data.save_as(tmp_path / "old", implicit_vr=True, little_endian=True)
    assert (tmp_path / "old").read_bytes()[:1] == b"\x08"
    assert np.array_equal(dicom.read(tmp_path / "old").pixels[0], GREY)


def test_a_report_is_no_image(tmp_path: Path, write_dicom):
    path = write_dicom(tmp_path / "a.dcm", GREY)
    data = dcmread(path)
    del data.Rows, data.PixelData
    data.save_as(path)
    with pytest.raises(BadInput, match="holds no DICOM image"):
        dicom.peek(path)
