"""Finding controls as people who cannot see them do."""

from __future__ import annotations

from typing import TypeVar

from qtpy.QtCore import Qt
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QWidget,
)

Kind = TypeVar("Kind", bound=QWidget)

_CONTROLS = (QAbstractButton, QAbstractSpinBox, QComboBox, QAbstractItemView, QLineEdit)


def control(parent: QWidget, kind: type[Kind], name: str) -> Kind:
    """Return a control by what a screen reader calls it."""
    return next(one for one in parent.findChildren(kind) if one.accessibleName() == name)


def own_controls(parent: QWidget) -> list[QWidget]:
    """Return the controls that we made; Qt makes more inside some of them."""
    controls = (one for kind in _CONTROLS for one in parent.findChildren(kind))
    return [one for one in controls if not isinstance(one.parent(), _CONTROLS) and _is_ours(one)]


def _is_ours(widget: QWidget) -> bool:
    # The list that a combo box or a completer unfolds hangs on a window of its own.
    popups = Qt.WindowType.Popup & ~Qt.WindowType.Window
    return not widget.objectName().startswith("qt_") and not widget.window().windowFlags() & popups


def by_tab(parent: QWidget) -> list[QWidget]:
    """Return the controls that we made and that are in sight, as the tab key goes through them."""
    ours = {one for one in own_controls(parent) if one.isVisibleTo(parent)}
    chain, one = [], parent.nextInFocusChain()
    while one is not parent and one not in chain:
        chain.append(one)
        one = one.nextInFocusChain()
    return [one for one in chain if one in ours and one.focusPolicy() & Qt.FocusPolicy.TabFocus]
