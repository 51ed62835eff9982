"""Tracking in the background, while somebody goes on labelling."""

from collections.abc import Sequence

import numpy as np
from tracked import distance, frame, key, whole

from fluorosynth.annotate.document import Document
from fluorosynth.annotate.jobs import Jobs
from fluorosynth.labels import FrameLabels


class Frames(Sequence):
    """Frames that call somebody when one of them is looked at."""

    def __init__(self, frames, at, call):
        self.frames, self.at, self.call = frames, at, call

    def __len__(self):
        return len(self.frames)

    def __getitem__(self, index):
        if index == self.at and self.call is not None:
            call, self.call = self.call, None
            call()
        return self.frames[index]


def test_what_a_person_said_meanwhile_stays(tmp_path):
    rng = np.random.default_rng(0)
    truths = [whole() + np.array([0, t]) for t in range(6)]
    start = key(truths[0], 0, 6)
    drawn = key(truths[4] + 20, 4, 6).frames[0]
    document = Document(tmp_path / "labels.json", start.source)
    document.put(start.frames)

    def somebody():
        document.put([FrameLabels(2, empty=True), drawn])

    jobs = Jobs(document, Frames([frame([c], rng=rng) for c in truths], 3, somebody))
    jobs.start(["catheter_0"], 0, 5).thread.join()
    assert jobs.job.error == ""
    labels = document.labels
    assert labels.at(2) == FrameLabels(2, empty=True)
    assert labels.at(4).instruments == drawn.instruments
    for t in (1, 3, 5):
        assert labels.at(t).get("catheter_0").origin == "tracked"
        assert distance(labels.at(t).get("catheter_0").points, truths[t]) < 0.7
    document.undo()  # in one step
    assert [f.index for f in document.labels.frames] == [0, 2, 4]
