"""From the features of a clip's frames to logits of findings: a convolutional LSTM."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Sequence


Readout = Literal["max", "last"]


class ClipNetwork(nn.Module):
    """1x1 convolution, convolutional LSTM layers, what is read of their states, one linear layer.

    With ``readout="last"``, the form of Manna et al., arXiv 2104.10481, at smaller widths and with
    padded borders: the mean over the cells of the last state. That thins out what a few cells of a
    few frames show; ``"max"`` takes the largest value over all cells and frames. Neither knows
    where things are; with ``places``, each cell is told where it lies, so that sides can be told
    apart.

    Parameters
    ----------
    channels : int
        Channels of the features.
    findings : int
        How many logits.
    width : int
        Channels that enter the recurrent layers.
    hidden : sequence of int
        Channels of each recurrent layer.
    places : bool
        Whether two further channels hold each cell's y and x.
    dropout : float
        Probability that a channel is left out in training.
    readout : {"max", "last"}
        See above.
    """

    def __init__(
        self,
        channels: int,
        findings: int,
        width: int = 32,
        hidden: Sequence[int] = (32,),
        places: bool = True,
        dropout: float = 0.2,
        readout: Readout = "max",
    ) -> None:
        super().__init__()
        self.readout = readout
        self.places = places
        # Features of any encoder on one scale, without which the recurrence hardly starts to learn.
        self.scale = nn.BatchNorm2d(channels, affine=False)
        self.drop = nn.Dropout2d(dropout)
        self.enter = nn.Sequential(nn.Conv2d(channels + 2 * places, width, 1), nn.ReLU())
        nn.init.kaiming_normal_(self.enter[0].weight, nonlinearity="relu")  # type: ignore[arg-type]
        sizes = (width, *hidden)
        self.recurrent = nn.ModuleList(map(ConvLSTM, sizes[:-1], sizes[1:]))
        self.leave = nn.Dropout(dropout)
        self.findings = nn.Linear(sizes[-1], findings)

    def forward(self, clips: Tensor) -> Tensor:
        """Features (B, T, C, h, w) -> logits (B, findings)."""
        return self.tell(self.scale(clips.flatten(0, 1)).unflatten(0, clips.shape[:2]))

    def tell(self, clips: Tensor) -> Tensor:
        """The same of features on one scale, where 0 is the mean of each channel."""
        frames = self.drop(clips.flatten(0, 1))
        if self.places:
            frames = torch.cat([frames, _places(frames)], dim=1)
        states: Tensor = self.enter(frames).unflatten(0, clips.shape[:2])
        for layer in self.recurrent:
            states = layer(states)
        last = self.readout == "last"
        read = states[:, -1].mean(dim=(2, 3)) if last else states.amax(dim=(1, 3, 4))
        logits: Tensor = self.findings(self.leave(read))
        return logits


class ConvLSTM(nn.Module):
    """Shi et al., arXiv 1506.04214, without peepholes: an LSTM whose products are convolutions."""

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.hidden = hidden
        self.seen = nn.Conv2d(channels, 4 * hidden, 3, padding=1)
        self.kept = nn.Conv2d(hidden, 4 * hidden, 3, padding=1, bias=False)
        nn.init.xavier_uniform_(self.seen.weight)
        with torch.no_grad():  # what is seen first should not be forgotten at once
            assert self.seen.bias is not None
            self.seen.bias[hidden : 2 * hidden] = 1.0

    def forward(self, frames: Tensor) -> Tensor:
        """Maps (B, T, C, h, w) -> the states after each of them (B, T, hidden, h, w)."""
        seen = self.seen(frames.flatten(0, 1)).unflatten(0, frames.shape[:2])
        state = cell = frames.new_zeros(len(frames), self.hidden, *frames.shape[3:])
        states = []
        for step in seen.unbind(dim=1):
            enter, forget, leave, new = (step + self.kept(state)).chunk(4, dim=1)
            cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
            state = leave.sigmoid() * cell.tanh()
            states.append(state)
        return torch.stack(states, dim=1)


def _places(maps: Tensor) -> Tensor:
    """Where each cell lies, from -1 to 1: (B, 2, h, w)."""
    sides = [torch.linspace(-1, 1, n, device=maps.device, dtype=maps.dtype) for n in maps.shape[2:]]
    grid = torch.stack(torch.meshgrid(*sides, indexing="ij"))
    return grid.expand(len(maps), -1, -1, -1)
