"""The same sets as other programs and other people lay them out."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from sets import SETS, drawn, outline, picture, save

from fluorosynth.errors import BadDataError
from fluorosynth.learn.data import open_dataset
from fluorosynth.learn.data.parts import by_protocol


def coco_file(path, numbers, category=1, categories=None):
    images = [{"id": n, "file_name": f"{n:06d}.png"} for n in numbers]
    annotations = [
        {"image_id": n, "category_id": category, "segmentation": [outline(n).ravel().tolist()]}
        for n in numbers
    ]
    categories = categories or [{"id": category, "name": "catheter"}]
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"images": images, "annotations": annotations, "categories": categories}
    path.write_text(json.dumps(content))


def right(pairs, numbers):
    masks = [mask for _, mask in pairs]
    return all((mask == drawn(n)).all() for mask, n in zip(masks, numbers, strict=True))


class TestCoco:
    @pytest.mark.parametrize("place", ["images", "images/val2017", "val2017", "val", "images/val"])
    def test_pictures_lie_where_cocos_own_do(self, tmp_path, place):
        for n in (0, 1):
            save(tmp_path / place / f"{n:06d}.png", picture(n))
        coco_file(tmp_path / "annotations/instances_val2017.json", (0, 1))
        (tmp_path / "annotations/captions_val2017.json").write_text('{"images": []}')
        pairs = by_protocol(open_dataset(tmp_path))
        assert pairs.part == "val"
        assert right(pairs, (0, 1))

    def test_roboflows_folders(self, tmp_path):
        for part, n in (("train", 0), ("valid", 1), ("test", 2)):
            save(tmp_path / part / f"{n:06d}.png", picture(n))
            names = [{"id": 0, "name": "catheters-abc"}, {"id": 1, "name": "catheter"}]
            coco_file(tmp_path / part / "_annotations.coco.json", (n,), 1, names)
        pairs = open_dataset(tmp_path)
        assert pairs.layout.kind == "coco"
        assert {item.part for item in pairs.items} == {"train", "val", "test"}
        assert right(by_protocol(pairs), (1,))

    @pytest.mark.parametrize("category", [0, 300])
    def test_categories_of_any_number(self, tmp_path, category):
        save(tmp_path / "images/000000.png", picture(0))
        coco_file(tmp_path / "annotations.json", (0,), category)
        assert right(open_dataset(tmp_path), (0,))


class TestCvat:
    def test_subsets(self, tmp_path):
        save(tmp_path / "images/test/a.png", picture(0))
        corners = ";".join(f"{x},{y}" for x, y in outline(0))
        shape = f'<polygon label="catheter" points="{corners}"/>'
        text = (
            f'<annotations><image id="0" name="a.png" subset="test">{shape}</image></annotations>'
        )
        (tmp_path / "annotations.xml").write_text(text)
        pairs = open_dataset(tmp_path)
        assert [item.part for item in pairs.items] == ["test"]
        assert right(pairs, (0,))

    def video(self, root, frame):
        for n in (0, 7):
            save(root / f"images/frame_{n:06d}.PNG", picture(n))
        corners = ";".join(f"{x},{y}" for x, y in outline(7))
        shape = f'<polygon frame="{frame}" keyframe="1" outside="0" points="{corners}"/>'
        track = f'<track id="0" label="catheter">{shape}</track>'
        (root / "annotations.xml").write_text(f"<annotations>{track}</annotations>")

    def test_videos(self, tmp_path):
        self.video(tmp_path, 7)
        pairs = open_dataset(tmp_path)
        assert not pairs[0][1].any()
        assert (pairs[1][1] == drawn(7)).all()

    def test_a_frame_of_a_video_that_is_not_there(self, tmp_path):
        self.video(tmp_path, 9)
        with pytest.raises(BadDataError, match="labels frame 9, of which there is no picture"):
            open_dataset(tmp_path)


def renamed(root, old, new):
    """Give files another ending."""
    for path in sorted(root.rglob(f"*{old}")):
        path.rename(path.with_name(path.name.removesuffix(old) + new))


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("mosxav", ".jpg", ".JPG"),
        ("mosxav", ".png", ".PNG"),
        ("mosxav", ".jpg", ".jpeg"),
        ("cathaction", ".jpg", ".JPG"),
        ("cathaction", ".png", ".PNG"),
        ("davis", ".jpg", ".JPEG"),
        ("davis", ".png", ".PNG"),
    ],
)
def test_endings_in_other_letters(tmp_path, name, old, new):
    about = SETS[name](tmp_path)
    renamed(tmp_path, old, new)
    pairs = by_protocol(open_dataset(tmp_path))
    assert pairs.layout.kind == name
    for number, true in enumerate(about["masks"]):
        assert (pairs[number][1] == 1).sum() == true.sum()


def test_nnunet_of_other_endings_is_read(tmp_path):
    about = SETS["nnunet"](tmp_path)
    plain = json.loads((tmp_path / "dataset.json").read_text()) | {"file_ending": ".bmp"}
    (tmp_path / "dataset.json").write_text(json.dumps(plain))
    with pytest.raises(BadDataError, match=r"'\.bmp'; \.png, \.tif, \.tiff are read"):
        open_dataset(tmp_path)
    assert about["frames"] == 3


def test_masks_with_a_palette_and_of_16_bit(tmp_path):
    SETS["mosxav"](tmp_path)
    folder = tmp_path / "test/Annotations_Semantic/v01"
    true = np.array(Image.open(folder / "00000.png"))
    coloured = Image.fromarray(true)
    coloured.putpalette([0, 0, 0, 128, 0, 0, 0, 128, 0, 128, 128, 0, 0, 0, 128, 128, 0, 128])
    coloured.save(folder / "00000.png")
    Image.fromarray(np.array(Image.open(folder / "00005.png")).astype(np.uint16)).save(
        folder / "00005.png"
    )
    pairs = by_protocol(open_dataset(tmp_path))
    for index, number in ((0, 0), (1, 5)):
        mask = pairs[index][1]
        assert ((mask == 1) == (drawn(number) == 1))[:80].all()
        assert (mask[80:90, 80:90] == 255).all()


def test_an_unlabelled_frame_of_cathaction_is_left_out_and_a_lost_picture_named(tmp_path):
    SETS["cathaction"](tmp_path)
    (tmp_path / "test/labels/mask10.png").unlink()
    assert [item.name for item in by_protocol(open_dataset(tmp_path)).items] == ["1", "2"]
    (tmp_path / "test/images/image2.jpg").unlink()
    with pytest.raises(BadDataError, match=r"mask2\.png.*has no picture.*image2"):
        open_dataset(tmp_path)


def test_a_set_in_a_folder_of_the_same_name(tmp_path):
    """Archives are often unpacked into a folder of a folder."""
    for name in ("mosxav", "cathaction", "davis"):
        SETS[name](tmp_path / name / name)
        pairs = open_dataset(tmp_path / name)
        assert pairs.layout.kind == name
    shutil.copytree(tmp_path / "davis/davis", tmp_path / "davis/other")
    with pytest.raises(BadDataError):
        open_dataset(tmp_path / "davis")
