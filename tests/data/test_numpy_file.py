"""NumPy files as frames and stacks of frames."""

import numpy as np
import pytest

from napari_localcl.data.folder import find_images
from napari_localcl.data.reading import header, read
from napari_localcl.data.scan import UnusableImage


@pytest.mark.parametrize("ending", ["npy", "npz"])
@pytest.mark.parametrize(
    ("shape", "pixels", "depth"),
    [
        ((9, 12), (1, 9, 12), 1),
        ((5, 9, 12), (1, 5, 9, 12), 5),
        ((1, 9, 12), (1, 9, 12), 1),
        ((9, 12, 3), (3, 9, 12), 1),
        ((5, 9, 12, 3), (3, 5, 9, 12), 5),
    ],
)
def test_an_array_is_a_frame_or_a_stack(tmp_path, ending, shape, pixels, depth):
    values = np.random.default_rng(0).integers(0, 999, shape).astype(np.int16)
    file = tmp_path / f"knee.{ending}"
    if ending == "npy":
        np.save(file, values)
    else:
        np.savez_compressed(file, values)
    scan = read(file)
    assert scan.pixels.shape == pixels
    assert (header(file).depth, header(file).size, header(file).channels) == (
        depth,
        (9, 12),
        pixels[0],
    )
    flat = np.moveaxis(scan.pixels, 0, -1) if pixels[0] == 3 else scan.pixels
    assert np.array_equal(flat.ravel(), values.ravel())


def test_the_slices_of_an_array_are_listed(tmp_path):
    np.save(tmp_path / "knee.npy", np.zeros((3, 9, 12)))
    assert [plane.name for plane in find_images(tmp_path).planes] == [
        "knee.npy#0",
        "knee.npy#1",
        "knee.npy#2",
    ]


def test_nothing_in_a_file_is_executed(tmp_path):
    class Trap:
        def __reduce__(self):
            return (print, ("executed",))

    np.save(tmp_path / "trap.npy", np.array([Trap()], dtype=object), allow_pickle=True)
    with pytest.raises(UnusableImage, match="type object, which are no grey values"):
        read(tmp_path / "trap.npy")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (np.zeros(7), r"is an array of shape \(7,\); frames are"),
        (np.zeros((2, 9, 9, 5)), r"is an array of shape \(2, 9, 9, 5\)"),
        (np.array([["a"]]), "which are no grey values"),
    ],
)
def test_other_arrays_are_refused_in_a_sentence(tmp_path, values, sentence):
    np.save(tmp_path / "odd.npy", values)
    with pytest.raises(UnusableImage, match=sentence):
        header(tmp_path / "odd.npy")


def test_an_archive_of_several_arrays_is_refused(tmp_path):
    np.savez(tmp_path / "two.npz", image=np.zeros((9, 9)), mask=np.zeros((9, 9)))
    with pytest.raises(UnusableImage, match="holds 2 arrays"):
        read(tmp_path / "two.npz")


def test_a_file_cut_short_is_told(tmp_path):
    np.save(tmp_path / "knee.npy", np.zeros((3, 9, 12)))
    whole = (tmp_path / "knee.npy").read_bytes()
    (tmp_path / "knee.npy").write_bytes(whole[:-50])
    with pytest.raises(UnusableImage, match=r"knee\.npy cannot be read and may be damaged"):
        read(tmp_path / "knee.npy")
