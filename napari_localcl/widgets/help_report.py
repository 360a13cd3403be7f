"""A report for who helps: shown first, so that everybody sees what is in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import qtpy
from qtpy.QtCore import Qt
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QDialog, QFileDialog, QPlainTextEdit, QVBoxLayout, QWidget

from napari_localcl.data.atomic import replacing
from napari_localcl.tasks.report import make_report
from napari_localcl.widgets.background import Background
from napari_localcl.widgets.controls import describe, in_row, make_button, make_label

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from napari_localcl.widgets.session import Session

_ABOUT = (
    "No image and no point is in it, but names of skipped files and of folders are: read it before "
    "you send it."
)


class ReportDialog(QDialog):
    """Makes a report and lets people copy or save it.

    Parameters
    ----------
    session : Session
        What it is about.
    said : sequence of str
        What the window has said lately.
    parent : QWidget
        The dock.
    """

    def __init__(self, session: Session, said: Sequence[str], parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("LocalCL: report")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.resize(640, 560)
        self._text = QPlainTextEdit()
        self._text.setReadOnly(True)
        self._text.setPlaceholderText("Looking around…")
        describe(self._text, "Report", "What copying and saving give")
        self._status = make_label(_ABOUT)
        self._copy = make_button("Copy", "Copy the report to the clipboard", self._copy_it)
        self._save = make_button("Save as…", "Write the report to a text file", self._choose)
        for button in (self._copy, self._save):
            button.setEnabled(False)
        close = make_button("Close", "Close this window", self.close)
        column = QVBoxLayout(self)
        column.addWidget(self._status)
        column.addWidget(self._text, 1)
        column.addLayout(in_row(self._copy, self._save, close))
        self._work = Background(self)
        self._work.result.connect(self._on_report)
        self._work.failed.connect(self._status.setText)
        self._work.start(_make(session, said))

    @property
    def text(self) -> str:
        """The report; empty until it is made."""
        return self._text.toPlainText()

    def save(self, path: Path) -> None:
        """Write the report to a file."""
        try:
            with replacing(path) as part:
                part.write_text(self.text, encoding="utf-8")
            self._status.setText(f"Saved: {path}.")
        except OSError as error:
            why = error.strerror or error
            self._status.setText(f"{path} could not be written ({why}); choose another place.")

    def _on_report(self, text: str) -> None:
        self._text.setPlainText(text)
        for button in (self._copy, self._save):
            button.setEnabled(True)

    def _copy_it(self) -> None:
        QGuiApplication.clipboard().setText(self.text)
        self._status.setText("Copied. Paste it into your question.")

    def _choose(self) -> None:
        start = str(Path.home() / "localcl-report.md")
        path, _ = QFileDialog.getSaveFileName(self, "Save the report", start, "Text (*.md *.txt)")
        if path:
            self.save(Path(path))


def _make(session: Session, said: Sequence[str]) -> Generator[None, None, str]:
    project, run = session.project, session.run
    yield
    binding = {qtpy.API_NAME: qtpy.PYQT_VERSION or qtpy.PYSIDE_VERSION, "Qt": qtpy.QT_VERSION}
    return make_report(project, run, binding, said)
