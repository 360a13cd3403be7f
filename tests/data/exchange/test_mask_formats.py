"""Masks go to other programs' formats and come back as they were."""

import json

import numpy as np
import pytest
import SimpleITK
import tifffile
from dicoms import write_dicom
from PIL import Image

from napari_localcl.data.errors import BadInput
from napari_localcl.data.exchange.masks.dicom_seg import MISSING
from napari_localcl.data.exchange.masks.formats import MASK_FORMATS, find_mask_format, format_of
from napari_localcl.data.exchange.masks.mask_set import find_mask_set, write_masks
from napari_localcl.data.folder import find_images
from napari_localcl.data.masks import read_mask

RING = np.zeros((40, 50), np.uint8)
RING[10:30, 10:35] = 1
RING[15:20, 15:25] = 0
DOT = np.zeros((40, 50), np.uint8)
DOT[12:14, 30:33] = 1
DOT[35, 2] = 1


@pytest.fixture
def pictures(tmp_path):
    """Two pictures, one in a subfolder, and masks of two structures that overlap."""
    for name in ("a.png", "sub/b.png"):
        for kind in ("images", "ring", "dot"):
            (tmp_path / kind / name).parent.mkdir(parents=True, exist_ok=True)
        grey = np.random.default_rng(0).integers(0, 255, (40, 50)).astype(np.uint8)
        Image.fromarray(grey).save(tmp_path / "images" / name)
        Image.fromarray(RING).save(tmp_path / "ring" / name)
    Image.fromarray(DOT).save(tmp_path / "dot" / "a.png")
    listing = find_images(tmp_path / "images")
    named = [f"{name}={tmp_path / name}" for name in ("ring", "dot")]
    return listing, find_mask_set(named, listing)


@pytest.mark.parametrize("name", ["coco", "coco-rle"])
def test_coco_keeps_overlapping_masks_and_holes(pictures, tmp_path, name):
    listing, masks = pictures
    assert MASK_FORMATS[name].write(tmp_path / "masks.json", masks) == 2
    classes, found = format_of(tmp_path / "masks.json").read(tmp_path / "masks.json", listing)
    assert [one.name for one in classes] == ["ring", "dot"]
    assert np.array_equal(found["a.png"]["ring"][0], RING > 0)
    assert np.array_equal(found["a.png"]["dot"][0], DOT > 0)
    assert "dot" not in found["sub/b.png"]


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # its own
def test_coco_s_own_library_reads_what_is_written(pictures, tmp_path):
    library = pytest.importorskip("pycocotools.coco")
    MASK_FORMATS["coco"].write(tmp_path / "masks.json", pictures[1])
    data = library.COCO(str(tmp_path / "masks.json"))
    first = next(one for one in data.dataset["images"] if one["file_name"] == "a.png")
    for category, wanted in ((1, RING), (2, DOT)):
        own = data.loadAnns(data.getAnnIds(imgIds=[first["id"]], catIds=[category]))
        together = np.max([data.annToMask(one) for one in own], axis=0)
        assert np.array_equal(together, wanted)
        assert sum(one["area"] for one in own) == wanted.sum()


@pytest.mark.parametrize(("name", "ending"), [("nifti", ".nii.gz"), ("tiff", ".tif")])
def test_labels_have_the_smaller_structure_on_top(pictures, tmp_path, name, ending):
    listing, masks = pictures
    MASK_FORMATS[name].write(tmp_path / "out", masks)
    wanted = RING.copy()
    wanted[DOT > 0] = 2
    assert np.array_equal(read_mask(tmp_path / "out" / f"a{ending}").labels.squeeze(), wanted)
    classes, found = format_of(tmp_path / "out").read(tmp_path / "out", listing)
    assert [(one.value, one.name) for one in classes] == [(1, "ring"), (2, "dot")]
    assert np.array_equal(found["a.png"]["dot"][0], DOT > 0)
    assert write_masks(tmp_path / "back", listing, classes, found) == 2
    assert np.array_equal(read_mask(tmp_path / "back" / "a.png").labels, wanted)


def test_a_volume_keeps_its_place_in_the_patient_as_nifti_and_for_nnunet(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    image = SimpleITK.GetImageFromArray(np.arange(3 * 40 * 48, dtype=np.int16).reshape(3, 40, 48))
    image.SetSpacing((0.5, 0.75, 4.0))
    image.SetOrigin((10.0, -20.0, 30.0))
    SimpleITK.WriteImage(image, str(tmp_path / "images" / "heart.nii.gz"))
    labels = np.zeros((3, 40, 48), np.uint8)
    labels[1, 5:10, 6:9] = 3
    tifffile.imwrite(tmp_path / "masks" / "heart.tif", labels, photometric="minisblack")
    (tmp_path / "masks" / "classes.csv").write_text("value,name\n3,LV\n")
    listing = find_images(tmp_path / "images")
    masks = find_mask_set([str(tmp_path / "masks")], listing)
    MASK_FORMATS["nifti"].write(tmp_path / "out", masks)
    made = SimpleITK.ReadImage(str(tmp_path / "out" / "heart.nii.gz"))
    assert made.GetSpacing() == pytest.approx((0.5, 0.75, 4.0))
    assert made.GetOrigin() == pytest.approx((10.0, -20.0, 30.0))
    assert np.array_equal(SimpleITK.GetArrayFromImage(made), labels)

    folder = tmp_path / "Dataset007_Heart"
    assert MASK_FORMATS["nnunet"].write(folder, masks) == 1
    told = json.loads((folder / "dataset.json").read_text())
    assert told["labels"] == {"background": 0, "LV": 1}
    assert (told["numTraining"], told["file_ending"]) == (1, ".nii.gz")
    written = SimpleITK.ReadImage(str(folder / "imagesTr" / "heart_0000.nii.gz"))
    assert np.array_equal(SimpleITK.GetArrayFromImage(written), SimpleITK.GetArrayFromImage(image))
    assert written.GetOrigin() == pytest.approx((10.0, -20.0, 30.0))
    classes, found = format_of(folder).read(folder, listing)
    assert [one.name for one in classes] == ["LV"]
    assert np.array_equal(found["heart.nii.gz"]["LV"], labels == 3)


def test_nnunet_knows_images_of_subfolders_again(pictures, tmp_path):
    listing, masks = pictures
    folder = tmp_path / "Dataset001_Both"
    assert MASK_FORMATS["nnunet"].write(folder, masks) == 2
    assert (folder / "labelsTr" / "sub_b.png").exists()
    found = MASK_FORMATS["nnunet"].read(folder, listing)[1]
    assert np.array_equal(found["sub/b.png"]["ring"][0], RING > 0)
    with pytest.raises(BadInput, match="Dataset001_Heart, not hearts"):
        MASK_FORMATS["nnunet"].write(tmp_path / "hearts", masks)


def test_a_dicom_segmentation_without_its_library_is_one_sentence(pictures, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "highdicom", None)
    with pytest.raises(BadInput, match="install it with"):
        MASK_FORMATS["dicom-seg"].write(tmp_path / "out", pictures[1])
    assert "highdicom" in MISSING


def test_a_dicom_series_comes_back_from_its_segmentation(tmp_path):
    pytest.importorskip("highdicom")
    from pydicom.uid import generate_uid

    study = {
        "StudyInstanceUID": generate_uid(),
        "SeriesInstanceUID": generate_uid(),
        "FrameOfReferenceUID": generate_uid(),
        "PatientID": "p",
        "PatientName": "P^",
        "PatientBirthDate": "",
        "PatientSex": "",
        "StudyDate": "20260101",
        "StudyTime": "0000",
        "StudyID": "1",
        "AccessionNumber": "",
        "ReferringPhysicianName": "",
        "SeriesNumber": 1,
        "Modality": "MR",
        "PixelSpacing": [0.5, 0.5],
        "SliceThickness": 2.0,
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    }
    (tmp_path / "images").mkdir()
    for z in range(3):
        pixels = np.full((40, 50), 10 * z, np.uint16)
        pixels[0, 0] = 99
        place = {"ImagePositionPatient": [0.0, 0.0, 2.0 * z], "InstanceNumber": z + 1}
        # File names in another order than the slices.
        write_dicom(tmp_path / "images" / f"{9 - z}.dcm", pixels, **study, **place)
    listing = find_images(tmp_path / "images")
    (item,) = listing.items
    masks = np.stack([RING, DOT, RING & DOT])
    (tmp_path / "ring").mkdir()
    path = tmp_path / "ring" / f"{item.removesuffix('.dcm')}.tif"
    tifffile.imwrite(path, masks, photometric="minisblack")
    found = find_mask_set([f"ring={tmp_path / 'ring'}"], listing)
    assert MASK_FORMATS["dicom-seg"].write(tmp_path / "out", found) == 1
    back = format_of(tmp_path / "out").read(tmp_path / "out", listing)[1]
    assert np.array_equal(back[item]["ring"], masks > 0)


def test_what_cannot_be_exported_is_one_sentence(pictures, tmp_path):
    listing, _ = pictures
    (tmp_path / "labels").mkdir()
    Image.fromarray(RING * 7).save(tmp_path / "labels" / "a.png")
    (tmp_path / "labels" / "classes.csv").write_text("value,name\n1,ring\n")
    with pytest.raises(BadInput, match=r"a\.png holds the label 7, which no class has"):
        find_mask_set([str(tmp_path / "labels")], listing)
    (tmp_path / "small").mkdir()
    Image.fromarray(RING[:30]).save(tmp_path / "small" / "a.png")
    masks = find_mask_set([f"ring={tmp_path / 'small'}"], listing)
    with pytest.raises(BadInput, match="30 x 50 pixels but its image 40 x 50"):
        MASK_FORMATS["coco"].write(tmp_path / "out.json", masks)
    with pytest.raises(BadInput, match="no format 'jpeg' of masks"):
        find_mask_format("jpeg")
