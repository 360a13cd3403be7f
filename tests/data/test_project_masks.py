"""Masks of a project: who says what of them, and that none is ever lost."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from projects import new_project

from napari_localcl.data.errors import BadInput
from napari_localcl.data.marks import Kind
from napari_localcl.data.mask_bits import Bits
from napari_localcl.data.mask_table import MaskRow
from napari_localcl.data.mask_writing import MaskFolder
from napari_localcl.data.project_images import ProjectImages
from napari_localcl.data.project_mask_table import read_proposals
from napari_localcl.data.project_masks import Masks
from napari_localcl.data.project_opening import open_project
from napari_localcl.data.review import ImageRows, Status, doubts_in, next_uncertain
from napari_localcl.data.structures import MaskState, Proposals, check_structure

SIZE = (40, 50)
IMAGES = ProjectImages(tuple(f"{i}.png" for i in range(4)), (SIZE,) * 4)


def disc(radius: float, size=SIZE, at=(20, 25)) -> np.ndarray:
    y, x = np.indices(size)
    return np.hypot(y - at[0], x - at[1]) <= radius


def proposed(run: str = "one", **confidences: float) -> Masks:
    """Return masks with proposals for the images named `i0`, `i1`, ... by their numbers."""
    sure = {int(name[1:]): value for name, value in confidences.items()}
    files = {index: f"{index}.png" for index in sure}
    return Masks(IMAGES).with_proposals("disc", Proposals(run, files, sure))


def test_packed_bits_give_the_mask_back():
    mask = disc(7.5)
    assert np.array_equal(Bits.of(mask).mask(), mask)
    assert len(Bits.of(mask).packed) < mask.size / 8


def test_the_least_sure_proposal_is_reviewed_first_and_settled_ones_no_more():
    masks = proposed(i0=0.9, i1=0.2, i3=0.5)
    assert next_uncertain(masks)[:2] == ("1.png", "disc")
    masks = masks.accept("1.png", "disc").reject("3.png", "disc")
    assert next_uncertain(masks)[:2] == ("0.png", "disc")
    assert [masks.state(name, "disc") for name in IMAGES.names] == [
        MaskState.PROPOSED,
        MaskState.ACCEPTED,
        MaskState.NOTHING,
        MaskState.REJECTED,
    ]
    assert masks.kinds().tolist() == [[Kind.PREDICTED, Kind.HUMAN, Kind.NOTHING, Kind.REJECTED]]
    assert doubts_in(masks, "1.png") == ()


def test_a_proposal_is_edited_and_an_empty_image_is_drawn_on():
    masks = proposed(i0=0.9).draw("0.png", "disc", Bits.of(disc(5)))
    masks = masks.draw("1.png", "disc", Bits.of(disc(6)))
    assert masks.state("0.png", "disc") is MaskState.EDITED
    assert masks.state("1.png", "disc") is MaskState.DRAWN
    again = masks.draw("1.png", "disc", Bits.of(disc(7)))
    assert again.state("1.png", "disc") is MaskState.DRAWN
    edited = proposed(i0=0.9).accept("0.png", "disc").draw("0.png", "disc", Bits.of(disc(5)))
    assert edited.state("0.png", "disc") is MaskState.EDITED


def test_what_people_said_stays_when_another_run_proposes_but_a_rejection_is_of_one_run():
    masks = proposed(i0=0.9, i1=0.8, i2=0.7)
    masks = masks.accept("0.png", "disc").reject("1.png", "disc")
    files = {index: f"{index}.png" for index in range(3)}
    again = masks.with_proposals("disc", Proposals("two", files, dict.fromkeys(files, 0.3)))
    assert again.state("0.png", "disc") is MaskState.ACCEPTED
    assert again.state("1.png", "disc") is MaskState.PROPOSED
    back = again.with_proposals("disc", masks.structures["disc"].proposals)
    assert back.state("1.png", "disc") is MaskState.REJECTED


def test_only_a_proposal_can_be_accepted_and_only_a_mask_of_the_image_s_size_drawn():
    with pytest.raises(BadInput, match=r"no mask of 'disc' is proposed in 1\.png"):
        proposed(i0=0.9).accept("1.png", "disc")
    with pytest.raises(BadInput, match=r"does not fit 0\.png"):
        proposed(i0=0.9).draw("0.png", "disc", Bits.of(disc(3, (9, 9))))


@pytest.mark.parametrize("name", ["", " ", "a/b", "..", "a.b", "c:", "x "])
def test_a_structure_is_called_like_a_folder_can_be(name):
    if name == "x ":
        assert check_structure(name) == "x"
    else:
        with pytest.raises(BadInput, match="structure"):
            check_structure(name)


# In a project


@pytest.fixture
def project(pictures, tmp_path):
    images = shutil.copytree(pictures, tmp_path / "images")
    project = new_project(tmp_path / "project", images)
    yield project
    project.close()


def propose(project, run="disc-1", radius=9.0, names=None):
    """Leave proposals, as the verb `shapes` does, and take them over."""
    listing = project.listing
    with MaskFolder.create(project.masks.proposals("disc", run), listing) as folder:
        for number, plane in enumerate(listing.planes):
            if names is None or plane.name in names:
                mask = disc(radius, plane.header.size, (40, 30)).astype(np.uint8)
                unsure = np.full(mask.shape, 7, np.uint8)
                folder.write(plane.name, mask, 0.1 + 0.1 * number, unsure)
    proposals = read_proposals(project.masks, "disc", run)
    project.take_proposals("disc", proposals)
    return len(proposals.files)


def edit(project, change):
    now = project.annotations
    project.edit(now.with_masks(change(now.masks)))


def again(project):
    """Return the project as it is on the disk."""
    project.save()
    project.close()
    return open_project(project.folder)


def mask_of(project, image):
    return project.masks.read(project.annotations.masks, "disc", image)


def test_an_accepted_mask_is_a_file_named_like_its_image_and_known_again(project):
    assert propose(project) == 6
    name = project.annotations.images.names[0]
    edit(project, lambda masks: masks.accept(name, "disc"))
    project = again(project)
    file = project.masks.labels / "disc" / "blobs_0.png"
    with Image.open(file) as image:
        assert np.array_equal(np.asarray(image), disc(9, (80, 64), (40, 30)).astype(np.uint8))
    masks = project.annotations.masks
    assert masks.state(name, "disc") is MaskState.ACCEPTED
    assert masks.state("blobs_1.png", "disc") is MaskState.PROPOSED
    assert np.isclose(masks.confidences()[0, 1], 0.2)
    assert project.masks.read_uncertainty(masks, "disc", name).max() == 7


def test_undone_and_redone_the_disk_follows_and_what_was_there_is_kept_beside_it(project):
    propose(project)
    edit(project, lambda masks: masks.draw("blobs_0.png", "disc", Bits.of(disc(5, (80, 64)))))
    project.save()
    file = project.masks.labels / "disc" / "blobs_0.png"
    project.history.undo()
    project.save()
    assert not file.exists()
    assert file.with_name("blobs_0.png.bak").exists()
    project.history.redo()
    project = again(project)
    assert np.array_equal(mask_of(project, "blobs_0.png"), disc(5, (80, 64)))
    assert project.annotations.masks.state("blobs_0.png", "disc") is MaskState.EDITED


def test_an_edit_of_a_mask_from_the_disk_can_be_undone(project):
    edit(project, lambda masks: masks.draw("blobs_0.png", "disc", Bits.of(disc(5, (80, 64)))))
    project = again(project)
    before = mask_of(project, "blobs_0.png")
    edit(project, lambda masks: masks.draw("blobs_1.png", "disc", Bits.of(disc(3, (80, 64)))))
    project.keep_mask("blobs_0.png", "disc", Bits.of(before))
    edit(project, lambda masks: masks.draw("blobs_0.png", "disc", Bits.of(disc(9, (80, 64)))))
    project.save()
    project.history.undo()
    project.history.undo()
    project = again(project)
    assert np.array_equal(mask_of(project, "blobs_0.png"), before)
    assert mask_of(project, "blobs_1.png") is None


def test_no_undo_takes_proposals_back_and_a_new_run_leaves_people_s_masks(project):
    edit(project, lambda masks: masks.draw("blobs_0.png", "disc", Bits.of(disc(5, (80, 64)))))
    propose(project)
    project.history.undo()
    assert project.annotations.masks.state("blobs_0.png", "disc") is MaskState.PROPOSED
    project.history.redo()
    propose(project, "disc-2", radius=20)
    project = again(project)
    assert np.array_equal(mask_of(project, "blobs_0.png"), disc(5, (80, 64)))
    assert mask_of(project, "blobs_1.png").sum() == disc(20, (80, 64), (40, 30)).sum()


def test_a_mask_put_into_the_folder_counts_as_drawn(project):
    folder = project.masks.labels / "disc"
    folder.mkdir()
    Image.fromarray(disc(4, (80, 64)).astype(np.uint8)).save(folder / "blobs_2.png")
    project = again(project)
    assert project.annotations.masks.state("blobs_2.png", "disc") is MaskState.DRAWN
    assert mask_of(project, "blobs_2.png").sum() == disc(4, (80, 64)).sum()


def test_a_damaged_table_of_masks_says_how_to_go_back(project):
    for name in ("blobs_0.png", "blobs_1.png"):
        edit(project, lambda masks, name=name: masks.draw(name, "d", Bits.of(disc(5, (80, 64)))))
        project.save()
    project.close()
    (project.masks.labels / "masks.csv").write_text("image,structure\n", encoding="utf-8")
    with pytest.raises(BadInput, match=r"rename masks\.csv\.bak to masks\.csv"):
        open_project(project.folder)


def test_a_mask_that_is_gone_is_told_with_its_file(project):
    edit(project, lambda masks: masks.draw("blobs_0.png", "disc", Bits.of(disc(5, (80, 64)))))
    project = again(project)
    (project.masks.labels / "disc" / "blobs_0.png").unlink()
    with pytest.raises(BadInput, match=r"blobs_0\.png is gone"):
        mask_of(project, "blobs_0.png")


def test_proposals_count_in_the_list_of_images(project):
    propose(project, names=["blobs_0.png", "blobs_1.png"])
    edit(project, lambda masks: masks.accept("blobs_0.png", "disc"))
    rows = ImageRows(project.annotations, 0.15)
    assert [row.status for row in rows[:3]] == [
        Status.REVIEWED,
        Status.PREDICTED,
        Status.NOT_ANNOTATED,
    ]
    assert rows[1].confidence == pytest.approx(0.2)


@pytest.fixture
def stack_project(tmp_path):
    """Return a project of one volume of four slices."""
    import tifffile

    images = tmp_path / "stacks"
    images.mkdir()
    stack = np.random.default_rng(0).integers(0, 255, (4, 40, 50), np.uint8)
    tifffile.imwrite(
        images / "stack.tif", stack, photometric="minisblack", metadata={"axes": "ZYX"}
    )
    return new_project(tmp_path / "volume", images)


def test_a_mask_says_something_of_all_that_its_file_shows_once_all_slices_are_settled(
    project, stack_project
):
    for name in project.annotations.images.names[:2]:
        edit(project, lambda masks, name=name: masks.draw(name, "d", Bits.of(disc(5, (80, 64)))))
    project.save()
    found = project.masks.complete(project.annotations.masks, "d")
    assert {path.name: count for path, count in found.items()} == {
        "blobs_0.png": 1,
        "blobs_1.png": 1,
    }
    *most, last = stack_project.annotations.images.names
    for name in most:
        edit(stack_project, lambda masks, name=name: masks.draw(name, "d", Bits.of(disc(5))))
    stack_project.save()
    assert stack_project.masks.complete(stack_project.annotations.masks, "d") == {}
    edit(stack_project, lambda masks: masks.draw(last, "d", Bits.of(disc(5))))
    stack_project.save()
    found = stack_project.masks.complete(stack_project.annotations.masks, "d")
    assert list(found.values()) == [4]
    stack_project.close()


def test_slices_of_a_volume_share_a_file_and_are_settled_one_by_one(stack_project):
    import tifffile

    project = stack_project
    first, second, *_ = project.annotations.images.names
    edit(project, lambda masks: masks.draw(first, "disc", Bits.of(disc(5))))
    project.save()
    edit(project, lambda masks: masks.draw(second, "disc", Bits.of(disc(8))))
    project = again(project)
    stored = tifffile.imread(project.masks.labels / "disc" / "stack.tif")
    assert stored.shape == (4, 40, 50)
    assert stored.sum(axis=(1, 2)).tolist() == [disc(5).sum(), disc(8).sum(), 0, 0]
    assert project.annotations.masks.state(second, "disc") is MaskState.DRAWN
    edit(project, lambda masks: masks.forget(first, "disc"))
    project.save()
    stored = tifffile.imread(project.masks.labels / "disc" / "stack.tif")
    assert stored.sum(axis=(1, 2)).tolist() == [0, disc(8).sum(), 0, 0]
    project.close()


def test_masks_follow_images_that_are_called_otherwise(project, tmp_path):
    from draining import finish

    from napari_localcl.data.relocation import relocate

    edit(project, lambda masks: masks.draw("blobs_0.png", "disc", Bits.of(disc(5, (80, 64)))))
    project.save()
    images = tmp_path / "images"
    (images / "sub").mkdir()
    (images / "blobs_0.png").rename(images / "sub" / "blobs_0.png")
    found = finish(relocate(project.record.images, images))[1]
    project.apply(found)
    project = again(project)
    assert np.array_equal(mask_of(project, "sub/blobs_0.png"), disc(5, (80, 64)))


def test_a_table_of_masks_names_only_images_of_the_project(project):
    from napari_localcl.data.mask_table import write_mask_rows

    folder = project.masks.proposals("disc", "disc-1")
    rows = [MaskRow("blobs_0.png", "blobs_0.png", 0.5, 3), MaskRow("other.png", "o.png", 1, 3)]
    folder.mkdir(parents=True)
    write_mask_rows(folder / "masks.csv", rows)
    assert list(read_proposals(project.masks, "disc", "disc-1").files) == [0]


# Structures by other names, and gone


def test_a_renamed_structure_keeps_its_proposals_its_words_and_its_place():
    masks = proposed(i0=0.9, i1=0.2).accept("0.png", "disc")
    masks = masks.draw("2.png", "cup", Bits.of(disc(3))).rename("disc", " optic disc ")
    assert masks.names == ("optic disc", "cup")
    assert masks.state("0.png", "optic disc") is MaskState.ACCEPTED
    assert masks.state("1.png", "optic disc") is MaskState.PROPOSED
    assert masks.state("0.png", "disc") is MaskState.NOTHING


@pytest.mark.parametrize("name", ["cup", "CUP", "Disc", "a/b", ""])
def test_a_name_that_is_taken_or_no_folder_s_is_refused(name):
    masks = proposed(i0=0.9).draw("2.png", "cup", Bits.of(disc(3)))
    with pytest.raises(BadInput, match="structure"):
        masks.rename("disc", name)


def test_the_next_run_of_a_renamed_structure_proposes_under_its_new_name():
    masks = proposed(i0=0.9).rename("disc", "optic disc")
    masks = masks.with_proposals("disc", Proposals("disc-2", {1: "1.png"}, {1: 0.5}))
    assert masks.names == ("optic disc",)
    assert masks.state("1.png", "optic disc") is MaskState.PROPOSED


def test_a_new_structure_with_the_first_name_of_another_gets_a_folder_of_its_own():
    masks = proposed(i0=0.9).rename("disc", "optic disc")
    assert masks.folder_of("optic disc") == "disc"
    masks = masks.draw("1.png", "disc", Bits.of(disc(3)))
    assert masks.folder_of("disc") == "disc 2"
    masks = masks.with_proposals("disc 2", Proposals("disc 2-4", {2: "2.png"}, {2: 0.5}))
    assert masks.state("2.png", "disc") is MaskState.PROPOSED
    assert masks.names == ("optic disc", "disc")


def keep_all(project, structure="disc"):
    masks = project.annotations.masks
    project.keep_masks(structure, project.masks.read_said(masks, structure))


def reviewed(project):
    """Let the first mask be accepted, the second edited and the third rejected, and save it."""
    propose(project)
    edit(project, lambda masks: masks.accept("blobs_0.png", "disc"))
    edit(project, lambda masks: masks.draw("blobs_1.png", "disc", Bits.of(disc(5, (80, 64)))))
    edit(project, lambda masks: masks.reject("blobs_2.png", "disc"))
    return again(project)


def test_files_of_a_renamed_structure_follow_and_its_proposals_are_found_where_they_are(project):
    project = reviewed(project)
    keep_all(project)
    edit(project, lambda masks: masks.rename("disc", "optic disc"))
    project = again(project)
    masks, labels = project.annotations.masks, project.masks.labels
    assert masks.names == ("optic disc",)
    assert sorted(path.name for path in (labels / "optic disc").iterdir()) == [
        "blobs_0.png",
        "blobs_1.png",
    ]
    assert not (labels / "disc" / "blobs_1.png").exists()
    read = [project.masks.read(masks, "optic disc", f"blobs_{n}.png") for n in (0, 1, 3)]
    discs = [disc(9, (80, 64), (40, 30)), disc(5, (80, 64)), disc(9, (80, 64), (40, 30))]
    assert all(np.array_equal(one, other) for one, other in zip(read, discs, strict=True))
    assert masks.state("blobs_2.png", "optic disc") is MaskState.REJECTED
    assert project.masks.read_uncertainty(masks, "optic disc", "blobs_3.png").max() == 7


@pytest.mark.parametrize(
    "change", [lambda masks: masks.rename("disc", "cup"), lambda masks: masks.delete("disc")]
)
def test_renaming_and_deleting_are_undone_on_the_disk_too(project, change):
    project = reviewed(project)
    keep_all(project)
    edit(project, change)
    project.save()
    assert not list((project.masks.labels / "disc").glob("*.png"))
    project.history.undo()
    project = again(project)
    assert project.annotations.masks.names == ("disc",)
    assert np.array_equal(mask_of(project, "blobs_1.png"), disc(5, (80, 64)))
    assert project.annotations.masks.state("blobs_0.png", "disc") is MaskState.ACCEPTED


def test_a_deleted_structure_stays_deleted_and_its_masks_lie_beside_as_copies(project):
    project = reviewed(project)
    keep_all(project)
    edit(project, lambda masks: masks.delete("disc"))
    project = again(project)
    assert project.annotations.masks.names == ()
    left = sorted(path.name for path in (project.masks.labels / "disc").iterdir())
    assert left == ["blobs_0.png.bak", "blobs_1.png.bak"]


def test_a_project_that_notes_no_structures_yet_opens_with_those_it_has(project):
    project = reviewed(project)
    record = project.folder / "project.json"
    project.close()
    facts = json.loads(record.read_text(encoding="utf-8"))
    del facts["structures"]
    record.write_text(json.dumps(facts), encoding="utf-8")
    masks = open_project(project.folder).annotations.masks
    assert masks.folders == {"disc": "disc"}
    assert masks.state("blobs_3.png", "disc") is MaskState.PROPOSED
