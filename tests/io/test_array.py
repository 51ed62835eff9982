import pickle
import tracemalloc

import numpy as np
import pytest

from fluorosynth.errors import BadDataError
from fluorosynth.io.frames import count_frames, read_frames
from fluorosynth.io.pixels import to_uint8

RUN = np.random.default_rng(0).integers(0, 256, (5, 40, 56)).astype(np.uint8)


def saved(folder, array, name="x.npy"):
    np.save(folder / name, array)
    return folder / name


def images(path):
    return [frame.image for frame in read_frames(path)]


def refused(path, *words):
    with pytest.raises(BadDataError) as caught:
        list(read_frames(path))
    for word in (path.name, *words):
        assert word in str(caught.value)


def test_shapes(tmp_path):
    rgb = np.stack(list(RUN[:3]), axis=-1)
    luma = np.rint(rgb @ [0.299, 0.587, 0.114])
    assert np.array_equal(images(saved(tmp_path, RUN)), RUN)
    assert np.array_equal(images(saved(tmp_path, RUN[0])), RUN[:1])
    assert np.array_equal(images(saved(tmp_path, rgb)), luma[None])
    assert np.array_equal(images(saved(tmp_path, np.stack([rgb, rgb]))), np.stack([luma, luma]))
    assert count_frames(saved(tmp_path, RUN)) == 5


@pytest.mark.parametrize("dtype", [np.uint16, np.int32, np.float16, np.float64, ">u2", ">f4"])
def test_other_types_are_stretched_frame_by_frame(tmp_path, dtype):
    run = (RUN.astype(float) * 8).astype(dtype)
    run[2] //= 2
    shown = images(saved(tmp_path, run))
    assert np.array_equal(shown, [to_uint8(frame.astype(float)) for frame in run])
    assert shown[2].max() == 255


def test_fortran_order(tmp_path):
    assert np.array_equal(images(saved(tmp_path, np.asfortranarray(RUN))), RUN)


def test_bool(tmp_path):
    assert np.array_equal(images(saved(tmp_path, RUN[0] > 99))[0], (RUN[0] > 99) * 255)


def test_nan_and_inf_are_counted(tmp_path):
    broken = RUN[0].astype(np.float32)
    broken[0, :3] = np.nan
    broken[1, 0] = np.inf
    refused(saved(tmp_path, broken), "4 NaN or infinite values")


def test_objects_are_refused_without_loading(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("unpickled",))

    path = tmp_path / "trap.npy"
    np.save(path, np.array([[Trap()] * 20] * 20, object), allow_pickle=True)
    refused(path, "Python objects", "allow_pickle=False")
    path.write_bytes(pickle.dumps([1]))
    refused(path)


@pytest.mark.parametrize("array", [np.zeros((20, 20), complex), np.full((20, 20), "a")])
def test_types_that_are_no_grey_values(tmp_path, array):
    refused(saved(tmp_path, array), str(array.dtype))


@pytest.mark.parametrize("shape", [(20,), (), (2, 2, 20, 20), (1, 1, 1, 20, 20)])
def test_wrong_shapes(tmp_path, shape):
    refused(saved(tmp_path, np.zeros(shape, np.uint8)), str(shape))


def test_too_small_and_empty(tmp_path):
    refused(saved(tmp_path, np.zeros((1, 1), np.uint8)), "1 x 1")
    refused(saved(tmp_path, np.zeros((0, 20, 20), np.uint8)))


def header_only(path, shape):
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(
            file, {"descr": "|u1", "fortran_order": False, "shape": shape}
        )
        file.write(bytes(64))
    return path


@pytest.mark.parametrize(
    ("shape", "word"),
    [
        ((30000, 30000), "30000 x 30000"),
        ((4000, 4000), "bomb.npy"),
        ((10**12, 16, 16), "bomb.npy"),
        ((2**40, 2**40), "pixels"),
    ],
)
def test_header_larger_than_the_file(tmp_path, shape, word):
    path = header_only(tmp_path / "bomb.npy", shape)
    tracemalloc.start()
    refused(path, word)
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()


def test_truncated(tmp_path):
    path = saved(tmp_path, RUN)
    path.write_bytes(path.read_bytes()[:-1])
    refused(path)


def test_frames_are_loaded_one_at_a_time(tmp_path):
    path = saved(tmp_path, np.zeros((200, 256, 512), np.uint8))  # 26 MB
    tracemalloc.start()
    assert sum(1 for _ in read_frames(path)) == 200
    assert tracemalloc.get_traced_memory()[1] < 2**22
    tracemalloc.stop()
