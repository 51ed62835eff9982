"""What was predicted, as DICOM: a Segmentation that refers to its run, or secondary captures.

A Segmentation may refer to pictures without a Frame of Reference, as those of XA are (PS3.3, A.51):
it then covers them pixel by pixel. It says of the source no more than its UIDs; what the standard
wants to be there of the patient and the study (type 2) is there and empty. Where the source lacks
a UID nothing can refer to it, and its frames are written with the outline burned in.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError, MissingExtraError, UsageError
from fluorosynth.io.atomic import replacing
from fluorosynth.io.frames import read_frames
from fluorosynth.io.guard import quoted, untrusted
from fluorosynth.learn.overlay import overlay
from fluorosynth.version import __version__

if TYPE_CHECKING:
    from pydicom import Dataset

UIDS = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"]
ABOUT = [*UIDS, "Rows", "Columns", "LossyImageCompression"]
ABOUT += ["LossyImageCompressionRatio", "LossyImageCompressionMethod"]
EMPTY = ["PatientID", "PatientName", "PatientBirthDate", "PatientSex", "AccessionNumber", "StudyID"]
EMPTY += ["StudyDate", "StudyTime", "ReferringPhysicianName"]
MOST = 2**31  # bytes of the masks of one file at work
DEVICE = "49062001", "SCT", "Device"
MAKER = "fluorosynth"


def check_dicom(sources: Sequence[Path]) -> None:
    """Refuse to begin where nothing could be written in the end.

    Parameters
    ----------
    sources
        Files that are to be predicted on.

    Raises
    ------
    UsageError
        When none of them is DICOM.
    MissingExtraError
        When highdicom is not installed.
    """
    if not any(is_dicom(source) for source in sources):
        raise UsageError(
            f"`dicom` writes what refers to DICOM files, and {quoted(sources[0])} is none: leave "
            "it out, and take the masks"
        )
    if find_spec("highdicom") is None:
        raise MissingExtraError("DICOM output needs highdicom", "fluorosynth[dicom-seg]")


def is_dicom(path: Path) -> bool:
    """Tell whether a file begins as DICOM does.

    Parameters
    ----------
    path
        File that can be read.
    """
    with path.open("rb") as file:
        return file.read(132)[128:] == b"DICM"


def write_dicom(source: Path, masks: Sequence[Path], out: Path, network: str, weights: str) -> None:
    """Write the masks of a DICOM file as DICOM.

    Parameters
    ----------
    source
        File that they were predicted on.
    masks
        Mask of each of its frames, PNG of 0 and 255.
    out
        File to write without its suffix: ``NAME.dcm``, or of secondary captures of a sequence a
        folder ``NAME`` of ``00012.dcm``.
    network
        Kind of the network.
    weights
        Hash of its weights: what the standard calls the serial number of a device.

    Raises
    ------
    BadDataError
        When the source cannot be read, or is too large to be held in memory.
    """
    header = reference(source)
    found = _read(source, masks, header)
    out.parent.mkdir(parents=True, exist_ok=True)
    if all(uid in header for uid in UIDS):
        _save(segmentation(header, found, network, weights), Path(f"{out}.dcm"))
        return
    for number, capture in enumerate(captures(source, header, found, weights)):
        _save(capture, Path(f"{out}.dcm" if len(found) == 1 else f"{out}/{number:05d}.dcm"))


def reference(source: Path) -> Dataset:
    """Return what is said of a source: its UIDs and its size; all of the patient is empty.

    Parameters
    ----------
    source
        File of DICOM.
    """
    from pydicom import Dataset, dcmread

    with untrusted(source):
        given = dcmread(source, stop_before_pixels=True, specific_tags=list(ABOUT))
    kept = Dataset()
    for name in ABOUT:
        if given.get(name):
            setattr(kept, name, given[name].value)
    for name in EMPTY:
        setattr(kept, name, None)
    return kept


def segmentation(header: Dataset, masks: NDArray[np.uint8], network: str, weights: str) -> Dataset:
    """Return a Segmentation with a frame for each frame of its source, in order.

    Parameters
    ----------
    header
        Elements kept of the source, as ``reference`` returns them.
    masks
        Masks, ``(N, H, W)`` uint8 {0, 1}.
    network
        Kind of the network.
    weights
        Hash of its weights.
    """
    import highdicom as hd
    from highdicom.seg import Segmentation, SegmentDescription
    from pydicom.sr.codedict import codes
    from pydicom.sr.coding import Code

    algorithm = hd.AlgorithmIdentificationSequence(
        f"{MAKER} {network}", codes.DCM.ArtificialIntelligence, __version__
    )
    described = SegmentDescription(
        1, "catheters and guidewires", codes.SCT.PhysicalObject, Code(*DEVICE), "AUTOMATIC",
        algorithm,
    )  # fmt: skip
    series, instance = _uids(header, masks, weights)
    single = Segmentation(
        [_first(header)], masks[:1], "BINARY", [described], series, 1, instance, 1,
        manufacturer=MAKER, manufacturer_model_name="predict", software_versions=__version__,
        device_serial_number=weights[:16], omit_empty_frames=False, content_label="INSTRUMENTS",
    )  # fmt: skip
    for element in single.iterall():
        if element.keyword == "ReferencedSOPClassUID":
            element.value = header.SOPClassUID  # see _first
    single.PatientOrientation = None
    return single if len(masks) == 1 else _of_run(single, masks)


def _of_run(single: Dataset, masks: NDArray[np.uint8]) -> Dataset:
    """Return the Segmentation of one frame widened to a run.

    highdicom makes none of several frames that have no Frame of Reference. They are told apart by
    their place in time.
    """
    from pydicom import Dataset
    from pydicom.pixels.utils import pack_bits

    index = Dataset()
    index.DimensionOrganizationUID = single.DimensionIndexSequence[0].DimensionOrganizationUID
    index.DimensionIndexPointer = 0x00209128  # Temporal Position Index
    index.FunctionalGroupPointer = 0x00209111  # Frame Content Sequence
    index.DimensionDescriptionLabel = "Frame of the run"
    single.DimensionIndexSequence.append(index)
    (first,) = single.PerFrameFunctionalGroupsSequence
    frames = list[Dataset]()
    for number in range(1, len(masks) + 1):
        frame = copy.deepcopy(first)
        content = frame.FrameContentSequence[0]
        content.DimensionIndexValues = [1, number]
        content.TemporalPositionIndex = number
        frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedFrameNumber = number
        frames.append(frame)
    single.PerFrameFunctionalGroupsSequence = frames
    single.NumberOfFrames = len(masks)
    single.PixelData = pack_bits(masks)
    return single


def captures(
    source: Path, header: Dataset, masks: NDArray[np.uint8], weights: str
) -> Iterator[Dataset]:
    """Yield a secondary capture of each frame with its outline burned in.

    Parameters
    ----------
    source
        File of DICOM.
    header
        Elements kept of it.
    masks
        Masks, ``(N, H, W)`` uint8 {0, 1}.
    weights
        Hash of the network's weights.
    """
    from highdicom.sc import SCImage
    from pydicom.uid import generate_uid

    series, instance = _uids(header, masks, weights)
    study = header.get("StudyInstanceUID") or generate_uid(entropy_srcs=[instance, "study"])
    for frame, mask in zip(read_frames(source), masks, strict=True):
        capture = SCImage(
            overlay(frame.image, mask, scale=1), "RGB", 8, "PATIENT", study, series, 1,
            generate_uid(entropy_srcs=[instance, str(frame.index)]), frame.index + 1, MAKER,
            patient_orientation=("L", "F"),
        )  # fmt: skip
        for name in ("Laterality", "PatientOrientation"):
            setattr(capture, name, None)  # nobody knows them, and highdicom wants one
        yield capture


def _read(source: Path, masks: Sequence[Path], header: Dataset) -> NDArray[np.uint8]:
    shape = len(masks), int(header.Rows), int(header.Columns)
    if np.prod(shape, dtype=np.int64) > MOST:
        raise BadDataError(
            f"{quoted(source)} has {shape[0]} frames of {shape[2]} x {shape[1]}: more than the "
            f"{MOST >> 30} GiB that are held for a Segmentation"
        )
    found = np.zeros(shape, np.uint8)
    for number, path in enumerate(masks):
        coded = np.fromfile(path, np.uint8)
        found[number] = np.asarray(cv2.imdecode(coded, cv2.IMREAD_GRAYSCALE)) > 0
    return found


def _first(header: Dataset) -> Dataset:
    """Return the source as highdicom takes it: of a class of pictures, not of runs.

    Of classes of several frames it wants the functional groups that only enhanced ones have.
    """
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import ComputedRadiographyImageStorage, ExplicitVRLittleEndian

    picture = copy.deepcopy(header)
    picture.file_meta = FileMetaDataset()
    picture.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    picture.SamplesPerPixel = 1
    picture.SOPClassUID = ComputedRadiographyImageStorage
    return picture


def _uids(header: Dataset, masks: NDArray[np.uint8], weights: str) -> tuple[str, str]:
    """Return UIDs of the series and the instance: the same for the same prediction."""
    from pydicom.uid import generate_uid

    seen = hashlib.sha256(masks.tobytes()).hexdigest()
    source = str(header.get("SOPInstanceUID", ""))
    series = generate_uid(entropy_srcs=[str(header.get("SeriesInstanceUID", "")), weights, seen])
    return series, generate_uid(entropy_srcs=[source, weights, seen])


def _save(made: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as part:
        made.save_as(part, enforce_file_format=True)
