"""Render the pack of fluorosynth/backgrounds/ct_drr again from six published CTs.

    python examples/rebuild/build_ct_pack.py FOLDER OUT

FOLDER holds pelvis_female_vhf.nii.gz, pelvis_male_vhm.nii.gz, skull_phantom_philips.nii.gz,
heart_aorta_totalseg.nii.gz, abdomen_pelvis_totalseg_3mm.nii.gz (``NOTICE`` says where they are
published; resampled to 1.1 to 3 mm, axes to right, front, head), and cxr.nii.gz as in
``build_chest_drr.sh``. OUT is a new folder.

Fields are those of interventions: 10 to 17 cm where vessels of the head or pelvis are shown, up to
34 cm for the abdomen. Views were struck out by eye where the CT ends in stripes. The skull is a
phantom, dry and empty: it is filled with brain, and wrapped in skin, before.
"""

from __future__ import annotations

import csv
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from fluorosynth.backgrounds.ct import Ct
from fluorosynth.ranges import Uniform
from fluorosynth.xray.line_integrals import SPAN

BRAIN_HU, BONE_HU, AIR_HU = 30, 300, -1000
SKIN = 4  # voxels of 1.1 mm
PELVIS = {"primary": Uniform(-30, 30), "secondary": Uniform(-6, 6), "field": Uniform(100, 145)}
VIEWS: dict[str, tuple[str, int, dict]] = {
    "skull": (
        "skull_phantom_philips.nii.gz",
        16,
        {
            "primary": Uniform(-100, 100),
            "secondary": Uniform(-20, 20),
            "field": Uniform(100, 170),
            "centre": (0.5, 0.5, 0.6),
            "wander": 12.0,
        },
    ),
    "pelvis_f_right": (
        "pelvis_female_vhf.nii.gz",
        10,
        {**PELVIS, "centre": (0.68, 0.5, 0.5), "wander": 8.0},
    ),
    "pelvis_f_left": (
        "pelvis_female_vhf.nii.gz",
        10,
        {**PELVIS, "centre": (0.35, 0.5, 0.5), "wander": 8.0},
    ),
    "pelvis_m_right": (
        "pelvis_male_vhm.nii.gz",
        8,
        {**PELVIS, "centre": (0.66, 0.5, 0.5), "wander": 8.0},
    ),
    "pelvis_m_left": (
        "pelvis_male_vhm.nii.gz",
        8,
        {**PELVIS, "centre": (0.42, 0.5, 0.5), "wander": 8.0},
    ),
    "heart": (
        "heart_aorta_totalseg.nii.gz",
        20,
        {"secondary": Uniform(-20, 20), "field": Uniform(110, 190), "wander": 18.0},
    ),
    "abdomen": (
        "abdomen_pelvis_totalseg_3mm.nii.gz",
        24,
        {
            "primary": Uniform(-35, 35),
            "secondary": Uniform(-20, 20),
            "field": Uniform(140, 340),
            "wander": 40.0,
        },
    ),
    "chest": (
        "cxr.nii.gz",
        16,
        {
            "primary": Uniform(-30, 30),
            "secondary": Uniform(-15, 15),
            "field": Uniform(220, 300),
            "centre": (0.5, 0.6, 0.42),
            "wander": 18.0,
        },
    ),
}
STRUCK = {"abdomen": {3, 4, 11, 22}, "chest": {3, 4}, "skull": {3}, "pelvis_m_left": {4, 7}}


def pictures(folder: Path) -> Iterator[tuple[str, np.ndarray, float, float]]:
    """Yield name, line integrals, mm per px and kilovolts of each view that is kept."""
    for name, (file, count, view) in VIEWS.items():
        with tempfile.TemporaryDirectory() as temporary:
            path = folder / file
            if name == "skull":
                path = filled(path, Path(temporary) / file)
            ct = replace(Ct(path, count=count), **view)
            rendered = zip(ct.pictures(256, seed=0, lines=True), ct.views(256, seed=0), strict=True)
            for k, (picture, known) in enumerate(rendered):
                if k not in STRUCK.get(name, ()):
                    yield f"{name}_{k:02}.jpg", picture, *known


def filled(path: Path, out: Path) -> Path:
    """Write the skull with brain in its convex hull and skin around it."""
    import nibabel
    from scipy import ndimage
    from skimage.morphology import convex_hull_image

    skull = nibabel.load(path)
    hu = np.asarray(skull.dataobj)
    bone = ndimage.binary_opening(hu > BONE_HU)
    hull = np.stack([convex_hull_image(b) if b.any() else b for b in np.moveaxis(bone, 2, 0)], 2)
    head = ndimage.binary_dilation(hull, iterations=SKIN)
    hu = np.where(head, np.maximum(hu, BRAIN_HU), AIR_HU).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(hu, skull.affine), out)
    return out


def main() -> None:
    """Render and write."""
    out = Path(sys.argv[2])
    out.mkdir()
    rows = [["file", "mm_per_px", "kvp", "span"]]
    for name, picture, mm_per_px, kvp in pictures(Path(sys.argv[1])):
        rows.append([name, f"{mm_per_px:.4f}", f"{kvp:.1f}", f"{SPAN:g}"])
        cv2.imwrite(str(out / name), picture, [cv2.IMWRITE_JPEG_QUALITY, 93])
    with (out / "patches.csv").open("w", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


if __name__ == "__main__":
    if len(sys.argv) == 3:
        main()
    else:
        print(__doc__)
