"""Tracking in the background: one job at a time, watched and stopped from the page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Event, Thread

from fluorosynth.annotate.document import Document
from fluorosynth.errors import FluorosynthError, UsageError
from fluorosynth.labels.model import FrameLabels, Labels
from fluorosynth.sample import Image
from fluorosynth.track.merge import merged
from fluorosynth.track.track import Evidence, track

Tracker = Callable[..., Labels]


@dataclass
class Job:
    """A job that runs or has ended.

    Parameters
    ----------
    total
        Number of frames to label.
    done
        Number of frames that are known by now.
    error
        Sentence on what went wrong, for people.
    stopped
        Set to end the job with what is known by then.
    thread
        Thread that it runs in.
    """

    total: int
    done: int = 0
    error: str = ""
    stopped: Event = field(default_factory=Event)
    thread: Thread | None = None

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self.thread is not None and self.thread.is_alive()


class Jobs:
    """Tracks instruments of a document.

    Parameters
    ----------
    document
        Labels with keys; the result becomes one step of it that can be undone.
    frames
        Its frames.
    evidence
        Function from a frame's number to a network's map, or None.
    """

    def __init__(
        self, document: Document, frames: Sequence[Image], evidence: Evidence | None = None
    ) -> None:
        self._document, self._frames, self._evidence = document, frames, evidence
        self.job = Job(0)

    def start(self, ids: Sequence[str], first: int, last: int) -> Job:
        """Begin to track instruments from their keys.

        Parameters
        ----------
        ids
            Names of the instruments.
        first
            First frame to label.
        last
            Last frame to label.

        Raises
        ------
        UsageError
            When a job runs already, or the frames are no range of the sequence.
        """
        if self.job.running:
            raise UsageError("it is tracking already: stop that first")
        if not 0 <= first <= last < len(self._frames):
            raise UsageError(f"frames {first} to {last} of {len(self._frames)} are no range")
        job = Job(last - first + 1)
        job.thread = Thread(target=self._run, args=(job, tuple(ids), first, last), daemon=True)
        self.job = job
        job.thread.start()
        return job

    def stop(self) -> None:
        """End the job with what it knows by now."""
        self.job.stopped.set()

    def _run(self, job: Job, ids: tuple[str, ...], first: int, last: int) -> None:
        def step(_: FrameLabels) -> None:
            job.done = min(job.done + 1, job.total)

        begin = self._document.labels
        try:
            found = track(
                self._frames,
                begin,
                first=first,
                last=last,
                ids=ids,
                evidence=self._evidence,
                progress=step,
                stop=job.stopped.is_set,
            )
        except FluorosynthError as error:
            job.error = str(error)
            return
        new = [
            frame
            for frame in found.frames
            if first <= frame.index <= last and begin.at(frame.index) is not frame
        ]
        if new:
            self._document.put([self._merged(frame, ids) for frame in new])

    def _merged(self, frame: FrameLabels, ids: tuple[str, ...]) -> FrameLabels:
        """Return the frame as it is now with the tracked instruments: others may have moved on."""
        now = self._document.labels.at(frame.index) or FrameLabels(frame.index)
        for name in ids:
            found = frame.get(name)
            if found is not None or name in frame.lost:
                now = merged(now, name, found)
        return now
