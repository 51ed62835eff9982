"""At which scale and tube voltage a picture is seen: drawn once, read by all that needs it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from fluorosynth.core.check import Checked
from fluorosynth.ranges import Range, Uniform, draw_within
from fluorosynth.sample import Background, View

SIDE = 256  # px of the picture that the law of the scale is stated for
LEAST_KVP, MOST_KVP = 60.0, 90.0  # between which attenuation is tabled


@dataclass(frozen=True)
class ViewLaw(Checked):
    """The laws of a picture's scale and voltage, where its background does not know them.

    Radiographs of a CT, procedural anatomy and many DICOM files know how large they are; frames
    without a scale get one from here. All lengths in mm and all attenuation follow from it.

    Parameters
    ----------
    mm_per_px
        Millimetres per pixel of a 256 px picture, at the patient; scales with its side.
    kvp
        Tube voltage, 60 to 90 kV.

    Examples
    --------
    >>> from fluorosynth.ranges import Constant
    >>> law = ViewLaw(mm_per_px=Constant(0.5), kvp=Constant(70.0))
    >>> law.draw(512, None, np.random.default_rng(0))
    View(mm_per_px=0.25, kvp=70.0)
    """

    mm_per_px: Range = Uniform(0.4, 0.8)
    kvp: Range = Uniform(LEAST_KVP, MOST_KVP)

    def draw(self, side: int, background: Background | None, rng: np.random.Generator) -> View:
        """Return the view of one picture.

        Parameters
        ----------
        side
            Longer side of the picture, px.
        background
            Background of the picture: what it knows of its view is not drawn. A voltage outside
            60 to 90 kV counts as the nearer of the two. None: nothing is known.
        rng
            Source of two numbers, whatever the background knows.

        Raises
        ------
        UsageError
            For a scale that no picture of a body has, or a voltage outside 60 to 90 kV.
        """
        scale = draw_within(1e-3, 1e3, self.mm_per_px, "view: mm per px", rng) * SIDE / side
        kvp = draw_within(LEAST_KVP, MOST_KVP, self.kvp, "view: tube voltage in kV", rng)
        if background is not None and background.mm_per_px is not None:
            scale = background.mm_per_px
        if background is not None and background.kvp is not None:
            kvp = min(max(background.kvp, LEAST_KVP), MOST_KVP)
        return View(scale, kvp)
