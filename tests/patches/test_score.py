import cv2
import numpy as np
import pytest

from fluorosynth.patches.curvilinear import instrument_score, ridge_depth
from fluorosynth.patches.temporal import sequence_scores


def tissue(seed=0, side=192, noise=4.0):
    rng = np.random.default_rng(seed)
    coarse = cv2.resize(rng.normal(130, 25, (4, 4)), (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(coarse + rng.normal(0, noise, (side, side)), 40, 250)


def with_line(image, start, end, width, share):
    """Draw a line that lets ``share`` of the rays through, edges soft."""
    canvas = np.zeros((8 * image.shape[0], 8 * image.shape[1]), np.uint8)
    cv2.line(canvas, [8 * v for v in start], [8 * v for v in end], 255, 8 * width)
    cover = cv2.resize(canvas, image.shape[::-1], interpolation=cv2.INTER_AREA) / 255
    return np.clip(image * (1 - (1 - share) * cover), 0, 255).astype(np.uint8)


@pytest.mark.parametrize("width", [3, 5, 8])
def test_catheter_is_certain_and_tissue_is_not(width):
    frame = with_line(tissue(), (60, 0), (110, 191), width, 0.7)
    score = instrument_score(frame)
    assert min(score[96, 85], score[30, 68], score[160, 102]) > 0.9
    assert score[:, 140:].max() < 0.2


def test_depth_does_not_depend_on_exposure():
    line = with_line(np.full((128, 128), 200.0), (64, 0), (64, 127), 4, 0.8)
    depths = [ridge_depth((line * gain).astype(np.uint8))[64, 64] for gain in (1.0, 0.4)]
    assert depths[0] == pytest.approx(depths[1], rel=0.05)
    assert depths[0] == pytest.approx(-np.log(0.8), rel=0.25)


def test_edges_of_the_field_are_no_instrument():
    frame = tissue().astype(np.uint8)
    field = np.zeros(frame.shape, bool)
    field[30:-30, 30:-30] = True
    frame[~field] = 0
    assert instrument_score(frame, field).max() < 0.2


def test_bright_lines_and_short_ones_do_not_count():
    bright = with_line(tissue(), (60, 0), (110, 191), 5, 1.3)
    short = with_line(tissue(), (60, 90), (72, 90), 3, 0.7)
    assert instrument_score(bright)[60:140, 60:110].max() < 0.5
    assert instrument_score(short)[90, 66] < 0.5


def test_large_frames_are_scored_at_their_own_size():
    large = cv2.resize(with_line(tissue(), (60, 0), (110, 191), 5, 0.7), (1536, 1536))
    score = instrument_score(large)
    assert score.shape == large.shape
    assert score[768, 680] > 0.5


def moving_run(share, step=6, frames=8):
    anatomy = tissue(noise=0, side=128)
    rng = np.random.default_rng(1)
    run = []
    for t in range(frames):
        frame = np.clip(anatomy + rng.normal(0, 4, anatomy.shape), 0, 255)
        run.append(with_line(frame, (20 + step * t, 0), (20 + step * t, 127), 4, share))
    return np.stack(run)


def test_a_moving_wire_is_seen_where_it_is_in_each_frame():
    run = moving_run(0.8)
    scores = list(sequence_scores(run))
    for t in range(len(run)):
        assert scores[t][64, 20 + 6 * t] > 0.5
    assert scores[0][:, 80:].max() < 0.2


def test_a_faint_wire_at_rest_is_seen_throughout_the_run():
    run = moving_run(0.9, step=0)
    assert min(score[64, 20] for score in sequence_scores(run)) > 0.2
