"""What lies about in real copies of sets, and what is wrong in some: read right, or refused."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from sets import SETS, drawn, outline, picture, save

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.layouts.classes import ClassMap
from fluorosynth.learn.data import open_dataset
from fluorosynth.learn.data.parts import by_protocol


def edit(path, change):
    """Change the content of a JSON file in place."""
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def right(pairs, masks):
    found = [mask for _, mask in pairs]
    return len(found) == len(masks) and all(
        ((a == 1) == (b == 1)).all() for a, b in zip(found, masks, strict=True)
    )


def cvat_file(root, body):
    save(root / "images/frame_000000.png", picture(0))
    head = '<image id="0" name="frame_000000.png" width="96" height="96">'
    (root / "annotations.xml").write_text(f"<annotations>{head}{body}</image></annotations>")


class TestWhatLiesAbout:
    def test_files_of_systems_and_editors_are_passed_over(self, tmp_path):
        about = SETS["mosxav"](tmp_path)
        for kind, end in (("JPEGImages", ".jpg"), ("Annotations_Semantic", ".png")):
            folder = tmp_path / "test" / kind / "v01"
            (folder / ".ipynb_checkpoints").mkdir()
            kept = folder / ".ipynb_checkpoints" / f"00000-checkpoint{end}"
            shutil.copy(folder / f"00000{end}", kept)
            for name in (".DS_Store", "Thumbs.db", f"._00000{end}"):
                (folder / name).write_bytes(b"\0\xff")
        assert len(by_protocol(open_dataset(tmp_path))) == about["test"]

    def test_those_beside_labelme_too(self, tmp_path):
        SETS["labelme"](tmp_path)
        (tmp_path / "._000.json").write_bytes(b"\0\xff")
        (tmp_path / ".ipynb_checkpoints").mkdir()
        shutil.copy(tmp_path / "000.json", tmp_path / ".ipynb_checkpoints/000-checkpoint.json")
        assert len(open_dataset(tmp_path)) == 3

    def test_linked_folders_are_followed(self, tmp_path):
        about = SETS["mosxav"](tmp_path / "set")
        for kind in ("JPEGImages", "Annotations_Semantic"):
            folder = tmp_path / "set/test" / kind / "v01"
            shutil.move(folder, tmp_path / "elsewhere" / kind)
            folder.symlink_to(tmp_path / "elsewhere" / kind)
        pairs = by_protocol(open_dataset(tmp_path / "set"))
        assert right(pairs, about["masks"])
        assert pairs.sequence(0) == "v01"

    def test_a_second_resolution_of_davis_is_no_second_set(self, tmp_path):
        about = SETS["davis"](tmp_path)
        for kind in ("JPEGImages", "Annotations"):
            shutil.copytree(tmp_path / kind / "480p", tmp_path / kind / "Full-Resolution")
        assert right(by_protocol(open_dataset(tmp_path)), about["masks"])

    def test_the_lists_of_davis_2016_are_pairs_of_files(self, tmp_path):
        SETS["davis"](tmp_path)
        shutil.rmtree(tmp_path / "ImageSets")
        (tmp_path / "ImageSets/480p").mkdir(parents=True)
        for part, run in (("train", "run-a"), ("val", "run-b")):
            lines = [
                f"/JPEGImages/480p/{run}/0000{n}.jpg /Annotations/480p/{run}/0000{n}.png\r\n"
                for n in (0, 1)
            ]
            (tmp_path / f"ImageSets/480p/{part}.txt").write_text("".join(lines))
        pairs = by_protocol(open_dataset(tmp_path))
        assert {pairs.sequence(index) for index in range(len(pairs))} == {"run-b"}

    def test_nnunet_in_tiff(self, tmp_path):
        about = SETS["nnunet"](tmp_path)
        for path in sorted(tmp_path.rglob("*.png")):
            Image.open(path).save(path.with_suffix(".tif"))
            path.unlink()
        edit(tmp_path / "dataset.json", lambda d: d.update(file_ending=".tif"))
        assert right(open_dataset(tmp_path), about["masks"])

    def test_labelme_beside_a_folder_of_pictures(self, tmp_path):
        about = SETS["labelme"](tmp_path / "labels")
        (tmp_path / "images").mkdir()
        for path in sorted((tmp_path / "labels").glob("*.png")):
            path.rename(tmp_path / "images" / path.name)
            edit(
                path.with_suffix(".json"),
                lambda d, name=path.name: d.update(imagePath=f"..\\images\\{name}"),
            )
        assert right(open_dataset(tmp_path), about["masks"])

    def test_coco_from_windows_with_unicode_under_another_name(self, tmp_path):
        about = SETS["coco"](tmp_path)
        (tmp_path / "images/000000.png").rename(tmp_path / "images/Bild ä 1.png")
        file = tmp_path / "annotations.json"
        edit(file, lambda d: d["images"][0].update(file_name="Bild ä 1.png"))
        edit(file, lambda d: d["images"][1].update(file_name="images\\000001.png"))
        file.rename(tmp_path / "result.json")
        assert right(open_dataset(tmp_path, layout="coco"), about["masks"])

    def test_a_frame_where_a_track_is_outside_shows_nothing(self, tmp_path):
        for number in range(3):
            save(tmp_path / f"images/frame_{number:06d}.png", picture(0))
        corners = ";".join(f"{x},{y}" for x, y in outline(0))
        shapes = "".join(
            f'<polygon frame="{n}" keyframe="{key}" outside="{out}" points="{corners}"/>'
            for n, key, out in ((0, 1, 0), (1, 0, 0), (2, 1, 1))
        )
        track = f'<track id="0" label="catheter">{shapes}</track>'
        (tmp_path / "annotations.xml").write_text(f"<annotations>{track}</annotations>")
        assert right(open_dataset(tmp_path), [drawn(0), drawn(0), np.zeros((96, 96))])


class TestColours:
    """Numbers of classes in colour: by the set's own table, or refused, never guessed."""

    TABLE = ((0, 0, 0), (85, 170, 255), (170, 255, 0), (249, 193, 0), (255, 0, 0), (244, 108, 59))

    def coloured(self, path):
        values = np.array(Image.open(path))
        Image.fromarray(np.array(self.TABLE, np.uint8)[values]).save(path)

    def test_those_of_mosxav_are_its_classes(self, tmp_path):
        about = SETS["mosxav"](tmp_path)
        for path in sorted((tmp_path / "test/Annotations_Semantic").rglob("*.png")):
            self.coloured(path)
        pairs = by_protocol(open_dataset(tmp_path))
        assert right(pairs, about["masks"])
        assert (pairs[0][1][80:90, 80:90] == 255).all()

    @pytest.mark.parametrize("name", ["cathaction", "davis", "nnunet"])
    def test_others_are_refused(self, tmp_path, name):
        SETS[name](tmp_path)
        item = by_protocol(open_dataset(tmp_path)).items[0]
        values = np.array(Image.open(item.key)) % 6
        values[:5, :2] = 1, 2
        Image.fromarray(np.array(self.TABLE, np.uint8)[values]).save(item.key)
        with pytest.raises(BadDataError, match="holds colours that are no classes of this layout"):
            by_protocol(open_dataset(tmp_path))[0]

    def test_an_index_is_a_number_whatever_its_colour(self, tmp_path):
        """A palette that does not begin with black says nothing else of a class."""
        about = SETS["mosxav"](tmp_path)
        path = tmp_path / "test/Annotations_Semantic/v01/00000.png"
        image = Image.fromarray(np.array(Image.open(path)))
        image.putpalette([255, 255, 255, 0, 0, 0, 9, 9, 9, 80, 80, 80, 99, 99, 99])
        image.save(path)
        assert right(by_protocol(open_dataset(tmp_path)), about["masks"])


class TestWhatIsWrong:
    @pytest.mark.parametrize("name", ["coco", "labelme"])
    def test_marks_of_a_picture_of_another_size(self, tmp_path, name):
        SETS[name](tmp_path)
        if name == "coco":
            file = tmp_path / "annotations.json"
            edit(file, lambda d: d["images"][0].update(height=50, width=60))
        else:
            edit(tmp_path / "000.json", lambda d: d.update(imageHeight=50, imageWidth=60))
        with pytest.raises(BadDataError, match="annotates a picture of 60 x 50, which is 96 x 96"):
            open_dataset(tmp_path)[0]

    def test_marks_of_cvat_of_another_size(self, tmp_path):
        cvat_file(tmp_path, '<box label="catheter" xtl="1" ytl="2" xbr="30" ybr="20"/>')
        save(tmp_path / "images/frame_000000.png", np.zeros((64, 96), np.uint8))
        with pytest.raises(BadDataError, match="annotates a picture of 96 x 96, which is 96 x 64"):
            open_dataset(tmp_path)[0]

    def test_run_lengths_of_another_size(self, tmp_path):
        SETS["coco"](tmp_path)
        runs = {"size": [90, 96], "counts": [10, 80, 90 * 95]}
        edit(
            tmp_path / "annotations.json",
            lambda d: d["annotations"][0].update(segmentation=runs),
        )
        with pytest.raises(BadDataError, match="run lengths of 96 x 90 px in a picture of 96 x 96"):
            open_dataset(tmp_path)[0]

    def test_a_picture_that_is_labelled_twice(self, tmp_path):
        SETS["labelme"](tmp_path)
        shutil.copy(tmp_path / "000.json", tmp_path / "000 copy.json")
        with pytest.raises(BadDataError, match=r"000\.json.*000 copy\.json' has labelled before"):
            open_dataset(tmp_path)

    def test_two_pictures_of_one_id(self, tmp_path):
        SETS["coco"](tmp_path)
        edit(tmp_path / "annotations.json", lambda d: d["images"][1].update(id=0))
        with pytest.raises(BadDataError, match="two pictures have one id"):
            open_dataset(tmp_path)

    def test_two_files_of_one_name(self, tmp_path):
        SETS["mosxav"](tmp_path)
        save(tmp_path / "test/JPEGImages/v01/00000.png", picture(9))
        with pytest.raises(BadDataError, match=r"00000\.jpg.*00000\.png' have one name"):
            open_dataset(tmp_path)

    def test_a_case_of_nnunet_without_labels(self, tmp_path):
        SETS["nnunet"](tmp_path)
        (tmp_path / "labelsTr/case_1.png").unlink()
        with pytest.raises(BadDataError, match=r"case_1_0000\.png' has no labels"):
            open_dataset(tmp_path)

    @pytest.mark.parametrize(
        ("labels", "said"),
        [
            ({"a": 1e400}, "cannot convert float infinity"),
            ({"a": -3}, "a label -3"),
            ({"whole": [1, 3]}, r"the region \[1, 3\] is of several labels"),
        ],
    )
    def test_labels_of_nnunet_that_are_none(self, tmp_path, labels, said):
        SETS["nnunet"](tmp_path)
        edit(tmp_path / "dataset.json", lambda d: d.update(labels=labels))
        with pytest.raises(BadDataError, match=rf"dataset\.json.*{said}"):
            open_dataset(tmp_path)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"t": [0.0] * 5}, "knots"),
            ({"t": [3.0, 2.0, 1.0] * 9}, "[Kk]nots"),
            ({"c": [1.0, 2.0, 3.0]}, "not those of x and of y"),
            ({"c": [[1.0] * 40] * 3}, "not those of x and of y"),
            ({"c": [[float("nan")] * 40] * 2}, "is no number"),
            ({"k": float("inf")}, "infinity"),
            ({"k": 0}, "no spline of degree 0"),
        ],
    )
    def test_splines_of_guide3d_that_are_none(self, tmp_path, change, said):
        SETS["guide3d"](tmp_path)
        edit(
            tmp_path / "b_spline.json",
            lambda d: d[0]["frames"][-1]["cameraA"]["tck"].update(change),
        )
        with pytest.raises(BadDataError, match=rf"009\.png.*{said}"):
            by_protocol(open_dataset(tmp_path))[0]

    def test_a_frame_of_guide3d_without_a_camera(self, tmp_path):
        SETS["guide3d"](tmp_path)
        edit(tmp_path / "b_spline.json", lambda d: d[0]["frames"][0].pop("cameraB"))
        with pytest.raises(BadDataError, match="no 'cameraB'"):
            open_dataset(tmp_path)

    @pytest.mark.parametrize("name", ["a" * 5000, "a\0b", "../../etc/passwd", "/etc/passwd", ""])
    def test_names_that_no_picture_has(self, tmp_path, name):
        SETS["coco"](tmp_path)
        edit(tmp_path / "annotations.json", lambda d: d["images"][0].update(file_name=name))
        with pytest.raises(BadDataError, match=r"annotations\.json' names"):
            open_dataset(tmp_path)

    def test_images_and_tracks_in_one_file(self, tmp_path):
        cvat_file(tmp_path, "")
        file = tmp_path / "annotations.xml"
        track = '<track id="0" label="a"><box frame="1" xtl="1" ytl="2" xbr="3" ybr="4"/></track>'
        file.write_text(file.read_text().replace("</annotations>", f"{track}</annotations>"))
        with pytest.raises(BadDataError, match="holds images and tracks"):
            open_dataset(tmp_path)

    def test_a_set_in_which_nothing_is_marked(self, tmp_path):
        cvat_file(tmp_path, '<tag label="catheter"/>')
        with pytest.raises(UsageError, match="names no class: nothing is marked in it"):
            open_dataset(tmp_path)


class TestNumbersOfClasses:
    """An annotation program's classes are names; people call some "5"."""

    def test_a_name_of_digits_is_a_name(self, tmp_path):
        SETS["labelme"](tmp_path)
        for number in range(3):
            edit(
                tmp_path / f"{number:03d}.json",
                lambda d: [s.update(label=str(k + 4)) for k, s in enumerate(d["shapes"])],
            )
        pairs = open_dataset(tmp_path, classes=ClassMap(("5",)))
        assert right(pairs, [drawn(number) for number in range(3)])

    @pytest.mark.parametrize("name", ["coco", "cvat", "labelme", "guide3d"])
    def test_a_number_that_no_pixel_can_have_is_refused(self, tmp_path, name):
        SETS[name](tmp_path)
        with pytest.raises(UsageError, match=r"no class '7' in .*; it has 0 background, "):
            open_dataset(tmp_path, classes=ClassMap(("7",)))
