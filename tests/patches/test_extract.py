from pathlib import Path

import cv2
import numpy as np
import pytest

from fluorosynth.backgrounds.folder import Folder
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.patches.extract import cut_patches, extract_patches
from fluorosynth.patches.manifest import NAME, file_names, read_manifest
from fluorosynth.patches.search import Search
from fluorosynth.patches.write import write_patches

SIDE, BORDER = 192, 12
SMALL = Search(count=6, size=64, smallest=56)


def angiogram(seed, column=None):
    """Tissue inside a black collimator, a catheter down ``column``; and the catheter's mask."""
    rng = np.random.default_rng(seed)
    tissue = cv2.resize(rng.normal(130, 20, (5, 5)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    if column is not None:
        cv2.line(mask, (column, 0), (column + 20, SIDE), 255, 5)
    frame = (tissue + rng.normal(0, 4, tissue.shape)) * np.where(mask > 0, 0.7, 1)
    frame[:BORDER] = frame[-BORDER:] = frame[:, :BORDER] = frame[:, -BORDER:] = 0
    return np.clip(frame, 0, 255).astype(np.uint8), mask


@pytest.fixture
def stills(tmp_path):
    """Four frames in ``frames``, one of them two folders down; their masks in ``masks``."""
    for number in range(4):
        frame, mask = angiogram(number, column=70 + 20 * number)
        name = f"über/tief/{number}.png" if number == 3 else f"{number}.png"
        for folder, image in (("frames", frame), ("masks", mask)):
            path = tmp_path / folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(cv2.imencode(".png", image)[1].tobytes())
    return tmp_path


def pixels(root, window):
    data = np.fromfile(Path(root) / window.source, np.uint8)
    frame = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE)
    return frame[window.y : window.y + window.height, window.x : window.x + window.width]


def overlap(one, other):
    drawn = np.zeros((2, SIDE, SIDE), bool)
    for canvas, window in zip(drawn, (one, other), strict=True):
        canvas[window.y : window.y + window.height, window.x : window.x + window.width] = True
    return drawn.all(0).sum() / drawn.any(0).sum()


def catheter(root, window):
    return pixels(root, window) > 0


def test_windows_keep_clear_of_masks_and_border(stills):
    search = Search(count=8, size=64, smallest=40, masks=str(stills / "masks"))
    patches = extract_patches(stills / "frames", search)
    assert len(patches) == 8
    for patch in patches:
        assert patch.image.shape == (64, 64)
        assert patch.image.dtype == np.uint8
        assert not catheter(stills / "masks", patch.window).any()
        assert pixels(stills / "frames", patch.window).min() > 40
    sources = [patch.window.source for patch in patches]
    assert {sources.count(source) for source in sources} == {2}


def test_without_masks_the_drawn_catheters_are_avoided(stills):
    patches = extract_patches(stills / "frames", Search(count=12, size=64, smallest=56))
    assert len(patches) >= 8
    for patch in patches:
        assert not catheter(stills / "masks", patch.window).any()
        assert 0 <= patch.window.score <= 0.2


def test_a_run_s_moving_catheter_is_avoided(tmp_path):
    columns = range(30, 110, 10)
    drawn = [angiogram(7, column) for column in columns]
    np.save(tmp_path / "run.npy", np.stack([frame for frame, _ in drawn]))
    patches = extract_patches(tmp_path / "run.npy", SMALL)
    assert len(patches) >= 3
    assert len({patch.window.frame for patch in patches}) == len(patches)
    for patch in patches:
        window = patch.window
        assert window.source == "run.npy"
        mask = drawn[window.frame][1]
        cut = mask[window.y : window.y + window.height, window.x : window.x + window.width]
        assert not cut.any()


def test_no_two_windows_of_a_view_overlap_much(stills):
    search = Search(count=60, size=32, smallest=40, masks=str(stills / "masks"))
    windows = [patch.window for patch in extract_patches(stills / "frames", search)]
    assert len(windows) > 15
    pairs = [(a, b) for i, a in enumerate(windows) for b in windows[:i] if a.source == b.source]
    assert max(overlap(a, b) for a, b in pairs) <= 0.4


def test_copies_of_one_frame_count_as_one_view(tmp_path):
    frame, _ = angiogram(1)
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(cv2.imencode(".png", frame)[1].tobytes())
    windows = [patch.window for patch in extract_patches(tmp_path, SMALL)]
    assert len({window.source for window in windows}) > 1
    assert all(overlap(a, b) <= 0.4 for i, a in enumerate(windows) for b in windows[:i])


def test_seed_decides(stills):
    search = Search(count=6, size=64, masks=str(stills / "masks"))

    def found(seed):
        return [patch.window for patch in extract_patches(stills / "frames", search, seed)]

    assert found(3) == found(3)
    assert found(3) != found(4)


def test_patches_are_area_averages_of_their_rectangle(stills):
    search = Search(count=8, size=32, smallest=64, masks=str(stills / "masks"))
    for patch in extract_patches(stills / "frames", search):
        source = pixels(stills / "frames", patch.window)
        whole = source.astype(float).mean()
        assert patch.image.mean() == pytest.approx(whole, abs=0.3)
        if source.shape == (64, 64):
            blocks = source.reshape(32, 2, 32, 2).mean(axis=(1, 3))
            assert np.abs(patch.image - blocks).max() <= 0.5


def test_manifest_leads_back_to_the_same_bytes(stills, tmp_path):
    patches = extract_patches(stills / "frames", SMALL)
    out = tmp_path / "ü patches"
    write_patches(dict(zip(file_names(len(patches)), patches, strict=True)), out)
    listed = read_manifest(out / NAME)
    assert [*listed.values()] == [patch.window for patch in patches]
    assert not any(Path(window.source).is_absolute() for window in listed.values())
    again = cut_patches(stills / "frames", list(listed.values()), 64)
    for name, patch in zip(listed, again, strict=True):
        stored = cv2.imdecode(np.fromfile(out / name, np.uint8), cv2.IMREAD_UNCHANGED)
        np.testing.assert_array_equal(stored, patch.image)
    sheet = cv2.imdecode(np.fromfile(out / "contact_sheet.png", np.uint8), cv2.IMREAD_COLOR)
    assert sheet.shape[0] > 64


def test_a_deleted_line_strikes_a_patch_out(stills, tmp_path):
    patches = extract_patches(stills / "frames", SMALL)
    out = tmp_path / "patches"
    write_patches(dict(zip(file_names(len(patches)), patches, strict=True)), out)
    lines = (out / NAME).read_text().splitlines(keepends=True)
    (out / NAME).write_text("".join(lines[:2] + lines[3:]))
    ids = Folder(str(out)).open(64, seed=0).ids
    assert len(ids) == len(patches) - 1
    assert "0001.png" not in ids


def test_masks_must_be_there_and_fit(stills):
    (stills / "masks" / "2.png").unlink()
    search = Search(count=6, size=64, masks=str(stills / "masks"))
    with pytest.raises(BadDataError, match=r"2\.png.* has no mask"):
        extract_patches(stills / "frames", search)
    small = np.zeros((100, 120), np.uint8)
    (stills / "masks" / "2.png").write_bytes(cv2.imencode(".png", small)[1].tobytes())
    with pytest.raises(BadDataError, match=r"masks.2\.png.* 120 x 100 .*frames.2\.png.* 192 x 192"):
        extract_patches(stills / "frames", search)


def test_masks_beside_their_frames(stills):
    both = stills / "both"
    both.mkdir()
    for number in range(3):
        (both / f"{number}.png").write_bytes((stills / f"frames/{number}.png").read_bytes())
        (both / f"{number}_mask.png").write_bytes((stills / f"masks/{number}.png").read_bytes())
    patches = extract_patches(both, Search(count=6, size=64, smallest=56, masks=str(both)))
    assert len(patches) == 6
    for patch in patches:
        assert "_mask" not in patch.window.source
        assert not catheter(stills / "masks", patch.window).any()


def test_a_broken_file_is_refused_or_reported(stills):
    (stills / "frames" / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    with pytest.raises(BadDataError, match=r"bad\.png"):
        extract_patches(stills / "frames", SMALL)
    errors = []
    assert extract_patches(stills / "frames", SMALL, on_bad=errors.append)
    assert len(errors) == 1
    assert "bad.png" in str(errors[0])


@pytest.mark.parametrize(
    "wrong", [{"count": 0}, {"count": -3}, {"size": 8}, {"smallest": -1}, {"ceiling": 1.0}]
)
def test_impossible_searches_are_refused(wrong):
    with pytest.raises(UsageError, match=str(next(iter(wrong.values())))):
        Search(**wrong)
