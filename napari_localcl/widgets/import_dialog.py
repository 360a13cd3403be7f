"""What an import would change, and a person's say in it, before anything is changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QListWidget,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from napari_localcl.data.exchange.merging import compare
from napari_localcl.widgets.controls import describe, make_label
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_localcl.data.annotations import Landmark
    from napari_localcl.data.project_annotations import Annotations


class ImportDialog(QDialog):
    """Says what is in the files, and asks whose points stay where both have one.

    Parameters
    ----------
    rows : sequence of Landmark
        What was read, on images of the project.
    strangers : iterable of str
        Images in the files that the project does not have.
    annotations : Annotations
        The project's.

    Attributes
    ----------
    merge : Merge
        What taking them over does.
    """

    def __init__(
        self,
        rows: Sequence[Landmark],
        strangers: Iterable[str],
        annotations: Annotations,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import landmarks")
        self.setMinimumWidth(420)
        self._rows, self._annotations = rows, annotations
        self._summary = make_label()
        self._make_choices()
        column = QVBoxLayout(self)
        for widget in (self._summary, self._predictions, self._mine, self._theirs):
            column.addWidget(widget)
        self._add_strangers(column, sorted(strangers))
        column.addStretch()
        column.addWidget(self._buttons)
        self._compare()

    @property
    def theirs(self) -> bool:
        """Whether imported points replace those of the project."""
        return self._theirs.isChecked()

    @property
    def count(self) -> int:
        """How many points are taken over."""
        return len(self.merge.fresh) + (len(self.merge.conflicts) if self.theirs else 0)

    def _make_choices(self) -> None:
        self._predictions = QCheckBox()
        self._predictions.toggled.connect(lambda _checked: self._compare())
        self._mine, self._theirs = QRadioButton(), QRadioButton()
        self._mine.setChecked(True)
        self._theirs.toggled.connect(lambda _checked: self._tell())
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self._import = self._buttons.addButton("", QDialogButtonBox.ButtonRole.AcceptRole)
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)
        cancel = self._buttons.button(QDialogButtonBox.StandardButton.Cancel)
        describe(cancel, "Cancel", "Change nothing")

    def _add_strangers(self, column: QVBoxLayout, names: Sequence[str]) -> None:
        if not names:
            return
        title = f"Left out, because the project does not have {counted(len(names), 'image')}:"
        column.addWidget(make_label(title))
        listed = QListWidget()
        listed.addItems(names)
        listed.setMaximumHeight(120)
        describe(listed, "Images that are not in the project", title)
        column.addWidget(listed)

    def _compare(self) -> None:
        self.merge = compare(self._rows, self._annotations, self._predictions.isChecked())
        machines = self.merge.predictions
        if machines:
            text = f"Accept {counted(machines, 'prediction')} of machines too"
            self._predictions.setText(text)
            describe(self._predictions, text, "Take them over as if you had accepted each of them")
        self._predictions.setVisible(bool(self._predictions.text()))
        count = len(self.merge.conflicts)
        mine, theirs = f"Keep mine where we differ ({count})", f"Take theirs there ({count})"
        self._mine.setText(mine)
        self._theirs.setText(theirs)
        describe(self._mine, mine, "Your points, and what you marked as absent, stay as they are")
        describe(self._theirs, theirs, "Points in the files replace what you said there")
        for button in (self._mine, self._theirs):
            button.setVisible(count > 0)
        self._tell()

    def _tell(self) -> None:
        self._summary.setText(_in_words(self))
        text = f"Import {counted(self.count, 'point')}"
        self._import.setText(text)
        self._import.setEnabled(self.count > 0)
        describe(self._import, text, "They become your points; Undo takes them back")


def _in_words(dialog: ImportDialog) -> str:
    merge = dialog.merge
    parts = [
        (len(merge.fresh), "new"),
        (len(merge.conflicts), "where you said something else"),
        (merge.same, "that you have already"),
        (len(merge.outside), "outside of their images (left out)"),
    ]
    told = ", ".join(f"{count} {what}" for count, what in parts if count)
    said = f"Points in the files: {told}" if told else "There are no points to take"
    added = f" New landmarks: {', '.join(merge.added)}." if merge.added else ""
    return f"{said}.{added}"
