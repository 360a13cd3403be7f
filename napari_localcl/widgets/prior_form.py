"""Which shape a structure has: the prior, and how it varies."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QComboBox, QFileDialog, QFormLayout, QVBoxLayout, QWidget

from napari_localcl.data.priors import families, prior_settings
from napari_localcl.data.priors.variation import Variation
from napari_localcl.data.settings import list_settings
from napari_localcl.widgets.compact_settings import CompactSettings
from napari_localcl.widgets.controls import (
    describe,
    in_row,
    keep_narrow,
    make_button,
    make_label,
    reach_after,
)

DRAWN, MASKS = "Drawn by me", "Masks from elsewhere"
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
        self._sheets: dict[str, CompactSettings] = {}
        self._kind = QComboBox()
        keep_narrow(self._kind, 8)
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
        form = QFormLayout()
        form.addRow("Shape", self._kind)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addLayout(form)
        self._column.addWidget(self._choice)
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
        return self._sheets[self._kind.currentText()].values

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
        self._file = make_button("File…", "Choose a mask file", self._choose_file)
        row = in_row(
            self._path,
            make_button("Folder…", "Choose a folder of masks", self._choose_folder),
            self._file,
        )
        row.setContentsMargins(0, 0, 0, 0)
        row.setStretch(0, 1)
        self._choice.setLayout(row)

    def _on_kind(self) -> None:
        kind = self._kind.currentText()
        self._choice.setVisible(kind == MASKS)
        if kind not in self._sheets:
            self._sheets[kind] = self._make_sheet()
            self._column.addWidget(self._sheets[kind])
            reach_after(self._file, self._sheets[kind].fields)
        for other, sheet in self._sheets.items():
            sheet.setVisible(other == kind)
        self.changed.emit()

    def _make_sheet(self) -> CompactSettings:
        # Files need not be there yet for their settings to be known.
        settings = list_settings(prior_settings(self._kind.currentData() or Path()))
        # How masks are read matters where they come from elsewhere.
        drawn = [one for one in settings if not self.is_drawn or one.name in Variation.model_fields]
        sheet = CompactSettings(drawn)
        sheet.changed.connect(self.changed)
        return sheet

    def _choose_folder(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "A folder of masks")
        if folder:
            self.choose(Path(folder))

    def _choose_file(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "A mask", "", _MASKS)
        if path:
            self.choose(Path(path))
