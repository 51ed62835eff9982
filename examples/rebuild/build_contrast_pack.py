"""Make the pack fluorosynth/backgrounds/contrast again, byte for byte, from the published frames.

    python examples/rebuild/build_contrast_pack.py ARCADE POINTS OUT

ARCADE   the folder syntax/val/images of ARCADE (1.png, 2.png, ...), 512 x 512 px
POINTS   fluorosynth/backgrounds/contrast/instruments.csv: on every instrument some points by eye,
         from the border to the tip, in pixels of the pack
OUT      a new folder: the frames, and in ignore/ where an instrument is or may be
"""

from __future__ import annotations

import sys
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.graph import route_through_array

from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.io.frames import read_frames
from fluorosynth.io.paths import read_paths
from fluorosynth.io.square import resized
from fluorosynth.patches.curvilinear import ridge_depth
from fluorosynth.sample import Points

SIZE = 256
SNAP = 10  # px at 512: the catheter is no farther from the line through the points
REACH = 9  # px: ignored on either side of the catheter's centreline
TIP = 22  # px: ignored about the tip, which cannot be told from the contrast it gives off

Lines = list[NDArray[np.int32]]


def full_size(paths: tuple[Points, ...]) -> Lines:
    """Return the points of a frame's instruments in its 512 px."""
    return [np.rint(2 * path + 0.5).astype(np.int32) for path in paths]


def unknown(image: NDArray[np.uint8], lines: Lines) -> NDArray[np.uint8]:
    """Return 255 about each instrument: the darkest path near its points, widened."""
    depth = ridge_depth(image)
    mask = np.zeros(image.shape, np.uint8)
    for line in lines:
        near = cv2.polylines(np.zeros_like(image), [line], False, 1, 2 * SNAP + 1)
        cost = np.where(near > 0, 1 / (0.02 + depth), np.inf)
        path, _ = route_through_array(cost, line[0, ::-1], line[-1, ::-1])
        cv2.polylines(mask, [np.array(path, np.int32)[:, ::-1]], False, 255, 2 * REACH + 1)
        cv2.circle(mask, line[-1].tolist(), TIP, 255, -1)
    return mask


def main(arcade: Path, points: Path, out: Path) -> None:
    """Write the pack, the points with it."""
    (out / "ignore").mkdir(parents=True)
    (out / points.name).write_bytes(points.read_bytes())
    for name, paths in read_paths(points).items():
        [frame] = read_frames(arcade / f"{int(Path(name).stem.removeprefix('arcade_'))}.png")
        hidden = resized(unknown(frame.image, full_size(paths)), SIZE, SIZE) > 0
        mask = np.where(hidden, np.uint8(255), np.uint8(0))
        (out / name).write_bytes(png_bytes(resized(frame.image, SIZE, SIZE), 9))
        (out / "ignore" / name).write_bytes(png_bytes(mask, 9))


if __name__ == "__main__":
    if len(sys.argv) == 4:
        main(*map(Path, sys.argv[1:]))
    else:
        print(__doc__)
