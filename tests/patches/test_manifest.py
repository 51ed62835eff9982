import numpy as np
import pytest

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.contact_sheet import contact_sheet
from fluorosynth.patches.manifest import manifest_text, read_manifest
from fluorosynth.patches.windows import Patch, Window, cut, draw_squares
from fluorosynth.patches.write import write_patches

HEAD = "file,source,frame,x,y,width,height,score\n"


@pytest.mark.parametrize("source", ["a.png", "sub/ü, b.dcm", 'with "quotes"\nand a newline.png'])
def test_manifest_round_trip(tmp_path, source):
    windows = {"0000.png": Window(source, 3, 4, 5, 60, 60, 0.125)}
    path = tmp_path / "patches.csv"
    path.write_bytes(manifest_text(windows).encode())
    assert read_manifest(path) == windows


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("0.png,../secret.png,0,0,0,9,9,0", "below the data folder"),
        ("0.png,/etc/passwd,0,0,0,9,9,0", "below the data folder"),
        ("../0.png,a.png,0,0,0,9,9,0", "plain file name"),
        ("0.png,a.png,0,0,-2,9,9,0", "no rectangle"),
        ("0.png,a.png,0,0,0,0,9,0", "no rectangle"),
        ("0.png,a.png,0,x,0,9,9,0", "line 2: not a patch"),
        ("0.png,a.png,0", "line 2: not a patch"),
    ],
)
def test_bad_lines_are_refused(tmp_path, line, complaint):
    path = tmp_path / "patches.csv"
    path.write_text(HEAD + line + "\n")
    with pytest.raises(BadDataError, match=complaint):
        read_manifest(path)


def test_a_file_that_is_no_manifest_is_refused(tmp_path):
    path = tmp_path / "patches.csv"
    path.write_text("a,b\n1,2\n")
    with pytest.raises(BadDataError, match="must begin with the line file,source"):
        read_manifest(path)
    with pytest.raises(BadDataError, match="cannot be read"):
        read_manifest(tmp_path / "absent.csv")


def test_a_window_outside_its_frame_is_refused():
    frame = np.zeros((50, 80), np.uint8)
    with pytest.raises(BadDataError, match=r"a\.png: frame 0 is 80x50, too small .*60x60"):
        cut(frame, Window("a.png", 0, 0, 0, 60, 60, 0.0), 32)


def test_squares_lie_in_the_field_and_tell_their_worst_pixel():
    rng = np.random.default_rng(0)
    field = np.zeros((120, 140), bool)
    field[20:71, 30:81] = True
    score = rng.random((120, 140)).astype(np.float32) * 0.5
    score[:, :31] = 1
    squares = draw_squares(field, score, rng, smallest=40, ceiling=0.9)
    assert len(squares) > 20
    for x, y, side, worst in squares:
        assert field[y : y + side, x : x + side].all()
        assert worst == pytest.approx(score[y : y + side, x : x + side].max(), abs=1e-3)
        assert x >= 31
    assert {20, 31} & {y for _, y, _, _ in squares}
    assert max(y + side for _, y, side, _ in squares) == 71


def patch():
    return Patch(np.full((32, 32), 90, np.uint8), Window("a.png", 0, 0, 0, 32, 32, 0.0))


def test_a_full_folder_is_not_written_over(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("keep")
    with pytest.raises(UsageError, match="exists already"):
        write_patches({"0000.png": patch()}, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / "mine.txt").read_text() == "keep"


def test_nothing_is_left_when_writing_fails(tmp_path):
    with pytest.raises(BadDataError, match="cannot be written"):
        write_patches({"0000.png": patch(), "no/such/folder.png": patch()}, tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


def test_contact_sheet_places_tiles_in_reading_order():
    grey = [np.full((20, 30), value, np.uint8) for value in (50, 100, 150)]
    colour = np.zeros((20, 30, 3), np.uint8)
    colour[..., 0] = 200
    sheet = contact_sheet([*grey, colour], columns=2)
    assert sheet.shape == (2 * 24 + 4, 2 * 34 + 4, 3)
    assert sheet[10, 10].tolist() == [50, 50, 50]
    assert sheet[10, 50].tolist() == [100, 100, 100]
    assert sheet[40, 10].tolist() == [150, 150, 150]
    assert sheet[40, 50].tolist() == [200, 0, 0]
    assert sheet[0].max() == 0
