"""What a network suggests on the page."""

from dataclasses import replace

from tracked import distance, frame, whole

from fluorosynth.annotate.suggest import model_suggester
from fluorosynth.learn.checkpoint import load_model, save_model


def test_what_a_mask_would_leave_empty_is_suggested(tmp_path):
    model = load_model("default", "cpu")
    sceptic = replace(model, masks=replace(model.masks, min_presence=1.0))
    save_model(tmp_path / "sceptic.pt", sceptic)
    (one,) = model_suggester(str(tmp_path / "sceptic.pt"))(frame([whole()]))
    assert one.origin == "suggested"
    assert distance(one.points, whole()) < 1.5
