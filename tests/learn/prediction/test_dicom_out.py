"""Predictions as DICOM: opened by pydicom and highdicom, checked by dicom3tools and DCMTK."""

import shutil
import subprocess

import cv2
import numpy as np
import pytest
import torch
from dicom_files import dataset, save
from pydicom import dcmread
from pydicom.uid import XRayRadiofluoroscopicImageStorage, generate_uid
from small import fluorosynth

from fluorosynth.errors import MissingExtraError, UsageError
from fluorosynth.io.sources import find_sources
from fluorosynth.learn.checkpoint import Model
from fluorosynth.learn.data import Normalisation
from fluorosynth.learn.networks import build
from fluorosynth.learn.prediction import dicom_out
from fluorosynth.learn.prediction.inference import Inference
from fluorosynth.learn.prediction.outputs import Wanted
from fluorosynth.learn.prediction.predict import predict
from fluorosynth.learn.prediction.segment import SegmentConfig

pytest.importorskip("highdicom")
SECRETS = {
    "PatientName": "Somebody^Secret",
    "PatientID": "ID-4711",
    "PatientBirthDate": "19501231",
    "PatientSex": "F",
    "StudyDate": "20200102",
    "StudyTime": "112233",
    "AccessionNumber": "ACC-99",
    "StudyID": "STUDY-5",
    "ReferringPhysicianName": "Doctor^Hidden",
    "InstitutionName": "Some Clinic",
    "StudyDescription": "coronary",
    "DeviceSerialNumber": "SN-1",
}
ROWS, COLUMNS = 65, 97  # no multiple of 8: frames share bytes


class Darkness:
    """An inference that finds what is dark."""

    def __new__(cls):
        torch.manual_seed(0)
        inference = Inference(Model(build("light"), Normalisation(128.0, 50.0)), "cpu")
        inference.predict_maps = lambda clips, *_: np.float32(clips[:, -1] < 90)
        return inference


def frames(count):
    made = np.full((count, ROWS, COLUMNS), 160, np.uint8)
    for number, frame in enumerate(made):
        if number != 1:  # an empty one
            cv2.line(frame, (0, 10 + 3 * number), (60, 30 + number), 40, 5)
    return made


def source(path, count, with_uids=True, **more):
    elements = {**SECRETS, "Modality": "XA", **more}
    if with_uids:
        elements |= {"StudyInstanceUID": generate_uid(), "SeriesInstanceUID": generate_uid()}
    save(dataset(frames(count), **elements), path)
    return dcmread(path)


def predicted(src, out):
    config = SegmentConfig(threshold=0.5, size=0)
    predict(src, Darkness(), out, config, Wanted(dicom=True, overlays=False))
    return out / "segmentations"


def texts(made):
    return " ".join(str(e.value) for e in made.iterall() if e.VR not in ("SQ", "OB", "OW", "UI"))


@pytest.mark.parametrize("count", [1, 4])
def test_a_segmentation_holds_the_masks_frame_by_frame(tmp_path, count):
    import highdicom

    run = source(tmp_path / "run.dcm", count)
    made = highdicom.seg.segread(predicted(tmp_path / "run.dcm", tmp_path / "out") / "run.dcm")
    assert (
        made.pixel_array.reshape(count, ROWS, COLUMNS).astype(bool).tolist()
        == (frames(count) < 90).tolist()
    )
    assert made.StudyInstanceUID == run.StudyInstanceUID
    assert made.SeriesInstanceUID != run.SeriesInstanceUID
    (series,) = made.ReferencedSeriesSequence
    (instance,) = series.ReferencedInstanceSequence
    assert series.SeriesInstanceUID == run.SeriesInstanceUID
    assert instance.ReferencedSOPInstanceUID == run.SOPInstanceUID
    assert instance.ReferencedSOPClassUID == run.SOPClassUID
    for number, frame in enumerate(made.PerFrameFunctionalGroupsSequence, 1):
        (of,) = frame.DerivationImageSequence[0].SourceImageSequence
        assert of.ReferencedSOPInstanceUID == run.SOPInstanceUID
        assert of.ReferencedSOPClassUID == run.SOPClassUID
        if count > 1:
            assert of.ReferencedFrameNumber == number
            assert frame.FrameContentSequence[0].DimensionIndexValues == [1, number]


@pytest.mark.parametrize("with_uids", [True, False])
def test_nothing_of_the_patient_is_in_it(tmp_path, with_uids):
    source(tmp_path / "run.dcm", 2, with_uids)
    for path in predicted(tmp_path / "run.dcm", tmp_path / "out").rglob("*.dcm"):
        content, made = path.read_bytes(), dcmread(path)
        for name, secret in SECRETS.items():
            if len(secret) > 1:
                assert secret.encode() not in content, name
        for name in ("PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyDate"):
            assert name in made
            assert not made[name].value
        assert "fluorosynth" in texts(made)


def test_the_same_prediction_has_the_same_names(tmp_path):
    source(tmp_path / "run.dcm", 3)
    one, other = (
        dcmread(predicted(tmp_path / "run.dcm", tmp_path / name) / "run.dcm") for name in "ab"
    )
    assert one.SOPInstanceUID == other.SOPInstanceUID
    assert one.SeriesInstanceUID == other.SeriesInstanceUID


def test_what_cannot_be_referred_to_is_captured_with_its_outline(tmp_path):
    source(tmp_path / "run.dcm", 3, with_uids=False)
    folder = predicted(tmp_path / "run.dcm", tmp_path / "out")
    made = [dcmread(path) for path in sorted(folder.rglob("*.dcm"))]
    assert [path.name for path in sorted((folder / "run").iterdir())] == [
        "00000.dcm", "00001.dcm", "00002.dcm"
    ]  # fmt: skip
    assert [one.InstanceNumber for one in made] == [1, 2, 3]
    assert len({one.SeriesInstanceUID for one in made}) == 1
    assert len({one.SOPInstanceUID for one in made}) == 3
    for one, frame in zip(made, frames(3), strict=True):
        grey = (np.ptp(one.pixel_array.astype(int), axis=2) == 0).all()
        assert grey == (frame > 90).all()  # a colour where there is an outline


@pytest.mark.parametrize(("count", "with_uids"), [(1, True), (4, True), (1, False), (2, False)])
def test_independent_programs_find_no_error(tmp_path, count, with_uids):
    validator, dump = shutil.which("dciodvfy"), shutil.which("dcmdump")
    if not validator and not dump:
        pytest.skip("neither dicom3tools nor DCMTK is installed")
    classes = (
        {"SOPClassUID": XRayRadiofluoroscopicImageStorage, "Modality": "RF"} if count == 4 else {}
    )
    source(tmp_path / "run.dcm", count, with_uids, **classes)
    found = list(predicted(tmp_path / "run.dcm", tmp_path / "out").rglob("*.dcm"))
    assert found
    for path in found:
        if validator:
            done = subprocess.run([validator, path], capture_output=True, text=True, check=False)
            assert "Error" not in done.stderr + done.stdout
        if dump:
            done = subprocess.run([dump, "-q", path], capture_output=True, text=True, check=False)
            assert (done.returncode, done.stderr) == (0, "")


def test_what_was_written_is_no_frame(tmp_path):
    (tmp_path / "src").mkdir()
    source(tmp_path / "src/run.dcm", 2)
    predicted(tmp_path / "src/run.dcm", tmp_path / "out")
    assert find_sources(tmp_path) == [tmp_path / "src/run.dcm"]


def test_a_mistake_is_said_before_the_work(tmp_path, monkeypatch):
    cv2.imwrite(str(tmp_path / "a.png"), frames(1)[0])
    wanted = Wanted(dicom=True)
    with pytest.raises(UsageError, match="`dicom` writes what refers to DICOM files"):
        predict(tmp_path / "a.png", Darkness(), tmp_path / "out", None, wanted)
    source(tmp_path / "run.dcm", 1)
    monkeypatch.setattr(dicom_out, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match=r"fluorosynth\[dicom-seg\]"):
        predict(tmp_path / "run.dcm", Darkness(), tmp_path / "out", None, wanted)
    assert not (tmp_path / "out").exists()


def test_the_command_takes_it(tmp_path):
    source(tmp_path / "run.dcm", 2)
    code, _, error = fluorosynth(
        "predict", tmp_path / "run.dcm", "--model", "default", "--out", tmp_path / "out",
        "--dicom", "--device", "cpu", "--quiet",
    )  # fmt: skip
    assert code == 0, error
    assert dcmread(tmp_path / "out/segmentations/run.dcm").Modality == "SEG"
