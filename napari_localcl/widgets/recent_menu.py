"""The menu of the projects that were open of late."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QMenu, QWidget

from napari_localcl.data.recent import recent_projects

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_WIDEST = 420  # pixels


class RecentMenu(QMenu):
    """Filled anew whenever it is opened; projects that are gone are left out.

    Parameters
    ----------
    open_it : callable
        What to do with the folder that is chosen.
    new_elsewhere : callable
        Makes a project in a place that a person chooses.
    parent : QWidget
        The button that it belongs to.
    """

    def __init__(
        self,
        open_it: Callable[[Path], object],
        new_elsewhere: Callable[[], object],
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._open_it, self._new_elsewhere = open_it, new_elsewhere
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._fill)

    def _fill(self) -> None:
        self.clear()
        for folder in recent_projects():
            self._add(folder)
        if not self.actions():
            self.addAction("No project was opened yet").setEnabled(False)
        self.addSeparator()
        new = self.addAction("New project elsewhere…")
        new.triggered.connect(lambda _checked=False: self._new_elsewhere())

    def _add(self, folder: Path) -> None:
        text = self.fontMetrics().elidedText(str(folder), Qt.TextElideMode.ElideMiddle, _WIDEST)
        # A single & would mark a key.
        action = self.addAction(text.replace("&", "&&"))
        action.setToolTip(str(folder))
        action.triggered.connect(lambda _checked=False: self._open_it(folder))
