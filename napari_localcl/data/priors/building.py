"""Which priors there are, and one of them from what the user names."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from napari_localcl.data.errors import BadInput
from napari_localcl.data.priors.ellipse import EllipsePrior
from napari_localcl.data.priors.lungs import LungPrior
from napari_localcl.data.priors.mask_prior import MaskPrior, MaskSettings
from napari_localcl.data.priors.prior import PriorSettings
from napari_localcl.data.priors.ring import RingPrior
from napari_localcl.data.priors.vessels import VesselPrior
from napari_localcl.data.settings import build_settings, list_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_localcl.data.priors.prior import Family, Prior


Model = TypeVar("Model", bound=PriorSettings)

_FAMILIES: dict[str, type[Family[Any]]] = {
    "ellipse": EllipsePrior,
    "ring": RingPrior,
    "vessels": VesselPrior,
    "lungs": LungPrior,
}


def families() -> tuple[str, ...]:
    """Return the names of the shapes that can be simulated.

    Returns
    -------
    tuple of str
        `ellipse`, `ring`, `vessels` and `lungs`.
    """
    return tuple(_FAMILIES)


def prior_settings(source: str | Path) -> type[PriorSettings]:
    """Return which settings a prior has; their defaults, ranges and help are in the model.

    Parameters
    ----------
    source : str or Path
        As for :func:`build_prior`.

    Returns
    -------
    type of PriorSettings
        Of a family, or of mask files.
    """
    family = _family(source)
    return family.Settings if family else MaskSettings


def build_prior(source: str | Path, settings: Mapping[str, object]) -> Prior:
    """Make a prior.

    Parameters
    ----------
    source : str or Path
        The name of a family (:func:`families`), else a folder of masks or a mask file. A folder
        that is called like a family has to be given as a Path or with its parent folder.
    settings : mapping
        Names and values; a value may be text, as typed in a terminal.

    Returns
    -------
    Prior
        Ready to draw.

    Raises
    ------
    BadInput
        If there is no such family or path, a setting is unknown or not allowed, or the masks
        cannot be used.
    """
    family = _family(source)
    if family is None:
        return MaskPrior(source, _settings(MaskSettings, settings))
    return family(_settings(family.Settings, settings))


def _family(source: str | Path) -> type[Family[Any]] | None:
    """Return the family of that name, or None where there is such a path."""
    if isinstance(source, str) and source in _FAMILIES:
        return _FAMILIES[source]
    if Path(source).exists() or glob.has_magic(str(source)):
        return None
    raise BadInput(
        f"{source} does not exist and is no shape that can be simulated; give a folder of masks, a "
        f"mask file or one of {', '.join(_FAMILIES)}"
    )


def _settings(model: type[Model], given: Mapping[str, object]) -> Model:
    names = ", ".join(setting.name for setting in list_settings(model))
    return build_settings(model, given, listed=f"the prior has {names}")
