"""From a DICOM sequence to a labelled data set.

    python dicom_to_dataset.py run.dcm data/mine

Without one, a tiny one is made first. Needs the extra: pip install 'fluorosynth[dicom]'.
"""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, XRayAngiographicImageStorage, generate_uid

from fluorosynth import Device, Recipe
from fluorosynth.backgrounds.folder import Folder
from fluorosynth.backgrounds.procedural import Procedural
from fluorosynth.dataset.generation import generate
from fluorosynth.geometry.raster import rasterise
from fluorosynth.patches.extract import extract_patches
from fluorosynth.patches.manifest import file_names
from fluorosynth.patches.search import Search
from fluorosynth.patches.write import write_patches


def dataset_from_frames(frames: Path, out: Path, n: int, patches: int) -> None:
    """Cut instrument-free patches out of frames, then put instruments over them."""
    cuts = extract_patches(frames, Search(count=patches, size=128), seed=0)
    write_patches(dict(zip(file_names(len(cuts)), cuts, strict=True)), out / "patches")
    print(f"LOOK at {out / 'patches' / 'contact_sheet.png'}: where the instrument is, is estimated")
    recipe = replace(Recipe.preset("paper"), size=128, backgrounds=(Folder(out / "patches"),))
    made = generate(recipe, out / "set", n, seed=0)
    print(f"{made.n} samples in {made.out}")


def make_sequence(path: Path, frames: int = 8, size: int = 256) -> Path:
    """Write a sequence in which a catheter swings over a still chest."""
    chest = Procedural(count=1).open(size, seed=3).image(0)
    y = np.linspace(size - 0.5, size / 2, 24)
    pictures = []
    for frame in range(frames):
        x = size * (0.3 + 0.02 * frame) + 12 * np.sin(y / 30 + frame)
        curve = np.stack([x, y], 1).astype(np.float32)
        mask = rasterise([Device(curve, np.full(len(y), 4, np.float32))], chest.shape)
        pictures.append(np.where(mask == 1, chest // 2, chest))
    header = Dataset()
    header.file_meta = FileMetaDataset()
    header.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    header.file_meta.MediaStorageSOPClassUID = header.SOPClassUID = XRayAngiographicImageStorage
    header.file_meta.MediaStorageSOPInstanceUID = header.SOPInstanceUID = generate_uid()
    header.NumberOfFrames, header.Rows, header.Columns = frames, size, size
    header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
    header.BitsAllocated = header.BitsStored = 8
    header.HighBit, header.PixelRepresentation = 7, 0
    header.PixelData = np.stack(pictures).astype(np.uint8).tobytes()
    header["PixelData"].VR = "OB"
    header.save_as(path, enforce_file_format=True)
    return path


if __name__ == "__main__":
    if len(sys.argv) == 3:
        dataset_from_frames(Path(sys.argv[1]), Path(sys.argv[2]), n=9000, patches=32)
    else:
        with tempfile.TemporaryDirectory() as folder:
            tiny = make_sequence(Path(folder, "run.dcm"))
            dataset_from_frames(tiny, Path(folder, "mine"), n=12, patches=4)
