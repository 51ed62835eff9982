"""Labels that are being edited: saved after each change, undone and redone without end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from threading import RLock

from fluorosynth.errors import FluorosynthError
from fluorosynth.labels.file import FrameTexts, read_labels, write_labels
from fluorosynth.labels.frames import check_source
from fluorosynth.labels.model import FrameLabels, Labels, Source

Change = dict[int, tuple[FrameLabels | None, FrameLabels | None]]  # frame: before, after


class StaleError(FluorosynthError):
    """A change was made to a frame that somebody else has changed meanwhile."""


@dataclass(frozen=True)
class Changed:
    """What a change did.

    Parameters
    ----------
    revision
        Number of the document's state, counted up by every change.
    frames
        Frames that are other than before, in order.
    """

    revision: int
    frames: tuple[int, ...]


class Document:
    """Labels of one sequence and the file that they live in.

    Every change is on the disk before it counts: the file is written whole and takes the place
    of the one before. Methods may be called from several threads.

    Parameters
    ----------
    path
        Label file; read where it exists, written with the first change.
    source
        Frames that are labelled.

    Raises
    ------
    BadDataError
        When the file is no label file, or belongs to other frames.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> document = Document(folder / "labels.json", Source("run.dcm", 9, 64, 64))
    >>> document.put([FrameLabels(3, empty=True)]).frames
    (3,)
    >>> document.undo().frames, document.labels.at(3)
    ((3,), None)
    """

    def __init__(self, path: Path, source: Source) -> None:
        self.path, self._lock = path, RLock()
        self.texts = FrameTexts()
        self.labels = read_labels(path) if path.exists() else Labels(source)
        check_source(self.labels, source, str(path))
        self._revision = 0
        self._changed: dict[int, int] = {}  # frame: revision of its latest change
        self._done: list[Change] = []
        self._undone: list[Change] = []

    @property
    def revision(self) -> int:
        """Number of the state, counted up by every change."""
        return self._revision

    @property
    def can_undo(self) -> bool:
        """Whether there is a change to take back."""
        return bool(self._done)

    @property
    def can_redo(self) -> bool:
        """Whether there is a change to make again."""
        return bool(self._undone)

    def put(self, frames: Iterable[FrameLabels], seen: int | None = None) -> Changed:
        """Put frames in place of those of their index; one step to undo.

        Parameters
        ----------
        frames
            Knowledge of some frames now; one of which nothing is known is forgotten.
        seen
            Revision that the change was made on; None: whatever it was.

        Raises
        ------
        StaleError
            When one of the frames has been changed since ``seen``.
        """
        with self._lock:
            change = {}
            for frame in frames:
                if seen is not None and self._changed.get(frame.index, 0) > seen:
                    raise StaleError(f"frame {frame.index} was changed elsewhere meanwhile")
                known = frame.instruments or frame.empty or frame.lost or frame.ignore
                change[frame.index] = self.labels.at(frame.index), frame if known else None
            changed = self._apply(change, after=True)
            self._done.append(change)
            self._undone.clear()
            return changed

    def undo(self) -> Changed:
        """Take back the latest change; nothing where there is none."""
        return self._move(self._done, self._undone, after=False)

    def redo(self) -> Changed:
        """Make the change again that was taken back last; nothing where there is none."""
        return self._move(self._undone, self._done, after=True)

    def since(self, revision: int) -> Changed:
        """Return which frames have been changed since a revision.

        Parameters
        ----------
        revision
            Revision that is known to who asks; 0: the beginning.
        """
        with self._lock:
            frames = sorted(f for f, at in self._changed.items() if at > revision)
            return Changed(self._revision, tuple(frames))

    def _move(self, source: list[Change], target: list[Change], after: bool) -> Changed:
        with self._lock:
            if not source:
                return Changed(self._revision, ())
            changed = self._apply(source[-1], after)
            target.append(source.pop())
            return changed

    def _apply(self, change: Change, after: bool) -> Changed:
        labels = self.labels
        for index, states in change.items():
            state = states[after]
            labels = labels.without(index) if state is None else labels.with_frames([state])
        write_labels(self.path, labels, self.texts)  # first: what cannot be saved is not changed
        self.labels = labels
        self._revision += 1
        self._changed |= dict.fromkeys(change, self._revision)
        return Changed(self._revision, tuple(sorted(change)))
