import pickle

import cv2
import numpy as np
import pytest
import torch
from makers import Lines, picture, recipe, write_set, write_weiss
from torch.utils.data import DataLoader
from torch.utils.data.distributed import DistributedSampler

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.learn.data import (
    EpochBatches,
    LabelledFolder,
    RecipeDataset,
    RecipeStream,
    ShardDataset,
    Subset,
    WeissDataset,
    Windows,
    collate,
    measure_normalisation,
    open_dataset,
    require_foreground,
    split_validation,
)


def write_folder(root, names, white=1, style="suffix"):
    for index, name in enumerate(names):
        image, mask = picture(index, 48)
        mask = mask * np.uint8(white)
        at = (root / name).parent
        stem = (root / name).name
        paths = {
            "suffix": (at / f"{stem}.png", at / f"{stem}_mask.png"),
            "folders": (at / "images" / f"{stem}.png", at / "masks" / f"{stem}.png"),
        }[style]
        for path, pixels in zip(paths, (image, mask), strict=True):
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), pixels)
    return root


@pytest.fixture(params=["shards", "gzip", "folder", "weiss", "recipe", "subset", "clips"])
def pairs(request, tmp_path):
    lines = Lines(9)
    make = {
        "shards": lambda: open_dataset(write_set(tmp_path, [4, 5])),
        "gzip": lambda: open_dataset(write_set(tmp_path, [4, 5], compression="gzip")),
        "folder": lambda: open_dataset(write_folder(tmp_path, ["a/0", "a/1", "b/0"])),
        "weiss": lambda: open_dataset(write_weiss(tmp_path)),
        "recipe": lambda: RecipeDataset(recipe(), 1, 6),
        "subset": lambda: Subset(lines, [8, 3, 5]),
        "clips": lambda: Windows(lines, 4),
    }
    return make[request.param]()


def test_contract_of_items(pairs):
    for index in (0, len(pairs) - 1):
        image, mask = pairs[index]
        assert image.dtype == mask.dtype == np.uint8
        assert image.shape[-2:] == mask.shape
        assert set(np.unique(mask)) <= {0, 1, 255}
        again = pairs[index]
        assert np.array_equal(again[0], image)
        assert np.array_equal(again[1], mask)
        assert isinstance(pairs.sequence(index), str)
    places = {(pairs.sequence(i), pairs.name(i)) for i in range(len(pairs))}
    assert len(places) == len(pairs)
    with pytest.raises(IndexError):
        pairs[-1]
    if not pairs.endless:
        with pytest.raises(IndexError):
            pairs[len(pairs)]


def test_contract_of_pickling(pairs):
    image, mask = pairs[0]  # whatever is open must not travel
    twin = pickle.loads(pickle.dumps(pairs))
    assert np.array_equal(twin[0][0], image)
    assert np.array_equal(twin[0][1], mask)
    assert (twin.fingerprint, twin.recipe) == (pairs.fingerprint, pairs.recipe)


@pytest.mark.parametrize(
    ("context", "compression"), [("fork", None), ("fork", "gzip"), ("spawn", None)]
)
def test_workers_of_either_kind_see_every_item_once(tmp_path, context, compression):
    pairs = ShardDataset(write_set(tmp_path, [5, 1, 6], compression=compression))
    assert np.array_equal(pairs[0][0], picture(0)[0])  # open in the parent before the fork
    order = EpochBatches(len(pairs), 5, seed=3)
    loader = DataLoader(
        pairs,
        batch_sampler=order,
        collate_fn=collate,
        num_workers=2 if context == "fork" else 1,  # a spawned one imports torch anew
        multiprocessing_context=context,
        persistent_workers=True,
    )
    for epoch in range(2):
        order.set_epoch(epoch)
        expected = list(order)
        for indices, (images, masks) in zip(expected, loader, strict=True):
            truth = [picture(i) for i in indices]
            assert np.array_equal(images[:, 0].numpy(), [image for image, _ in truth])
            assert np.array_equal(masks.numpy(), [mask for _, mask in truth])


def test_default_collation_works_without_a_warning(tmp_path):
    pairs = ShardDataset(write_set(tmp_path, [4]))
    images, masks = next(iter(DataLoader(pairs, batch_size=4, shuffle=True)))
    assert images.shape == masks.shape == (4, 64, 64)


def test_distributed_samplers_share_the_items(tmp_path):
    pairs = ShardDataset(write_set(tmp_path, [4, 2]))
    seen = []
    for rank in range(2):
        sampler = DistributedSampler(pairs, 2, rank, seed=1)
        for images, _ in DataLoader(pairs, 3, sampler=sampler, collate_fn=collate):
            seen += [image.numpy().tobytes() for image in images]
    assert sorted(seen) == sorted(picture(i)[0].tobytes() for i in range(6))


def test_items_of_shards_are_views_that_cannot_change_the_file(tmp_path):
    pairs = ShardDataset(write_set(tmp_path, [3]))
    image = pairs[1][0]
    assert image.base is not None
    image[:] = 0
    assert np.array_equal(ShardDataset(tmp_path)[1][0], picture(1)[0])


def test_damaged_shards_are_refused(tmp_path):
    write_set(tmp_path, [3, 3])
    shard = tmp_path / "shard-00001.h5"
    whole = shard.read_bytes()
    shard.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BadDataError, match="shard-00001"):
        ShardDataset(tmp_path)
    shard.unlink()
    with pytest.raises(BadDataError, match="shard-00001"):
        ShardDataset(tmp_path)
    (tmp_path / "dataset.json").unlink()
    with pytest.raises(BadDataError, match="not complete"):
        open_dataset(tmp_path)


@pytest.mark.parametrize("style", ["suffix", "folders"])
@pytest.mark.parametrize("white", [1, 255])
def test_folder_layouts(tmp_path, style, white):
    pairs = open_dataset(write_folder(tmp_path, ["a/7", "a/8", "b/c/7", "x"], white, style))
    root = "x" if style == "suffix" else tmp_path.name
    assert [(pairs.sequence(i), pairs.name(i)) for i in range(4)] == [
        (root, "x"), ("a", "7"), ("a", "8"), ("b/c", "7")
    ]  # fmt: skip
    for item, source in zip(pairs, (3, 0, 1, 2), strict=True):
        image, mask = picture(source, 48)
        assert np.array_equal(item[0], image)
        assert np.array_equal(item[1], mask)


def test_files_side_by_side_are_runs_by_their_names(tmp_path):
    names = ["run_1_007", "run_1_008", "run_2-frame09", "sub/run_1_1", "sub/0001", "view"]
    pairs = open_dataset(write_folder(tmp_path, names))
    assert [pairs.sequence(i) for i in range(6)] == [
        "run_1", "run_1", "run_2", "view", "sub", "sub/run_1"
    ]  # fmt: skip


def test_255_is_ignore_where_some_mask_holds_1(tmp_path):
    write_folder(tmp_path, ["a"])
    cv2.imwrite(str(tmp_path / "b.png"), np.zeros((48, 48), np.uint8))
    cv2.imwrite(str(tmp_path / "b_mask.png"), np.full((48, 48), 255, np.uint8))
    assert (LabelledFolder(tmp_path)[1][1] == 255).all()


def test_folders_that_cannot_be_used(tmp_path):
    with pytest.raises(BadDataError, match="holds no labelled image"):
        LabelledFolder(tmp_path)
    write_folder(tmp_path, ["a", "b"])
    (tmp_path / "b_mask.png").rename(tmp_path / "c_mask.png")
    with pytest.raises(BadDataError, match=r"b\.png' has no mask"):
        LabelledFolder(tmp_path)
    (tmp_path / "c_mask.png").rename(tmp_path / "b_mask.png")
    cv2.imwrite(str(tmp_path / "b_mask.png"), np.full((48, 48), 90, np.uint8))
    with pytest.raises(BadDataError, match=r"b_mask\.png' holds 90"):
        LabelledFolder(tmp_path)
    cv2.imwrite(str(tmp_path / "b_mask.png"), np.eye(40, 48, dtype=np.uint8))
    with pytest.raises(BadDataError, match=r"b_mask\.png' is 48 x 40"):
        LabelledFolder(tmp_path)[1]
    with pytest.raises(BadDataError, match="does not exist"):
        open_dataset(tmp_path / "nowhere")


def test_weiss_sequences_are_where_the_publication_says(tmp_path):
    pairs = open_dataset(write_weiss(tmp_path))
    names = [pairs.sequence(i) for i in range(len(pairs))]
    counts = {name: names.count(name) for name in dict.fromkeys(names)}
    assert counts == {"T1": 286, "T2": 150, "T3": 200, "T4": 200, "T5": 143, "T6": 228}
    t2, t6 = names.index("T2"), names.index("T6")
    assert pairs[t2][0][0, 0] == 286 % 251
    assert pairs[t6 + 3][0][0, 0] == (543 + 3) % 251  # a file of floats in 0..1
    assert pairs.name(t6 + 3) == "0003"
    assert np.array_equal(np.flatnonzero(pairs[t2][1][:, 0]), [2, 3])


@pytest.mark.parametrize(
    ("name", "tuned", "tested"),
    [("S1", 240, 967), ("S2", 714, 493), ("S3", 579, 628), ("LOO-T5", 1064, 143)],
)
def test_weiss_splits(tmp_path, name, tuned, tested):
    pairs = WeissDataset(write_weiss(tmp_path))
    tune, test = pairs.split(name, seed=4)
    assert (len(tune), len(test)) == (tuned, tested)
    assert not set(tune.indices) & set(test.indices)
    assert np.array_equal(pairs.split(name, seed=4)[0].indices, tune.indices)
    if name == "S1":
        runs = [tune.sequence(i) for i in range(240)]
        assert [runs.count(f"T{k}") for k in range(1, 7)] == [55, 30, 40, 40, 30, 45]
    with pytest.raises(UsageError, match="S9"):
        pairs.split("S9")


def test_weiss_labels_under_another_name(tmp_path):
    write_weiss(tmp_path)
    (tmp_path / "T1T2_label.hdf5").rename(tmp_path / "other.hdf5")
    with pytest.raises(BadDataError, match="T1T2_label"):
        WeissDataset(tmp_path)
    pairs = WeissDataset(tmp_path, ["T2"], {"T1T2.hdf5": ("other.hdf5", "label")})
    assert len(pairs) == 150
    with pytest.raises(BadDataError, match="'wrong'"):
        WeissDataset(tmp_path, ["T2"], {"T1T2.hdf5": ("other.hdf5", "wrong")})


def test_clips_do_not_cross_sequences(tmp_path):
    pairs = Windows(WeissDataset(write_weiss(tmp_path)), 4)
    start = 286  # of T2
    greys = [pairs[start + i][0][:, 0, 0].tolist() for i in (0, 2, 4)]
    first = 286 % 251
    assert greys == [
        [first] * 4,
        [first, first, first + 1, first + 2],
        [first + i for i in range(1, 5)],
    ]


def test_recipe_samples_are_new_in_every_epoch_and_apart_from_validation():
    pairs = RecipeDataset(recipe(), 1, 4)
    train, validation = split_validation(pairs, 0.5, seed=0)
    order = EpochBatches(len(train), 4, 0, endless=train.endless)
    seen = []
    for epoch in range(2):
        order.set_epoch(epoch)
        seen += [train[i][0].tobytes() for batch in order for i in batch]
    held_out = [image.tobytes() for image, _ in validation]
    assert len(set(seen)) == 8
    assert len(held_out) == 2
    assert not set(held_out) & set(seen)


WAYS = {
    "here": {},
    "forked": {"num_workers": 2, "multiprocessing_context": "fork"},
    "forked, kept": {
        "num_workers": 2, "multiprocessing_context": "fork", "persistent_workers": True
    },
    "spawned, kept": {
        "num_workers": 1, "multiprocessing_context": "spawn", "persistent_workers": True
    },
}  # fmt: skip


def made(indices, seed=1):
    return sorted(recipe().sample(seed, i).image.tobytes() for i in indices)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_plain_loader_meets_new_samples_in_every_epoch(way):
    pairs = RecipeDataset(recipe(), 1, 6)
    loader = DataLoader(pairs, batch_size=4, shuffle=True, **way)
    for epoch in (0, 1, 5):
        pairs.set_epoch(epoch)
        seen = [image.numpy().tobytes() for images, _ in loader for image in images]
        assert sorted(seen) == made(range(6 * epoch, 6 * epoch + 6))


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_stream_goes_on_without_a_sample_twice_or_lost(way):
    loader = DataLoader(RecipeStream(recipe(), 1, first=3), batch_size=2, **way)
    seen = [
        image.numpy().tobytes()
        for _, (images, _) in zip(range(6), loader, strict=False)
        for image in images
    ]
    assert sorted(seen) == made(range(3, 15))


def test_streams_of_several_processes_share_the_samples():
    parts = [DataLoader(RecipeStream(recipe(), 1, rank=r, world=2), batch_size=3) for r in range(2)]
    seen = [image.numpy().tobytes() for part in parts for image in next(iter(part))[0]]
    assert sorted(seen) == made(range(6))
    for rank in (-1, 2):
        with pytest.raises(UsageError, match="`rank` must be"):
            RecipeStream(recipe(), 1, rank=rank, world=2)


def test_validation_is_a_seeded_tenth():
    lines = Lines(40)
    train, validation = split_validation(lines, 0.1, seed=7)
    assert (len(train), len(validation)) == (36, 4)
    assert sorted([*train.indices, *validation.indices]) == list(range(40))
    assert np.array_equal(split_validation(lines, 0.1, 7)[1].indices, validation.indices)
    assert not np.array_equal(split_validation(lines, 0.1, 8)[1].indices, validation.indices)
    with pytest.raises(BadDataError, match="at least 2"):
        split_validation(Lines(1), 0.1, 0)


def test_processes_share_every_global_batch():
    whole = list(EpochBatches(23, 8, seed=1))
    parts = [list(EpochBatches(23, 8, seed=1, rank=r, world=3)) for r in range(3)]
    for step, batch in enumerate(whole):
        assert sorted(batch) == sorted(parts[0][step] + parts[1][step] + parts[2][step])


def test_normalisation_is_equation_4():
    lines = Lines(7)
    normalisation = measure_normalisation(lines)
    everything = np.stack([image for image, _ in lines]).astype(float)
    assert normalisation.mean == pytest.approx(everything.mean(), rel=1e-12)
    assert normalisation.deviation == pytest.approx(everything.std(), rel=1e-12)
    images = collate(list(lines)).images
    normal = normalisation(images)
    assert normal.mean().item() == pytest.approx(0, abs=1e-5)
    assert normal.std(correction=0).item() == pytest.approx(1, abs=1e-5)


def test_normalisation_per_image_is_blind_to_brightness_and_contrast():
    normalisation = measure_normalisation(Lines(2), per_image=True)
    image = torch.arange(0, 100, dtype=torch.uint8).reshape(1, 1, 10, 10)
    torch.testing.assert_close(normalisation(image), normalisation(image * 2 + 30))
    assert torch.isfinite(normalisation(torch.full((1, 1, 4, 4), 9, dtype=torch.uint8))).all()


def test_data_without_a_foreground_is_refused():
    lines = Lines(3)
    lines.items = [(image, np.zeros_like(mask)) for image, mask in lines]
    with pytest.raises(BadDataError, match="no mask has a foreground"):
        require_foreground(lines)
    with pytest.raises(BadDataError, match="no labelled image"):
        measure_normalisation(Lines(0))


def test_sizes_that_differ_do_not_make_a_batch():
    with pytest.raises(BadDataError, match=r"\(48, 48\) and \(64, 64\)"):
        collate([picture(0, 48), picture(1, 64)])
