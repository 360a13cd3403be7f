"""What a person has set on the plugin's page of napari's preferences."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True)
class Preferences:
    """What is offered first.

    Attributes
    ----------
    minutes : float
        How long to learn.
    device : str
        Where to compute.
    review_below : float
        Predictions of a lower confidence need a person's look, in new projects.
    """

    minutes: float
    device: str
    review_below: float


def preferences() -> Preferences:
    """Return what is set at this moment; the manifest's defaults where napari does not know us."""
    from napari.settings import get_plugin_settings

    try:
        set_by_person = get_plugin_settings("napari-localcl")
        learning, review = set_by_person.learning, set_by_person.review
    # napari knows no settings of a plugin that is disabled, or whose dock was made by a script.
    except (KeyError, AttributeError):
        return defaults()
    return Preferences(learning.minutes, learning.device, review.below)


def defaults() -> Preferences:
    """Return what the manifest says."""
    from npe2 import PluginManifest

    manifest = resources.files("napari_localcl") / "napari.yaml"
    with resources.as_file(manifest) as path:
        pages = PluginManifest.from_file(path).contributions.configurations
    learning, review = pages["learning"].properties, pages["review"].properties
    return Preferences(
        learning["minutes"].default, learning["device"].default, review["below"].default
    )
