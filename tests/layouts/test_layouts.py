"""Public layouts, built small as they are documented, and read back."""

import json
import pickle
import shutil

import numpy as np
import pytest
from sets import SETS, SIZE, curve, drawn, picture, save

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.exporters.base import export
from fluorosynth.layouts.classes import ClassMap
from fluorosynth.layouts.find import LAYOUTS, find_layout
from fluorosynth.learn.data import LayoutDataset, open_dataset
from fluorosynth.learn.data.parts import by_protocol
from fluorosynth.metrics import count
from fluorosynth.recipe import Recipe


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    made = {}
    for name, make in SETS.items():
        root = tmp_path_factory.mktemp(name)
        made[name] = root, make(root)
    return made


def test_there_is_a_set_for_every_layout():
    assert SETS.keys() == LAYOUTS.keys()


@pytest.mark.parametrize("name", SETS)
def test_a_set_is_known_by_its_files(sets, name):
    root, about = sets[name]
    pairs = open_dataset(root)
    assert pairs.layout.kind == name
    assert len(pairs) == about["frames"]
    assert len(by_protocol(pairs)) == about["test"]


@pytest.mark.parametrize("name", sorted(set(SETS) - {"guide3d"}))
def test_masks_are_those_that_were_drawn(sets, name):
    root, about = sets[name]
    pairs = by_protocol(open_dataset(root))
    for number, true in enumerate(about["masks"]):
        image, mask = pairs[number]
        assert image.shape == mask.shape == (SIZE, SIZE)
        assert image.dtype == mask.dtype == np.uint8
        labelled = mask != 255
        assert count(mask[labelled][None] == 1, true[labelled][None]).dice > 0.99, number
        if "ignored" in about:
            first, last = about["ignored"]
            assert (mask[first:last, 1:-1] == 255).mean() > 0.9


@pytest.mark.parametrize("name", SETS)
def test_pictures_are_dark_where_the_instrument_is(sets, name):
    """So pictures and labels belong together."""
    pairs = open_dataset(sets[name][0])
    for image, mask in pairs:
        assert image[mask == 1].mean() < image[mask == 0].mean() - 30


def test_splines_are_drawn_where_they_run(sets):
    root, _ = sets["guide3d"]
    pairs = by_protocol(open_dataset(root))
    assert [item.name for item in pairs.items] == ["009", "009"]
    _, mask = pairs[0]
    points = (curve(9) + 0.5) * 1024 / SIZE - 0.5
    for x, y in points[3:-3]:
        assert mask[round(y), round(x)] == 1
        assert mask[round(y) + 4, round(x)] == 0  # 3 px wide


def test_points_of_guide3d_are_read_as_its_splines(sets, tmp_path):
    root, _ = sets["guide3d"]
    shutil.copytree(root, tmp_path / "raw")
    plain = json.loads((root / "b_spline.json").read_text())
    for number, frame in enumerate(plain[0]["frames"]):
        for camera, shift in (("cameraA", 0), ("cameraB", 50)):
            points = (curve(number + shift) + 0.5) * 1024 / SIZE - 0.5
            frame[camera] = {"image": frame[camera]["image"], "points": points.tolist()}
    (tmp_path / "raw/b_spline.json").unlink()
    (tmp_path / "raw/raw.json").write_text(json.dumps(plain))
    splines, points = open_dataset(root), open_dataset(tmp_path / "raw")
    for index in (0, 7):
        assert count(points[index][1] == 1, splines[index][1]).dice > 0.95


def test_sequences_and_parts(sets):
    mosxav = open_dataset(sets["mosxav"][0])
    assert [mosxav.sequence(i) for i in range(6)] == ["v00", "v00", "v01", "v01", "v02", "v02"]
    assert {item.part for item in mosxav.items} == {"trainval", "test"}
    cathaction = LayoutDataset(mosxav.layout.__class__(sets["mosxav"][0]), part="trainval")
    assert len(cathaction) == 2
    with pytest.raises(UsageError, match=r"no `part` 'dev'; it has test, trainval"):
        LayoutDataset(mosxav.layout, part="dev")
    numbers = [item.name for item in open_dataset(sets["cathaction"][0]).items]
    assert numbers == ["1", "2", "1", "2", "10"]  # 10 after 2


class TestClasses:
    def test_defaults_take_both_catheters_and_ignore_the_balloon(self, sets):
        pairs = open_dataset(sets["mosxav"][0])
        assert pairs.meant.to_plain() == {
            "instrument": ["contrast catheter", "catheter"],
            "ignore": ["balloon", "others"],
            "background": ["background", "vessel"],
        }
        assert (pairs[0][1][80:90, 80:90] == 255).all()

    @pytest.mark.parametrize("words", [("2", "3"), ("Contrast Catheter", "catheter")])
    def test_names_and_numbers_say_the_same(self, sets, words):
        default = open_dataset(sets["mosxav"][0])
        given = open_dataset(sets["mosxav"][0], classes=ClassMap(words, ("4", "5")))
        assert all(np.array_equal(a[1], b[1]) for a, b in zip(default, given, strict=True))

    def test_one_class_alone(self, sets):
        pairs = open_dataset(sets["mosxav"][0], classes=ClassMap(("vessel",), ("4",)))
        mask = pairs[0][1]
        assert mask[72].all()
        assert not mask[10:60].any()

    def test_unknown_values_are_refused_and_listed(self, sets, tmp_path):
        shutil.copytree(sets["mosxav"][0], tmp_path / "set")
        file = tmp_path / "set/test/Annotations_Semantic/v01/00000.png"
        values = drawn(0) * np.uint8(2)
        values[0, :3] = 7, 9, 200
        save(file, values)
        pairs = by_protocol(open_dataset(tmp_path / "set"))
        with pytest.raises(BadDataError, match=r"00000\.png.*holds 7, 9, 200, which no class has"):
            pairs[0]
        named = ClassMap(("2", "3"), ("4", "5", "7", "9", "200"))
        mask = by_protocol(open_dataset(tmp_path / "set", classes=named))[0][1]
        assert mask[0, :4].tolist() == [255, 255, 255, 0]

    def test_an_unknown_name_lists_those_there_are(self, sets):
        with pytest.raises(UsageError, match=r"no class 'wire'.* it has 0 background, 1 vessel, 2"):
            open_dataset(sets["mosxav"][0], classes=ClassMap(("wire",)))

    def test_both_is_refused(self, sets):
        with pytest.raises(UsageError, match="'catheter' cannot be both"):
            open_dataset(sets["mosxav"][0], classes=ClassMap(("3",), ("3",)))

    @pytest.mark.parametrize("word", ["0", "Background"])
    def test_the_background_is_no_instrument(self, sets, word):
        with pytest.raises(UsageError, match="0 is the background of every set"):
            open_dataset(sets["mosxav"][0], classes=ClassMap((word,)))

    def test_several_classes_of_no_known_name_have_to_be_named(self, sets, tmp_path):
        shutil.copytree(sets["nnunet"][0], tmp_path / "set")
        labels = {"background": 0, "a": 1, "b": 2, "c": 3, "ignore": 4}
        (tmp_path / "set/dataset.json").write_text(json.dumps({"labels": labels}))
        with pytest.raises(UsageError, match="say which are instruments by `instrument`"):
            open_dataset(tmp_path / "set")
        pairs = open_dataset(tmp_path / "set", classes=ClassMap(("c",)))
        assert (pairs[0][1][85:90] == 255).all()
        assert pairs[0][1].max() == 255
        assert (pairs[0][1] == 1).sum() > 100

    def test_the_only_class_is_the_instrument(self, tmp_path):
        save(tmp_path / "imagesTr/a_0000.png", picture(0))
        save(tmp_path / "labelsTr/a.png", drawn(0))
        about = {"labels": {"background": 0, "thing": 1}}
        (tmp_path / "dataset.json").write_text(json.dumps(about))
        assert np.array_equal(open_dataset(tmp_path)[0][1], drawn(0))

    def test_objects_by_number_may_be_named_too(self, sets):
        pairs = open_dataset(sets["davis"][0], classes=ClassMap(("2",), ("255",)))
        with pytest.raises(BadDataError, match="holds 1, which no class has"):
            pairs[0]
        assert (pairs[2][1] == 1).any()


@pytest.mark.parametrize("to", ["folder", "nnunet", "coco"])
def test_own_exports_come_back(tmp_path, to):
    recipe = Recipe.preset("paper")
    samples = [(i, recipe.sample(seed=3, index=i)) for i in range(3)]
    export(samples, to, tmp_path / "out")
    for (_, sample), (image, mask) in zip(samples, open_dataset(tmp_path / "out"), strict=True):
        assert np.array_equal(image, sample.image)
        assert np.array_equal(mask, sample.mask)


@pytest.mark.parametrize("name", SETS)
def test_sets_go_to_other_processes(sets, name):
    pairs = open_dataset(sets[name][0])
    again = pickle.loads(pickle.dumps(pairs))
    assert all(np.array_equal(a, b) for a, b in zip(pairs[0], again[0], strict=True))


@pytest.mark.parametrize("name", SETS)
def test_the_digest_knows_the_files_and_the_classes(sets, name, tmp_path):
    root, _ = sets[name]
    pairs = open_dataset(root)
    shutil.copytree(root, tmp_path / "copy")
    assert open_dataset(tmp_path / "copy").fingerprint == pairs.fingerprint
    if name != "guide3d":  # which has one class
        words = ("stent",) if pairs.layout.closed else ("1", "77")
        other = open_dataset(root, classes=ClassMap(words))
        assert other.fingerprint != pairs.fingerprint


class TestBroken:
    @pytest.mark.parametrize("name", SETS)
    def test_a_missing_picture_is_named(self, sets, tmp_path, name):
        shutil.copytree(sets[name][0], tmp_path / "set")
        item = open_dataset(tmp_path / "set").items[0]
        item.image.unlink()
        with pytest.raises(BadDataError, match=item.image.name):
            open_dataset(tmp_path / "set")

    @pytest.mark.parametrize("name", ["mosxav", "cathaction", "davis", "nnunet"])
    def test_labels_of_another_size_are_named(self, sets, tmp_path, name):
        shutil.copytree(sets[name][0], tmp_path / "set")
        pairs = open_dataset(tmp_path / "set")
        save(pairs.items[0].key, np.zeros((40, 50), np.uint8))
        with pytest.raises(BadDataError, match=r"\(40, 50\), its picture .*\(96, 96\)"):
            open_dataset(tmp_path / "set")[0]

    @pytest.mark.parametrize(
        ("name", "file"),
        [
            ("guide3d", "b_spline.json"),
            ("nnunet", "dataset.json"),
            ("coco", "annotations.json"),
            ("labelme", "000.json"),
            ("cvat", "annotations.xml"),
        ],
    )
    @pytest.mark.parametrize("text", ["", "{", "[]", "[[1]]", '{"labels": 3}', "\xff\xfe"])
    def test_broken_annotations_are_one_sentence(self, sets, tmp_path, name, file, text):
        shutil.copytree(sets[name][0], tmp_path / "set")
        (tmp_path / "set" / file).write_bytes(text.encode("latin-1"))
        try:
            pairs = open_dataset(tmp_path / "set", layout=name)
        except BadDataError:
            return
        assert name == "labelme"  # a JSON file that is none of LabelMe's is passed over
        assert len(pairs) == 2

    def test_names_that_leave_the_set_are_refused(self, sets, tmp_path):
        shutil.copytree(sets["labelme"][0], tmp_path / "set")
        about = {"shapes": [], "imagePath": "../../etc/passwd"}
        (tmp_path / "set/000.json").write_text(json.dumps(about))
        with pytest.raises(BadDataError, match="lies outside the set"):
            open_dataset(tmp_path / "set", layout="labelme")

    def test_entities_are_refused(self, sets, tmp_path):
        shutil.copytree(sets["cvat"][0], tmp_path / "set")
        bomb = '<!DOCTYPE a [<!ENTITY b "bbbb">]><annotations>&b;</annotations>'
        (tmp_path / "set/annotations.xml").write_text(bomb)
        with pytest.raises(BadDataError, match="declares entities"):
            open_dataset(tmp_path / "set")

    @pytest.mark.parametrize("points", [[[1e300, 0], [5, 5]], [["a", 1]], [[1, 2, 3]], 5])
    def test_impossible_points_are_refused(self, sets, tmp_path, points):
        shutil.copytree(sets["labelme"][0], tmp_path / "set")
        shape = {"label": "catheter", "points": points, "shape_type": "linestrip"}
        about = {"shapes": [shape], "imagePath": "000.png"}
        (tmp_path / "set/000.json").write_text(json.dumps(about))
        with pytest.raises(BadDataError, match=r"000\.json"):
            open_dataset(tmp_path / "set")[0]

    def test_two_layouts_have_to_be_told_apart(self, sets, tmp_path):
        shutil.copytree(sets["davis"][0], tmp_path / "set")
        shutil.copytree(sets["nnunet"][0], tmp_path / "set", dirs_exist_ok=True)
        with pytest.raises(UsageError, match="davis or nnunet: say which by `layout`"):
            find_layout(tmp_path / "set")
        assert find_layout(tmp_path / "set", "davis").kind == "davis"
        with pytest.raises(UsageError, match="did you mean 'davis'"):
            find_layout(tmp_path / "set", "davsi")
