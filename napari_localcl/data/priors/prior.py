"""What every prior is: a distribution of binary masks from which any number can be drawn."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    import numpy.typing as npt

    from napari_localcl.data.folder import Skipped

    Masks = npt.NDArray[np.bool_]
    Floats = npt.NDArray[np.floating[Any]]

Own = TypeVar("Own", bound="PriorSettings")

# Less would be no pixel at all where a shape falls between the pixels' centres.
LEAST_RADIUS = 0.75


class PriorSettings(BaseModel):
    """Settings of every prior; each adds its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Prior(ABC):
    """A distribution of binary masks on the working canvas.

    Attributes
    ----------
    title : str
        What it is, in a few words.
    located : bool
        Whether where a mask lies means where the structure lies in an image.
    skipped : tuple of Skipped
        Files that hold no usable mask, with the reason.
    """

    title: str
    located: bool
    skipped: tuple[Skipped, ...] = ()

    @abstractmethod
    def draw(self, count: int, canvas: tuple[int, int], chance: np.random.Generator) -> Masks:
        """Draw masks.

        Parameters
        ----------
        count : int
            How many.
        canvas : (int, int)
            Height and width in pixels.
        chance : numpy Generator
            The same state draws the same masks.

        Returns
        -------
        (count, H, W) bool ndarray
            True within the shape.

        Raises
        ------
        BadInput
            If the canvas is so small that nothing of a shape is left on it.
        """


class Family(Prior, Generic[Own]):
    """Shapes that are simulated from settings alone.

    Parameters
    ----------
    settings : PriorSettings
        An instance of the subclass's ``Settings``.
    """

    Settings: ClassVar[type[PriorSettings]]

    def __init__(self, settings: Own) -> None:
        self.settings = settings

    def draw(self, count: int, canvas: tuple[int, int], chance: np.random.Generator) -> Masks:
        """Draw masks; see :meth:`Prior.draw`."""
        drawn = np.zeros((count, *canvas), bool)
        for mask in drawn:
            mask[:] = self.one(canvas, chance)
        return drawn

    @abstractmethod
    def one(self, canvas: tuple[int, int], chance: np.random.Generator) -> Masks:
        """Draw one mask (H, W)."""


def samples(
    prior: Prior, canvas: tuple[int, int], count: int, seed: int = 0
) -> npt.NDArray[np.uint8]:
    """Draw masks to be looked at.

    Parameters
    ----------
    prior : Prior
        What to draw from.
    canvas : (int, int)
        Height and width in pixels.
    count : int
        How many.
    seed : int
        The same seed gives the same masks.

    Returns
    -------
    (count, H, W) uint8 ndarray
        1 within the shape, 0 elsewhere.
    """
    return prior.draw(count, canvas, np.random.default_rng(seed)).astype(np.uint8)


@lru_cache(maxsize=4)
def pixels(canvas: tuple[int, int]) -> Floats:
    """Return the positions `(y, x)` of a canvas's pixels, (2, H, W); not to be written to."""
    places = np.indices(canvas, np.float32)
    places.flags.writeable = False
    return places
