"""Networks whose weights follow those of another."""

import torch
from torch import nn

from napari_localcl.models.averaging import follow


def test_weights_and_running_statistics_are_averaged_and_counters_copied():
    average, network = nn.BatchNorm1d(1), nn.BatchNorm1d(1)
    with torch.no_grad():
        network.weight.fill_(3.0)
    network.running_mean.fill_(1.0)
    network.num_batches_tracked.fill_(7)
    follow(average, network, kept=0.75)
    assert average.weight.item() == 1.5
    assert average.running_mean.item() == 0.25
    assert average.num_batches_tracked.item() == 7
