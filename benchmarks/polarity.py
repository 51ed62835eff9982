"""How often the guess of polarity is right: frames as they are, and turned round.

    python benchmarks/polarity.py FOLDER ...

The folders hold frames in which dense material is dark. A guess is "said" from the confidence on
from which the commands warn.
"""

import sys

import numpy as np

from fluorosynth.io.frames import count_frames, read_frames
from fluorosynth.io.polarity import SAID, guess_polarity
from fluorosynth.io.sources import find_sources

FRAMES = 12  # of a file, at most


def main(folders):
    print("| frames | | right | bone-white: said | as it should be: said |\n|---|---|---|---|---|")
    for folder in folders:
        right, said, wrongly = [], 0, 0
        for source in find_sources(folder):
            count = count_frames(source)
            wanted = np.unique(np.linspace(0, count - 1, min(count, FRAMES)).astype(int)).tolist()
            for frame in read_frames(source, wanted):
                plain = guess_polarity([frame.image])
                turned = guess_polarity([255 - frame.image])
                right += [not plain.inverted, turned.inverted]
                said += turned.suspicious
                wrongly += plain.suspicious
        many = len(right) // 2
        shares = (np.mean(right), said / many, wrongly / many)
        print(f"| {folder} | {many} | " + " | ".join(f"{share:.0%}" for share in shares) + " |")
    print(f"\nsaid from a confidence of {SAID}")


if __name__ == "__main__":
    main(sys.argv[1:])
