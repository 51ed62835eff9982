"""What the tracker found, put beside what people said."""

from __future__ import annotations

from fluorosynth.labels.model import FrameLabels, Instrument


def merged(now: FrameLabels, name: str, found: Instrument | None) -> FrameLabels:
    """Return a frame with a tracked instrument; what a person drew or denied stays.

    Parameters
    ----------
    now
        Knowledge of the frame.
    name
        Instrument's id.
    found
        Instrument as it was tracked; None: its place is unknown.

    Examples
    --------
    >>> merged(FrameLabels(3), "catheter_0", None).lost
    ('catheter_0',)
    >>> merged(FrameLabels(3, empty=True), "catheter_0", None).lost
    ()
    """
    there = now.get(name)
    if now.empty or (there is not None and there.origin == "drawn"):
        return now
    return now.with_lost(name) if found is None else now.with_instrument(found)
