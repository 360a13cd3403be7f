"""Finding the points of one or more template images in other images.

The similarity of a query to a template point is the product of the similarities at every level of
the embedding (the mean of their logarithms); where it peaks, the point is. What makes it better is
each a setting: several candidates looked at more closely and chosen together, so that they lie as
in the template; a prior from the smooth map between the images; matching back for confidence; a
second pass at higher magnification.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import conv2d, normalize

from .alignment import ALIGNMENT_STRIDE, SmoothMap, smooth_map
from .constellation import agreement
from .matching import SIMILARITY_FLOOR, best_peaks, search
from .pyramid import Pyramid, enlarge
from .sampling import cell_centres

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


@dataclass(frozen=True)
class Template:
    """Annotated points of T images.

    Attributes
    ----------
    pyramid : Pyramid of T images
        Their embeddings.
    points : Tensor (T, L, 2)
        (y, x) in canvas pixels; anything where not known.
    known : Tensor (T, L), bool
        Which points are annotated in which image; each in at least one.
    """

    pyramid: Pyramid
    points: Tensor
    known: Tensor

    @cached_property
    def embeddings(self) -> dict[int, Tensor]:
        """Mean embedding (L, D) of every point over the images that have it, one per stride."""
        weights = self.known.float().unsqueeze(2)
        read = self.pyramid.at(self.points)
        return {s: normalize((here * weights).sum(dim=0), dim=1) for s, here in read.items()}


@dataclass(frozen=True)
class Places:
    """Where points were found in B images.

    Attributes
    ----------
    points : Tensor (B, L, 2)
        (y, x) in canvas pixels.
    score : Tensor (B, L)
        Mean log similarity there, with the prior's.
    margin : Tensor (B, L)
        How much better that is than the next best place.
    cycle_error : Tensor (B, L)
        Distance by which matching back misses the template, canvas pixels; 0 if not asked for.
    """

    points: Tensor
    score: Tensor
    margin: Tensor
    cycle_error: Tensor


@dataclass(frozen=True)
class Finder:
    """How points are looked for.

    Attributes
    ----------
    levels : int
        Levels of the embedding to use, from the finest.
    centre_width : float
        Standard deviation, in canvas pixels, of LD's centre-sensitive averaging of the finest
        level; 0 leaves it out.
    prior_width : float
        Width of the prior around the place that the smooth map gives, pixels; 0 leaves it out.
    candidates : int
        Peaks looked at more closely.
    agreement_width : float
        Width of the prior around the place that the other points' places give, pixels; 0 leaves it
        out.
    backward : bool
        Match back to the template.
    bf16 : bool
        Align images in bfloat16: much faster where the processor knows it, and as exact.
    """

    levels: int = 5
    centre_width: float = 0.0
    prior_width: float = 0.0
    candidates: int = 5
    agreement_width: float = 96.0
    backward: bool = True
    bf16: bool = False

    def align(self, first: Pyramid, queries: Pyramid) -> SmoothMap:
        """The smooth map from the one image of a pyramid to B images."""
        stride = max(ALIGNMENT_STRIDE, queries.strides[0])
        kind = torch.bfloat16 if self.bf16 else torch.float32
        one, others = (images.coarse(stride).to(kind) for images in (first, queries))
        return smooth_map(one.expand_as(others), others, stride, queries.size, reach=24.0)

    def find(
        self,
        template: Template,
        queries: Pyramid,
        lead: Callable[[int], SmoothMap] | None = None,
    ) -> Places:
        """Find the template's points in B images.

        Parameters
        ----------
        template : Template
            What to find.
        queries : Pyramid of B images
            Where to look.
        lead : callable or None
            Gives the smooth map from the template's image at an index to the queries, where that
            is known already; None is :meth:`align`.
        """
        lead = lead or (lambda row: self.align(template.pyramid[row : row + 1], queries))
        template, queries = self._looked_at(template, queries)
        strides = queries.strides[: self.levels]
        wanted = {stride: template.embeddings[stride] for stride in strides}
        prior = self._prior(template, queries, lead)
        response, step = self._response(wanted, queries, strides, prior)
        peaks, values = best_peaks(response, self.candidates)  # (B, L, K, 2), (B, L, K)
        places = peaks * step + (step - 1) / 2
        if step > strides[0]:
            places, values = self._closer(wanted, queries, places, prior)
        if self.agreement_width:
            values = values + self._agreement(template, places, values)
        chosen = values.argmax(dim=2, keepdim=True)
        points = places.gather(2, chosen.unsqueeze(3).expand(-1, -1, -1, 2)).squeeze(2)
        score = values.gather(2, chosen).squeeze(2)
        margin = _margin(places, values, points, score)
        found = Places(points, score, margin, torch.zeros_like(score))
        return self._checked(found, template, queries) if self.backward else found

    def similarity(self, template: Template, queries: Pyramid) -> Tensor:
        """Similarity (B, L, h, w) of the cells of B images to points, where a search begins.

        From 0 to 1, the product over the levels looked at first.
        """
        template, queries = self._looked_at(template, queries)
        strides = queries.strides[: self.levels]
        response, step = self._response(template.embeddings, queries, strides, None)
        return (response * sum(stride >= step for stride in strides)).exp().clamp(max=1)

    def closer(self, template: Template, queries: Pyramid, guess: Tensor) -> Tensor:
        """Look for points within 16 pixels of a guess (B, L, 2), on the three finest levels."""
        strides = queries.strides[: min(self.levels, 3)]
        # At a coarse stride as far, but at least to the neighbours that a peak is told from.
        reach = min(8, max(2, 16 // strides[0]))
        wanted = _expand(template.embeddings, len(queries))
        return search(wanted, queries, guess, strides, reach, sigma=32.0).points

    def _looked_at(self, template: Template, queries: Pyramid) -> tuple[Template, Pyramid]:
        """Both as they are compared: averaged, where that is asked for."""
        if not self.centre_width:
            return template, queries
        averaged = replace(template, pyramid=self._averaged(template.pyramid))
        return averaged, self._averaged(queries)

    def _averaged(self, pyramid: Pyramid) -> Pyramid:
        """The pyramid with LD's centre-sensitive averaging of its finest level."""
        levels = {stride: pyramid.level(stride) for stride in pyramid.strides}
        finest = pyramid.strides[0]
        levels[finest] = centre_sensitive(levels[finest], self.centre_width / finest)
        return Pyramid.of({s: level.movedim(1, 3) for s, level in levels.items()}, pyramid.size)

    def _prior(
        self, template: Template, queries: Pyramid, lead: Callable[[int], SmoothMap]
    ) -> Tensor | None:
        """Mean over the templates of where their smooth maps lead, (B, L, 2)."""
        if self.prior_width == 0 or self.levels < len(queries.strides):
            return None
        total = torch.zeros((), device=template.points.device)
        for row, points in enumerate(template.points):
            places = lead(row)(points.expand(len(queries), -1, -1))
            total = total + places * template.known[row, :, None]
        return total / template.known.sum(dim=0)[:, None]

    def _agreement(self, template: Template, places: Tensor, values: Tensor) -> Tensor:
        """Mean over the template images of how well candidates (B, L, K) lie together as there."""
        size, width = template.pyramid.size, self.agreement_width
        total = torch.zeros_like(values)
        for points, known in zip(template.points, template.known, strict=True):
            own = points.masked_fill(~known.unsqueeze(1), torch.nan)
            total += agreement(own, places, values, size, width)
        return total / template.known.sum(dim=0)[:, None]

    def _response(
        self,
        wanted: Mapping[int, Tensor],
        queries: Pyramid,
        strides: Sequence[int],
        prior: Tensor | None,
    ) -> tuple[Tensor, int]:
        """Log similarity of every cell to every point, (B, L, h, w), and the cells' stride."""
        used = [s for s in strides if s >= 4] or [strides[0]]
        step = used[0]
        size = (queries.size[0] // step, queries.size[1] // step)
        total = torch.zeros((), device=queries.rows.device)
        for stride in used:
            similarity = torch.einsum("bdhw,ld->blhw", queries.level(stride), wanted[stride])
            total = total + enlarge(similarity, size).clamp(min=SIMILARITY_FLOOR).log()
        response = total / len(used)
        if prior is None:
            return response, step
        cells = cell_centres(queries.size, step).to(prior)
        return response + self._log_prior(cells, prior.unsqueeze(2)).view_as(response), step

    def _log_prior(self, places: Tensor, centre: Tensor) -> Tensor:
        # Heavy-tailed, so that a smooth map gone wrong does not overrule a clear similarity.
        down, right = (places - centre).unbind(dim=-1)
        return -torch.log1p((down**2 + right**2) / (2 * self.prior_width**2))

    def _closer(
        self, wanted: Mapping[int, Tensor], queries: Pyramid, places: Tensor, prior: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Refine candidates (B, L, K, 2) at the finest levels; their places and values."""
        count, points, candidates = places.shape[:3]
        levels = queries.strides[: min(self.levels, 3)]
        each = {s: wanted[s].repeat_interleave(candidates, dim=0) for s in wanted}
        found = search(
            _expand(each, count), queries, places.flatten(1, 2), levels, reach=4, sigma=1e3
        )
        closer = found.points.view_as(places)
        values = found.score.view(count, points, candidates)
        coarser = [s for s in wanted if s not in levels]
        for stride in coarser:
            values = values + self._similarity(each[stride], queries, stride, closer)
        values = values / (1 + len(coarser))
        if prior is not None:
            values = values + self._log_prior(closer, prior.unsqueeze(2))
        return closer, values

    @staticmethod
    def _similarity(wanted: Tensor, queries: Pyramid, stride: int, places: Tensor) -> Tensor:
        read = replace(queries, maps={stride: queries.maps[stride]}).at(places.flatten(1, 2))
        similarity = (read[stride] * wanted).sum(dim=2)
        return similarity.clamp(min=SIMILARITY_FLOOR).log().view(places.shape[:3])

    def _checked(self, found: Places, template: Template, queries: Pyramid) -> Places:
        """Match back to the first template image of each point."""
        levels = queries.strides[: min(self.levels, 3)]
        home = template.known.float().argmax(dim=0)  # (L,)
        start = template.points[home, torch.arange(len(home), device=home.device)]  # (L, 2)
        read = replace(queries, maps={s: queries.maps[s] for s in levels}).at(found.points)
        # One "image" per point: its own template image, searched for all queries at once.
        swapped = {s: read[s].transpose(0, 1) for s in levels}
        guess = start.unsqueeze(1).expand(-1, len(queries), -1)
        back = search(swapped, template.pyramid[home], guess, levels, reach=10, sigma=1e3)
        error = (back.points - guess).norm(dim=2).transpose(0, 1)
        return replace(found, cycle_error=error)


def _expand(wanted: Mapping[int, Tensor], count: int) -> dict[int, Tensor]:
    return {stride: level.expand(count, -1, -1) for stride, level in wanted.items()}


def centre_sensitive(level: Tensor, width: float) -> Tensor:
    """LD's centre-sensitive averaging: embeddings (B, D, h, w) blurred by a bell, renormalised.

    ``v'(x) = normalise(sum over d of W_c(d) v(x + d))``, ``W_c(d) ~ exp(-|d|^2 / 2 width^2)`` with
    the width in cells; at the border the bell is cut and rescaled.
    """
    reach = max(1, round(3 * width))
    offsets = torch.arange(-reach, reach + 1, device=level.device)
    bell = torch.exp(-(offsets**2) / (2 * width**2))
    bell = bell / bell.sum()
    channels = level.shape[1]
    rows = bell.view(1, 1, -1, 1).expand(channels, -1, -1, -1)
    columns = bell.view(1, 1, 1, -1).expand(channels, -1, -1, -1)
    blurred = conv2d(level, rows, padding=(reach, 0), groups=channels)
    blurred = conv2d(blurred, columns, padding=(0, reach), groups=channels)
    # Renormalising also undoes what the cut at the border takes away.
    return normalize(blurred, dim=1)


def _margin(places: Tensor, values: Tensor, best: Tensor, score: Tensor) -> Tensor:
    """How much better the best place is than the best candidate (B, L, K) away from it."""
    away = (places - best.unsqueeze(2)).norm(dim=3) > 8
    rival = values.masked_fill(~away, -torch.inf).amax(dim=2)
    # Without a rival, the lead is as large as any.
    return (score - rival).clamp(max=3.0)
