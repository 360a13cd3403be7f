"""The tab *Maps*: what the embeddings say of every place of the image at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QComboBox, QFormLayout, QSpinBox, QVBoxLayout, QWidget

from napari_localcl.widgets.controls import describe, keep_narrow, make_check, make_label
from napari_localcl.widgets.map_layers import KINDS

if TYPE_CHECKING:
    from napari_localcl.widgets.explorer import Explorer
    from napari_localcl.widgets.map_layers import MapLayers
    from napari_localcl.widgets.session import Session

_KEYS = {"colours": "Alt+1", "clusters": "Alt+2", "rarity": "Alt+3", "change": "Alt+4"}
_ONE_RUN = "Change needs a second model: learn another one in step 2, and choose it here."


class MapsPanel(QWidget):
    """A box for each map, and what it depends on.

    Parameters
    ----------
    session : Session
        Whose runs.
    explorer : Explorer
        Who knows the maps.
    maps : MapLayers
        What shows them.
    """

    def __init__(self, session: Session, explorer: Explorer, maps: MapLayers) -> None:
        super().__init__()
        self._session, self._maps = session, maps
        self._boxes = {
            kind: make_check(
                KINDS[kind].title,
                KINDS[kind].tip,
                lambda is_on, kind=kind: self._want(kind, is_on),
                key,
            )
            for kind, key in _KEYS.items()
        }
        self._clusters, self._other = QSpinBox(), QComboBox()
        self._clusters.setRange(2, 20)
        self._clusters.setValue(8)
        describe(self._clusters, "Clusters", "Into how many groups of alike places to divide")
        keep_narrow(self._other, 10)
        describe(self._other, "Other model", "With which model to compare the one in use")
        self._arrange()
        self._clusters.editingFinished.connect(lambda: self._again("clusters"))
        self._other.activated.connect(lambda _row: self._again("change"))
        maps.wanted_changed.connect(self._on_wanted)
        session.run_changed.connect(self._on_run)
        session.opened.connect(self._on_run)
        self._on_run()

    def _arrange(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(2, 4, 2, 2)
        outer.addWidget(
            make_label("Layers over the image at hand. They mean the same in all images.")
        )
        form = QFormLayout()
        for kind, box in self._boxes.items():
            outer.addWidget(box)
            said = make_label(f"{KINDS[kind].tip}.")
            said.setIndent(22)
            outer.addWidget(said)
        form.addRow("Clusters", self._clusters)
        form.addRow("Change to", self._other)
        outer.addLayout(form)
        self._said = make_label(_ONE_RUN)
        outer.addWidget(self._said)
        outer.addStretch()

    def enable(self, is_able: bool) -> None:
        """Let maps be asked for, or not."""
        for kind, box in self._boxes.items():
            box.setEnabled(is_able and (kind != "change" or self._other.count() > 0))

    def _facts(self, kind: str) -> dict[str, object]:
        if kind == "clusters":
            return {"count": self._clusters.value()}
        if kind == "change":
            assert self._session.runs is not None
            return {"run": str(self._session.runs.open(self._other.currentData()).path)}
        return {}

    def _want(self, kind: str, is_on: bool) -> None:
        if is_on and not self._maps.is_wanted(kind):
            self._maps.want(kind, **self._facts(kind))
        elif not is_on:
            self._maps.hide(kind)

    def _again(self, kind: str) -> None:
        if self._maps.is_wanted(kind):
            self._maps.want(kind, **self._facts(kind))

    def _on_wanted(self, kind: str, is_wanted: bool) -> None:
        if kind in self._boxes:
            self._boxes[kind].setChecked(is_wanted)

    def _on_run(self) -> None:
        """Offer the other runs; a map of the run before is no use."""
        runs = self._session.runs
        rows = runs.rows() if runs else ()
        others = [
            r for r in rows if r.status == "finished" and not r.structure and not r.is_current
        ]
        self._maps.hide("change")
        self._other.clear()
        for row in others:
            self._other.addItem(row.name, row.folder)
        self._said.setVisible(not others)
        self._other.setEnabled(bool(others))
        self._boxes["change"].setEnabled(bool(others))
        for kind in ("colours", "clusters", "rarity"):
            if self._session.run is None:
                self._maps.hide(kind)
            else:
                self._again(kind)
