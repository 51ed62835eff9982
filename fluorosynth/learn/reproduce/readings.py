"""Where the publication contradicts itself: each reading by name, and which was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reading:
    """A place that can be read in several ways.

    Parameters
    ----------
    option
        Field of ``ReproduceConfig`` that chooses.
    text
        Words of the publication that do not fit together, with their places.
    choices
        Meaning of each choice; the first one is the default.
    """

    option: str
    text: str
    choices: Mapping[str, str]


READINGS = (
    Reading(
        "s1",
        "S1 is 240 frames in Table 3 and sections 1 and 4.1, a fifth of the 1207; sections 4.3 and "
        "5 call it 25 % of each sequence.",
        {"240": "Table 3's frames", "quarter": "25 % of each sequence, 303 frames"},
    ),
    Reading(
        "s2",
        "S2 is fine-tuned on T1, T4 and T6, 714 frames, in section 4.1, which tests on 493; "
        "sections 1 and 5 fine-tune on 493.",
        {"714": "all of T1, T4 and T6", "493": "493 of them, evenly spread; the test is the same"},
    ),
    Reading(
        "layers",
        'Section 4.1: "layers 22th to 29th" are eight, where Table 2 and section 4.3 have seven.',
        {"23-29": "the deepest seven of this project's network", "22-29": "all eight"},
    ),
    Reading(
        "threshold",
        "Eq. (1) takes a pixel above .01, a fiftieth of the usual .5; no other place says so.",
        {"paper": "above .01", "half": "above .5"},
    ),
    Reading(
        "false_positives",
        'Table 5: "percentage of misclassified pixels" does not say of what.',
        {"image": "of all pixels", "background": "of the background's pixels"},
    ),
    Reading(
        "gain",
        'Fig. 6: "increased by ~0.81" in its caption, "~81 % increase" in section 4.2; means that '
        "end at .55 cannot have risen by .81.",
        {"difference": "difference of the means", "ratio": "their ratio less one"},
    ),
    Reading(
        "mean",
        '"Average Dice" is not defined, and Fig. 7 gives the light network .58 and .53 where '
        "Table 5 has .54 and .55 over sequences, .53 and .55 over frames.",
        {"sequences": "mean of the sequences' means", "frames": "mean over all test frames"},
    ),
)

NOTED = (
    'The rows "S1" and "S2" of Table 4 are the text\'s S2 and S3: they are tested on T2, T3, T5 '
    "and on T3, T4, T6, and their means are those of section 1.",
    "Section 4.3 calls .58 against .53 a difference of 5 %, and .53 against .55 one of 4 %: no one "
    "definition gives both.",
)


def chosen(options: Mapping[str, object]) -> list[tuple[str, str, str]]:
    """Return text, name and meaning of each choice that was made.

    Parameters
    ----------
    options
        Fields of a ``ReproduceConfig``.
    """
    found = []
    for reading in READINGS:
        choice = str(options[reading.option])
        found.append((reading.text, f"{reading.option} {choice}", reading.choices[choice]))
    return found
