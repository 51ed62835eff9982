"""``fluorosynth doctor``: what is installed here."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil

import click

from fluorosynth_cli.learn_options import loading

EXTRAS = {
    "dicom": ("pydicom", "pylibjpeg", "libjpeg", "openjpeg", "rle"),
    "dicom-seg": ("highdicom",),
    "ct": ("nibabel", "pydicom"),
    "coco": ("pycocotools",),
    "report": ("matplotlib",),
    "train": ("torch", "matplotlib"),
    "onnx": ("onnx", "onnxscript", "onnxruntime"),
    "openvino": ("onnx", "onnxscript", "openvino"),
    "tensorboard": ("tensorboard",),
    "wandb": ("wandb",),
    "mlflow": ("mlflow",),
    "remote": ("fsspec", "s3fs"),
    "dask": ("distributed",),
    "annotate": ("starlette", "uvicorn"),
}


@click.command(epilog="\b\nExample:\n  fluorosynth doctor")
def command() -> None:
    """Print versions, extras present, devices and free disk."""
    from fluorosynth.shards import software

    _say("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}")
    for name, number in software().items():
        _say(name, number)
    for extra, modules in EXTRAS.items():
        missing = [name for name in modules if importlib.util.find_spec(name) is None]
        lacks = f"missing {', '.join(missing)}: pip install 'fluorosynth[{extra}]'"
        _say(f"extra {extra}", lacks if missing else "ok")
    _say("cores", str(os.cpu_count()))
    _say("free disk here", f"{shutil.disk_usage('.').free / 1e9:.1f} GB")
    if importlib.util.find_spec("torch") is not None:
        loading(quiet=False)
        import torch

        from fluorosynth.learn.device import pick_device

        device = pick_device("auto")
        name = torch.cuda.get_device_name() if device.type == "cuda" else device.type
        _say("torch", f"{torch.__version__}, {name}")


def _say(name: str, found: str) -> None:
    click.echo(f"{name:24} {found}")
