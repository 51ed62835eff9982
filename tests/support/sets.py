"""Small sets in the layouts of public ones, generated, with their truth."""

import json

import cv2
import numpy as np

from fluorosynth.geometry.raster import rasterise
from fluorosynth.io.contact_sheet import png_bytes
from fluorosynth.sample import Device

SIZE = 96


def curve(number):
    """A gentle curve across the picture, ``(n, 2)``."""
    x = np.linspace(5, 80, 40)
    return np.column_stack([x, 40 + 12 * np.sin(x / 15 + number)])


def drawn(number, width=5.0):
    """The mask of ``curve(number)``."""
    points = curve(number).astype(np.float32)
    device = Device(points, np.full(len(points), width, np.float32))
    return rasterise([device], (SIZE, SIZE))


def picture(number, width=5.0):
    rng = np.random.default_rng(number)
    return np.uint8(rng.integers(120, 180, (SIZE, SIZE)) - 70 * drawn(number, width))


def save(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".jpg":
        cv2.imwrite(str(path), array, [cv2.IMWRITE_JPEG_QUALITY, 98])
    else:
        path.write_bytes(png_bytes(array))


def classes(number, instrument=1):
    """Class values: the curve, a vessel of class 1 beside it where the curve is not 1."""
    values = drawn(number) * np.uint8(instrument)
    values[70:76] = 1 if instrument != 1 else 0
    return values


def mosxav(root):
    """Three labelled test frames, two of training, and one frame without labels."""
    for part, videos in (("trainval", ("v00",)), ("test", ("v01", "v02"))):
        for number, video in enumerate(videos):
            for frame in (0, 5):
                place = root / part
                values = classes(10 * number + frame, 2 + number)
                values[80:90, 80:90] = 4
                save(
                    place / "JPEGImages" / video / f"{frame:05d}.jpg", picture(10 * number + frame)
                )
                save(place / "Annotations_Semantic" / video / f"{frame:05d}.png", values)
            save(root / part / "JPEGImages" / video / "00001.jpg", picture(99))
        (root / part / "labels.json").write_text("{}")
    return {"frames": 6, "test": 4, "masks": [drawn(0), drawn(5), drawn(10), drawn(15)]}


def cathaction(root):
    for part, numbers in (("train", (1, 2)), ("test", (2, 10, 1))):
        for number in numbers:
            save(root / part / "images" / f"image{number}.jpg", picture(number))
            save(root / part / "labels" / f"mask{number}.png", drawn(number) * np.uint8(2))
    return {"frames": 5, "test": 3, "masks": [drawn(1), drawn(2), drawn(10)]}


def guide3d(root):
    from scipy.interpolate import splprep

    frames = []
    for number in range(10):
        frame = {"frame_number": number}
        for camera, shift in (("cameraA", 0), ("cameraB", 50)):
            name = f"1-bca-angle-5-{1 + (shift > 0)}/{number:03d}.png"
            big = cv2.resize(picture(number + shift), (1024, 1024))
            save(root / name, big)
            points = (curve(number + shift) + 0.5) * 1024 / SIZE - 0.5
            (t, c, k), u = splprep(points.T, s=0)
            tck = {"t": t.tolist(), "c": [part.tolist() for part in c], "k": int(k)}
            frame[camera] = {"image": name, "tck": tck, "u": u.tolist()}
        frames.append(frame)
    (root / "b_spline.json").write_text(json.dumps([{"frames": frames}]))
    (root / "cvat.xml").write_text("<annotations/>")
    return {"frames": 20, "test": 2}


def davis(root):
    for number, sequence in enumerate(("run-a", "run-b")):
        for frame in range(2):
            save(root / "JPEGImages/480p" / sequence / f"{frame:05d}.jpg", picture(number + frame))
            values = drawn(number + frame) * np.uint8(number + 1)
            values[85:90] = 255
            save(root / "Annotations/480p" / sequence / f"{frame:05d}.png", values)
    for part, sequence in (("train", "run-a"), ("val", "run-b")):
        (root / "ImageSets/2017").mkdir(parents=True, exist_ok=True)
        (root / "ImageSets/2017" / f"{part}.txt").write_text(f"{sequence}\n")
    return {"frames": 4, "test": 2, "masks": [drawn(1), drawn(2)], "ignored": (85, 90)}


def nnunet(root):
    for number in range(3):
        values = classes(number, 3)
        values[85:90] = 4
        save(root / "imagesTr" / f"case_{number}_0000.png", picture(number))
        save(root / "labelsTr" / f"case_{number}.png", values)
    labels = {"background": 0, "vessel": 1, "stent": 2, "Catheter": 3, "ignore": 4}
    about = {"labels": labels, "file_ending": ".png", "numTraining": 3}
    (root / "dataset.json").write_text(json.dumps(about))
    masks = [drawn(number) for number in range(3)]
    return {"frames": 3, "test": 3, "masks": masks, "ignored": (85, 90)}


def outline(number):
    """The outline of the curve's pixels by scikit-image, from the corner of the first pixel."""
    from skimage.measure import find_contours

    (ring,) = find_contours(drawn(number).astype(float), 0.5)
    return ring[:-1, ::-1] + 0.5


def coco(root):
    from pycocotools import mask as runs

    images, annotations = [], []
    for number in range(3):
        save(root / "images" / f"{number:06d}.png", picture(number))
        images.append({"id": 7 * number, "file_name": f"{number:06d}.png"})
        if number == 0:
            segmentation = [outline(0).ravel().tolist()]
        else:
            rle = runs.encode(np.asfortranarray(drawn(number)))
            segmentation = {"size": rle["size"], "counts": rle["counts"].decode()}
        annotations.append(
            {"image_id": 7 * number, "category_id": 3, "iscrowd": 0, "segmentation": segmentation}
        )
        crowd = [[0, 85, 96, 85, 96, 90, 0, 90]]
        annotations.append(
            {"image_id": 7 * number, "category_id": 3, "iscrowd": 1, "segmentation": crowd}
        )
    categories = [{"id": 3, "name": "catheter"}, {"id": 9, "name": "stent"}]
    content = {"images": images, "annotations": annotations, "categories": categories}
    (root / "annotations.json").write_text(json.dumps(content))
    masks = [drawn(number) for number in range(3)]
    return {"frames": 3, "test": 3, "masks": masks, "ignored": (85, 90)}


def cvat(root):
    parts = []
    for number in range(3):
        save(root / "images" / f"run/{number:03d}.png", picture(number))
        corners = ";".join(f"{x},{y}" for x, y in outline(number))
        stent = '<polygon label="stent" points="1,1;9,1;9,9" z_order="0"/>'
        shape = f'<polygon label="catheter" points="{corners}" z_order="1"/>'
        parts.append(f'<image id="{number}" name="run/{number:03d}.png">{stent}{shape}</image>')
    text = f'<?xml version="1.0"?><annotations>{"".join(parts)}</annotations>'
    (root / "annotations.xml").write_text(text)
    return {"frames": 3, "test": 3, "masks": [drawn(number) for number in range(3)]}


def labelme(root):
    for number in range(3):
        save(root / f"{number:03d}.png", picture(number))
        shapes = [
            {"label": "stent", "points": [[1, 1], [9, 1], [9, 9]], "shape_type": "polygon"},
            {"label": "catheter", "points": outline(number).tolist(), "shape_type": "polygon"},
        ]
        about = {"shapes": shapes, "imagePath": f"{number:03d}.png", "imageData": None}
        (root / f"{number:03d}.json").write_text(json.dumps(about))
    return {"frames": 3, "test": 3, "masks": [drawn(number) for number in range(3)]}


MAKERS = mosxav, cathaction, guide3d, davis, nnunet, coco, cvat, labelme
SETS = {make.__name__: make for make in MAKERS}
