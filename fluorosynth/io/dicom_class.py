"""What a DICOM file is by its SOP class."""

from __future__ import annotations

from pathlib import Path

from fluorosynth.io.guard import untrusted

_STORAGE = "1.2.840.10008.5.1.4.1.1."
# PS3.4 B.5: classes without Pixel Data, and segmentations, which are masks
_OTHERS = {
    "structured report": ("88.",),
    "presentation state": ("11.",),
    "waveform": ("9.",),
    "document": ("104.",),
    "segmentation": ("66.4", "66.7"),
    "registration or raw data": ("66", "66.1", "66.2", "66.3", "66.5", "66.6", "67", "68.1"),
    "radiotherapy object": ("481.3", "481.4", "481.5", "481.6", "481.7", "481.8", "481.9"),
}
_DIRECTORY = "1.2.840.10008.1.3.10"
_PROJECTIONS = ("12.1", "12.1.1", "12.2", "12.2.1", "12.3")  # XA, XRF, both enhanced, biplane


def without_pixels(path: Path) -> str:
    """Return what kind of DICOM object without frames a file is; empty for images.

    Parameters
    ----------
    path
        File of DICOM.

    Raises
    ------
    BadDataError
        When the file is broken.
    ImportError
        When pydicom is not installed.
    """
    from pydicom.filereader import read_file_meta_info

    with untrusted(path):
        uid = str(read_file_meta_info(path).get("MediaStorageSOPClassUID", ""))
    if uid == _DIRECTORY:
        return "directory"
    own = uid.removeprefix(_STORAGE) if uid.startswith(_STORAGE) else "-"
    for what, classes in _OTHERS.items():
        if any(own.startswith(c) if c.endswith(".") else own == c for c in classes):
            return what
    return ""


def is_projection(uid: str) -> bool:
    """Tell whether a class is X-ray angiography or fluoroscopy, enhanced or biplane.

    Parameters
    ----------
    uid
        SOP class UID.
    """
    own = uid.removeprefix(_STORAGE)
    return own in _PROJECTIONS
