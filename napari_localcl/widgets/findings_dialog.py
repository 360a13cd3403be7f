"""Which columns of a table are findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QDialog, QDialogButtonBox, QListWidget, QListWidgetItem, QVBoxLayout

from napari_localcl.widgets.controls import describe, make_label

if TYPE_CHECKING:
    from collections.abc import Sequence

    from qtpy.QtWidgets import QWidget

    from napari_localcl.data.findings import Candidate

_SAID = (
    "What should be learned of each series? Columns of 0 and 1 are findings; of a column of codes "
    "or words, each value can be one. The table itself stays as it is."
)


class FindingsDialog(QDialog):
    """Lets somebody tick what of a table is a finding.

    Parameters
    ----------
    table : str
        What the table is called.
    candidates : sequence of Candidate
        What there is in it.
    parent : QWidget
        Above what to ask.
    """

    def __init__(self, table: str, candidates: Sequence[Candidate], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(f"Findings in {table}")
        self.resize(460, 420)
        self._list = QListWidget()
        describe(self._list, "Findings", "What the table holds; tick what is to be learned")
        for one in candidates:
            self._list.addItem(_item(one))
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Ok | kinds.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        self._ok = buttons.button(kinds.Ok)
        self._list.itemChanged.connect(lambda _item: self._enable())
        outer = QVBoxLayout(self)
        for widget in (make_label(_SAID), self._list, buttons):
            outer.addWidget(widget)
        self._enable()

    @property
    def chosen(self) -> tuple[str, ...]:
        """What is ticked."""
        items = (self._list.item(row) for row in range(self._list.count()))
        ticked = Qt.CheckState.Checked
        return tuple(
            one.data(Qt.ItemDataRole.UserRole) for one in items if one.checkState() == ticked
        )

    def _enable(self) -> None:
        self._ok.setEnabled(bool(self.chosen))


def _item(one: Candidate) -> QListWidgetItem:
    item = QListWidgetItem(f"{one.name}   ({one.present} have it, {one.absent} do not)")
    item.setData(Qt.ItemDataRole.UserRole, one.name)
    states = Qt.CheckState
    item.setCheckState(states.Unchecked if one.is_code else states.Checked)
    return item
