"""The same bytes on processors with and without the wider instructions that OpenCV uses."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from small import environment

from fluorosynth.geometry.bilinear import exact_warp_affine
from fluorosynth.geometry.distance import depth_in

FEWER = ("AVX2", "AVX2,AVX,FP16,SSE4.2,SSE4.1,SSSE3")
has_avx2 = pytest.mark.skipif(not cv2.checkHardwareSupport(11), reason="no AVX2 to compare with")


@has_avx2
@pytest.mark.parametrize(
    "border", [cv2.BORDER_CONSTANT, cv2.BORDER_REPLICATE, cv2.BORDER_REFLECT_101]
)
def test_our_own_warp_is_opencvs_to_the_bit(border):
    rng = np.random.default_rng(border)
    for _ in range(60):
        sides = rng.integers(20, 300, 2)
        image = rng.integers(0, 256, sides, dtype=np.uint8)
        matrix = np.eye(2, 3) + rng.normal(0, 0.3, (2, 3))
        matrix[:, 2] = rng.normal(0, 60, 2)
        size = 64 * int(rng.integers(1, 5)), int(rng.integers(20, 300))
        expected = cv2.warpAffine(image, matrix, size, borderMode=border)
        assert np.array_equal(exact_warp_affine(image, matrix, size, border), expected)


SCRIPT = """
import hashlib, sys
import numpy as np
from fluorosynth import Recipe
from fluorosynth.shards import digest
total = hashlib.sha256()
for name in ("paper", "physics"):
    for recipe in (Recipe.preset(name).with_sources(sys.argv[1]), Recipe.preset(name)):
        for index in range(16):
            total.update(digest(recipe.sample(5, index)).encode())
print(total.hexdigest())
"""


@has_avx2
def test_fewer_instructions_same_samples(tmp_path):
    rng = np.random.default_rng(0)
    for number, side in enumerate((300, 256, 200, 777)):  # area, as it is, linear, area
        noise = cv2.GaussianBlur(
            rng.normal(128, 90, (side, side + 9)).astype(np.float32), (0, 0), 2
        )
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.clip(noise, 0, 255).astype(np.uint8))

    def digests(disabled):
        return subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path)],
            env=environment() | {"OPENCV_CPU_DISABLE": disabled},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    whole = digests("")
    for fewer in FEWER:
        assert digests(fewer) == whole, fewer


def test_depth_is_the_same_wherever_it_is_computed():
    rng = np.random.default_rng(0)
    mask = cv2.dilate((rng.random((40, 50)) < 0.02).astype(np.uint8), np.ones((7, 5))) > 0
    held, found = [], set()
    for size in rng.integers(1, 5000, 40):
        held.append(np.empty(size, np.uint8))
        held.append(depth_in(mask.copy()))
        found.add(held[-1].tobytes())
    assert len(found) == 1
    rows, columns = np.nonzero(~np.pad(mask, 1))
    at = np.argwhere(mask)[7]
    nearest = np.hypot(rows - 1 - at[0], columns - 1 - at[1]).min()
    assert held[-1][tuple(at)] == np.float32(nearest)
