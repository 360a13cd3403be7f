"""Which shape a structure has: the prior, and how it varies."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGridLayout,
    QLabel,
    QLineEdit,
    QWidget,
)

from napari_localcl.data.priors import families, prior_settings
from napari_localcl.data.settings import list_settings
from napari_localcl.widgets.controls import describe, in_row, make_button, make_label
from napari_localcl.widgets.settings_dialog import field_value, in_words, make_field

if TYPE_CHECKING:
    from napari_localcl.data.settings import Setting

DRAWN, MASKS = "Drawn by me", "Masks from elsewhere"
_COLUMNS = 2
_MASKS = "Masks (*.png *.tif *.tiff *.nii *.nii.gz *.bmp *.gif)"


class PriorForm(QWidget):
    """The choice of a prior, and its settings, which come from the prior's own model.

    Attributes
    ----------
    changed : Signal
        It is another prior, or one of its settings is another.
    drawn : Path or None
        Where the shapes are that a person has drawn; None without a project.
    """

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.drawn: Path | None = None
        self._chosen = ""
        self._fields: dict[str, QWidget] = {}
        self._settings: tuple[Setting, ...] = ()
        self._kind = QComboBox()
        self._kind.addItem(DRAWN)
        for family in families():
            self._kind.addItem(family.capitalize(), family)
        self._kind.addItem(MASKS)
        describe(
            self._kind,
            "Shape",
            "What tells the shape: what you draw, a simulated family, or masks of other images, "
            "even of another kind of image",
        )
        self._make_choice()
        self._variation = QWidget()
        self._grid = QGridLayout(self._variation)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.addRow("Shape", self._kind)
        self._form.addRow(self._choice)
        self._form.addRow(self._variation)
        self._kind.currentIndexChanged.connect(lambda _index: self._on_kind())
        self._on_kind()

    @property
    def is_drawn(self) -> bool:
        """Whether the shape is drawn by a person."""
        return self._kind.currentText() == DRAWN

    @property
    def source(self) -> str:
        """What the terminal takes as `--prior`; empty if there is none yet."""
        if self.is_drawn:
            return str(self.drawn) if self.drawn and any(self.drawn.glob("*.png")) else ""
        return self._kind.currentData() or self._chosen

    @property
    def settings(self) -> dict[str, object]:
        """What differs from the defaults, by name."""
        values = {name: field_value(field) for name, field in self._fields.items()}
        defaults = {one.name: one.default for one in self._settings}
        return {name: value for name, value in values.items() if value != defaults[name]}

    def choose(self, path: Path) -> None:
        """Take a folder of masks or a mask file as the shape."""
        self._chosen = str(path)
        self._path.setText(path.name)
        self._path.setToolTip(str(path))
        self.changed.emit()

    # The controls

    def _make_choice(self) -> None:
        self._choice = QWidget()
        self._path = make_label("None chosen yet.")
        row = in_row(
            self._path,
            make_button("Folder…", "Choose a folder of masks", self._choose_folder),
            make_button("File…", "Choose a mask file", self._choose_file),
        )
        row.setContentsMargins(0, 0, 0, 0)
        row.setStretch(0, 1)
        self._choice.setLayout(row)

    def _on_kind(self) -> None:
        self._choice.setVisible(self._kind.currentText() == MASKS)
        # Files need not be there yet for their settings to be known.
        self._settings = tuple(list_settings(prior_settings(self._kind.currentData() or Path())))
        self._fill()
        self.changed.emit()

    def _fill(self) -> None:
        while self._grid.count():
            self._grid.takeAt(0).widget().deleteLater()
        self._fields = {}
        for number, setting in enumerate(self._settings):
            row, column = divmod(number, _COLUMNS)
            field = self._fields[setting.name] = make_field(asdict(setting))
            field.setMinimumWidth(64)
            label = QLabel(in_words(setting.name))
            label.setToolTip(field.toolTip())
            label.setBuddy(field)
            self._grid.addWidget(label, row, 2 * column)
            self._grid.addWidget(field, row, 2 * column + 1)
            _changes(field).connect(lambda *_: self.changed.emit())
        for column in range(_COLUMNS):
            self._grid.setColumnStretch(2 * column + 1, 1)

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "A folder of masks")
        if folder:
            self.choose(Path(folder))

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "A mask", "", _MASKS)
        if path:
            self.choose(Path(path))


def _changes(field: QWidget) -> Signal:
    """Return the signal of a control that :func:`make_field` has made."""
    if isinstance(field, QComboBox):
        return field.currentIndexChanged
    if isinstance(field, QCheckBox):
        return field.toggled
    return field.textChanged if isinstance(field, QLineEdit) else field.valueChanged
