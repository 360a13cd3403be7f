"""What can be made of the points chosen: layers, a landmark, a list of images."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QInputDialog, QWidget

from napari_localcl.data.annotations import Landmark
from napari_localcl.widgets.chosen_layers import MOST
from napari_localcl.widgets.controls import make_button
from napari_localcl.widgets.image_list import save_image_list
from napari_localcl.widgets.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_localcl.widgets.chosen_layers import ChosenLayers
    from napari_localcl.widgets.explorer import Explorer
    from napari_localcl.widgets.session import Session


class ChosenRow(QWidget):
    """Buttons for the points chosen in the plot.

    Parameters
    ----------
    session : Session
        Whose images.
    explorer : Explorer
        Whose points.
    layers : ChosenLayers
        What makes layers.
    inks : callable
        Returns the colours of the points.

    Attributes
    ----------
    said : Signal of str
        What was made.
    """

    said = Signal(str)

    def __init__(
        self,
        session: Session,
        explorer: Explorer,
        layers: ChosenLayers,
        inks: Callable[[], NDArray],
    ) -> None:
        super().__init__()
        self._session, self._explorer, self._layers, self._inks = session, explorer, layers, inks
        self._buttons = (
            make_button(
                "To points layer",
                "Make a points layer of those chosen; what is known of them is in its features",
                self._make_points,
                "Alt+Shift+P",
            ),
            make_button(
                "To labels layer",
                "Make a labels layer of what lies nearer to a chosen point than to another one",
                self._make_labels,
            ),
            make_button(
                "New landmark…",
                "Place a landmark at the most typical of the points chosen, and find it in all "
                "images",
                self._make_landmark,
            ),
            make_button(
                "Image list…",
                "Save the images of the points chosen as a list, which can be opened in place of "
                "a folder",
                self._save_list,
            ),
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        for number, button in enumerate(self._buttons):
            grid.addWidget(button, number // 2, number % 2)
        explorer.chosen_changed.connect(self._enable)
        explorer.cloud_changed.connect(self._enable)
        session.obstacle_changed.connect(self._enable)
        self._enable()

    def _enable(self) -> None:
        for button in self._buttons:
            button.setEnabled(bool(len(self._explorer.chosen)))
        if self._session.obstacle:
            self._buttons[2].setEnabled(False)

    def _make_points(self) -> None:
        made = self._layers.make_points(self._inks())
        left = len(self._explorer.chosen) - made
        also = f"; {counted(left, 'more')} left out, a layer takes {MOST:,}" if left else ""
        self.said.emit(f"A layer of {counted(made, 'point')}{also}. It shows those of each image.")

    def _make_labels(self) -> None:
        self._layers.make_labels()
        self.said.emit("A layer of labels. In each image it shows what is nearest to those chosen.")

    def _make_landmark(self) -> None:
        known = self._session.annotations.names
        free = next(name for n in range(1, 10_000) if (name := f"landmark {n}") not in known)
        name, is_agreed = QInputDialog.getText(
            self, "A new landmark", "What the place is called:", text=free
        )
        if is_agreed and name.strip():
            self.place_landmark(name.strip())

    def place_landmark(self, name: str) -> None:
        """Place a landmark at the most typical point: one template that is exactly somewhere.

        More would be less exact: points of a plot lie a little apart within what they are of.
        """
        cloud, chosen = self._explorer.cloud, self._explorer.chosen
        assert cloud is not None
        point = cloud.most_typical(chosen)
        image, (y, x) = cloud.image(point), cloud.place(point)
        self._layers.go_to(image, (y, x))
        self._session.edit(lambda now: now.place_all([Landmark(image, name, y, x)]))
        self.said.emit(
            f"{name} placed in {image}, the most typical of {len(chosen)}. It is being looked for "
            "in all images; step 5 of LocalCL shows what is found."
        )

    def _save_list(self) -> None:
        cloud, project = self._explorer.cloud, self._session.project
        assert cloud is not None
        assert project is not None
        said = save_image_list(self, project, cloud.images_of(self._explorer.chosen))
        if said:
            self.said.emit(said)
