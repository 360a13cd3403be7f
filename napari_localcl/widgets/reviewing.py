"""What people say of what machines found, the least sure first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_localcl.data.annotations import Landmark
from napari_localcl.data.informative import next_in_order
from napari_localcl.data.marks import Kind
from napari_localcl.data.point_sources import is_machine
from napari_localcl.data.review import Doubt, doubts_in, next_uncertain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from napari_localcl.data.mask_bits import Bits
    from napari_localcl.data.project import Project
    from napari_localcl.data.project_annotations import Annotations
    from napari_localcl.data.project_masks import Masks
    from napari_localcl.data.review import Reviewed

    Change = Callable[[Annotations], Annotations]


class Reviewing(QObject):
    """The part of a :class:`~napari_localcl.widgets.session.Session` that is about predictions.

    They are points of landmarks, or masks of structures: one kind at a time.

    Attributes
    ----------
    doubt_changed : Signal
        There is another prediction at hand, or the review keeps to other ones.
    doubt : Doubt or None
        The prediction at hand; one that was settled, until another takes its place.
    only : str or None
        The landmark or structure that the review keeps to; None is all.
    is_on_masks : bool
        Whether masks are reviewed.
    order : tuple of str
        In which order of their images masks are reviewed; empty is the least sure first.
    """

    doubt_changed = Signal()

    project: Project | None
    image: str
    annotations: Annotations
    points: tuple[Landmark, ...]
    go: Callable[[str], None]
    edit: Callable[..., None]
    forget_mask: Callable[[str, str], None]
    bits: Callable[[str, str], Bits | None]

    def __init__(self) -> None:
        super().__init__()
        self.is_on_masks = False
        self.order: tuple[str, ...] = ()
        self.begin_review()

    def begin_review(self) -> None:
        """Begin anew: no prediction is at hand."""
        self.doubt: Doubt | None = None
        self.only: str | None = None
        self._reached: Doubt | None = None

    @property
    def reviewed(self) -> Reviewed:
        """What is known of the landmarks, or of the masks."""
        return self.annotations.masks if self.is_on_masks else self.annotations

    def review(self, masks: bool) -> None:
        """Go over to the review of masks, or of landmarks."""
        if masks != self.is_on_masks:
            self.is_on_masks = masks
            self.begin_review()
            self.doubt_changed.emit()

    # Where the review is

    def look_at(self, doubt: Doubt | None) -> None:
        """Take a prediction in hand, and its image; the review goes on from there."""
        self.doubt = self._reached = doubt
        if doubt is not None:
            self.go(doubt.image)
        self.doubt_changed.emit()

    def look_into(self, image: str) -> None:
        """Take the first prediction of an image in hand, unless one of it is."""
        if self.doubt is None or self.doubt.image != image:
            self.doubt = next(iter(doubts_in(self.reviewed, image)), None)
            self.doubt_changed.emit()

    def return_to(self, image: str, name: str) -> None:
        """Go to an image, and take the prediction of that name in hand if it is one again."""
        found = [one for one in doubts_in(self.reviewed, image) if one.name == name]
        if found:
            self.look_at(found[0])
        else:
            self.go(image)

    def next_uncertain(self) -> None:
        """Take the least sure prediction in hand, or the one after that at hand."""
        if self.project:
            self.look_at(self._next())

    def _next(self) -> Doubt | None:
        if order := self.order_of_images:
            return next_in_order(self.reviewed, order, self._reached, self.only)
        return next_uncertain(self.reviewed, self._reached, self.only)

    @property
    def order_of_images(self) -> tuple[str, ...]:
        """The order in which what is reviewed now comes; empty is the least sure first."""
        return self.order if self.is_on_masks else ()

    def put_in_order(self, images: Sequence[str]) -> None:
        """Let masks be reviewed in this order of their images; none is the least sure first."""
        self.order = tuple(images)
        self.doubt_changed.emit()

    def keep_to(self, name: str | None) -> None:
        """Let the review keep to one landmark or structure; None is all."""
        self.only = name
        self.doubt_changed.emit()

    def kind_of(self, doubt: Doubt) -> Kind:
        """Return what is known by now of the place of a prediction."""
        known = doubt.name in self.reviewed.names
        return self.reviewed.kind(*doubt[:2]) if known else Kind.NOTHING

    # What people say

    def accept(self) -> None:
        """Make the prediction at hand, as it is shown, a person's; go on to the next."""
        if self.is_on_masks:
            self._decide(lambda now, at: now.with_masks(self._accepted(now.masks, at)))
            return
        shown = {point.landmark: point for point in self.points}
        self._decide(lambda now, at: now.place_all([shown[at.name]]))

    def accept_all(self) -> None:
        """Make all predictions shown in the image at hand people's points; go on to the next."""
        shown = [point for point in self.points if is_machine(point.source)]
        if shown:
            self.edit(lambda now: now.place_all(shown), self.next_uncertain)

    def reject(self) -> None:
        """Throw the prediction at hand out, and go on to the next."""
        if self.is_on_masks:
            self._decide(lambda now, at: now.with_masks(now.masks.reject(*at[:2])))
        else:
            self._decide(lambda now, at: now.reject(*at[:2]))

    def mark_absent(self) -> None:
        """Note that the landmark at hand cannot be seen in its image; go on to the next."""
        self._decide(lambda now, at: now.mark_absent(*at[:2]), Kind.REJECTED)

    def look_again(self) -> None:
        """Forget what people said of the place at hand, so that it is found or proposed again."""
        at = self.doubt
        if at is None:
            return
        kind = self.kind_of(at)
        if self.is_on_masks and kind in (Kind.REJECTED, Kind.HUMAN):
            self.forget_mask(*at[:2])
        elif kind in (Kind.REJECTED, Kind.ABSENT):
            self.edit(lambda now: now.delete(*at[:2]), find=True)

    def move(self, points: Mapping[str, tuple[float, float]]) -> None:
        """Set people's points in the image at hand where they were dragged, `(y, x)` by landmark.

        Where one of them is the prediction that the review has come to, it goes on to the next.
        """
        image, at = self.image, self._reached
        rows = [Landmark(image, landmark, y, x) for landmark, (y, x) in points.items()]
        goes_on = (
            at
            and not self.is_on_masks
            and at == self.doubt
            and at.image == image
            and at.name in points
        )
        goes_on = goes_on and self.kind_of(at) is Kind.PREDICTED
        self.edit(lambda now: now.place_all(rows), self.next_uncertain if goes_on else None)

    def _accepted(self, masks: Masks, at: Doubt) -> Masks:
        return masks.accept(*at[:2], self.bits(*at[:2]))

    def _decide(
        self, change: Callable[[Annotations, Doubt], Annotations], also: Kind = Kind.PREDICTED
    ) -> None:
        at = self.doubt
        if at and self.kind_of(at) in (Kind.PREDICTED, also):
            self.edit(lambda now: change(now, at), self.next_uncertain)
        else:
            self.next_uncertain()
