"""What the values of masks mean: as a person who drew them would say."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.mask_file import MaskFile
from fluorosynth.io.mask_meaning import meaning_of, readable
from fluorosynth.io.mask_values import MaskValues
from fluorosynth.io.soft_masks import is_soft


def drawing(size=96, width=5, antialiased=False):
    """A bent line, uint8 0 and 255."""
    points = np.array([[0, 30], [40, 50], [80, 60]], np.int32)
    kind = cv2.LINE_AA if antialiased else cv2.LINE_8
    return cv2.polylines(np.zeros((size, size), np.uint8), [points], False, 255, width, kind)


LINE = drawing() > 0
IGNORED = np.zeros_like(LINE)
IGNORED[80:, 20:50] = True


def png(path, values, mode=None):
    image = values if isinstance(values, Image.Image) else Image.fromarray(values, mode)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)
    return MaskFile(path)


def read(*masks, **named):
    meaning = meaning_of(masks, MaskValues(**named))
    return [meaning.mask(mask.labels(), mask) for mask in masks]


def indexed(values, *colours):
    image = Image.fromarray(values.astype(np.uint8), "L").convert("P")
    image.putdata(values.ravel().tolist())
    image.putpalette([channel for colour in colours for channel in colour])
    return image


BLACK, WHITE, RED, GREEN = (0, 0, 0), (255, 255, 255), (200, 0, 0), (0, 128, 0)


def layer(colour, ground=(0, 0, 0)):
    """A transparent layer with the line in one colour."""
    pixels = np.zeros((*LINE.shape, 4), np.uint8)
    pixels[...] = (*ground, 0)
    pixels[LINE] = (*colour, 255)
    return Image.fromarray(pixels)


AS_DRAWN = {
    "0 and 1": LINE.astype(np.uint8),
    "0 and 255": LINE * np.uint8(255),
    "0 and any value": LINE * np.uint8(38),
    "16 bits, white": LINE * np.uint16(65535),
    "16 bits, 1": LINE.astype(np.uint16),
    "bilevel": Image.fromarray(LINE),
    "palette, black first": indexed(LINE, BLACK, RED),
    "palette, white first and white the line": indexed(~LINE, WHITE, BLACK),
    "palette, a far index": indexed(np.where(LINE, 7, 3), *[GREEN] * 3, BLACK, *[GREEN] * 3, RED),
    "red on black": np.dstack([LINE * np.uint8(200), LINE * 0, LINE * 0]).astype(np.uint8),
    "a white layer": layer(WHITE, ground=WHITE),
    "a white layer over black": layer(WHITE),
    "a black layer": layer(BLACK),
    "a red layer over white": layer(RED, ground=WHITE),
    "anti-aliased": drawing(antialiased=True),
    "once a JPEG": cv2.imdecode(cv2.imencode(".jpg", drawing())[1], 0),
    "blurred": cv2.blur(drawing(), (3, 3)),
}


@pytest.mark.parametrize("case", AS_DRAWN)
def test_what_is_certain_is_read_as_meant(tmp_path, case):
    (mask,) = read(png(tmp_path / "m.png", AS_DRAWN[case]))
    assert set(np.unique(mask)) == {0, 1}
    exact = LINE if case not in ("anti-aliased", "once a JPEG", "blurred") else None
    if exact is not None:
        assert np.array_equal(mask == 1, exact)
    else:  # to half a pixel of its rim
        rim = cv2.morphologyEx(LINE.astype(np.uint8), cv2.MORPH_GRADIENT, np.ones((3, 3))) > 0
        assert np.array_equal((mask == 1)[~rim], LINE[~rim])


@pytest.mark.parametrize("case", AS_DRAWN)
def test_every_way_of_drawing_may_stand_beside_an_empty_mask(tmp_path, case):
    drawn = png(tmp_path / "m.png", AS_DRAWN[case])
    empty = png(tmp_path / "n.png", np.zeros_like(LINE, np.uint8))
    assert [mask.max() for mask in read(drawn, empty)] == [1, 0]


def test_255_beside_1_in_one_mask_is_ignored_in_all(tmp_path):
    both = np.where(IGNORED, 255, LINE).astype(np.uint8)
    first = png(tmp_path / "a.png", both)
    second = png(tmp_path / "b.png", LINE.astype(np.uint8))
    third = png(tmp_path / "c.png", np.full_like(both, 255))  # nothing is known
    one, two, three = read(first, second, third)
    assert np.array_equal(one, both)
    assert np.array_equal(two, LINE)
    assert (three == 255).all()


def test_one_mask_of_0_and_1_among_those_of_0_and_255(tmp_path):
    masks = [png(tmp_path / f"{k}.png", LINE * np.uint8(255)) for k in range(3)]
    masks.append(png(tmp_path / "3.png", LINE.astype(np.uint8)))
    with pytest.raises(BadDataError) as caught:
        read(*masks)
    for word in ("3.png", "0.png", "`instrument`", "`ignore`", "`threshold`"):
        assert word in str(caught.value)
    for way_out in ({"threshold": 0}, {"instrument": (1, 255)}):
        assert all(np.array_equal(mask, LINE) for mask in read(*masks, **way_out))
    told = read(*masks, ignore=255)
    assert [set(np.unique(mask)) for mask in told] == [{0, 255}] * 3 + [{0, 1}]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (~LINE * np.uint8(255), "not background"),
        ((~LINE).astype(np.uint8), "not background"),
        (indexed(LINE, WHITE, BLACK), "not background"),
        (np.where(LINE, 2, IGNORED).astype(np.uint8), "holds 2"),
        (np.where(LINE, 255, IGNORED * 3).astype(np.uint8), "holds 3"),
        (np.random.default_rng(0).integers(0, 256, LINE.shape).astype(np.uint8), "no label image"),
    ],
)
def test_what_leaves_two_readings_is_refused_by_name(tmp_path, values, words):
    with pytest.raises(BadDataError, match=rf"odd\.png.*{words}"):
        read(png(tmp_path / "odd.png", values))


def test_a_fringe_of_ones_is_no_instrument_for_certain(tmp_path):
    thick = cv2.dilate(LINE.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    fringed = png(tmp_path / "jpeg.png", np.where(LINE, 255, thick).astype(np.uint8))
    with pytest.raises(BadDataError, match=r"jpeg\.png.*fringe of 1s.*Say which value"):
        read(fringed)
    assert np.array_equal(read(fringed, threshold=127)[0], LINE)
    assert set(np.unique(read(fringed, ignore=255)[0])) == {0, 1, 255}
    closed_in = png(tmp_path / "rim.png", np.where(LINE, 1, thick * np.uint8(255)))
    assert set(np.unique(read(closed_in)[0])) == {0, 1, 255}  # unknown about an instrument


def test_the_ways_out(tmp_path):
    inverted = png(tmp_path / "i.png", ~LINE * np.uint8(255))
    assert np.array_equal(read(inverted, instrument=(0,))[0], LINE)
    two = png(tmp_path / "t.png", np.where(LINE, 2, IGNORED).astype(np.uint8))
    assert np.array_equal(read(two, instrument=(2,))[0], LINE)
    assert np.array_equal(read(two, instrument=(1, 2))[0], LINE | IGNORED)
    assert np.array_equal(read(two, ignore=1)[0], np.where(IGNORED, 255, LINE))
    assert np.array_equal(read(two, threshold=1)[0], LINE)
    assert np.array_equal(read(two, threshold=1, ignore=1)[0], np.where(IGNORED, 255, LINE))


@pytest.mark.parametrize(
    "named",
    [
        {"instrument": (70000,)},
        {"ignore": -5},
        {"threshold": 65536},
        {"instrument": (1,), "threshold": 3},
        {"instrument": (1, 2), "ignore": 2},
    ],
)
def test_values_that_make_no_sense(named):
    with pytest.raises(UsageError):
        MaskValues(**named)


def test_numbers_of_instruments_stay_apart(tmp_path):
    values = np.where(LINE, 3, IGNORED * 2).astype(np.uint8)
    mask = png(tmp_path / "m.png", values)
    meaning = meaning_of([mask], several=True)
    assert np.array_equal(meaning.numbered(mask.labels(), mask), values)
    colours = np.zeros((*LINE.shape, 3), np.uint8)
    colours[LINE], colours[IGNORED] = RED, GREEN
    mask = png(tmp_path / "colours.png", colours)
    numbered = meaning_of([mask], several=True).numbered(mask.labels(), mask)
    assert len({int(numbered[LINE][0]), int(numbered[IGNORED][0]), 0}) == 3


def test_a_mask_is_upright(tmp_path):
    image = Image.fromarray(np.rot90(LINE * np.uint8(255), 2))
    exif = Image.Exif()
    exif[274] = 3
    image.save(tmp_path / "m.png", exif=exif)
    assert np.array_equal(read(MaskFile(tmp_path / "m.png"))[0], LINE)


@pytest.mark.parametrize("suffix", [".tif", ".bmp"])
def test_masks_are_known_by_their_bytes(tmp_path, suffix):
    Image.fromarray(LINE * np.uint8(255)).save(tmp_path / f"m{suffix}")
    (tmp_path / f"m{suffix}").rename(tmp_path / "m.png")
    mask = MaskFile(tmp_path / "m.png")
    if suffix == ".tif":
        np.testing.assert_array_equal(read(mask)[0], LINE)
    else:
        with pytest.raises(
            BadDataError, match=r"m\.png' is no PNG, TIFF or JPEG: save masks as PNG"
        ):
            read(mask)


@pytest.mark.parametrize(
    "values",
    [
        LINE,
        LINE.astype(np.uint8),
        LINE * np.uint8(255),
        LINE * np.uint16(65535),
        LINE * np.uint16(3),
    ],
    ids=["bilevel", "0 and 1", "0 and 255", "16 bits, white", "16 bits, 0 and 3"],
)
@pytest.mark.parametrize("packing", [None, "tiff_lzw", "tiff_adobe_deflate"])
def test_tiff_masks(tmp_path, values, packing):
    Image.fromarray(values).save(tmp_path / "m.tif", compression=packing)
    np.testing.assert_array_equal(read(MaskFile(tmp_path / "m.tif"))[0], LINE)


def test_tiffs_that_leave_doubts_are_refused(tmp_path):
    page = Image.fromarray(LINE * np.uint8(255))
    page.save(tmp_path / "run.tif", save_all=True, append_images=[page, page])
    with pytest.raises(BadDataError, match=r"3 pages: save each mask by itself.*masks/run/00000"):
        read(MaskFile(tmp_path / "run.tif"))
    Image.fromarray(LINE.astype(np.float32) * 0.9).save(tmp_path / "map.tif")
    with pytest.raises(BadDataError, match=r"map\.tif' cannot be read: it holds fractions"):
        read(MaskFile(tmp_path / "map.tif"))


@pytest.mark.parametrize("quality", [50, 75, 95])
@pytest.mark.parametrize("width", [3, 5, 9])
def test_a_white_drawing_in_a_jpeg(tmp_path, quality, width):
    drawn = drawing(width=width)
    Image.fromarray(drawn).save(tmp_path / "m.jpg", quality=quality)
    found = read(MaskFile(tmp_path / "m.jpg"))[0] > 0
    truth = drawn > 0
    assert 2 * (found & truth).sum() / (found.sum() + truth.sum()) > 0.97
    Image.fromarray(np.zeros_like(drawn)).save(tmp_path / "empty.jpg", quality=quality)
    assert not read(MaskFile(tmp_path / "empty.jpg"))[0].any()


@pytest.mark.parametrize(
    "values", [LINE * np.uint8(100), LINE * np.uint8(255) + IGNORED * np.uint8(128)]
)
def test_numbers_in_a_jpeg_are_refused(tmp_path, values):
    Image.fromarray(values).save(tmp_path / "m.jpg", quality=90)
    with pytest.raises(BadDataError, match="blurs the values of masks, and no white drawing"):
        read(MaskFile(tmp_path / "m.jpg"))


def test_0_and_1_in_a_jpeg_are_no_empty_mask(tmp_path):
    Image.fromarray(LINE.astype(np.uint8)).save(tmp_path / "m.jpg", quality=95)
    with pytest.raises(BadDataError, match="blurs the values of masks"):
        read(MaskFile(tmp_path / "m.jpg"))


def test_readable_leaves_out_by_name(tmp_path):
    good = png(tmp_path / "good.png", LINE.astype(np.uint8))
    bad = png(tmp_path / "bad.png", LINE.astype(np.uint8))
    bad.path.write_bytes(bad.path.read_bytes()[:60])
    problems = []
    assert list(readable([bad, good], problems)) == [good]
    assert "bad.png" in problems[0]


@settings(max_examples=60, deadline=None)
@given(
    quality=st.integers(60, 100),
    width=st.integers(4, 12),
    slope=st.floats(-1, 1),
    bend=st.floats(-20, 20),
)
def test_a_line_that_was_a_jpeg_is_read_right_or_refused(
    tmp_path_factory, quality, width, slope, bend
):
    x = np.linspace(-4, 132, 40)
    points = np.stack([x, 64 + slope * (x - 64) + bend * np.sin(x / 30)], 1)
    line = np.zeros((128, 128), np.uint8)
    cv2.polylines(line, [np.rint(points * 16).astype(np.int32)], False, 255, width, cv2.LINE_8, 4)
    jpeg = cv2.imdecode(cv2.imencode(".jpg", line, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], 0)
    path = tmp_path_factory.mktemp("jpeg") / "m.png"
    try:
        (mask,) = read(png(path, jpeg))
    except BadDataError:
        pass  # not certain
    else:
        assert np.mean((mask == 1) == (line > 0)) > 0.98
    try:  # as numbers of instruments: one, or none of it
        meaning = meaning_of([MaskFile(path)], several=True)
    except BadDataError:
        return
    assert len(np.unique(meaning.numbered(MaskFile(path).labels(), path))) == 2


@settings(max_examples=60, deadline=None)
@given(
    values=st.lists(st.integers(1, 63).map(lambda k: 4 * k), min_size=2, max_size=6, unique=True)
)
def test_numbered_instruments_are_never_taken_for_a_drawing(values):
    numbers = np.zeros((128, 128), np.uint8)
    for k, value in enumerate(values):
        cv2.line(numbers, (5, 10 + 18 * k), (120, 14 + 18 * k), value, 5)
    assert not is_soft(numbers)
