from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from projects import new_project, predicted

from napari_localcl.data.folder import find_images
from napari_localcl.widgets import pictures
from napari_localcl.widgets.pictures import Pictures, Scans, likely_next
from napari_localcl.widgets.session import Session


@pytest.fixture
def planes(tmp_path):
    """Return six images whose pixels have the image's number."""
    for number in range(6):
        Image.fromarray(np.full((20, 30), number, np.uint8)).save(tmp_path / f"{number}.png")
    return find_images(tmp_path).planes


@pytest.fixture
def shown(qapp):
    """Return a reader of pictures, what it showed, and of what it complained."""
    reader = Pictures()
    seen, complaints = [], []
    reader.ready.connect(seen.append)
    reader.failed.connect(complaints.append)
    yield reader, seen, complaints
    reader.close()


def test_the_image_wanted_last_comes_however_fast_one_goes(shown, planes, wait):
    reader, seen, _ = shown
    for number in range(5):
        reader.show(planes[number], planes[number + 1 : number + 2])
    wait(lambda: not reader.is_busy)
    assert seen[-1].name == "4.png"
    assert (seen[-1].pixels == 4).all()


def test_what_was_read_ahead_is_not_read_again(shown, planes, wait, monkeypatch):
    reader, seen, _ = shown
    read = []
    original = pictures.read
    monkeypatch.setattr(pictures, "read", lambda path: read.append(path.name) or original(path))
    reader.show(planes[1], [planes[2], planes[0]])
    wait(lambda: not reader.is_busy)
    reader.show(planes[2], [planes[3], planes[1]])
    wait(lambda: not reader.is_busy)
    assert [picture.name for picture in seen] == ["1.png", "2.png"]
    assert read == ["1.png", "2.png", "0.png", "3.png"]


def test_an_image_that_cannot_be_read_is_black_and_told(shown, planes, wait):
    reader, seen, complaints = shown
    planes[1].path.unlink()
    reader.show(planes[0], [planes[1]])
    wait(lambda: not reader.is_busy)
    assert complaints == []
    reader.show(planes[1])
    wait(lambda: not reader.is_busy)
    assert seen[-1].name == "1.png"
    assert seen[-1].pixels.shape == (20, 30)
    assert not seen[-1].pixels.any()
    assert "1.png cannot be opened" in complaints[0]


def test_memory_is_bounded_and_the_latest_stays(planes):
    scans = Scans(room=3 * 600)
    for plane in planes:
        scans.read(plane.path)
    assert scans.bytes == 3 * 600
    assert planes[5].path in scans
    assert planes[0].path not in scans
    small = Scans(room=10)
    small.read(planes[0].path)
    assert planes[0].path in small


def test_a_neighbour_does_not_push_the_image_at_hand_out(shown, planes, wait):
    reader, _, _ = shown
    reader._scans.room = 600
    reader.show(planes[0], planes[1:3])
    wait(lambda: not reader.is_busy)
    assert planes[0].path in reader._scans
    assert planes[1].path not in reader._scans


def test_the_slices_of_a_volume_share_their_brightness(tmp_path, shown, wait):
    import tifffile

    stack = np.arange(5, dtype=np.uint16)[:, None, None] * np.ones((1, 32, 32), np.uint16)
    tifffile.imwrite(tmp_path / "stack.tif", stack, photometric="minisblack")
    reader, seen, _ = shown
    planes = find_images(tmp_path).planes
    assert [plane.name for plane in planes] == [f"stack.tif#{z}" for z in range(5)]
    for plane in planes[:2]:
        reader.show(plane)
        wait(lambda: not reader.is_busy)
    assert seen[0].window == seen[1].window
    assert (seen[1].pixels == 1).all()


def test_the_next_doubt_is_the_likeliest_then_the_neighbours(qapp, pictures, tmp_path):
    session = Session()
    session.open(new_project(tmp_path / "project", pictures))
    names = session.names
    assert [plane.name for plane in likely_next(session)] == [names[1]]
    session.place("tip", 5, 6)
    session.take([predicted(names[2], confidence=0.1), predicted(names[5], confidence=0.2)])
    session.next_uncertain()
    assert session.image == names[2]
    assert [plane.name for plane in likely_next(session)] == [names[5], names[3], names[1]]
    session.close()
