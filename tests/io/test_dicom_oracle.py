"""DICOM as DCMTK shows it: a second implementation, by other people."""

import re
import shutil
import subprocess

import cv2
import numpy as np
import pytest
from dicom_files import dataset, encapsulated, save
from pydicom.dataset import Dataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    ExplicitVRBigEndian,
    JPEGBaseline8Bit,
    RLELossless,
    SecondaryCaptureImageStorage,
    XRayAngiographicImageStorage,
    XRayRadiofluoroscopicImageStorage,
)

from fluorosynth.errors import BadDataError, DataWarning
from fluorosynth.io.dicom_class import is_projection
from fluorosynth.io.frames import count_frames, read_frames
from fluorosynth.io.sources import find_sources

VIEWER = shutil.which("dcmj2pnm") or shutil.which("dcm2img")
ROWS, COLUMNS = np.mgrid[:32, :48]
GREY = (ROWS * 100 + COLUMNS * 20).astype(np.uint16)[None]  # 0 .. 4040
GREY8 = (ROWS * 5 + COLUMNS * 2).astype(np.uint8)[None]
WINDOW = {"WindowCenter": 2048, "WindowWidth": 4096}
BIPLANE = "1.2.840.10008.5.1.4.1.1.12.3"
ENHANCED_XA = "1.2.840.10008.5.1.4.1.1.12.1.1"
EXPONENTIAL = (65535 * np.expm1(np.arange(4096) / 4095 * 5) / np.expm1(5)).astype(int)
SQUARE = (np.linspace(0, 1, 4096) ** 2 * 4095).astype(int)


def ours(path):
    (frame,) = read_frames(path)
    return frame.image.astype(int)


def theirs(path, *options):
    """Return what DCMTK shows, (H, W) grey."""
    if VIEWER is None:
        pytest.skip("DCMTK is not installed (Debian: dcmtk), so there is nothing to compare with")
    out = path.with_suffix(".pnm")
    line = [VIEWER, "+op", *options, str(path), str(out)]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    content = out.read_bytes()
    head = re.match(rb"P([56])\s+(?:#.*\n)*(\d+)\s+(\d+)\s+\d+\s", content)
    width, height = int(head[2]), int(head[3])
    pixels = np.frombuffer(content[head.end() :], np.uint8)
    if head[1] == b"6":
        return pixels.reshape(height, width, 3) @ np.array([0.299, 0.587, 0.114])
    return pixels.reshape(height, width).astype(float)


def big_endian(ds):
    """Turn the pixels; tables must be in big-endian order already."""
    ds.file_meta.TransferSyntaxUID = ExplicitVRBigEndian
    if ds.BitsAllocated > 8:
        ds.PixelData = np.frombuffer(ds.PixelData, "<u2").byteswap().tobytes()
    return ds


def lut(entries, bits, first=0, order=""):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [len(entries), first % 65536, bits])
    if order:
        item.add_new("LUTData", "OW", np.asarray(entries).astype(f"{order}u2").tobytes())
    else:
        item.add_new("LUTData", "US", [int(entry) for entry in entries])
    return [item]


def palette(ds, order="<", bits=16):
    ds.PhotometricInterpretation = "PALETTE COLOR"
    tables = [np.arange(256) * 256, np.arange(256)[::-1] * 256, np.full(256, 1000)]
    for colour, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        ds.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [256, 0, bits])
        data = table.astype(f"{order}u2").tobytes()
        if bits == 8:  # two entries a word
            data = (table >> 8).astype(np.uint8).view("<u2").astype(f"{order}u2").tobytes()
        ds.add_new(f"{colour}PaletteColorLookupTableData", "OW", data)
    return ds


SIGNED = (GREY.astype(np.int16) - 2048).astype(np.int16)
OVERLAY = np.where(ROWS > 15, 1 << 12, 0).astype(np.uint16)
LOG = {"PixelIntensityRelationship": "LOG"}
CASES = {
    "window": (lambda: dataset(GREY, 12, **WINDOW), ["+Wi", "1"]),
    "modality LUT of XA": (
        lambda: dataset(GREY, 12, ModalityLUTSequence=lut(EXPONENTIAL, 16), **LOG),
        [],
    ),
    "modality LUT and window of XA": (
        lambda: dataset(GREY, 12, ModalityLUTSequence=lut(EXPONENTIAL, 16), **LOG, **WINDOW),
        ["+Wi", "1"],
    ),
    "rescale and window of RF": (
        lambda: dataset(
            GREY,
            12,
            SOPClassUID=XRayRadiofluoroscopicImageStorage,
            RescaleSlope=16,
            RescaleIntercept=0,
            RescaleType="US",
            **WINDOW,
        ),
        ["+Wi", "1"],
    ),
    "modality LUT of biplane": (
        lambda: dataset(
            GREY, 12, SOPClassUID=BIPLANE, ModalityLUTSequence=lut(EXPONENTIAL, 16), **WINDOW
        ),
        ["+Wi", "1"],
    ),
    "modality LUT of CR": (
        lambda: dataset(
            GREY,
            12,
            SOPClassUID=ComputedRadiographyImageStorage,
            ModalityLUTSequence=lut(EXPONENTIAL, 16),
            **WINDOW,
        ),
        ["+Wi", "1"],
    ),
    "rescale of CR": (
        lambda: dataset(
            GREY,
            12,
            SOPClassUID=ComputedRadiographyImageStorage,
            RescaleSlope=16,
            RescaleIntercept=-9,
            **WINDOW,
        ),
        ["+Wi", "1"],
    ),
    "left-aligned": (lambda: dataset(GREY << 4, 12, HighBit=15), []),
    "in the middle": (lambda: dataset(GREY << 2, 12, HighBit=13, **WINDOW), ["+Wi", "1"]),
    "left-aligned, signed": (lambda: dataset(SIGNED << 4, 12, HighBit=15), []),
    "overlay above": (lambda: dataset(GREY | OVERLAY, 12), []),
    "overlay at the top": (lambda: dataset(GREY | OVERLAY << 3, 12), []),
    "overlay below": (lambda: dataset(GREY << 4 | OVERLAY >> 12, 12, HighBit=15), []),
    "overlay above, signed": (
        lambda: dataset((SIGNED.view(np.uint16) & 4095 | OVERLAY).view(np.int16), 12),
        [],
    ),
    "32 bits": (lambda: dataset(GREY.astype(np.uint32) << 20), []),
    "32 bits, signed": (
        lambda: dataset(((GREY.astype(np.int64) << 20) - 2**31).astype(np.int32)),
        [],
    ),
    "24 of 32 bits": (lambda: dataset(GREY.astype(np.uint32) << 12, 24), []),
    "big-endian": (lambda: big_endian(dataset(GREY, 12, **WINDOW)), ["+Wi", "1"]),
    "palette": (lambda: palette(dataset(GREY8, SOPClassUID=SecondaryCaptureImageStorage)), []),
    "palette, big-endian": (lambda: palette(big_endian(dataset(GREY8)), ">"), []),
    "palette of 8 bits": (lambda: palette(dataset(GREY8), bits=8), []),
    "palette of 8 bits, big-endian": (lambda: palette(big_endian(dataset(GREY8)), ">", 8), []),
    "VOI LUT": (lambda: dataset(GREY, 12, VOILUTSequence=lut(SQUARE, 12)), ["+Wl", "1"]),
    "VOI LUT in words": (
        lambda: dataset(GREY, 12, VOILUTSequence=lut(SQUARE, 12, order="<")),
        ["+Wl", "1"],
    ),
    "VOI LUT in words, big-endian": (
        lambda: big_endian(dataset(GREY, 12, VOILUTSequence=lut(SQUARE, 12, order=">"))),
        ["+Wl", "1"],
    ),
    "VOI LUT of signed values": (
        lambda: dataset(SIGNED, 12, VOILUTSequence=lut(SQUARE, 12, first=-2048)),
        ["+Wl", "1"],
    ),
    "VOI LUT of a part": (
        lambda: dataset(GREY, 12, VOILUTSequence=lut(SQUARE[:2000], 12, first=500)),
        ["+Wl", "1"],
    ),
    "MONOCHROME1": (
        lambda: dataset(GREY, 12, PhotometricInterpretation="MONOCHROME1", **WINDOW),
        ["+Wi", "1"],
    ),
    "presentation LUT shape": (
        lambda: dataset(GREY, 12, PresentationLUTShape="INVERSE", **WINDOW),
        ["+Wi", "1"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_as_dcmtk_shows_it(tmp_path, case):
    make, options = CASES[case]
    path = save(make(), tmp_path / "x.dcm")
    assert np.abs(ours(path) - theirs(path, *options)).max() <= 1


def test_run_length_encoded_overlays_are_no_pixels(tmp_path):
    ds = dataset(GREY | OVERLAY, 12)
    ds.compress(RLELossless)
    assert np.abs(ours(save(ds, tmp_path / "x.dcm")) - GREY[0] / 4095 * 255).max() <= 1


def test_enhanced_xa_is_shown_without_its_pixel_value_transformation(tmp_path):
    ds = dataset(GREY, 12, SOPClassUID=ENHANCED_XA)
    shared, scaled, voi = Dataset(), Dataset(), Dataset()
    scaled.RescaleSlope, scaled.RescaleIntercept, scaled.RescaleType = 16, 0, "US"
    voi.WindowCenter, voi.WindowWidth = 2048, 4096
    shared.PixelValueTransformationSequence = [scaled]
    shared.FrameVOILUTSequence = [voi]
    ds.SharedFunctionalGroupsSequence = [shared]
    assert np.abs(ours(save(ds, tmp_path / "x.dcm")) - GREY[0] / 4095 * 255).max() <= 1


def test_classes_of_projections():
    assert is_projection(XRayAngiographicImageStorage)
    assert not is_projection(ComputedRadiographyImageStorage)


@pytest.mark.parametrize("photometric", ["YBR_FULL", "RGB"])
def test_one_sample_is_grey_whatever_the_header_calls_it(tmp_path, photometric):
    ds = dataset(GREY8, PhotometricInterpretation=photometric)
    assert np.array_equal(ours(save(ds, tmp_path / "x.dcm")), GREY8[0])


def test_subsampled_colour_of_one_sample(tmp_path):
    stream = cv2.imencode(".jpg", GREY8[0])[1].tobytes()
    named = {"PhotometricInterpretation": "YBR_FULL_422"}
    path = save(encapsulated(GREY8, [stream], JPEGBaseline8Bit, **named), tmp_path / "jpeg.dcm")
    assert np.abs(ours(path) - theirs(path)).max() <= 1


def test_subsampled_colour_of_one_sample_that_is_not_compressed(tmp_path):
    ds = dataset(GREY8, PhotometricInterpretation="YBR_FULL_422")
    refused(save(ds, tmp_path / "plain.dcm"), "one sample")


def test_an_empty_table_is_none(tmp_path):
    item = Dataset()
    item.add_new("LUTDescriptor", "US", None)
    item.add_new("LUTData", "US", None)
    plain = ours(save(dataset(GREY, 12, **WINDOW), tmp_path / "plain.dcm"))
    for name in ("VOILUTSequence", "ModalityLUTSequence"):
        ds = dataset(GREY, 12, SOPClassUID=ComputedRadiographyImageStorage, **WINDOW)
        setattr(ds, name, [item])
        assert np.array_equal(ours(save(ds, tmp_path / "x.dcm")), plain)


def test_a_segmented_palette(tmp_path):
    ds = palette(dataset(GREY8))
    expected = ours(save(ds, tmp_path / "plain.dcm"))
    ramps = {"Red": (0, 65280), "Green": (65280, 0), "Blue": (1000, 1000)}
    for colour, (low, high) in ramps.items():
        del ds[f"{colour}PaletteColorLookupTableData"]
        segments = np.array([0, 1, low, 1, 255, high], "<u2")  # one entry, then a line of 255
        ds.add_new(f"Segmented{colour}PaletteColorLookupTableData", "OW", segments.tobytes())
    assert np.abs(ours(save(ds, tmp_path / "x.dcm")) - expected).max() <= 1


@pytest.mark.parametrize("values", [GREY, SIGNED])
def test_twelve_bits_stored_as_sixteen_are_warned_of(tmp_path, values):
    path = save(dataset(values, 16), tmp_path / "dark.dcm")
    with pytest.warns(DataWarning, match=r"dark\.dcm.*no window.*4040 of 65536"):
        list(read_frames(path))


def test_no_warning_with_a_window_or_all_bits(tmp_path, recwarn):
    ours(save(dataset(GREY, 16, **WINDOW), tmp_path / "a.dcm"))
    ours(save(dataset(GREY, 12), tmp_path / "b.dcm"))
    ours(save(dataset(np.full_like(GREY, 9), 16), tmp_path / "flat.dcm"))
    assert not recwarn.list


def refused(path, *words):
    with pytest.raises(BadDataError) as caught:
        list(read_frames(path))
    for word in (path.name, *words):
        assert word in str(caught.value)
    assert "force=True" not in str(caught.value)


def test_without_preamble(tmp_path):
    path = save(dataset(GREY, 12), tmp_path / "bare.dcm")
    path.write_bytes(path.read_bytes()[132:])
    refused(path, "dcmconv")


def test_cut_in_the_last_frame(tmp_path):
    path = save(dataset(np.concatenate([GREY] * 4), 12), tmp_path / "cut.dcm")
    path.write_bytes(path.read_bytes()[:-1000])
    refused(path, "truncated: frame 3 of 4 is cut short")


def test_more_frames_than_the_header_says(tmp_path):
    path = save(dataset(np.concatenate([GREY] * 4), 12, NumberOfFrames=3), tmp_path / "more.dcm")
    with pytest.warns(DataWarning, match=r"more\.dcm.*holds 4 frames.*says 3"):
        assert len(list(read_frames(path))) == 3


def test_floating_point_pixels(tmp_path):
    ds = dataset(GREY, 12)
    del ds.PixelData
    ds.BitsAllocated = 32
    for keyword in ("BitsStored", "HighBit", "PixelRepresentation"):
        delattr(ds, keyword)
    ds.FloatPixelData = GREY.astype("<f4").tobytes()
    refused(save(ds, tmp_path / "float.dcm"), "floating-point")


def test_colour_that_is_not_right_aligned(tmp_path):
    ds = dataset(np.stack([GREY] * 3, -1).astype(np.uint16) << 4, 12, HighBit=15)
    refused(save(ds, tmp_path / "colour.dcm"), "high bit 15")


@pytest.mark.parametrize(
    ("sop_class", "word"),
    [
        ("1.2.840.10008.5.1.4.1.1.88.67", "structured report"),
        ("1.2.840.10008.5.1.4.1.1.11.1", "presentation state"),
        ("1.2.840.10008.5.1.4.1.1.66.4", "segmentation"),
    ],
)
def test_what_is_no_image_is_named_and_passed_over(tmp_path, sop_class, word):
    wanted = [save(dataset(GREY, 12), tmp_path / f"IM{k}") for k in (1, 3)]
    ds = dataset(GREY, 12, SOPClassUID=sop_class)
    ds.file_meta.MediaStorageSOPClassUID = sop_class
    del ds.PixelData
    save(ds, tmp_path / "IM2")
    with pytest.warns(DataWarning, match=rf"IM2.*{word}"):
        assert find_sources(tmp_path) == wanted
    assert count_frames(wanted[0]) == 1
