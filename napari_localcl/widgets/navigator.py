"""Where one is among the images, and the ways to the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QCompleter, QGridLayout, QLabel, QLineEdit, QSpinBox, QWidget

from napari_localcl.widgets.controls import describe, in_row, make_button

if TYPE_CHECKING:
    from napari_localcl.widgets.canvas import Canvas
    from napari_localcl.widgets.session import Session


class Navigator(QWidget):
    """Image 17 / 412: previous, next, jump, next uncertain, next without annotation.

    Parameters
    ----------
    session : Session
        Whose images.
    canvas : Canvas
        Whether the camera and the brightness are kept.
    """

    def __init__(self, session: Session, canvas: Canvas) -> None:
        super().__init__()
        self._session = session
        self._number = QSpinBox()
        self._number.setKeyboardTracking(False)
        describe(self._number, "Image number", "Type the number of an image and press Enter")
        self._count = QLabel("/ 0")
        self._name = QLineEdit()
        self._name.setPlaceholderText("Jump to a name…")
        describe(self._name, "Image name", "Type a part of an image's name and press Enter")
        self._camera = QCheckBox("Keep the view")
        self._camera.setChecked(canvas.keeps_camera)
        describe(self._camera, "Keep the view", "Zoom and place stay when another image comes")
        self._camera.toggled.connect(lambda checked: setattr(canvas, "keeps_camera", checked))
        self._brightness = QCheckBox("Keep the brightness")
        describe(
            self._brightness,
            "Keep the brightness",
            "Contrast limits stay when another image comes; it is ticked when you change them",
        )
        self._brightness.toggled.connect(
            lambda checked: setattr(canvas.looks, "keeps_brightness", checked)
        )
        canvas.looks.brightness_kept.connect(self._brightness.setChecked)
        self._arrange()
        self._number.valueChanged.connect(self._jump_to_number)
        self._name.returnPressed.connect(self._jump_to_name)
        session.opened.connect(self._on_opened)
        session.image_changed.connect(self._on_image)
        self.setEnabled(False)

    def _arrange(self) -> None:
        go = self._session.go_by
        before = make_button("◀", "The image before", lambda: go(-1), "Alt+Left")
        after = make_button("▶", "The next image", lambda: go(1), "Alt+Right")
        before.setAccessibleName("Previous image")
        after.setAccessibleName("Next image")
        uncertain = make_button(
            "Next uncertain",
            "Go to the least sure prediction that nobody has looked at",
            self._session.next_uncertain,
            "Alt+U",
        )
        unannotated = make_button(
            "Next unannotated",
            "Go to the next image that has neither a point nor a prediction",
            self.next_unannotated,
            "Alt+N",
        )
        grid = QGridLayout(self)
        grid.setContentsMargins(4, 4, 4, 4)
        grid.addLayout(in_row(QLabel("Image"), before, self._number, self._count, after), 0, 0)
        grid.addWidget(self._name, 1, 0)
        grid.addLayout(in_row(uncertain, unannotated), 2, 0)
        grid.addLayout(in_row(self._camera, self._brightness), 3, 0)

    def next_unannotated(self) -> None:
        """Go to the next image of which nothing is known, or say that there is none."""
        project = self._session.project
        if project is None:
            return
        image = project.rows.next_unannotated(self._session.image)
        if image is None:
            self._session.problem.emit("every image has a point or a prediction")
        else:
            self._session.go(image)

    def _on_opened(self) -> None:
        names = list(self._session.names)
        completer = QCompleter(names, self)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._name.setCompleter(completer)
        self._number.blockSignals(True)
        self._number.setRange(1, len(names))
        self._number.blockSignals(False)
        self._count.setText(f"/ {len(names)}")
        self.setEnabled(True)

    def _on_image(self) -> None:
        self._number.setValue(self._session.index + 1)
        self._name.setText(self._session.image)

    def _jump_to_number(self, number: int) -> None:
        self._session.go(self._session.names[number - 1])

    def _jump_to_name(self) -> None:
        wanted = self._name.text().strip().lower()
        matches = [name for name in self._session.names if wanted in name.lower()]
        if matches:
            exact = self._name.text() if self._name.text() in matches else matches[0]
            self._session.go(exact)
        self._name.setText(self._session.image)
