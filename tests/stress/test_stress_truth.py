"""Tests of tests: segmenters whose figures are known beforehand."""

from typing import ClassVar

import numpy as np
import pytest
from oracles_of_stress import Oracle, dilated, nothing, truth

from fluorosynth.backgrounds.folder import Folder
from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.stress.axes import AXES, Axis, pick_axes
from fluorosynth.stress.condition import Condition
from fluorosynth.stress.run import StressConfig, run_stress
from fluorosynth.stress.summary import summarise

CONFIG = StressConfig(tuple(pick_axes()), pictures=2, size=96)


@pytest.fixture(scope="module")
def perfect():
    return run_stress(Oracle(CONFIG, truth), CONFIG)


def known(table):
    return table[~np.isnan(table)]


def test_a_perfect_predictor_scores_one_everywhere(perfect):
    for axis in CONFIG.axes:
        assert (perfect.values(axis, "dice") == 1).all(), axis.name
        assert (known(perfect.values(axis, "recall")) == 1).all(), axis.name
        assert (known(perfect.values(axis, "tip_error")) == 0).all(), axis.name
        assert (perfect.values(axis, "false_positives") == 0).all(), axis.name
        assert (perfect.values(axis, "false_positives_bare") == 0).all(), axis.name


def test_an_empty_predictor_scores_zero():
    stress = run_stress(Oracle(CONFIG, nothing), CONFIG)
    for axis in CONFIG.axes:
        seen = ~np.isnan(stress.values(axis, "recall"))  # an instrument is in view
        assert seen.any()
        assert (stress.values(axis, "dice")[seen] == 0).all(), axis.name
        assert (stress.values(axis, "recall")[seen] == 0).all(), axis.name
        assert (stress.values(axis, "false_positives") == 0).all(), axis.name


def test_a_dilated_predictor_scores_what_its_areas_say():
    axes = tuple(pick_axes(["width", "count"]))
    config = StressConfig(axes, pictures=2, size=128)
    stress = run_stress(Oracle(config, dilated), config)
    scenes = config.scenes()
    for axis in axes:
        for level, condition in enumerate(axis.conditions(config.held)):
            for scene in range(2):
                true = scenes.pair(scene, condition).truth.astype(bool)
                wide = dilated(scenes.pair(scene, condition), condition, scene).astype(bool)
                expected = 2 * (true & wide).sum() / (true.sum() + wide.sum())
                assert stress.values(axis, "dice")[level, scene] == pytest.approx(expected)
                outside = 100 * (wide & ~true).mean()
                found = stress.values(axis, "false_positives")[level, scene]
                assert found == pytest.approx(outside)


def flat(folder, level=128):
    folder.mkdir(exist_ok=True)
    (folder / "flat.png").write_bytes(png_bytes(np.full((128, 128), level, np.uint8)))
    return Folder(folder)


class Threshold:
    """Finds what is darker than a flat background by so many grey levels."""

    about: ClassVar = {"kind": "threshold"}

    def __init__(self, background, levels):
        self.limit = background - levels

    def masks(self, pictures):
        for picture in pictures:
            yield (picture <= self.limit).astype(np.uint8)


@pytest.mark.parametrize("levels", [5, 11, 24])
def test_a_detection_threshold_comes_back_within_its_interval(tmp_path, levels):
    held = Condition(photons=1e9, width=12.0)  # flat along the middle, so that all of it is found
    axes = tuple(pick_axes(["depth"]))
    source = flat(tmp_path / "flat")
    config = StressConfig(axes, held, pictures=6, size=128, backgrounds=source)
    grey = int(np.median(config.scenes().pair(0, held).bare))
    summary = summarise(run_stress(Threshold(grey, levels), config))
    half = summary.axes["depth"].lowest
    assert half.low <= levels <= half.high
    assert half.high < 2 * half.low  # and says something


def test_thresholds_that_differ_between_scenes_give_their_median():
    """Scene k is found from depth t_k on: half is found at the median of the t_k."""
    depths = np.array([4.5, 6.5, 7, 8, 9.5, 10.5, 12, 13.5, 15, 17, 20, 24])

    def from_own_depth(pair, condition, scene):
        return pair.truth * np.uint8(condition.depth >= depths[scene])

    axis = Axis("depth", (3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 20, 26), "depth", True, log=True)
    config = StressConfig((axis,), pictures=len(depths), size=64)
    summary = summarise(run_stress(Oracle(config, from_own_depth), config))
    half = summary.axes["depth"].lowest
    assert half.low <= np.median(depths) <= half.high
    assert half.value == pytest.approx(np.median(depths), rel=0.15)


def test_what_is_found_without_an_instrument_is_no_find():
    """Marking the whole picture finds nothing: it says the same when nothing is there."""

    class Everything:
        about: ClassVar = {"kind": "everything"}

        def masks(self, pictures):
            for picture in pictures:
                yield np.ones_like(picture)

    config = StressConfig(tuple(pick_axes(["depth"])), pictures=2, size=64)
    stress = run_stress(Everything(), config)
    assert (stress.values(config.axes[0], "recall") == 0).all()
    assert (stress.values(config.axes[0], "false_positives_bare") == 100).all()


def test_shared_pictures_are_segmented_once():
    class Counting(Oracle):
        def masks(self, pictures):
            for picture in pictures:
                seen.append(picture.tobytes())
                yield self.known[picture.tobytes()]

    seen, said = [], []
    config = StressConfig(tuple(pick_axes(["depth", "width", "scale"])), pictures=2, size=64)
    run_stress(Counting(config, truth), config, lambda done, total: said.append((done, total)))
    assert len(seen) == len(set(seen))
    assert len(seen) < 2 * 2 * sum(len(axis.levels) for axis in config.axes)
    assert sum(done for done, _ in said) == len(seen) == said[-1][1]


def test_masks_that_do_not_fit_are_refused():
    class Small:
        about: ClassVar = {"kind": "small"}

        def masks(self, pictures):
            return (np.zeros((5, 5), np.uint8) for _ in pictures)

    class Lazy:
        about: ClassVar = {"kind": "lazy"}

        def masks(self, pictures):
            list(pictures)
            return iter(())

    config = StressConfig(tuple(pick_axes(["depth"])), pictures=2, size=64)
    with pytest.raises(BadDataError, match=r"small gave a mask of \(5, 5\) for a picture"):
        run_stress(Small(), config)
    with pytest.raises(BadDataError, match="no mask for 18 pictures"):
        run_stress(Lazy(), config)


@pytest.mark.parametrize("wrong", [{"pictures": 1}, {"size": 8}, {"seed": -1}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(UsageError, match=f"`{next(iter(wrong))}`"):
        StressConfig(tuple(AXES.values()), **wrong)


def test_an_unknown_axis_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'depth'"):
        pick_axes(["deph"])
