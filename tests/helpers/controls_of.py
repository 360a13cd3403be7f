"""Finding controls as people who cannot see them do."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

Kind = TypeVar("Kind", bound="QWidget")


def control(parent: QWidget, kind: type[Kind], name: str) -> Kind:
    """Return a control by what a screen reader calls it."""
    return next(one for one in parent.findChildren(kind) if one.accessibleName() == name)
