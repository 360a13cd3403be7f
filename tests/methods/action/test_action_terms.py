"""ACTION's terms, by hand."""

import math

import pytest
import torch

from napari_localcl.methods.action.mixing import Pasting
from napari_localcl.methods.action.network import cut_windows
from napari_localcl.methods.action.sampling import UnlabelledViews
from napari_localcl.methods.action.settings import ContrastSettings, PseudoSettings
from napari_localcl.methods.action.terms import (
    PseudoLabels,
    Seen,
    contrast_term,
    pseudo_labels,
    pseudo_term,
    ramped,
    trusted,
)
from napari_localcl.models.pixel_head import PixelHead


def test_windows_of_an_image_stay_with_it_and_keep_their_places():
    # One channel says which image it is, the others where a cell lies.
    rows, columns = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    maps = torch.stack([torch.stack([torch.full_like(rows, b), rows, columns]) for b in range(2)])
    windows = cut_windows(maps, 4)
    assert windows.shape == (2, 49, 48)
    image, row, column = windows.view(2, 7, 7, 3, 16).unbind(dim=3)
    assert (image[0] == 0).all()
    assert (image[1] == 1).all()
    # A window is 8 pixels long and the next begins 4 further: centres at 3.5, 7.5, 11.5, ...
    centres = 3.5 + 4 * torch.arange(7)
    assert torch.allclose(row.mean(dim=3), centres.view(1, 7, 1).expand(2, 7, 7))
    assert torch.allclose(column.mean(dim=3), centres.view(1, 1, 7).expand(2, 7, 7))
    # Within a window too: its first cell is the mean of its first 2 x 2 pixels.
    assert row[0, 2, 5, 0] == 8.5
    assert column[0, 2, 5, 0] == 20.5
    assert column[0, 2, 5, 1] == 22.5


@pytest.fixture
def unlabelled():
    strong = torch.arange(2.0).view(2, 1, 1, 1).expand(2, 1, 2, 2).clone()
    field = torch.ones(2, 2, 2, dtype=torch.bool)
    field[1, 0, 0] = False
    boxes = torch.tensor([[0.0, 0.0, 1.0, 2.0], [0.0, 0.0, 0.0, 0.0]])
    return UnlabelledViews(strong, strong, field, Pasting(boxes, torch.zeros(2, 2)))


def test_labels_and_confidence_are_pasted_with_their_pixels(unlabelled):
    logits = torch.zeros(2, 2, 2, 2)
    logits[0, 0] = math.log(3)  # the first image is background, with 3/4
    logits[1, 1] = math.log(9)  # the second one is structure, with 9/10
    mixed = pseudo_labels(logits, unlabelled, "cutmix")
    assert mixed.views[0, 0].tolist() == [[1, 1], [0, 0]]
    assert mixed.labels[0].tolist() == [[255, 1], [0, 0]]
    assert mixed.confidence[0].flatten().tolist() == pytest.approx([0.9, 0.9, 0.75, 0.75])
    assert mixed.labels[1].tolist() == [[255, 1], [1, 1]]
    plain = pseudo_labels(logits, unlabelled, "none")
    assert plain.labels[0].tolist() == [[0, 0], [0, 0]]
    assert torch.equal(plain.views, unlabelled.strong)
    assert trusted(mixed, 0.8)[0].tolist() == [[255, 1], [255, 255]]


def test_pseudo_labels_count_by_pixel_or_by_image():
    logits = torch.zeros(2, 2, 1, 2)  # a loss of ln 2 everywhere
    labels = torch.tensor([[[0, 1]], [[1, 255]]])
    confidence = torch.tensor([[[0.99, 0.5]], [[0.99, 0.99]]])
    pseudo = PseudoLabels(torch.zeros(2, 1, 1, 2), labels, confidence)
    by_pixel = pseudo_term(logits, pseudo, PseudoSettings(weighting="pixel"))
    assert by_pixel.item() == pytest.approx(math.log(2) * 2 / 3)
    # The first image is confident in half of its pixels, the second in all of its only one.
    by_image = pseudo_term(logits, pseudo, PseudoSettings(weighting="image"))
    assert by_image.item() == pytest.approx(math.log(2) * (0.5 + 0.5 + 1) / 3)


def test_weights_rise_as_over_a_gaussian():
    assert ramped(0.0, 0.3) == pytest.approx(math.exp(-5))
    assert ramped(0.15, 0.3) == pytest.approx(math.exp(-1.25))
    assert ramped(0.3, 0.3) == ramped(1.0, 0.3) == ramped(0.0, 0.0) == 1


def seen(labels, unsure=True, seeds=(1, 2)):
    """Two images whose only map is the labels themselves, as points on a circle."""
    angles = labels.float() * 2
    maps = [torch.stack([angles.cos(), angles.sin()], dim=1).requires_grad_()]
    logits = torch.zeros(2, 3, *labels.shape[1:])
    if not unsure:
        logits = torch.nn.functional.one_hot(labels.clamp(max=2), 3).movedim(3, 1) * 50.0
    return Seen(maps, logits, labels, torch.tensor(seeds))


def head():
    made = PixelHead((2,), 2)
    with torch.no_grad():
        made.first.weight.copy_(torch.eye(2))
        made.second.weight.copy_(torch.eye(2))
        made.second.bias.zero_()
    return made


def test_anatomical_contrast_is_that_of_prototypes_and_shared_negatives():
    labels = torch.tensor([[[0, 1], [2, 255]], [[0, 1], [255, 255]]])
    given = ContrastSettings(queries=2, keys=2, negatives=8)
    found = contrast_term(head(), seen(labels), given)
    means = torch.stack([torch.tensor([math.cos(2 * c), math.sin(2 * c)]) for c in range(3)])
    cosines = means @ means.T / 0.5
    wanted = []
    for own in range(3):
        others = [c for c in range(3) if c != own]
        graph = torch.softmax(cosines[own, others], dim=0)
        rest = sum(8 * p * math.exp(cosines[own, c]) for p, c in zip(graph, others, strict=True))
        wanted.append(-math.log(math.exp(2) / (math.exp(2) + rest)))
    assert found.item() == pytest.approx(sum(wanted) / 3, rel=1e-4)


def test_only_pixels_that_the_student_is_unsure_of_are_queries():
    labels = torch.tensor([[[0, 1], [2, 1]], [[0, 1], [1, 0]]])
    assert contrast_term(head(), seen(labels, unsure=False), ContrastSettings()).item() == 0


def test_the_choice_of_pixels_depends_on_an_images_own_seed():
    torch.manual_seed(0)
    labels = torch.randint(3, (2, 16, 16))
    maps = [torch.randn(2, 2, 16, 16)]
    given = ContrastSettings(queries=1, keys=2)

    def term(first, second):
        both = Seen(maps, torch.zeros(2, 3, 16, 16), labels, torch.tensor([first, second]))
        return contrast_term(head(), both, given).item()

    assert term(1, 2) == term(1, 2)
    assert term(1, 2) != term(3, 2)
