"""From exams on the disk to the features of their frames."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput
from napari_localcl.data.progress import Progress
from napari_localcl.models.pixel_encoder import PixelEncoder
from napari_localcl.tasks.preparing import prepare_as_learned, prepare_images
from napari_localcl.tasks.pretraining import load_encoder
from napari_localcl.training.devices import choose_device
from napari_localcl.training.run import RunFolder

from .features import Sight, see

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_localcl.data.prepared import PreparedImages
    from napari_localcl.data.series import SeriesListing

    from .features import SeriesFeatures
    from .settings import ClassifySettings

ENCODERS = "encoders"
_PIXELS = 64  # longest side of the frames that are looked at as plain pixels


@dataclass(frozen=True)
class Look:
    """How frames are looked at.

    Attributes
    ----------
    given : ClassifySettings
        The settings.
    run : Path
        The classifier's run folder, which holds its encoders.
    device : str
        'auto', 'cpu', 'cuda' or 'mps'.
    cache : Path or None
        Where frames and features are kept; None is the user's cache folder.
    """

    given: ClassifySettings
    run: Path
    device: str
    cache: Path | None

    def at(
        self, found: SeriesListing, planes: Sequence[str]
    ) -> Generator[Progress, None, SeriesFeatures]:
        """Compute the features of some planes; exams without any of them are skipped, and said.

        Raises
        ------
        BadInput
            If no exam has any of the planes.
        """
        features = None
        for plane in planes:
            if any(plane in exam.planes for exam in found.exams):
                own = yield from self._plane(found, plane)
                features = own if features is None else features.joined(own)
        for skipped in found.skipped:
            yield Progress("skipped", message=f"{skipped.name} {skipped.reason}")
        if features is None:
            raise BadInput(
                f"none of the series has the planes {', '.join(planes)} that were learned from; "
                f"they have {', '.join(found.planes)}"
            )
        seen = {exam for _, exam in features.files}
        for index, exam in enumerate(found.exams):
            if index not in seen:
                yield Progress("skipped", message=f"{exam.name} has no usable frames")
        return features

    def _plane(self, found: SeriesListing, plane: str) -> Generator[Progress, None, SeriesFeatures]:
        names = {name for exam in found.exams for name in exam.planes.get(plane, ())}
        own = tuple(one for one in found.listing.planes if one.name in names)
        listing = replace(found.listing, planes=own)
        if self.given.features == "pixels":
            encoder = PixelEncoder()
            frames = yield from prepare_images(listing, _PIXELS, channels=1, cache=self.cache)
        else:
            learned, record = load_encoder(self.run / ENCODERS / plane)
            encoder = learned.to(choose_device(self.device))  # type: ignore[assignment]
            frames = yield from prepare_as_learned(listing, record, self.cache)
        stacks = _stacks(found, plane, frames)
        sight = Sight(encoder.eval(), self.given.grid, self.given.channels)
        exams = [exam.name for exam in found.exams]
        return (yield from see(sight, plane, exams, stacks, self.cache))


def _stacks(found: SeriesListing, plane: str, frames: PreparedImages) -> dict[int, PreparedImages]:
    """The frames of every exam that has the plane, without those that could not be used."""
    index = {name: i for i, name in enumerate(frames.names)}
    chosen = {
        exam: [index[name] for name in found.exams[exam].planes.get(plane, ()) if name in index]
        for exam in range(len(found.exams))
    }
    return {exam: frames.subset(own) for exam, own in chosen.items() if own}


def encoders_of(
    given: Path | str | Mapping[str, Path | str] | None, planes: Sequence[str]
) -> dict[str, Path]:
    """Return which run's encoder looks at which plane.

    Parameters
    ----------
    given : path, mapping of plane to path, or None
        One run for all planes, or one for each; planes that have none are left out.
    planes : sequence of str
        Those that the exams have.

    Raises
    ------
    BadInput
        If nothing is given, or a plane that no exam has.
    """
    if not given:
        raise BadInput(
            "what the frames are seen with is missing: give --from a run of 'pretrain SERIES "
            "--method sslm', or take plain pixels with --preset pixels"
        )
    if not isinstance(given, Mapping):
        return {plane: Path(given) for plane in planes}
    unknown = [plane for plane in given if plane not in planes]
    if unknown:
        raise BadInput(
            f"no series has a plane {unknown[0]!r}: they have {', '.join(planes)}; give --from "
            "PLANE=RUN0 for those"
        )
    return {plane: Path(given[plane]) for plane in planes if plane in given}


def take_along(encoders: Mapping[str, Path], run: Path) -> None:
    """Copy encoders into a classifier's run folder, so that it needs no other run."""
    for plane, source in encoders.items():
        folder = RunFolder.open(source)
        target = RunFolder(run / ENCODERS / plane)
        target.path.mkdir(parents=True, exist_ok=True)
        target.save_weights(folder.load_weights())
        shutil.copyfile(folder.path / "run.json", target.path / "run.json")
