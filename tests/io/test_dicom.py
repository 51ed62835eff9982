import base64
import subprocess
import sys
import tracemalloc

import cv2
import numpy as np
import pytest
from dicom_files import dataset, encapsulated, save
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate_extended
from pydicom.uid import (
    JPEG2000,
    MPEG4HP41,
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    RLELossless,
)

from fluorosynth.errors import BadDataError, MissingExtraError
from fluorosynth.io.frames import count_frames, read_frames
from fluorosynth.io.sources import find_sources

ROWS, COLUMNS = np.mgrid[:32, :48]
RUN = np.stack([(ROWS * 5 + COLUMNS * 2 + 3 * k) % 256 for k in range(4)]).astype(np.uint8)
RUN12 = np.stack([ROWS * 100 + COLUMNS * 10 + k for k in range(3)]).astype(np.uint16)
# (row * 128 + column * 80) for 16 x 20 pixels as 12-bit lossless JPEG (process 14, predictor 1),
# made once with imagecodecs.jpeg8_encode(lossless=True, predictor=1, bitspersample=12).
LOSSLESS = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/wwALDAAQABQBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABwgM/9oACAEBAAEAAM/+"
    + "oKCgoKCgoKCgoKCgoKCgoKCgoUA" * 15
    + "oKCgoKCgoKCgoKCgoKCgoKCgof/2Q=="
)


def images(path):
    return np.stack([frame.image for frame in read_frames(path)])


def scaled(values, low, high):
    return np.rint(np.clip((values - low) / (high - low), 0, 1) * 255).astype(np.uint8)


def test_uncompressed_run_reads_frame_by_frame(tmp_path):
    path = save(dataset(RUN), tmp_path / "run.dcm")
    assert count_frames(path) == 4
    frames = list(read_frames(path))
    assert [frame.index for frame in frames] == [0, 1, 2, 3]
    assert {frame.source for frame in frames} == {path}
    assert all(frame.field is None for frame in frames)
    assert np.array_equal([frame.image for frame in frames], RUN)


def test_single_frame_without_number_of_frames(tmp_path):
    ds = dataset(RUN[:1])
    del ds.NumberOfFrames
    path = save(ds, tmp_path / "one.dcm")
    assert count_frames(path) == 1
    assert np.array_equal(images(path), RUN[:1])


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_lossless_compressions_give_the_exact_values(tmp_path, syntax):
    ds = dataset(RUN)
    ds.compress(syntax)
    path = save(ds, tmp_path / "run.dcm")
    assert np.array_equal(images(path), RUN)
    assert np.array_equal([f.image for f in read_frames(path, [1, 3])], RUN[[1, 3]])


@pytest.mark.parametrize("syntax", [RLELossless, JPEG2000Lossless])
def test_lossless_compressions_of_12_bits(tmp_path, syntax):
    ds = dataset(RUN12, bits=12)
    ds.compress(syntax)
    assert np.array_equal(images(save(ds, tmp_path / "run.dcm")), scaled(RUN12, 0, 4095))


@pytest.mark.parametrize("syntax", [JPEGLossless, JPEGLosslessSV1])
def test_jpeg_lossless(tmp_path, syntax):
    rows, columns = np.mgrid[:16, :20]
    truth = (rows * 128 + columns * 80).astype(np.uint16)[None]
    ds = encapsulated(truth, [LOSSLESS], syntax, bits=12)
    assert np.array_equal(images(save(ds, tmp_path / "x.dcm")), scaled(truth, 0, 4095))


@pytest.mark.parametrize(("syntax", "suffix"), [(JPEGBaseline8Bit, ".jpg"), (JPEG2000, ".jp2")])
def test_lossy_compressions_come_near(tmp_path, syntax, suffix):
    smooth = np.stack([cv2.GaussianBlur(frame, (0, 0), 3) for frame in RUN])
    streams = [cv2.imencode(suffix, frame)[1].tobytes() for frame in smooth]
    path = save(encapsulated(smooth, streams, syntax), tmp_path / "run.dcm")
    assert np.abs(images(path).astype(int) - smooth).max() <= 4


def test_colour_becomes_grey(tmp_path):
    red, green, blue = RUN[:3]
    ds = dataset(np.stack([red, green, blue], axis=-1)[None])
    luma = 0.299 * red + 0.587 * green + 0.114 * blue
    assert np.array_equal(images(save(ds, tmp_path / "x.dcm"))[0], np.rint(luma))


def test_palette_colour_becomes_grey(tmp_path):
    ds = dataset(RUN[:1], PhotometricInterpretation="PALETTE COLOR")
    tables = [np.arange(256) * 256, np.arange(256)[::-1] * 256, np.full(256, 1000)]
    for colour, table in zip(("Red", "Green", "Blue"), tables, strict=True):
        ds.add_new(f"{colour}PaletteColorLookupTableDescriptor", "US", [256, 0, 16])
        ds.add_new(f"{colour}PaletteColorLookupTableData", "OW", table.astype("<u2").tobytes())
    luma = np.tensordot([0.299, 0.587, 0.114], [table[RUN[0]] for table in tables], 1)
    shown = images(save(ds, tmp_path / "x.dcm"))[0]
    assert np.abs(shown - luma / 65535 * 255).max() <= 0.51


def test_extended_offset_table(tmp_path):
    streams = [cv2.imencode(".jp2", frame)[1].tobytes() for frame in RUN]
    ds = encapsulated(RUN, streams, JPEG2000)
    expected = images(save(ds, tmp_path / "plain.dcm"))
    ds.PixelData, ds.ExtendedOffsetTable, ds.ExtendedOffsetTableLengths = encapsulate_extended(
        streams
    )
    path = save(ds, tmp_path / "x.dcm")
    assert np.array_equal(images(path), expected)
    assert np.array_equal([frame.image for frame in read_frames(path, [2])], expected[[2]])


def test_monochrome1_is_inverted(tmp_path):
    ds = dataset(RUN, PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(images(save(ds, tmp_path / "x.dcm")), 255 - RUN)


def test_bits_stored_are_the_range_without_a_window(tmp_path):
    ds = dataset(RUN12, bits=13)
    assert np.array_equal(images(save(ds, tmp_path / "x.dcm")), scaled(RUN12, 0, 8191))


def test_signed_values(tmp_path):
    signed = (RUN12.astype(np.int16) - 2048)[:1]
    ds = dataset(signed, bits=12)
    assert np.array_equal(images(save(ds, tmp_path / "x.dcm")), scaled(signed, -2048, 2047))


def test_window_after_rescale(tmp_path):
    elements = {"RescaleSlope": 2, "RescaleIntercept": -1000, "VOILUTFunction": "LINEAR_EXACT"}
    elements["SOPClassUID"] = ComputedRadiographyImageStorage
    ds = dataset(RUN12, bits=12, WindowCenter=500, WindowWidth=2000, **elements)
    shown = images(save(ds, tmp_path / "x.dcm"))
    assert np.abs(shown - scaled(RUN12 * 2.0 - 1000, -500, 1500).astype(int)).max() <= 1
    assert shown.min() == 0
    assert shown.max() == 255


def test_negative_slope_inverts(tmp_path):
    window = {"WindowCenter": 2048, "WindowWidth": 4096, "VOILUTFunction": "LINEAR_EXACT"}
    window["SOPClassUID"] = ComputedRadiographyImageStorage
    ds = dataset(RUN12, bits=12, RescaleSlope=-1, RescaleIntercept=4095, **window)
    expected = scaled(4095.0 - RUN12, 0, 4096).astype(int)
    assert np.abs(images(save(ds, tmp_path / "x.dcm")) - expected).max() <= 1


def test_first_of_several_windows_is_used(tmp_path):
    ds = dataset(RUN12, bits=12, WindowCenter=[1000, 50], WindowWidth=[1000, 10])
    expected = scaled(RUN12.astype(float), 500, 1500).astype(int)
    assert np.abs(images(save(ds, tmp_path / "x.dcm")) - expected).max() <= 1


@pytest.mark.parametrize("width", [0, None])
def test_an_unusable_window_is_passed_over(tmp_path, width):
    ds = dataset(RUN12, bits=12, WindowCenter=100, WindowWidth=width)
    assert np.array_equal(images(save(ds, tmp_path / "x.dcm")), scaled(RUN12, 0, 4095))


def lut(entries, bits):
    item = Dataset()
    item.LUTDescriptor = [len(entries), 0, bits]
    item["LUTDescriptor"].VR = "US"
    item.add_new("LUTData", "US", [int(entry) for entry in entries])
    return [item]


@pytest.mark.parametrize("bits", [8, 12])
def test_voi_lut_of_more_entries_than_its_depth(tmp_path, bits):
    # pydicom alone wraps the index of such a table round; see dicom_display.
    table = (np.linspace(0, 1, 4096) ** 2 * (2**bits - 1)).astype(int)
    ds = dataset(RUN12, bits=12, VOILUTSequence=lut(table, bits))
    expected = scaled(table[RUN12], 0, 2**bits - 1)
    assert np.array_equal(images(save(ds, tmp_path / "x.dcm")), expected)


def test_a_warning_of_pydicom_is_neither_shown_nor_an_error(tmp_path, recwarn):
    table = np.arange(4096)[::-1]  # pydicom warns of tables after a rescaling, which yields floats
    rescale = {"RescaleSlope": 1, "RescaleIntercept": 0}
    ds = dataset(RUN12, bits=12, VOILUTSequence=lut(table, 12), **rescale)
    assert np.array_equal(images(save(ds, tmp_path / "x.dcm")), scaled(table[RUN12], 0, 4095))
    assert not recwarn.list


def test_modality_lut_before_the_window(tmp_path):
    table = np.arange(4096)[::-1]
    elements = {"ModalityLUTSequence": lut(table, 16), "VOILUTFunction": "LINEAR_EXACT"}
    elements["SOPClassUID"] = ComputedRadiographyImageStorage
    ds = dataset(RUN12, bits=12, WindowCenter=2048, WindowWidth=4096, **elements)
    shown = images(save(ds, tmp_path / "x.dcm"))
    assert np.abs(shown - scaled(table[RUN12].astype(float), 0, 4096).astype(int)).max() <= 1


def test_window_of_each_frame_in_an_enhanced_object(tmp_path):
    ds = dataset(RUN12[[0, 0]], bits=12)
    groups = []
    for centre in (500, 2000):
        voi, group = Dataset(), Dataset()
        voi.WindowCenter, voi.WindowWidth, voi.VOILUTFunction = centre, 1000, "LINEAR_EXACT"
        group.FrameVOILUTSequence = [voi]
        groups.append(group)
    ds.PerFrameFunctionalGroupsSequence = groups
    shown = images(save(ds, tmp_path / "x.dcm"))
    expected = np.stack([scaled(RUN12[0] * 1.0, 0, 1000), scaled(RUN12[0] * 1.0, 1500, 2500)])
    assert np.abs(shown - expected.astype(int)).max() <= 1


def field(tmp_path, **elements):
    path = save(dataset(RUN[:1], **elements), tmp_path / "x.dcm")
    return next(read_frames(path)).field


def rectangle(module, left, right, upper, lower):
    return {
        f"{module}Shape": "RECTANGULAR",
        f"{module}LeftVerticalEdge": left,
        f"{module}RightVerticalEdge": right,
        f"{module}UpperHorizontalEdge": upper,
        f"{module}LowerHorizontalEdge": lower,
    }


def test_rectangular_shutter_counts_from_one(tmp_path):
    inside = np.zeros((32, 48), bool)
    inside[3:30, 10:40] = True
    assert np.array_equal(field(tmp_path, **rectangle("Shutter", 11, 40, 4, 30)), inside)


def test_collimator_reaching_out_of_the_image(tmp_path):
    inside = np.zeros((32, 48), bool)
    inside[:, :40] = True
    assert np.array_equal(field(tmp_path, **rectangle("Collimator", -20, 40, 0, 99)), inside)


def test_shutter_and_collimator_intersect(tmp_path):
    blades = rectangle("Shutter", 1, 30, 1, 32) | rectangle("Collimator", 21, 48, 1, 32)
    inside = np.zeros((32, 48), bool)
    inside[:, 20:30] = True
    assert np.array_equal(field(tmp_path, **blades), inside)


def test_circular_shutter(tmp_path):
    shutter = {"CenterOfCircularShutter": [16, 20], "RadiusOfCircularShutter": 10}
    inside = field(tmp_path, ShutterShape="CIRCULAR", **shutter)
    assert inside.sum() == pytest.approx(np.pi * 100, rel=0.02)
    rows, columns = np.nonzero(inside)
    assert (rows.mean(), columns.mean()) == (15, 19)


def test_polygonal_shutter(tmp_path):
    corners = [5, 11, 5, 31, 25, 31, 25, 11]  # row, column pairs
    inside = np.zeros((32, 48), bool)
    inside[4:25, 10:31] = True
    shutter = {"ShutterShape": "POLYGONAL", "VerticesOfThePolygonalShutter": corners}
    assert np.array_equal(field(tmp_path, **shutter), inside)


@pytest.mark.parametrize(
    "elements",
    [
        {"ShutterShape": "RECTANGULAR"},
        {"ShutterShape": ""},
        rectangle("Shutter", 40, 10, 1, 32),
        {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [16, 20]},
    ],
)
def test_a_shutter_that_makes_no_sense_is_unstated(tmp_path, elements):
    assert field(tmp_path, **elements) is None


def refused(path, *words, error=BadDataError):
    with pytest.raises(error) as caught:
        list(read_frames(path))
    sentence = str(caught.value)
    assert "\n" not in sentence
    for word in (path.name, *words):
        assert word in sentence


@pytest.mark.parametrize("kept", [0.3, 0.7, 0.97])
@pytest.mark.parametrize("syntax", [None, RLELossless, JPEG2000Lossless])
def test_truncated_file(tmp_path, syntax, kept):
    ds = dataset(np.random.default_rng(0).integers(0, 256, (4, 64, 64)).astype(np.uint8))
    if syntax:
        ds.compress(syntax)
    path = save(ds, tmp_path / "cut.dcm")
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * kept)])
    refused(path)


def test_truncated_jpeg_run(tmp_path):
    streams = [cv2.imencode(".jpg", frame)[1].tobytes() for frame in RUN]
    path = save(encapsulated(RUN, streams, JPEGBaseline8Bit), tmp_path / "cut.dcm")
    path.write_bytes(path.read_bytes()[:-300])
    refused(path)


def test_fewer_frames_than_the_header_claims(tmp_path):
    stream = cv2.imencode(".jpg", RUN[0])[1].tobytes()
    refused(save(encapsulated(RUN, [stream], JPEGBaseline8Bit), tmp_path / "few.dcm"))


def test_no_pixel_data(tmp_path):
    ds = dataset(RUN)
    del ds.PixelData
    refused(save(ds, tmp_path / "none.dcm"), "without pixel data")


def test_text_named_dcm(tmp_path):
    path = tmp_path / "note.dcm"
    path.write_text("not an image")
    refused(path)


def test_huge_header_is_refused_before_decoding(tmp_path):
    path = save(dataset(RUN, Rows=30000, Columns=30000), tmp_path / "bomb.dcm")
    tracemalloc.start()
    refused(path, "30000 x 30000")
    assert tracemalloc.get_traced_memory()[1] < 2**24
    tracemalloc.stop()


def test_absurd_number_of_frames(tmp_path):
    refused(save(dataset(RUN, NumberOfFrames=10**9), tmp_path / "bomb.dcm"), "1000000000 frames")


def test_codestream_of_another_size_than_the_header(tmp_path):
    big = cv2.imencode(".jpg", np.zeros((4000, 4000), np.uint8))[1].tobytes()
    ds = encapsulated(RUN[:1], [big], JPEGBaseline8Bit)
    refused(save(ds, tmp_path / "bomb.dcm"), "4000 x 4000", "48 x 32")


def test_deflated_is_refused_unread(tmp_path):
    ds = dataset(np.zeros((1, 4096, 4096), np.uint8))
    ds.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    path = save(ds, tmp_path / "x.dcm")
    assert path.stat().st_size < 10**5
    tracemalloc.start()
    refused(path, "deflated")
    assert tracemalloc.get_traced_memory()[1] < 2**20
    tracemalloc.stop()


def test_video_transfer_syntax_is_named(tmp_path):
    ds = encapsulated(RUN, [b"\0" * 64], MPEG4HP41)
    refused(save(ds, tmp_path / "x.dcm"), MPEG4HP41.name)


def test_frames_are_decoded_one_at_a_time(tmp_path):
    run = np.zeros((160, 512, 512), np.uint8)  # 40 MB
    path = save(dataset(run), tmp_path / "run.dcm")
    tracemalloc.start()
    for frame in read_frames(path):
        assert frame.image.shape == (512, 512)
    assert tracemalloc.get_traced_memory()[1] < 12 * 2**20
    tracemalloc.stop()


def test_found_without_suffix_and_dicomdir_passed_over(tmp_path):
    found = save(dataset(RUN), tmp_path / "1.2.840.4711")
    save(dataset(RUN), tmp_path / "DICOMDIR")
    (tmp_path / "notes").write_text("nothing")
    assert find_sources(tmp_path) == [found]
    assert np.array_equal(images(found), RUN)


def test_nothing_about_the_patient_is_kept(tmp_path):
    path = save(dataset(RUN), tmp_path / "x.dcm")
    assert dcmread(path).PatientName == "Somebody^Secret"
    assert "Secret" not in repr(vars(next(read_frames(path))))


def without(modules, path):
    """Read ``path`` in an interpreter where ``modules`` cannot be imported."""
    code = f"import sys; sys.modules.update(dict.fromkeys({modules!r}))\n" + (
        "from fluorosynth.errors import MissingExtraError\n"
        "from fluorosynth.io.frames import read_frames\n"
        "try: next(read_frames(sys.argv[1]))\n"
        "except MissingExtraError as error: print(error)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout


def test_missing_pydicom(tmp_path):
    said = without(["pydicom"], save(dataset(RUN), tmp_path / "x.dcm"))
    assert "x.dcm" in said
    assert "pip install 'fluorosynth[dicom]'" in said


def test_missing_decoder_names_the_transfer_syntax(tmp_path):
    truth = np.zeros((1, 16, 20), np.uint16)
    path = save(encapsulated(truth, [LOSSLESS], JPEGLosslessSV1, bits=12), tmp_path / "x.dcm")
    said = without(["pylibjpeg", "gdcm"], path)
    assert JPEGLosslessSV1.name in said
    assert "pip install 'fluorosynth[dicom]'" in said
    assert MissingExtraError.exit_code == 3
