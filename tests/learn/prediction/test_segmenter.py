"""A network as a segmenter, and its ONNX file as another: the same masks."""

import numpy as np
from makers import picture

from fluorosynth.learn.prediction.export_onnx import export_onnx
from fluorosynth.learn.prediction.segmenter import ModelSegmenter
from fluorosynth.metrics import count
from fluorosynth.stress.onnx_file import OnnxFile


def test_a_checkpoint_and_its_onnx_file_give_the_same_masks(trained, trained_file, tmp_path):
    pairs = [picture(i) for i in range(60, 64)]  # 64 px, as it was trained
    images = [np.asarray(image) for image, _ in pairs]
    own = list(ModelSegmenter(trained_file, "cpu").masks(iter(images)))
    export_onnx(trained, tmp_path / "lines.onnx", [images[0][None]])
    exported = OnnxFile(tmp_path / "lines.onnx")
    assert exported.threshold == trained.threshold
    for mine, other, (_, truth) in zip(own, exported.masks(iter(images)), pairs, strict=True):
        assert (mine != other).mean() < 1e-3
        assert count(mine, np.asarray(truth)).dice > 0.5


def test_pictures_of_several_sizes_keep_their_order(trained_file):
    rng = np.random.default_rng(0)
    shapes = [(64, 64), (64, 64), (96, 96), (64, 64)]
    images = [rng.integers(0, 255, shape).astype(np.uint8) for shape in shapes]
    segmenter = ModelSegmenter(trained_file, "cpu")
    together = list(segmenter.masks(iter(images)))
    assert [mask.shape for mask in together] == shapes
    for image, mask in zip(images, together, strict=True):
        (alone,) = segmenter.masks([image])
        assert np.array_equal(alone, mask)
