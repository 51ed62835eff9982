"""Whether there is an instrument at all: what speaks for it, what that is worth, what follows."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from makers import picture

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.learn.checkpoint import MaskDefaults, load_model, save_model
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.outputs import Wanted
from fluorosynth.learn.prediction.predict import predict
from fluorosynth.learn.prediction.presence import Presence, evidence, fit_presence
from fluorosynth.learn.prediction.segment import SegmentConfig, segment
from fluorosynth.learn.training.config import TrainConfig
from fluorosynth.learn.training.start import continued_model


def strokes(*lengths, value=0.9):
    found = np.zeros((200, 200), np.float32)
    for k, length in enumerate(lengths):
        cv2.line(found, (10, 15 + 20 * k), (10 + length, 15 + 20 * k), value, 3)
    return found


def test_evidence_is_the_longest_part_by_its_map():
    assert evidence(strokes(), 0.5) == 0
    assert evidence(strokes(80), 0.5) == pytest.approx(0.9 * 80, abs=3)
    assert evidence(strokes(80, 40, 40), 0.5) == evidence(strokes(80), 0.5)  # pieces do not add up
    assert evidence(strokes(80, value=0.4), 0.5) == 0


@settings(deadline=None, max_examples=30)
@given(st.integers(5, 150), st.integers(1, 30))
def test_evidence_grows_with_length(length, more):
    assert evidence(strokes(length + more), 0.5) > evidence(strokes(length), 0.5)


def test_a_fit_finds_the_curve_that_drew_the_truth():
    rng = np.random.default_rng(0)
    true = Presence(-4.0, 1.3)
    amount = rng.uniform(0, 150, 20_000)
    present = rng.random(len(amount)) < [true(a) for a in amount]
    shift = np.log(present.mean() / (1 - present.mean()))  # the fit states odds at equal shares
    found = fit_presence(amount, present)
    assert found.slope == pytest.approx(true.slope, rel=0.1)
    assert found.offset + shift == pytest.approx(true.offset, rel=0.1)


def test_a_fit_of_separable_frames_stays_finite():
    found = fit_presence(np.array([0.0, 1.0, 90.0, 99.0]), np.array([False, False, True, True]))
    assert found(0.0) < 0.1
    assert found(95.0) > 0.9


def test_a_fit_needs_both_kinds():
    with pytest.raises(ValueError, match="frames without"):
        fit_presence(np.ones(3), np.ones(3, bool))


def calibrated(model, **masks):
    return replace(model, masks=MaskDefaults(presence=(-4.0, 1.5), **masks))


def test_defaults_survive_a_file_and_older_files_have_none(trained, tmp_path):
    model = calibrated(trained, min_length=12.0, min_presence=0.4)
    save_model(tmp_path / "new.pt", model)
    assert load_model(tmp_path / "new.pt").masks == model.masks
    content = torch.load(tmp_path / "new.pt", weights_only=True)
    header = json.loads(content["header"])
    del header["masks"]
    torch.save({**content, "header": json.dumps(header)}, tmp_path / "old.pt")
    assert load_model(tmp_path / "old.pt").masks == MaskDefaults()
    broken = json.dumps({**header, "masks": {"presence": [1.0]}})
    torch.save({**content, "header": broken}, tmp_path / "broken.pt")
    with pytest.raises(BadDataError, match=r"broken\.pt"):
        load_model(tmp_path / "broken.pt")


def test_settings_are_the_models_own_unless_given(trained):
    model = calibrated(trained, min_length=12.0, min_presence=0.4)
    own, given_ = SegmentConfig.of(model), SegmentConfig.of(model, min_length=0.0, min_presence=0.0)
    assert (own.min_length, own.min_presence) == (12.0, 0.4)
    assert (given_.min_length, given_.min_presence) == (0.0, 0.0)
    with pytest.raises(UsageError, match=r"`min_presence` must be in \[0, 1\], not 1.5"):
        SegmentConfig(min_presence=1.5)


def test_unlikely_frames_are_left_empty_and_say_so(trained, tmp_path):
    model = calibrated(trained, min_presence=0.5)
    nothing = np.full((64, 64), 150, np.uint8)
    np.save(tmp_path / "run.npy", np.stack([picture(3)[0], nothing]))
    config = SegmentConfig.of(model, size=64)
    done = predict(tmp_path / "run.npy", Inference(model, "cpu"), tmp_path / "out", config,
                   Wanted(overlays=False))  # fmt: skip
    first, second = json.loads((tmp_path / "out/frames/run.json").read_text())
    assert done.found == 1
    assert first["presence"] > 0.5 > second["presence"]
    assert first["pixels"] > 0 == second["pixels"]


def test_a_gate_empties_what_is_found(trained):
    clip = picture(3)[0][None, None]
    shut = calibrated(trained, min_presence=1.0)
    open_ = calibrated(trained)
    (found,) = segment(clip, Inference(open_, "cpu"), SegmentConfig.of(open_, size=64))
    (none,) = segment(clip, Inference(shut, "cpu"), SegmentConfig.of(shut, size=64))
    assert found.mask.any()
    assert not none.mask.any()
    assert none.presence == found.presence
    np.testing.assert_array_equal(none.map, found.map)


def test_a_tuned_model_with_another_threshold_counts_evidence_as_before(trained):
    clip, model = picture(3)[0][None, None], calibrated(trained)
    tuned = continued_model(model, TrainConfig(network=model.network.kind))
    for threshold in (0.02, 0.98):
        other = replace(tuned, threshold=threshold)
        (before,), (after,) = (
            segment(clip, Inference(m, "cpu"), SegmentConfig.of(m, size=64)) for m in (model, other)
        )
        assert (before.mask != after.mask).any()
        assert after.presence == before.presence


def test_a_model_without_a_curve_states_no_probability(trained):
    clip = picture(3)[0][None, None]
    (found,) = segment(clip, Inference(trained, "cpu"), SegmentConfig(size=64, min_presence=0.9))
    assert np.isnan(found.presence)
    assert found.mask.any()
