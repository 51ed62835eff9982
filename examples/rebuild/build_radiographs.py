"""Make the pack of fluorosynth/backgrounds/radiographs again from ChestX-ray14.

    python examples/rebuild/build_radiographs.py FOLDER OUT

FOLDER holds the files that patches.csv of the pack names, as published (PNG). They are inverted,
so that bone is dark, and area-averaged to 256 px. OUT is a new folder.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import cv2

from fluorosynth.backgrounds.bundled import HERE

SIDE = 256


def main() -> None:
    """Write the pack."""
    folder, out = Path(sys.argv[1]), Path(sys.argv[2])
    out.mkdir()
    listing = (HERE / "radiographs" / "patches.csv").read_text()
    for row in csv.DictReader(listing.splitlines()):
        name = Path(row["file"]).stem
        picture = 255 - cv2.imread(str(folder / f"{name}.png"), cv2.IMREAD_GRAYSCALE)
        small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(out / row["file"]), small, [cv2.IMWRITE_JPEG_QUALITY, 90])
    (out / "patches.csv").write_text(listing)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        main()
    else:
        print(__doc__)
