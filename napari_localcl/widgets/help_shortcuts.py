"""All keys in one table, made from the buttons that have them and from napari's own settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari.settings import get_settings
from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import (
    QAbstractButton,
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from napari_localcl.widgets.controls import describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# In the picture, while the layer of the landmarks or of a mask is chosen: napari's actions, and
# what they do.
_IN_PICTURE = {
    "napari:activate_points_select_mode": "Choose and drag points",
    "napari:delete_selected_points": "Take the chosen point out; a prediction is rejected",
    "napari:activate_labels_paint_mode": "Correct a mask with the brush",
    "napari:activate_labels_erase_mode": "Rub out of a mask",
    "napari:activate_points_pan_zoom_mode": "Move and zoom the picture",
    "napari:hold_for_pan_zoom": "Hold it to move the picture in any mode",
    "napari:reset_view": "See the whole picture",
}
_MOUSE = (
    ("Shift and drag in the plot", "Choose points by a lasso; arrows, + and - and Home move it"),
    ("Drag a point", "Correct it; the review goes on to the next"),
    ("Paint on a mask", "Make it yours; it is saved by itself"),
    ("Click, while Region or Alike is on", "Fill the mask there; with Shift, rub it out"),
    ("Drag the picture", "Move it"),
    ("Wheel", "Zoom"),
)


class ShortcutsDialog(QDialog):
    """The keys of a dock, and of the picture.

    Parameters
    ----------
    dock : QWidget
        Whose buttons have the keys.
    others : sequence of QWidget
        Further docks.
    """

    def __init__(self, dock: QWidget, others: Sequence[QWidget] = ()) -> None:
        super().__init__(dock)
        self.setWindowTitle("LocalCL: keys")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(560, 560)
        own = (row for one in (dock, *others) for row in _keys_of(one))
        rows = [*own, *_keys_in_picture(), *_MOUSE]
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        column = QVBoxLayout(self)
        column.addWidget(_table_of(rows))
        column.addWidget(buttons)


def _keys_of(dock: QWidget) -> Iterator[tuple[str, str]]:
    for button in dock.findChildren(QAbstractButton):
        if key := button.property("key"):
            tip = button.toolTip().removesuffix(f" ({key})")
            shown = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
            yield shown, f"{button.accessibleName()}: {tip[:1].lower()}{tip[1:]}"


def _keys_in_picture() -> Iterator[tuple[str, str]]:
    bound = get_settings().shortcuts.shortcuts
    for action, what in _IN_PICTURE.items():
        if keys := bound.get(action):
            yield " or ".join(str(key) for key in keys), what


def _table_of(rows: list[tuple[str, str]]) -> QTableWidget:
    table = QTableWidget(len(rows), 2)
    table.setHorizontalHeaderLabels(["Key", "What it does"])
    table.verticalHeader().hide()
    table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
    table.setWordWrap(True)
    for number, row in enumerate(rows):
        for place, text in enumerate(row):
            table.setItem(number, place, QTableWidgetItem(text))
    header = table.horizontalHeader()
    header.setSectionResizeMode(0, QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    describe(table, "Keys", "All keyboard shortcuts, and what the mouse does in the picture")
    return table
