import cv2
import numpy as np

from fluorosynth.patches.field import exposed_field


def exposed(shape=(200, 240)):
    rng = np.random.default_rng(0)
    return rng.integers(110, 150, shape, dtype=np.uint8)


def test_black_collimator_and_its_penumbra_are_left_out():
    frame = exposed()
    frame[:, :30] = 3
    frame[:, 30:34] = 60
    field = exposed_field(frame)
    assert not field[:, :34].any()
    assert field[20:-20, 44:-20].all()


def test_round_field_stays_within_the_circle():
    frame = exposed((240, 240))
    y, x = np.mgrid[:240, :240]
    outside = np.hypot(x - 120, y - 120) > 110
    frame[outside] = 0
    field = exposed_field(frame)
    assert not (field & outside).any()
    assert field.sum() > 0.8 * (~outside).sum()


def test_white_border_is_left_out():
    frame = exposed()
    frame[:25] = 255
    assert not exposed_field(frame)[:25].any()


def test_dark_organ_inside_the_field_stays():
    frame = exposed()
    frame[80:120, 90:130] = 20
    assert exposed_field(frame)[80:120, 90:130].all()


def test_burnt_in_text_is_left_out():
    frame = exposed()
    drawn = frame.copy()
    cv2.putText(drawn, "LAO 30", (80, 100), cv2.FONT_HERSHEY_SIMPLEX, 0.6, 255, 1)
    letters = drawn != frame
    assert not (exposed_field(drawn) & letters).sum() > 0.02 * letters.sum()


def test_nothing_exposed():
    assert not exposed_field(np.zeros((64, 64), np.uint8)).any()
