"""Saving a project in time, without making a person wait for the disk."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from napari_localcl.data.errors import BadInput

if TYPE_CHECKING:
    from concurrent.futures import Future

    from napari_localcl.data.project import Project


class Autosave:
    """Saves a project a moment after it has changed; a timer calls :meth:`save_if_due`.

    The writing is done in a thread, on a state that later edits leave as it is.

    Parameters
    ----------
    project : Project
        What to save.
    delay : float
        Seconds from the first change that is not saved to the saving. Further changes do not put
        it off, so that steady work is saved too.

    Attributes
    ----------
    problem : str or None
        Why the last attempt failed, as one sentence; it is repeated until one succeeds.
    """

    def __init__(self, project: Project, delay: float = 1.0) -> None:
        self._project = project
        self._delay = delay
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="autosave")
        self._writing: Future[None] | None = None
        self._since: float | None = None
        self.problem: str | None = None

    @property
    def is_dirty(self) -> bool:
        """Whether there is anything that is not on the disk yet."""
        return self._project.is_dirty

    def save_if_due(self, now: float) -> None:
        """Begin to save if it is time, and learn how the last attempt went; returns at once.

        Parameters
        ----------
        now : float
            Seconds of a clock that never goes back.
        """
        if self._writing is not None:
            if not self._writing.done():
                return
            self._conclude(self._writing)
        if not self.is_dirty:
            self._since = self.problem = None
            return
        self._since = now if self._since is None else self._since
        if self.problem or now - self._since >= self._delay:
            self._since = None
            self._writing = self._writer.submit(self._project.save, self._project.document())

    def flush(self) -> None:
        """Save now, and wait for it.

        Raises
        ------
        BadInput
            If it fails; what is not saved stays in memory.
        """
        if self._writing is not None:
            self._conclude(self._writing)
        if self.is_dirty:
            self._project.save()
        self._since = self.problem = None

    def close(self) -> None:
        """End the thread; what is not saved by then stays in memory."""
        self._writer.shutdown()

    def _conclude(self, writing: Future[None]) -> None:
        self._writing = None
        try:
            writing.result()
            self.problem = None
        except BadInput as error:
            self.problem = str(error)
