"""Seeds."""

import torch

from napari_localcl.training.chance import mix, reseed


def test_a_seed_is_the_same_on_every_machine_and_differs_between_neighbours():
    assert mix(0, 0, 0) == 7519334944260373035
    assert len({mix(0, stage, step) for stage in range(3) for step in range(-1, 200)}) == 603


def test_seeding_makes_every_draw_repeatable():
    chance = torch.Generator()
    draws = []
    for _ in range(2):
        reseed(chance, 1, 2, 3)
        draws.append((torch.rand(2, generator=chance), torch.rand(2)))
    assert all(map(torch.equal, *draws))
