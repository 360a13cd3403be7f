"""Contrast of pixels between anatomical classes."""

import math

import pytest
import torch
from torch.nn.functional import normalize

from napari_localcl.losses.anatomy import Pixels, anatomical_contrast, class_graph

MEANS = normalize(torch.tensor([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]]), dim=1)
ALL = torch.ones(3, dtype=torch.bool)


def pixels(vectors, classes, chosen=None):
    vectors = torch.tensor(vectors)
    chosen = torch.ones(len(vectors), dtype=torch.bool) if chosen is None else torch.tensor(chosen)
    return Pixels(vectors, torch.tensor(classes), chosen)


def test_near_classes_are_negatives_more_often():
    graph = class_graph(MEANS, ALL, 0.5)
    near, far = math.exp(2 / math.sqrt(2)), math.exp(0)
    assert graph[0].tolist() == pytest.approx([0, far / (near + far), near / (near + far)])
    assert torch.allclose(graph.sum(dim=1), torch.ones(3))


def test_a_class_that_is_not_there_is_no_negative():
    graph = class_graph(MEANS, torch.tensor([True, True, False]), 0.5)
    assert graph[0].tolist() == [0, 1, 0]
    alone = class_graph(MEANS, torch.tensor([True, False, False]), 0.5)
    assert alone[0].tolist() == [0, 0, 0]


def test_it_is_computed_as_by_hand():
    queries = pixels([[2.0, 0.0]], [0])
    keys = pixels([[3.0, 0.0], [0.0, 1.0], [0.0, 5.0], [1.0, 1.0]], [0, 1, 1, 2])
    t, negatives = 0.5, 10
    graph = class_graph(MEANS, ALL, t)[0]
    own = math.exp(1 / t)
    # Keys of class 1 share its part, both at cosine 0; the key of class 2 is at 45 degrees.
    others = negatives * (graph[1] * math.exp(0) + graph[2] * math.exp(math.sqrt(0.5) / t))
    wanted = -math.log(own / (own + others))
    found = anatomical_contrast(queries, keys, MEANS, ALL, t, negatives)
    assert found.item() == pytest.approx(wanted, rel=1e-5)


def test_the_shared_pool_is_the_expectation_of_drawing_negatives_for_each_query():
    torch.manual_seed(0)
    keys = Pixels(torch.randn(30, 2), torch.arange(30) % 3, torch.ones(30, dtype=torch.bool))
    query, t, negatives = torch.tensor([0.6, 0.8]), 0.5, 4
    graph = class_graph(MEANS, ALL, t)[0]
    unit = normalize(keys.vectors, dim=1)
    classes = torch.multinomial(graph, 20_000 * negatives, replacement=True)
    rows = torch.stack([(keys.classes == one).nonzero().flatten() for one in range(3)])
    drawn = rows[classes, torch.randint(10, classes.shape)]
    sums = torch.exp(unit[drawn] @ query / t).view(-1, negatives).sum(dim=1)
    own = math.exp(float(query @ MEANS[0]) / t)
    loss = anatomical_contrast(
        Pixels(query[None], torch.tensor([0]), torch.tensor([True])), keys, MEANS, ALL, t, negatives
    )
    others = own * (math.exp(loss.item()) - 1)
    assert others == pytest.approx(sums.mean().item(), rel=0.02)


def test_classes_count_alike_however_many_queries_they_have():
    keys = pixels([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0, 1, 2])

    def loss(*classes):
        vectors = [[0.5, 0.1]] * len(classes)
        return anatomical_contrast(pixels(vectors, list(classes)), keys, MEANS, ALL).item()

    assert loss(0, 0, 0, 1) == pytest.approx((loss(0) + loss(1)) / 2, rel=1e-5)


def test_rows_that_stand_for_no_pixel_change_nothing():
    keys = pixels([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]], [0, 1, 2])
    more = pixels([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [9.0, 9.0]], [0, 1, 2, 1], [1, 1, 1, 0])
    more = Pixels(more.vectors, more.classes, more.chosen.bool())
    one = anatomical_contrast(pixels([[1.0, 0.2]], [0]), keys, MEANS, ALL)
    queries = pixels([[1.0, 0.2], [7.0, 7.0]], [0, 2], [True, False])
    assert anatomical_contrast(queries, more, MEANS, ALL).item() == pytest.approx(one.item())


def test_without_queries_nothing_is_lost_and_only_queries_learn():
    keys = pixels([[1.0, 0.0], [0.0, 1.0]], [0, 1])
    keys.vectors.requires_grad_()
    vectors = torch.tensor([[1.0, 0.2]], requires_grad=True)
    means = MEANS.clone().requires_grad_()
    none = Pixels(vectors, torch.tensor([0]), torch.tensor([False]))
    assert anatomical_contrast(none, keys, means, ALL).item() == 0
    one = Pixels(vectors, torch.tensor([0]), torch.tensor([True]))
    anatomical_contrast(one, keys, means, ALL).backward()
    assert vectors.grad.abs().sum() > 0
    assert keys.vectors.grad is None
    assert means.grad is None
