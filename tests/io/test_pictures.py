import struct
import tracemalloc
import zlib

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import count_frames, read_frames
from fluorosynth.io.labels import read_labels
from fluorosynth.io.pixels import to_uint8

ROWS, COLUMNS = np.mgrid[:64, :80]
GREY = (ROWS * 2 + COLUMNS).astype(np.uint8)
DEEP = (ROWS * 40 + COLUMNS * 10 + 300).astype(np.uint16)  # 12 bits of content
RGB = np.dstack([GREY, GREY[::-1], GREY[:, ::-1]])


def one(path):
    (frame,) = read_frames(path)
    assert frame.image.dtype == np.uint8
    assert frame.field is None
    return frame.image


def refused(path, *words):
    with pytest.raises(BadDataError) as caught:
        list(read_frames(path))
    sentence = str(caught.value)
    assert "\n" not in sentence
    for word in (path.name, *words):
        assert word in sentence


def luma(rgb):
    return np.rint(rgb @ [0.299, 0.587, 0.114])


@pytest.mark.parametrize("suffix", [".png", ".tif", ".tiff"])
def test_grey_8_bit_is_unchanged(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    Image.fromarray(GREY).save(path)
    assert np.array_equal(one(path), GREY)
    assert count_frames(path) == 1


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_grey_16_bit_is_stretched_over_its_percentiles(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    cv2.imwrite(str(path), DEEP)
    low, high = np.percentile(DEEP, (0.1, 99.9))
    expected = np.clip((DEEP - low) / (high - low), 0, 1) * 255
    assert np.abs(one(path) - expected).max() <= 0.5


def test_jpeg_comes_near(tmp_path):
    path = tmp_path / "x.jpeg"
    Image.fromarray(GREY).save(path, quality=95)
    assert np.abs(one(path) - GREY.astype(int)).max() <= 4


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_colour_8_bit(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    Image.fromarray(RGB).save(path)
    assert np.abs(one(path) - luma(RGB)).max() <= 1


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_colour_16_bit_keeps_its_depth(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    deep = np.dstack([DEEP, DEEP[::-1], DEEP[:, ::-1]])
    cv2.imwrite(str(path), deep[..., ::-1])
    assert np.abs(one(path) - to_uint8(luma(deep)).astype(int)).max() <= 1
    assert len(np.unique(one(path))) > 100  # the high byte alone has 15 values


def test_palette_alpha_and_bilevel_png(tmp_path):
    for mode in ("P", "LA", "RGBA", "1"):
        path = tmp_path / f"{mode}.png"
        picture = Image.fromarray(GREY).convert(mode)
        picture.save(path)
        assert np.array_equal(one(path), np.asarray(picture.convert("L")))


@pytest.mark.parametrize("compression", [None, "zlib"])
@pytest.mark.parametrize("pages", [GREY, DEEP, DEEP.astype(np.int16), DEEP / 4096])
def test_tiff_stack(tmp_path, pages, compression):
    path = tmp_path / "run.tif"
    stack = np.stack([pages, pages[::-1], pages[:, ::-1]])
    tifffile.imwrite(path, stack, photometric="minisblack", compression=compression)
    assert count_frames(path) == 3
    frames = list(read_frames(path))
    assert [frame.index for frame in frames] == [0, 1, 2]
    expected = [to_uint8(page) for page in stack]
    assert np.array_equal([frame.image for frame in frames], expected)
    assert np.array_equal([f.image for f in read_frames(path, [2])], expected[2:])


def test_lzw_tiff_needs_no_further_package(tmp_path):
    path = tmp_path / "x.tif"
    Image.fromarray(GREY).save(path, compression="tiff_lzw")
    assert np.array_equal(one(path), GREY)


@pytest.mark.parametrize("stored", [GREY, DEEP])
def test_white_is_zero_tiff_is_inverted(tmp_path, stored):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, stored, photometric="miniswhite")
    assert np.array_equal(one(path), 255 - to_uint8(stored))


def test_nan_in_tiff(tmp_path):
    values = DEEP / 4096
    values[3, :5] = np.nan
    tifffile.imwrite(tmp_path / "x.tif", values, photometric="minisblack")
    refused(tmp_path / "x.tif", "5 NaN")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("depth", [8, 16])
def test_truncated(tmp_path, suffix, depth, capfd):
    noise = np.random.default_rng(0).integers(0, 2**depth, (64, 80))
    whole = cv2.imencode(suffix, noise.astype(f"uint{depth if suffix != '.jpg' else 8}"))[1]
    for kept in (0.1, 0.5, 0.95):
        path = tmp_path / f"cut{suffix}"
        path.write_bytes(whole.tobytes()[: int(len(whole) * kept)])
        refused(path)
    assert capfd.readouterr() == ("", "")  # decoders write to stderr past Python


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".npy", ".avi", ".mp4", ".dcm"])
@pytest.mark.parametrize("content", [b"", b"garbage" * 100])
def test_garbage(tmp_path, suffix, content, capfd):
    path = tmp_path / f"bad{suffix}"
    path.write_bytes(content)
    refused(path)
    with pytest.raises(BadDataError, match="bad"):
        count_frames(path)
    assert capfd.readouterr() == ("", "")


def test_flipped_bits_are_found_by_the_png_checksum(tmp_path):
    data = bytearray(cv2.imencode(".png", GREY)[1].tobytes())
    data[len(data) // 2] ^= 0xFF
    (tmp_path / "bad.png").write_bytes(data)
    refused(tmp_path / "bad.png")


def png_header(width, height):
    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + pixels + chunk(b"IEND", b"")


@pytest.mark.parametrize(("width", "height"), [(30000, 30000), (8193, 8192), (2**31 - 1, 16)])
def test_bomb_png(tmp_path, width, height):
    path = tmp_path / "bomb.png"
    path.write_bytes(png_header(width, height))
    tracemalloc.start()
    refused(path, f"{width * height} pixels" if width * height > 2**28 else f"{width} x {height}")
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()


def test_bomb_tiff(tmp_path):
    path = tmp_path / "bomb.tif"
    tifffile.imwrite(path, GREY, photometric="minisblack", metadata=None)
    with tifffile.TiffFile(path, mode="r+") as file:
        for tag in ("ImageWidth", "ImageLength"):
            file.pages[0].tags[tag].overwrite(30000)
    refused(path, "30000 x 30000")


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_too_small(tmp_path, suffix):
    for shape in ((1, 1), (15, 100)):
        path = tmp_path / f"tiny{suffix}"
        Image.fromarray(np.zeros(shape, np.uint8)).save(path)
        refused(path, f"{shape[1]} x {shape[0]} pixels")


def test_frame_past_the_end(tmp_path):
    Image.fromarray(GREY).save(tmp_path / "x.png")
    Image.fromarray(GREY).save(tmp_path / "x.tif")
    np.save(tmp_path / "x.npy", GREY)
    for suffix in (".png", ".tif", ".npy"):
        with pytest.raises(BadDataError, match=r"no (frame|page) 1"):
            list(read_frames(tmp_path / f"x{suffix}", [1]))


def test_labels_are_not_scaled(tmp_path):
    labels = (GREY % 3).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "grey.png"), labels)
    cv2.imwrite(str(tmp_path / "deep.png"), labels.astype(np.uint16) * 300)
    palette = Image.fromarray(labels).convert("P")
    palette.putdata(labels.ravel().tolist())
    palette.save(tmp_path / "palette.png")
    Image.fromarray(labels > 0).save(tmp_path / "bilevel.png")
    cv2.imwrite(str(tmp_path / "red.png"), np.dstack([labels * 0, labels * 0, labels]))
    assert np.array_equal(read_labels(tmp_path / "grey.png").values, labels)
    assert np.array_equal(read_labels(tmp_path / "deep.png").values, labels.astype(int) * 300)
    assert np.array_equal(read_labels(tmp_path / "palette.png").values, labels)
    assert np.array_equal(read_labels(tmp_path / "bilevel.png").values, labels > 0)
    assert np.array_equal(read_labels(tmp_path / "red.png").values, labels)
    with pytest.raises(BadDataError, match="gone"):
        read_labels(tmp_path / "gone.png")


@pytest.mark.parametrize("dtype", [np.uint16, np.int16, np.float32, np.float64, np.uint32])
def test_to_uint8_is_monotone_and_uses_the_range(dtype):
    ramp = np.linspace(100, 3000, 4096).reshape(64, 64).astype(dtype)
    mapped = to_uint8(ramp)
    assert (np.diff(mapped.ravel().astype(int)) >= 0).all()
    assert (mapped.min(), mapped.max()) == (0, 255)
    assert len(np.unique(mapped)) == 256


def test_to_uint8_edge_cases():
    assert to_uint8(np.full((4, 4), 7, np.uint16)).tolist() == [[0] * 4] * 4
    assert to_uint8(np.array([[True, False]])).tolist() == [[255, 0]]
    assert to_uint8(np.array([[0, 50, 100]], np.uint8), (0, 50)).tolist() == [[0, 255, 255]]
