"""Which of our images a file of another program means."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.data.folder import unknown_name

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_localcl.data.folder import Listing


class ImageNames:
    """Finds images by names that begin in another folder than ours.

    Parameters
    ----------
    known : mapping of str to str
        The names an image may go by, each with the image's own name.
    root : str
        What the names are relative to; for sentences only.
    strangers : set of str or None
        Takes names that no image has; None refuses them.
    """

    def __init__(
        self, known: Mapping[str, str], root: str, strangers: set[str] | None = None
    ) -> None:
        self._known = known
        self._root = root
        self._strangers = strangers
        self._by_last: dict[str, list[tuple[tuple[str, ...], str]]] = {}
        for name, image in known.items():
            self._by_last.setdefault(parts(name)[-1], []).append((parts(name), image))

    @classmethod
    def of_planes(cls, listing: Listing, strangers: set[str] | None = None) -> ImageNames:
        """Return the names of a listing's images, each slice of a volume one of them."""
        names = {plane.name: plane.name for plane in listing.planes}
        return cls(names, str(listing.root), strangers)

    def find(self, name: str, place: str) -> str | None:
        """Return the image that a name means.

        Parameters
        ----------
        name : str
            A path, of POSIX or Windows. Names fit if one is the tail of the other
            (`labeled-data/mouse/img1.png` and `mouse/img1.png`); the longest fit counts.
        place : str
            The file that holds the name; the sentence begins with it.

        Returns
        -------
        str or None
            The image's own name; None if no image fits and strangers are taken.

        Raises
        ------
        BadInput
            If no image fits, or several fit equally well.
        """
        if name in self._known:
            return self._known[name]
        wanted = parts(name)
        fits = self._fits(wanted)
        longest = max(fits.values(), default=0)
        best = [image for image, length in fits.items() if length == longest]
        if not best and self._strangers is not None:
            self._strangers.add(name)
            return None
        if not best:
            last = wanted[-1] if wanted else name
            raise BadInput(f"{place}: {unknown_name(last, self._known, self._root)}")
        if len(best) > 1:
            raise BadInput(
                f"{place}: {name!r} may be any of {', '.join(best[:3])}; "
                "name it with as many of its folders as it takes to tell them apart"
            )
        return best[0]

    def _fits(self, wanted: tuple[str, ...]) -> dict[str, int]:
        fits: dict[str, int] = {}
        for candidate, image in self._by_last.get(wanted[-1] if wanted else "", []):
            length = min(len(wanted), len(candidate))
            if wanted[-length:] == candidate[-length:]:
                fits[image] = max(length, fits.get(image, 0))
        return fits


def file_for(folder: Path, item: str, suffix: str) -> Path:
    """Return the file that is about one image or volume, where there is one for each.

    Parameters
    ----------
    folder : Path
        Where the files go.
    item : str
        The image's or volume's name, with its subfolders.
    suffix : str
        How the file's name ends.

    Returns
    -------
    Path
        In `folder`, whatever the name.
    """
    return folder.joinpath(*parts(item + suffix))


def parts(name: str) -> tuple[str, ...]:
    """Return the folders and the last name of a path, of POSIX or Windows.

    Parameters
    ----------
    name : str
        A path.

    Returns
    -------
    tuple of str
        A step up (`..`) is written `__`, so that files named after images stay in their folder.
    """
    steps = PurePosixPath(name.replace("\\", "/")).parts
    return tuple("__" if step == ".." else step for step in steps)
