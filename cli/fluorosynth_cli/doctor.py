"""``fluorosynth doctor``: what is installed here."""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil

import click

EXTRAS = {
    "dicom": ("pydicom", "pylibjpeg", "libjpeg", "openjpeg", "rle"),
    "ct": ("nibabel", "pydicom"),
    "coco": ("pycocotools",),
    "report": ("matplotlib",),
    "train": ("torch", "matplotlib"),
    "onnx": ("onnx", "onnxscript", "onnxruntime"),
    "openvino": ("onnx", "onnxscript", "openvino"),
}


@click.command(epilog="\b\nExample:\n  fluorosynth doctor")
def command() -> None:
    """Print versions, extras present, devices and free disk."""
    from fluorosynth.shards import software

    click.echo(
        f"python     {platform.python_version()} on {platform.system()} {platform.machine()}"
    )
    for name, number in software().items():
        click.echo(f"{name:24} {number}")
    for extra, modules in EXTRAS.items():
        missing = [name for name in modules if importlib.util.find_spec(name) is None]
        state = (
            f"missing {', '.join(missing)}: pip install 'fluorosynth[{extra}]'" if missing else "ok"
        )
        click.echo(f"extra {extra:18} {state}")
    click.echo(f"{'cores':24} {os.cpu_count()}")
    click.echo(f"{'free disk here':24} {shutil.disk_usage('.').free / 1e9:.1f} GB")
    if importlib.util.find_spec("torch") is not None:
        import torch

        device = torch.cuda.get_device_name() if torch.cuda.is_available() else "CPU only"
        click.echo(f"{'torch':24} {torch.__version__}, {device}")
