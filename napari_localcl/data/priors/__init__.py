"""Distributions of binary masks that say which shape a structure has: from masks, or simulated."""

from __future__ import annotations

from napari_localcl.data.priors.building import build_prior, families, prior_settings
from napari_localcl.data.priors.prior import Prior, samples

__all__ = ["Prior", "build_prior", "families", "prior_settings", "samples"]
