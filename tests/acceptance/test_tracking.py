"""The tracker's figures of ``docs/tracking.md``: 40 generated sequences, by one command."""

import runpy
from pathlib import Path

import pytest

BENCHMARK = Path(__file__).parents[2] / "benchmarks/tracking.py"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def found():
    script = runpy.run_path(str(BENCHMARK))
    return script["generated"](script["SEED"], script["COUNT"], False)


def test_the_centreline_is_within_six_tenths_of_a_pixel(found):
    assert found["methods"]["tracker"]["error"][0] <= 0.6


def test_little_of_what_is_drawn_is_missed(found):
    assert found["methods"]["tracker"]["missed % of what is drawn"][0] < 4


def test_where_it_goes_wrong_it_is_in_doubt_and_seldom_elsewhere(found):
    assert found["flagged before or there, % of frames over 3 px"][0] >= 90
    assert found["in doubt, % of frames that are right"][0] < 15


def test_it_is_nearer_than_what_keeps_the_curve_or_lets_it_flow(found):
    methods = found["methods"]
    for other in ("first curve kept", "optical flow (DIS)"):
        assert methods["tracker"]["error"][0] < methods[other]["error"][0]
        assert methods["tracker"]["over 3 px %"][0] < methods[other]["over 3 px %"][0]
