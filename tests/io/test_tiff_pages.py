"""TIFF: every page as it says itself, whatever wrote it."""

import struct

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageOps

from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import count_frames, read_frames
from fluorosynth.io.orientation import upright
from fluorosynth.io.pixels import to_uint8

ROWS, COLUMNS = np.mgrid[:48, :64]
GREY = (ROWS * 3 + COLUMNS).astype(np.uint8)
DEEP = GREY.astype(np.uint16) * 200
RGB = np.dstack([GREY, GREY[::-1], GREY[:, ::-1]])
ALPHA = np.where(COLUMNS < 32, 128, 255).astype(np.uint8)


def images(path):
    return [frame.image for frame in read_frames(path)]


@pytest.mark.parametrize("name", ["JPEG2000", "JPEGXL", "LERC", "WEBP", "PNG"])
@pytest.mark.parametrize("pixels", [GREY, DEEP])
def test_a_compression_that_cannot_be_decoded_is_named(tmp_path, name, pixels, capfd):
    path = tmp_path / "x.tif"
    tifffile.imwrite(path, pixels, photometric="minisblack", metadata=None)
    with tifffile.TiffFile(path, mode="r+") as file:
        file.pages[0].tags[259].overwrite(tifffile.COMPRESSION[name].value)
    with pytest.raises(BadDataError, match=rf"x\.tif.*({name}|broken)"):  # read with imagecodecs
        images(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "compression", ["tiff_lzw", "jpeg", "packbits", "tiff_adobe_deflate", None]
)
@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA", "LA", "1", "P"])
def test_as_pillow_reads_it(tmp_path, compression, mode):
    if compression == "jpeg" and mode not in ("L", "RGB"):
        pytest.skip("JPEG has no such pixels")
    picture = Image.fromarray(RGB).convert("RGBA")
    picture.putalpha(Image.fromarray(ALPHA))
    picture = picture.convert(mode)
    picture.save(tmp_path / "x.tif", compression=compression)
    with Image.open(tmp_path / "x.tif") as again:
        expected = np.asarray(again.convert("RGB").convert("L"), int)
    (found,) = images(tmp_path / "x.tif")
    assert np.abs(found - expected).max() <= 2


@pytest.mark.parametrize("kind", ["unassalpha", "assocalpha", "unspecified"])
def test_alpha_is_never_multiplied_in(tmp_path, kind):
    pixels = np.dstack([GREY, GREY, GREY, ALPHA])
    tifffile.imwrite(tmp_path / "x.tif", pixels, photometric="rgb", extrasamples=[kind])
    Image.fromarray(pixels).save(tmp_path / "lzw.tif", compression="tiff_lzw")
    Image.fromarray(pixels).save(tmp_path / "x.png")
    for name in ("x.tif", "lzw.tif", "x.png"):
        assert np.array_equal(images(tmp_path / name), [GREY])


def test_each_page_has_its_own_photometric_interpretation(tmp_path):
    with tifffile.TiffWriter(tmp_path / "x.tif") as file:
        for kind in ("minisblack", "miniswhite", "minisblack"):
            file.write(DEEP, photometric=kind, metadata=None)
    first, second, third = images(tmp_path / "x.tif")
    assert np.array_equal(first, third)
    assert np.array_equal(second, 255 - first)
    assert np.array_equal(first, to_uint8(DEEP))


@pytest.mark.parametrize("pixels", [GREY, DEEP, np.dstack([DEEP, DEEP[::-1], DEEP[:, ::-1]])])
def test_an_lzw_stack(tmp_path, pixels):
    pages = [pixels, pixels[::-1].copy(), pixels[:, ::-1].copy()] * 40
    assert cv2.imwritemulti(str(tmp_path / "x.tif"), pages)  # LZW with a predictor
    grey = [page if page.ndim == 2 else page[..., ::-1] @ [0.299, 0.587, 0.114] for page in pages]
    assert count_frames(tmp_path / "x.tif") == 120
    found = images(tmp_path / "x.tif")
    assert (
        np.abs(
            np.stack(found).astype(int)
            - [to_uint8(g if g.dtype == np.uint8 else np.rint(g)) for g in grey]
        ).max()
        <= 1
    )
    (one,) = (frame.image for frame in read_frames(tmp_path / "x.tif", [77]))
    assert np.array_equal(one, found[77])


@pytest.mark.parametrize("pixels", [GREY.astype(np.float16), DEEP.astype(np.float64), DEEP * 1])
@pytest.mark.parametrize("order", ["<", ">"])
def test_other_numbers_and_orders(tmp_path, pixels, order):
    tifffile.imwrite(tmp_path / "x.tif", pixels, byteorder=order, photometric="minisblack")
    assert np.array_equal(images(tmp_path / "x.tif"), [to_uint8(pixels)])


@pytest.mark.parametrize("planes", ["contig", "separate"])
def test_planes_and_tiles(tmp_path, planes):
    pixels = RGB if planes == "contig" else RGB.transpose(2, 0, 1)
    named = {"photometric": "rgb", "planarconfig": planes, "tile": (32, 32)}
    tifffile.imwrite(tmp_path / "x.tif", pixels, **named)
    assert np.abs(images(tmp_path / "x.tif")[0] - RGB @ [0.299, 0.587, 0.114]).max() <= 0.51


def test_thumbnails_and_smaller_copies_are_no_frames(tmp_path):
    with tifffile.TiffWriter(tmp_path / "x.tif") as file:
        for page in (GREY, GREY[::-1]):
            file.write(page, photometric="minisblack", metadata=None)
            file.write(page[::3, ::4], photometric="minisblack", subfiletype=1, metadata=None)
    assert count_frames(tmp_path / "x.tif") == 2
    assert np.array_equal(images(tmp_path / "x.tif"), [GREY, GREY[::-1]])


def test_imagej_stacks_of_one_page(tmp_path):
    """As ImageJ writes stacks of over 4 GB: one directory, the frames behind one another."""
    path = tmp_path / "x.tif"
    stack = np.stack([GREY + k for k in range(5)])
    tifffile.imwrite(path, stack, imagej=True)
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        last = page.offset + 2 + 12 * len(page.tags)
        order = file.byteorder
    content = bytearray(path.read_bytes())
    assert struct.unpack_from(order + "L", content, last)[0]  # where the next page is
    content[last : last + 4] = bytes(4)
    path.write_bytes(content)
    assert count_frames(path) == 5
    assert np.array_equal(images(path), stack)
    assert np.array_equal([f.image for f in read_frames(path, [3])], stack[3:4])


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_pictures_are_upright_as_viewers_show_them(tmp_path, orientation, suffix):
    exif = Image.Exif()
    exif[274] = orientation
    Image.fromarray(GREY).save(tmp_path / "truth.png", exif=exif)
    with Image.open(tmp_path / "truth.png") as image:
        shown = np.asarray(ImageOps.exif_transpose(image), int)
    named = {"tiffinfo": {274: orientation}} if suffix == ".tif" else {"exif": exif}
    Image.fromarray(GREY).save(tmp_path / f"x{suffix}", **named)
    (found,) = images(tmp_path / f"x{suffix}")
    assert found.shape == shown.shape
    assert np.abs(found - shown).max() <= 1
    assert np.array_equal(upright(GREY, orientation), shown)


def test_16_bit_pictures_are_upright(tmp_path):
    exif = Image.Exif()
    exif[274] = 6
    Image.fromarray(DEEP).save(tmp_path / "x.png", exif=exif)
    assert np.array_equal(images(tmp_path / "x.png"), [to_uint8(np.rot90(DEEP, -1))])


def test_what_is_named_png_but_is_not(tmp_path):
    cv2.imwrite(str(tmp_path / "x.bmp"), GREY)
    (tmp_path / "x.bmp").rename(tmp_path / "x.png")
    with pytest.raises(BadDataError, match=r"x\.png' is neither a PNG nor a JPEG"):
        images(tmp_path / "x.png")
