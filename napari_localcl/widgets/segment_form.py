"""How to learn from masks: recipe, network, time, device, and what is kept back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QFormLayout, QWidget

from napari_localcl.widgets.budget_fields import BudgetFields
from napari_localcl.widgets.controls import describe, keep_narrow, make_check
from napari_localcl.widgets.preferences import preferences

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_localcl.tasks.project_runs import ProjectRuns

_GAP = 4  # pixels between rows, so that all fits a small screen
_SHARE = 0.2
_RECIPE, _NOTHING = "action", "nothing"


class SegmentForm(QWidget):
    """The choices for a new run that learns from masks.

    Attributes
    ----------
    budget : BudgetFields
        How long, and where.
    """

    def __init__(self) -> None:
        super().__init__()
        self._recipe, self._encoder = QComboBox(), QComboBox()
        for choice in (self._recipe, self._encoder):
            keep_narrow(choice, 6)
        describe(
            self._recipe,
            "Recipe",
            "How to learn: from your masks alone, or also from the images without one",
        )
        describe(
            self._encoder,
            "Begin with the network of",
            "Go on with what an earlier run has learned, of step 2, 4 or 5",
        )
        self._keep_back = make_check(
            "Keep a fifth back to measure",
            "A fifth of your images is not learned from, and tells how good the model is: one at "
            "least where you have three. The same are kept back again later",
            lambda _is_on: None,
        )
        self._keep_back.setChecked(True)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(_GAP)
        form.addRow("Recipe", self._recipe)
        form.addRow("Begin with", self._encoder)
        self.budget = BudgetFields(form)
        preferred = preferences()
        self.budget.offer_first(preferred.minutes, preferred.device)
        form.addRow(self._keep_back)

    @property
    def recipe(self) -> str:
        """As the terminal takes it."""
        return str(self._recipe.currentData())

    @property
    def start_from(self) -> Path | None:
        """The run whose network to begin with."""
        path: Path | None = self._encoder.currentData()
        return path

    @property
    def hold_share(self) -> float:
        """The part of the labelled images that is kept back."""
        return _SHARE if self._keep_back.isChecked() else 0.0

    def take(self, facts: Mapping[str, Any]) -> None:
        """Take over what `methods --events` says."""
        self.budget.take(facts)
        for method in facts["methods"]:
            for name, tip in method.get("label_preset_help", {}).items():
                self._recipe.addItem(name, name)
                place = self._recipe.count() - 1
                self._recipe.setItemData(place, tip, Qt.ItemDataRole.ToolTipRole)
        self._recipe.setCurrentIndex(max(self._recipe.findData(_RECIPE), 0))

    def list_runs(self, runs: ProjectRuns | None, preferred: str) -> None:
        """Offer the finished runs, first the one that is preferred, else the one in use."""
        rows = [row for row in runs.rows() if row.status == "finished"] if runs else []
        self._encoder.clear()
        self._encoder.addItem(_NOTHING, None)
        chosen = 0
        for number, row in enumerate(rows, 1):
            self._encoder.addItem(row.name, runs.open(row.folder).path)
            if row.folder == preferred or (row.is_current and not preferred):
                chosen = number
        self._encoder.setCurrentIndex(chosen)
