"""Windows keep away from what a detector finds, where it goes on unseen, and from darkness."""

import cv2
import numpy as np
import pytest

from fluorosynth.patches.choose import Candidate, choose, thumbnail
from fluorosynth.patches.detected import detected_scores, finds
from fluorosynth.patches.extract import extract_patches
from fluorosynth.patches.look import Looks
from fluorosynth.patches.search import Search
from fluorosynth.patches.sheets import patch_sheet, stretched, window_sheet
from fluorosynth.patches.windows import Window

SIDE = 256
LINE = [(100, 0), (140, 255)]


def tissue(seed=0):
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.normal(140, 15, (6, 6)), (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
    fine = cv2.GaussianBlur(rng.normal(0, 12, (SIDE, SIDE)), (0, 0), 2)
    return (coarse + fine).clip(60, 230).astype(np.uint8)


def half_seen(image):
    """A detector that loses the line of `LINE` halfway, whatever the picture shows."""
    found = np.zeros(image.shape, np.float32)
    cv2.line(found, LINE[0], (120, 127), 1.0, 6)
    return found


def whole_line():
    mask = np.zeros((SIDE, SIDE), np.uint8)
    cv2.line(mask, *LINE, 1, 6)
    return mask > 0


def cut_of(mask, window):
    return mask[window.y : window.y + window.height, window.x : window.x + window.width]


def test_an_instrument_is_kept_out_beyond_where_the_detector_loses_it():
    (score,) = detected_scores([half_seen(tissue())])
    reach = int(0.25 * SIDE)
    known = whole_line()
    known[127 + reach - 4 :] = False
    assert (score[known] == 1).all()
    assert score[:, 220:].max() == 0
    assert (score == 0).mean() > 0.6


def test_neighbours_in_time_count_and_others_do_not():
    empty = np.zeros((SIDE, SIDE), np.float32)
    maps = [half_seen(empty), *[empty] * 5]
    kept = [bool(score.any()) for score in detected_scores(maps)]
    assert kept == [True, True, True, False, False, False]


def test_specks_are_no_find():
    found = np.zeros((SIDE, SIDE), np.float32)
    found[10:14, 10:20] = 1
    assert not finds([found])
    assert finds([found, half_seen(found)])


def test_patches_hold_nothing_that_the_detector_saw_or_lost(tmp_path):
    frame = tissue()
    frame[whole_line()] = frame[whole_line()] * 0.93  # too faint for the filter of ridges
    cv2.imwrite(str(tmp_path / "a.png"), frame)
    search = Search(count=6, size=48, smallest=48)
    told = []
    patches = extract_patches(
        tmp_path, search, detector=half_seen, told=lambda done, total: told.append((done, total))
    )
    assert len(patches) == 6
    assert not any(cut_of(whole_line()[:190], patch.window).any() for patch in patches)
    assert told == [(0, 1), (1, 1)]


def test_where_the_detector_finds_nothing_the_filter_decides(tmp_path):
    frame = tissue()
    frame[whole_line()] = frame[whole_line()] * 0.7
    cv2.imwrite(str(tmp_path / "a.png"), frame)
    search = Search(count=6, size=48, smallest=48)
    blind = extract_patches(tmp_path, search, detector=lambda image: np.zeros_like(image, float))
    alone = extract_patches(tmp_path, search)
    assert [p.window for p in blind] == [p.window for p in alone]
    assert not any(cut_of(whole_line(), patch.window).any() for patch in blind)


def test_nearly_black_windows_are_passed_over_and_structure_comes_first(tmp_path):
    frame = np.full((SIDE, SIDE), 140, np.uint8)
    frame[:, 128:] = 30
    frame[:128, :128] = tissue(3)[:128, :128]
    cv2.imwrite(str(tmp_path / "a.png"), frame)
    (first,) = extract_patches(tmp_path, Search(count=1, size=48, smallest=48))
    assert first.window.x + first.window.width <= 150
    assert first.window.y + first.window.height <= 150
    many = extract_patches(tmp_path, Search(count=60, size=48, smallest=48))
    assert min(patch.image.mean() for patch in many) > 90
    looks = Looks(frame, np.ones(frame.shape, bool))
    assert looks.texture(20, 20, 80) > 1.5
    assert looks.texture(20, 150, 60) == pytest.approx(0, abs=0.01)


def test_contrast_makes_another_picture_of_the_same_place():
    plain, filled = tissue(), tissue()
    cv2.polylines(filled, [np.array([[60, 60], [120, 100], [200, 190]])], False, 70, 7)
    noisy = (plain + np.random.default_rng(9).normal(0, 6, plain.shape)).clip(0, 255)

    def chosen(second, x):
        shape = (SIDE, SIDE, SIDE, SIDE)
        frames = [plain, second.astype(np.uint8)]
        windows = [Window("run", t, x, 30, 90, 90, 0.0) for t in range(2)]
        views = [thumbnail(frame) for frame in frames]
        return len(
            choose([Candidate(*one, 1.0, shape) for one in zip(windows, views, strict=True)], 9)
        )

    assert chosen(noisy, 50) == 1
    assert chosen(filled, 50) == 2
    assert chosen(filled, 0) == 2
    assert chosen(filled, 156) == 1  # where the vessel does not lie


def test_sheets_show_each_patch_stretched_and_where_it_was_cut(tmp_path):
    dim = (tissue() // 4).astype(np.uint8)
    cv2.imwrite(str(tmp_path / "a.png"), dim)
    patches = extract_patches(tmp_path, Search(count=2, size=64, smallest=64))
    named = {f"000{k}.png": patch for k, patch in enumerate(patches)}
    sheet = patch_sheet(named)
    assert np.ptp(sheet[20:64, 8:60]) > 4 * np.ptp(patches[0].image[16:60, 4:56])
    frame = window_sheet(named)
    assert frame.shape == (SIDE + 8, SIDE + 8, 3)
    for patch in patches:
        x, y = patch.window.x + 4, patch.window.y + 4 + patch.window.height // 2
        assert tuple(frame[y, x]) == (255, 200, 0)
    assert np.ptp(stretched(np.full((9, 9), 7, np.uint8))) == 0
