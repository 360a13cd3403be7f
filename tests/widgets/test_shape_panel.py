"""The step Shape in a real viewer, with a small process in the place of the verb `shapes`."""

from __future__ import annotations

import numpy as np
import pytest
from controls_of import control
from PIL import Image
from projects import new_project
from qtpy.QtWidgets import (
    QComboBox,
    QInputDialog,
    QMessageBox,
    QPushButton,
    QScrollArea,
    QSpinBox,
)
from shapes_child import __file__ as CHILD

from napari_localcl.data.project_opening import open_project
from napari_localcl.data.structures import MaskState
from napari_localcl.widgets.child import Child
from napari_localcl.widgets.shape_drawing import DRAWING
from napari_localcl.widgets.shape_preview import PREVIEW
from napari_localcl.widgets.step import State


@pytest.fixture(scope="module")
def program():
    return CHILD


@pytest.fixture
def viewer(window):
    return window.viewer


@pytest.fixture
def dock(window, pictures, tmp_path, wait):
    """Return the dock with six pictures of 80 x 64 pixels, its step Shape open, nothing chosen."""
    dock = window.dock
    name_it(dock, "")
    choose(dock, "Drawn by me")
    dock.session.open(new_project(tmp_path / "project", pictures))
    dock.shape.set_open(True)
    wait(lambda: dock.canvas.image is not None and dock.shape.budget.is_known)
    yield dock
    dock.free_monitor()
    dock.window().hide()


def press(dock, name):
    control(dock.shape, QPushButton, name).click()


def name_it(dock, name="disc"):
    control(dock.shape, QComboBox, "Structure").setCurrentText(name)


def choose(dock, shape):
    control(dock.shape, QComboBox, "Shape").setCurrentText(shape)


def draw_ellipse(dock, wait):
    """Draw a disc of 10 pixels around (40, 30), as a new user does, and use it."""
    name_it(dock)
    press(dock, "Draw outline")
    layer = dock.drawing._layer
    assert layer.mode == "add_ellipse"
    layer.add_ellipses(np.array([[30, 20], [30, 40], [50, 40], [50, 20]], float))
    press(dock, "Use drawing")
    wait(lambda: not dock.drawing.is_drawing)


def segment(dock, wait, structure="disc"):
    name_it(dock, structure)
    choose(dock, "Ellipse")
    press(dock, "Segment")
    wait(lambda: not dock.training.is_running)


def test_a_drawn_ellipse_becomes_a_mask_of_the_image_s_size_in_the_project(dock, viewer, wait):
    draw_ellipse(dock, wait)
    (path,) = (dock.session.project.priors / "disc").iterdir()
    with Image.open(path) as file:
        mask = np.asarray(file) > 0
    assert mask.shape == (80, 64)
    assert mask.sum() == pytest.approx(np.pi * 10**2, rel=0.06)
    assert np.argwhere(mask).mean(axis=0) == pytest.approx([40, 30], abs=0.6)
    assert DRAWING not in viewer.layers
    assert "1 shape of disc drawn" in dock.shape.sentence


def test_shapes_drawn_on_several_images_add_up(dock, wait):
    draw_ellipse(dock, wait)
    dock.session.go_by(1)
    wait(lambda: dock.canvas.image is not None)
    press(dock, "Paint")
    dock.drawing._layer.data[10:20, 10:20] = 1
    press(dock, "Use drawing")
    wait(lambda: "2 shapes of disc drawn" in dock.shape.sentence)


def test_a_drawing_without_a_name_or_without_a_stroke_says_what_is_missing(dock):
    press(dock, "Draw outline")
    press(dock, "Use drawing")
    assert dock.shape.state is State.NEEDS_YOU
    assert "The structure needs a name" in dock.shape.sentence
    name_it(dock)
    press(dock, "Use drawing")
    assert "Nothing is drawn yet" in dock.shape.sentence


def test_the_preview_lies_beside_the_image_at_its_scale(dock, viewer, wait):
    draw_ellipse(dock, wait)
    wait(lambda: PREVIEW in viewer.layers)
    layer = viewer.layers[PREVIEW]
    top, left = layer.data_to_world((0, 0))
    rows, columns = layer.data.shape[0] // 2, layer.data.shape[1] // 3
    # The first tile is the image's own place: nothing of a shape is there.
    assert not (layer.data[:rows, :columns] == 1).any()
    per_pixel = layer.scale[0]
    assert (top + per_pixel * rows, left + per_pixel * columns) == pytest.approx((80, 64), abs=7)
    areas = [
        (layer.data[y * rows : (y + 1) * rows, x * columns : (x + 1) * columns] == 1).sum()
        for y, x in ((0, 1), (0, 2), (1, 0), (1, 1), (1, 2))
    ]
    # It varies by a factor of 1.15 in size, no more.
    drawn = np.pi * 10**2
    assert all(drawn / 1.5 < area * per_pixel**2 < drawn * 1.5 for area in areas)


def test_another_setting_is_previewed_at_once_and_a_press_hides_it(dock, viewer, wait):
    choose(dock, "Ellipse")
    press(dock, "Preview")
    wait(lambda: PREVIEW in viewer.layers)
    before = viewer.layers[PREVIEW].data.copy()
    choose(dock, "Vessels")
    wait(lambda: not np.array_equal(viewer.layers[PREVIEW].data, before))
    press(dock, "Preview")
    assert PREVIEW not in viewer.layers


def test_each_prior_offers_its_own_settings_and_keeps_what_was_set(dock):
    choose(dock, "Vessels")
    trunks = control(dock.shape, QSpinBox, "trunks")
    trunks.setValue(5)
    choose(dock, "Ring")
    assert dock.shape.prior.settings == {}
    choose(dock, "Vessels")
    assert dock.shape.prior.settings == {"trunks": 5}


def test_a_bad_prior_is_refused_in_the_preview(dock, tmp_path, wait):
    Image.fromarray(np.zeros((20, 20), np.uint8)).save(tmp_path / "empty.png")
    choose(dock, "Masks from elsewhere")
    dock.shape.prior.choose(tmp_path / "empty.png")
    press(dock, "Preview")
    wait(lambda: dock.shape.sentence.startswith("No preview"))
    assert "empty.png" in dock.shape.sentence


def test_segmenting_starts_the_verb_with_all_that_was_chosen(dock, wait):
    draw_ellipse(dock, wait)
    name_it(dock)
    press(dock, "Segment")
    words = dock.training.command.split()
    assert words[1] == "shapes"
    assert words[words.index("--prior") + 1].endswith("priors/disc")
    assert words[words.index("--out") + 1].endswith("proposals/disc/disc-1")
    assert words[words.index("--minutes") + 1] == "10"
    assert dock.shape.is_at_work
    wait(lambda: not dock.training.is_running)


def test_masks_are_proposed_shown_and_reviewed_the_least_sure_first(dock, viewer, wait):
    segment(dock, wait)
    assert dock.shape.state is State.DONE, dock.shape.sentence
    assert "proposes 6 masks of disc" in dock.shape.sentence
    assert dock.review.is_open
    assert dock.review.waiting == 6
    assert dock.session.doubt[:2] == ("blobs_0.png", "disc")
    wait(lambda: dock.masks.layer is not None)
    layer = viewer.layers["Mask: disc"]
    assert layer.data.sum() == pytest.approx(np.pi * 6.4**2, rel=0.1)
    assert layer.features["state"].tolist() == ["", "proposed"]
    assert layer.metadata == {"image": "blobs_0.png", "structure": "disc"}
    wait(lambda: "Uncertainty: disc" in viewer.layers)
    assert viewer.layers["Uncertainty: disc"].data.max() > 200

    dock.session.accept()
    assert dock.session.image == "blobs_1.png"
    dock.session.reject()
    states = dock.session.masks.structures["disc"]
    assert [states.state(index) for index in range(3)] == [
        MaskState.ACCEPTED,
        MaskState.REJECTED,
        MaskState.PROPOSED,
    ]
    dock.session.undo()
    assert dock.session.image == "blobs_1.png"
    assert dock.session.kind_of(dock.session.doubt).name == "PREDICTED"


def test_what_is_painted_is_a_person_s_mask_and_safe_on_the_disk(dock, viewer, wait):
    segment(dock, wait)
    wait(lambda: dock.masks.layer is not None)
    control(dock.review, QPushButton, "Correct").click()
    wait(lambda: viewer.layers["Mask: disc"].mode == "paint")
    layer = viewer.layers["Mask: disc"]
    layer.paint((70, 50), 1)
    wait(lambda: dock.session.masks.state("blobs_0.png", "disc") is MaskState.EDITED)
    file = dock.session.project.masks.labels / "disc" / "blobs_0.png"
    wait(file.exists)
    with Image.open(file) as image:
        assert np.array_equal(np.asarray(image) > 0, layer.data > 0)
    dock.session.undo()
    wait(lambda: not dock.masks.layer.data[70, 50])
    wait(lambda: not file.exists())
    assert file.with_name(f"{file.name}.bak").exists()


def test_a_stroke_just_before_leaving_the_image_is_kept(dock, viewer, wait):
    segment(dock, wait)
    wait(lambda: dock.masks.layer is not None)
    viewer.layers["Mask: disc"].paint((70, 50), 1)
    dock.session.go("blobs_3.png")
    assert dock.session.masks.state("blobs_0.png", "disc") is MaskState.EDITED
    wait(lambda: dock.masks.layer is not None)
    assert not dock.masks.layer.data[70, 50]
    dock.session.go("blobs_0.png")
    wait(lambda: dock.masks.layer is not None)
    assert dock.masks.layer.data[70, 50]
    assert dock.session.masks.state("blobs_3.png", "disc") is MaskState.PROPOSED


def test_a_second_run_leaves_what_people_settled(dock, wait):
    segment(dock, wait)
    wait(lambda: dock.masks.layer is not None)
    dock.session.accept()
    segment(dock, wait)
    assert dock.session.masks.structures["disc"].proposals.run == "disc-2"
    assert dock.session.masks.state("blobs_0.png", "disc") is MaskState.ACCEPTED
    assert dock.review.waiting == 5


def test_a_cancelled_segmentation_leaves_nothing(dock, wait, monkeypatch):
    monkeypatch.setattr(Child, "program", (CHILD, "--seconds", "20"))
    name_it(dock)
    choose(dock, "Ellipse")
    press(dock, "Segment")
    wait(lambda: dock.training.can_stop_early)
    press(dock, "Cancel")
    wait(lambda: not dock.training.is_running)
    assert dock.session.masks.names == ()
    assert not (dock.session.project.folder / "proposals" / "disc" / "disc-1").exists()
    assert "Cancelled" in dock.shape.sentence


def test_a_failed_segmentation_says_why_and_proposes_nothing(dock, wait, monkeypatch):
    monkeypatch.setattr(Child, "program", (CHILD, "--fail", "the shape is larger than the image"))
    segment(dock, wait)
    assert dock.shape.state is State.NEEDS_YOU
    assert "Segmenting failed: the shape is larger than the image" in dock.shape.sentence
    assert dock.session.masks.names == ()


def test_masks_are_there_again_when_the_project_is_opened_again(dock, wait):
    segment(dock, wait)
    wait(lambda: dock.masks.layer is not None)
    dock.session.accept()
    folder = dock.session.project.folder
    dock.session.open(open_project_after(dock, folder))
    assert dock.session.is_on_masks
    assert dock.review.waiting == 5
    assert control(dock.shape, QComboBox, "Structure").currentText() == "disc"


def open_project_after(dock, folder):
    dock.session.close()
    return open_project(folder)


def test_the_review_goes_back_to_landmarks_when_one_is_placed(dock, wait):
    segment(dock, wait)
    dock.session.place("tip", 5, 6)
    assert not dock.session.is_on_masks
    what = control(dock.review, QComboBox, "Review")
    assert what.isVisibleTo(dock.review)
    what.setCurrentIndex(1)
    what.activated.emit(1)
    assert dock.review.waiting == 6


# Structures by other names, and gone


@pytest.fixture
def answer(monkeypatch):
    """Return a function that sets what a person answers; it returns what was asked."""

    def say(yes):
        asked, kinds = [], QMessageBox.StandardButton

        def question(_parent, _title, text, *_buttons):
            asked.append(text)
            return kinds.Yes if yes else kinds.No

        monkeypatch.setattr(QMessageBox, "question", question)
        return asked

    return say


@pytest.fixture
def reviewed(dock, wait):
    """Return the dock with proposals of a disc, of which the first two are settled and saved."""
    segment(dock, wait)
    wait(lambda: dock.masks.layer is not None)
    dock.session.accept()
    dock.session.accept()
    labels = dock.session.project.masks.labels / "disc"
    wait(lambda: (labels / "blobs_1.png").exists() and not dock.session.project.is_dirty)
    return dock


def rename(dock, monkeypatch, name):
    monkeypatch.setattr(QInputDialog, "getText", lambda *_, **__: (name, True))
    press(dock, "Rename structure")


def text_of(dock):
    return control(dock.shape, QComboBox, "Structure").currentText()


def test_a_renamed_structure_keeps_its_masks_and_the_review_goes_on(
    reviewed, viewer, monkeypatch, wait
):
    at = reviewed.session.doubt
    rename(reviewed, monkeypatch, " optic disc ")
    wait(lambda: reviewed.session.masks.names == ("optic disc",))
    assert text_of(reviewed) == reviewed.session.structure == "optic disc"
    assert reviewed.session.doubt[:2] == (at.image, "optic disc")
    assert reviewed.review.waiting == 4
    wait(lambda: reviewed.masks.layer is not None and "Mask: optic disc" in viewer.layers)
    assert reviewed.masks.layer.data.any()
    labels = reviewed.session.project.masks.labels
    wait((labels / "optic disc" / "blobs_1.png").exists)
    wait(lambda: not (labels / "disc" / "blobs_1.png").exists())


def test_undo_and_redo_rename_the_structure_back_and_forth(reviewed, monkeypatch, wait):
    rename(reviewed, monkeypatch, "cup")
    wait(lambda: reviewed.session.masks.names == ("cup",))
    reviewed.session.undo()
    assert reviewed.session.masks.names == ("disc",)
    assert text_of(reviewed) == "disc"
    reviewed.session.redo()
    assert text_of(reviewed) == "cup"
    assert reviewed.session.masks.state("blobs_0.png", "cup") is MaskState.ACCEPTED


def test_drawn_shapes_and_the_next_run_go_with_a_renamed_structure(dock, wait, monkeypatch):
    draw_ellipse(dock, wait)
    press(dock, "Segment")
    wait(lambda: not dock.training.is_running)
    rename(dock, monkeypatch, "cup")
    wait(lambda: dock.session.masks.names == ("cup",))
    assert dock.shape.prior.source.endswith("priors/disc")
    press(dock, "Segment")
    wait(lambda: not dock.training.is_running)
    assert "proposes 6 masks of cup" in dock.shape.sentence
    assert dock.session.masks.names == ("cup",)


def test_a_name_that_another_structure_has_is_refused_in_a_sentence(reviewed, monkeypatch, wait):
    segment(reviewed, wait, "cup")
    name_it(reviewed, "disc")
    rename(reviewed, monkeypatch, "CUP")
    assert "already" in reviewed._problem.text()
    assert reviewed.session.masks.names == ("disc", "cup")
    assert text_of(reviewed) == "disc"


def test_a_stroke_just_before_renaming_goes_with_the_structure(reviewed, viewer, monkeypatch, wait):
    wait(lambda: reviewed.masks.layer is not None)
    image = reviewed.session.image
    viewer.layers["Mask: disc"].paint((70, 50), 1)
    rename(reviewed, monkeypatch, "cup")
    wait(lambda: reviewed.session.masks.names == ("cup",))
    assert reviewed.session.masks.state(image, "cup") is MaskState.EDITED


@pytest.mark.parametrize("yes", [True, False])
def test_deleting_a_structure_asks_first_and_can_be_undone(reviewed, answer, wait, yes):
    asked = answer(yes)
    press(reviewed, "Delete structure")
    assert "disc with its 6 masks, 2 of them drawn, edited or accepted" in asked[0]
    if not yes:
        assert reviewed.session.masks.names == ("disc",)
        return
    wait(lambda: reviewed.session.masks.names == ())
    assert text_of(reviewed) == ""
    assert not reviewed.masks._mask.visible
    folder = reviewed.session.project.masks.labels / "disc"
    wait(lambda: not list(folder.glob("*.png")))
    reviewed.session.undo()
    assert text_of(reviewed) == "disc"
    assert reviewed.review.waiting == 4
    wait(lambda: reviewed.masks.layer is not None and reviewed.masks.layer.data.any())
    wait(lambda: len(list(folder.glob("*.png"))) == 2)


def test_a_structure_of_which_nobody_said_anything_is_deleted_unasked(dock, wait, answer):
    segment(dock, wait)
    segment(dock, wait, "cup")
    asked = answer(yes=False)
    name_it(dock, "cup")
    press(dock, "Delete structure")
    assert asked == []
    assert dock.session.masks.names == ("disc",)
    assert text_of(dock) == dock.session.structure == "disc"


def test_a_name_that_is_not_known_yet_can_be_neither_renamed_nor_deleted(dock):
    name_it(dock, "new")
    for name in ("Rename structure", "Delete structure"):
        assert not control(dock.shape, QPushButton, name).isEnabled()


@pytest.mark.parametrize(
    "shape", ["Drawn by me", "Ellipse", "Ring", "Vessels", "Lungs", "Masks from elsewhere"]
)
def test_on_a_small_screen_the_button_is_in_sight_and_nothing_is_cut_off(dock, qapp, wait, shape):
    window = dock.window()
    window.resize(1280, 720)
    window.show()
    choose(dock, shape)
    for open_it in (False, True):
        dock.shape.set_open(open_it)
    for _ in range(5):
        qapp.processEvents()
    area = dock.findChild(QScrollArea)
    button = control(dock.shape, QPushButton, "Segment")
    place = button.mapTo(area, button.rect().bottomRight())
    assert 0 < place.y() <= area.viewport().height()
    assert area.widget().width() <= area.viewport().width()
