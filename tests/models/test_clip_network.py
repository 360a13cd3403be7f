"""The recurrent network that looks at clips."""

import pytest
import torch

from napari_localcl.models.clip_network import ClipNetwork, ConvLSTM


def network(**given):
    torch.manual_seed(0)
    return ClipNetwork(6, 3, width=8, hidden=(8,), **given).eval()


def test_one_logit_per_finding_from_clips_of_any_length():
    assert network()(torch.rand(2, 5, 6, 4, 4)).shape == (2, 3)
    assert network()(torch.rand(1, 1, 6, 7, 3)).shape == (1, 3)


def test_the_state_follows_the_equations_of_an_lstm():
    """With one cell and convolutions of one number, each step can be done by hand."""
    layer = ConvLSTM(1, 1)
    with torch.no_grad():
        for weights in (layer.seen.weight, layer.kept.weight):
            weights.zero_()
        layer.seen.weight[:, 0, 1, 1] = torch.tensor([1.0, 0.0, 0.5, 2.0])
        layer.kept.weight[:, 0, 1, 1] = torch.tensor([0.0, 1.0, 0.0, -1.0])
        layer.seen.bias.copy_(torch.tensor([0.0, 1.0, 0.0, 0.0]))
    cell = state = torch.zeros(())
    expected = []
    inputs = torch.tensor([0.3, -0.7, 1.1])
    for value in inputs:
        enter, forget, leave = value.sigmoid(), (1 + state).sigmoid(), (0.5 * value).sigmoid()
        cell = forget * cell + enter * (2 * value - state).tanh()
        state = leave * cell.tanh()
        expected.append(state)
    states = layer(inputs.view(1, 3, 1, 1, 1))
    assert states.flatten().tolist() == pytest.approx(torch.stack(expected).tolist(), abs=1e-6)


def test_the_published_readout_is_the_mean_of_the_last_state_the_other_the_largest_of_all():
    clip = torch.rand(1, 4, 6, 4, 4)
    for readout, read in (
        ("last", lambda states: states[:, -1].mean(dim=(2, 3))),
        ("max", lambda states: states.flatten(3).amax(dim=(1, 3))),
    ):
        net, kept = network(readout=readout), {}
        net.recurrent[-1].register_forward_hook(lambda *given, kept=kept: kept.update(s=given[2]))
        told = net(clip)
        assert torch.allclose(told, net.findings(read(kept["s"])), atol=1e-6)


def test_the_order_of_frames_matters():
    clip = torch.rand(1, 4, 6, 4, 4)
    assert not torch.allclose(network()(clip), network()(clip.flip(1)), atol=1e-5)


def test_only_a_network_that_is_told_places_can_tell_sides():
    """Cells that see no neighbour different from themselves: a spot far from every border."""
    left = torch.zeros(1, 1, 6, 15, 15)
    left[..., 7, 4] = 30.0
    right = left.flip(4)

    def apart(places):
        net = network(places=places)
        with torch.no_grad():  # no part of a kernel knows left from right
            for conv in (net.recurrent[0].seen, net.recurrent[0].kept):
                conv.weight.copy_((conv.weight + conv.weight.flip(3)) / 2)
        return (net(left) - net(right)).abs().max().item()

    assert apart(False) < 1e-6
    assert apart(True) > 1e-4
