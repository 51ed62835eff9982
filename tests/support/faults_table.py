"""Counts of what was tried and what came of it, printed as the table of docs/reliability.md."""

import os
from dataclasses import dataclass

TRIES = int(os.environ.get("FLUOROSYNTH_FAULTS_TRIES", "5"))  # kills of each command
POSITIONS = int(os.environ.get("FLUOROSYNTH_FAULTS_POSITIONS", "500"))  # damages of each file


@dataclass
class Row:
    """What was done to what, how often, and how it ended."""

    what: str
    fault: str
    same: int = 0
    refused: int = 0
    other: int = 0  # read as another value: only where nothing in the format could tell
    lost: int = 0

    @property
    def tries(self):
        return self.same + self.refused + self.other + self.lost


ROWS: list[Row] = []


def row(what, fault):
    ROWS.append(Row(what, fault))
    return ROWS[-1]


def markdown():
    """Return the table."""
    lines = [
        "| what | fault | tries | same result | refused by name | read with other values | lost |",
        "|---|---|--:|--:|--:|--:|--:|",
    ]
    for r in ROWS:
        lines.append(
            f"| {r.what} | {r.fault} | {r.tries} | {r.same} | {r.refused} | {r.other} | {r.lost} |"
        )
    return "\n".join(lines)
