"""What tells findings from the features of frames: a recurrent network, or a linear function."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor, nn

from napari_localcl.models.clip_network import ClipNetwork

from .calibration import mean_probability

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt
    from monai.visualize.class_activation_maps import GradCAM

    from .features import SeriesFeatures
    from .settings import ClassifySettings, LightSettings

    Floats = npt.NDArray[np.float64]
    Rows = npt.NDArray[np.int64]


_CHUNK = 64  # frames pooled at a time
_PARTS = 8  # points between the mean features and those of a clip


def draw_clip(count: int, length: int, chance: np.random.Generator) -> Rows:
    """Draw a clip: one frame at random from each of `length` equal parts of a series, in order.

    Near the published clips (3 frames of the first fifth, 10 of the middle, 3 of the last), but
    every part of a series is shown. Where there are fewer frames than parts, frames repeat.
    """
    places = (np.arange(length) + chance.random(length)) * count / length
    return np.minimum(places.astype(np.int64), count - 1)


class ClipHead(nn.Module):
    """The recurrent network of one plane and one fold."""

    def __init__(self, given: ClassifySettings, channels: int, findings: int) -> None:
        super().__init__()
        self.length = given.frames
        self.looks = given.looks
        self.maps = given.maps
        self.network = ClipNetwork(
            channels,
            findings,
            given.width,
            (given.hidden,) * given.layers,
            given.places,
            given.dropout,
            given.readout,
        )

    def logits(self, features: SeriesFeatures, plane: str, exam: int) -> Floats:
        """Logits (findings,) of an exam: those of the mean probability of some random clips."""
        # The same clips whoever asks, so that a prediction can be made again.
        chance = np.random.default_rng(exam_seed(features, exam))
        count = features.count(plane, exam)
        rows = [draw_clip(count, self.length, chance) for _ in range(self.looks)]
        device = next(self.parameters()).device
        said = []
        for row in rows:
            clip = features.clip(plane, exam, row).unsqueeze(0).to(device)
            with torch.inference_mode():
                said.append(self.network(clip)[0].double().cpu().numpy())
        return mean_probability(said)

    def relevance(self, features: SeriesFeatures, plane: str, exam: int, finding: int) -> Floats:
        """What speaks for a finding in each cell (F, g, g), frames seen among others of the series.

        Integrated gradients (Sundararajan et al., arXiv 1703.01365) from the mean features to those
        of the frames. Grad-CAM (Selvaraju et al., arXiv 1610.02391), as published, averages slopes
        over cells and is blind where the recurrence saturates: it often points beside the finding.
        """
        count = features.count(plane, exam)
        maps = np.empty((count, *features.frames(plane, exam).shape[2:]))
        device = next(self.parameters()).device
        for rows in covering(count, self.length):
            clip = features.clip(plane, exam, rows).unsqueeze(0).to(device)
            maps[rows] = self._speaking(clip, finding)
        return maps

    def _speaking(self, clip: Tensor, finding: int) -> Floats:
        """Maps (T, g, g) of a clip (1, T, D, g, g)."""
        way = self._grad_cam if self.maps == "grad-cam" else self._integrated
        found: Floats = way(clip, finding).detach().double().cpu().numpy()
        return found

    def _grad_cam(self, clip: Tensor, finding: int) -> Tensor:
        clip.requires_grad_(True)  # else the hooks warn that no input does
        maps: Tensor = self._cam.compute_map(clip, class_idx=finding)  # type: ignore[no-untyped-call]
        return maps[:, 0]

    def _integrated(self, clip: Tensor, finding: int) -> Tensor:
        scaled = self.network.scale(clip[0]).detach()
        parts = ((torch.arange(_PARTS, device=clip.device) + 0.5) / _PARTS).view(-1, 1, 1, 1, 1)
        between = (parts * scaled).requires_grad_(True)
        told = self.network.tell(between)[:, finding].sum()
        (slopes,) = torch.autograd.grad(told, between)
        kept: Tensor = (scaled * slopes.mean(dim=0)).sum(dim=1).relu()
        return kept

    @cached_property
    def _cam(self) -> GradCAM:
        """Hooks of Grad-CAM at the maps that enter the recurrence.

        The maps of the last layer would say nothing of any frame but the last, whose state alone is
        used. Made once, for its hooks stay in the network.
        """
        from monai.visualize.class_activation_maps import GradCAM

        return GradCAM(self.network, "enter")


class LinearHead(nn.Module):
    """A linear function of pooled features, of one plane and one fold."""

    def __init__(self, given: LightSettings, channels: int, findings: int) -> None:
        super().__init__()
        self.given = given
        size = channels * given.segments * given.cells**2
        self.weight = nn.Parameter(torch.zeros(findings, size), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(findings), requires_grad=False)

    def logits(self, features: SeriesFeatures, plane: str, exam: int) -> Floats:
        """Logits (findings,) of an exam."""
        pooled = torch.from_numpy(pool(features, plane, exam, self.given)).to(self.weight)
        said: Floats = (self.weight @ pooled + self.bias).double().cpu().numpy()
        return said

    def relevance(self, features: SeriesFeatures, plane: str, exam: int, finding: int) -> Floats:
        """What each cell of each frame (F, g, g) adds to the logit: exact where means are pooled.

        Of pooled maxima, the frame that has the maximum gets what it adds.
        """
        frames = features.frames(plane, exam)
        parts = segments(len(frames), self.given.segments)
        weights = self.weight[finding].detach().cpu().view(len(parts), -1)
        found = np.zeros((len(frames), *frames.shape[2:]))
        for rows, weight in zip(parts, weights, strict=True):
            found[rows] += _added(frames[rows], weight, self.given)
        return found


def _added(
    frames: npt.NDArray[np.float16], weight: Tensor, given: LightSettings
) -> npt.NDArray[np.float32]:
    """What frames (F, D, g, g) add to the logit through their pooled features, (F, g, g)."""
    # What a mean makes of a frame is the same for every frame, so that a few at a time will do.
    step = _CHUNK if given.pooling == "mean" else len(frames)
    added = []
    for start in range(0, len(frames), step):
        maps = torch.from_numpy(np.asarray(frames[start : start + step], np.float32))
        maps.requires_grad_(True)
        told = weight @ _pooled(maps, given).flatten()
        (slope,) = torch.autograd.grad(told, maps)
        share = len(maps) / len(frames) if given.pooling == "mean" else 1.0
        added.append((maps.detach() * slope).sum(dim=1).clamp(min=0) * share)
    together: npt.NDArray[np.float32] = torch.cat(added).numpy()
    return together


class Heads(nn.Module):
    """The heads of all planes and folds.

    Parameters
    ----------
    given : ClassifySettings
        What they are like.
    channels : mapping of str to int
        Planes, and the channels of their features.
    findings, folds : int
        How many of each.
    """

    def __init__(
        self, given: ClassifySettings, channels: Mapping[str, int], findings: int, folds: int
    ) -> None:
        super().__init__()
        self.given = given
        self.planes = tuple(channels)
        self.heads = nn.ModuleList(
            nn.ModuleList(_head(given, channels[plane], findings) for _ in range(folds))
            for plane in self.planes
        )

    def head(self, plane: str, fold: int) -> ClipHead | LinearHead:
        """The head of a plane and a fold."""
        found: ClipHead | LinearHead = self.heads[self.planes.index(plane)][fold]  # type: ignore[index]
        return found


def _head(given: ClassifySettings, channels: int, findings: int) -> ClipHead | LinearHead:
    if given.head == "logistic":
        return LinearHead(given.light, channels, findings)
    return ClipHead(given, channels, findings)


def pool(
    features: SeriesFeatures, plane: str, exam: int, given: LightSettings
) -> npt.NDArray[np.float32]:
    """Pool the features of an exam's frames to one vector (D * segments * cells ** 2,)."""
    frames = features.frames(plane, exam)
    parts = [pool_part(frames[rows], given) for rows in segments(len(frames), given.segments)]
    return torch.stack(parts).flatten().numpy()


def pool_part(frames: npt.NDArray[np.float16], given: LightSettings) -> Tensor:
    """Pool some frames (F, D, g, g) to (D, cells, cells), a few of them in memory at a time."""
    chunks = [frames[i : i + _CHUNK] for i in range(0, len(frames), _CHUNK)]
    pooled = [_pooled(torch.from_numpy(np.asarray(one, np.float32)), given) for one in chunks]
    if given.pooling == "max":
        return torch.stack(pooled).amax(dim=0)
    sizes = torch.tensor([len(one) for one in chunks]).view(-1, 1, 1, 1)
    return (torch.stack(pooled) * sizes).sum(dim=0) / len(frames)


def _pooled(maps: Tensor, given: LightSettings) -> Tensor:
    small = nn.functional.adaptive_avg_pool2d(maps, given.cells)
    return small.amax(dim=0) if given.pooling == "max" else small.mean(dim=0)


def segments(count: int, parts: int) -> list[slice]:
    """Divide `count` frames into consecutive parts; where there are fewer, frames repeat."""
    edges = np.linspace(0, count, parts + 1)
    starts = np.minimum(edges[:-1].astype(int), count - 1)
    return [
        slice(first, max(first + 1, int(last)))
        for first, last in zip(starts, edges[1:], strict=True)
    ]


def covering(count: int, length: int) -> list[Rows]:
    """Clips that show each of `count` frames once, evenly; the last frames repeat where few."""
    clips = max(1, -(-count // length))
    return [np.arange(first, count, clips) for first in range(clips)]


def exam_seed(features: SeriesFeatures, exam: int) -> int:
    """A number that depends on an exam's frames alone."""
    plane = next(one for one in features.planes if (one, exam) in features.files)
    return int(features.files[plane, exam].stem[:12], 16)
