"""What ``import fluorosynth`` shows, pinned: a name here is a promise to those who use it."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

import fluorosynth
from fluorosynth.backgrounds.base import BackgroundSource
from fluorosynth.core.component import kinds
from fluorosynth.devices.base import DeviceSource
from fluorosynth.exporters.base import Exporter
from fluorosynth.stages.base import Stage

FACE = """
    Background Device Recipe Sample View ViewLaw __version__ apply backgrounds devices errors
    exporters generate learn metrics open_dataset ranges stages
"""
ROOMS = {
    "backgrounds": """
        BackgroundPool BackgroundSource Backgrounds Bundled Ct Folder Limbs Memory
        Procedural
    """,
    "devices": """
        DevicePool DeviceSource Devices Drawn Masks Memory NoInstrument Polylines Route
        Spline Walk fit
    """,
    "exporters": """
        Coco Exporter Folder NnUNet export
    """,
    "learn": """
        EpochBatches Evaluation Inference LabelledDataset LabelledFolder Model Network
        RecipeDataset RecipeStream SegmentConfig ShardDataset TrainConfig Wanted
        WeissDataset data evaluate evaluate_model export_onnx finetune finetune_config
        load_model networks open_dataset pick_device predict save_model segment train
    """,
    "metrics": """
        CentrelinePair Counts Interval TOLERANCES bootstrap_interval count hausdorff95
        measure
    """,
    "stages": """
        Attenuate Bedside Blur Bones Clutter Coaxial Compose Compress Deform Detector Display Engage
        Expose Field Flip Foreshorten Geometry Intensity Jitter Noise OneOf Overlay Render Rotate
        Scatter Sharpen Shift Stage Vessels Visible Zoom
    """,
}
FAMILIES = {
    "backgrounds": BackgroundSource,
    "devices": DeviceSource,
    "exporters": Exporter,
    "stages": Stage,
}
HEAVY = {"torch", "numpy", "cv2", "numba", "h5py", "scipy", "skimage", "pydantic"}
STUBS = sorted(Path(fluorosynth.__file__).parent.rglob("__init__.pyi"))


def python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=100)
    return done.returncode, done.stdout, done.stderr


def test_the_face_is_as_promised():
    assert sorted(dir(fluorosynth)) == sorted(FACE.split())
    assert sorted(fluorosynth.__all__) == sorted(FACE.split())


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_offers_what_it_promised(room):
    assert sorted(dir(getattr(fluorosynth, room))) == sorted(ROOMS[room].split())


@pytest.mark.parametrize("stub", STUBS, ids=lambda stub: stub.parent.name)
def test_every_name_leads_to_what_its_room_defines(stub):
    inside = stub.parent.relative_to(Path(fluorosynth.__file__).parents[1])
    package = importlib.import_module(".".join(inside.parts))
    assert dir(package)
    for name in dir(package):
        found = getattr(package, name)
        assert getattr(found, "__name__", name).rpartition(".")[2] == name


@pytest.mark.parametrize("room", FAMILIES)
def test_every_component_is_offered(room):
    offered = vars(importlib.import_module(f"fluorosynth.{room}"))["__all__"]
    assert {cls.__name__ for cls in kinds(FAMILIES[room], f"fluorosynth.{room}").values()} <= {
        *offered
    }


def test_a_function_stays_one_when_its_module_of_the_same_name_is_imported():
    import fluorosynth.metrics.measure

    assert callable(fluorosynth.metrics.measure)


def test_the_import_loads_nothing_heavy_and_making_data_no_torch():
    code, out, said = python(
        f"import sys, fluorosynth; dir(fluorosynth); print({HEAVY} & sys.modules.keys());"
        "fluorosynth.Recipe.preset('paper').sample(0, 0); print('torch' in sys.modules)"
    )
    assert code == 0, said
    assert out.split() == ["set()", "False"]


def test_without_torch_only_what_needs_it_is_refused():
    code, out, said = python(
        "import sys; sys.modules['torch'] = None\n"
        "import fluorosynth\n"
        "from fluorosynth.errors import MissingExtraError\n"
        "for name in ('learn', 'open_dataset'):\n"
        "    try: getattr(fluorosynth, name)\n"
        "    except MissingExtraError as error: print(error)\n"
    )
    assert code == 0, said
    assert out.count("pip install 'fluorosynth[train]'") == 2
