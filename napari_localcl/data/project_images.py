"""The names and sizes of a project's images."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import unknown_name


@dataclass(frozen=True)
class ProjectImages:
    """The names and sizes of a project's images.

    Parameters
    ----------
    names : tuple of str
        In the project's order.
    sizes : tuple of (int, int)
        Height and width of each in pixels of the file.

    Raises
    ------
    BadInput
        If two images have one name.
    """

    names: tuple[str, ...]
    sizes: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        if len(self._positions) < len(self.names):
            twice = next(n for i, n in enumerate(self.names) if self._positions[n] != i)
            raise BadInput(f"two images of the project are called {twice!r}; rename a file")

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: str) -> bool:
        return name in self._positions

    @cached_property
    def _positions(self) -> dict[str, int]:
        return {name: index for index, name in enumerate(self.names)}

    def index(self, name: str) -> int:
        """Return the position of an image.

        Raises
        ------
        BadInput
            If the project has no such image; lists the most similar names.
        """
        if name not in self._positions:
            raise BadInput(unknown_name(name, self.names, "the project"))
        return self._positions[name]
