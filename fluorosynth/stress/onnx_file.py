"""ONNX files as segmenters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError, UsageError, extra
from fluorosynth.io.sealed import check_seal
from fluorosynth.sample import Image, Mask

TYPES = {"tensor(uint8)": np.uint8, "tensor(float)": np.float32}


class OnnxFile:
    """A network in an ONNX file, on the CPU.

    It has one input, ``(N, K, H, W)``: uint8 grey levels, or float32 grey levels over 255. K
    frames are K times the same picture. Its first output, ``(N, H, W)`` or ``(N, 1, H, W)``, is
    the instrument's map in [0, 1]. Where the metadata name a ``size``, as ``model export`` writes
    it, pictures are resized to that longer side in pixels, and maps back.

    Parameters
    ----------
    path
        File of the network.
    threshold
        Threshold on the map; None: that in the file's metadata (``model export`` writes it), else
        0.5.

    Raises
    ------
    BadDataError
        When the file cannot be read or is not such a network.
    MissingExtraError
        When ONNX Runtime is not installed.
    """

    def __init__(self, path: Path, threshold: float | None = None) -> None:
        with extra("onnx", "an ONNX file needs ONNX Runtime"):
            import onnxruntime
        self.path = path
        try:
            check_seal(path)
        except OSError as error:
            raise BadDataError(f"{path} cannot be read: {error.strerror or error}") from None
        try:
            self._session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no common root
            reason = str(error).splitlines()[0]
            raise BadDataError(f"{path} cannot be read as ONNX: {reason}") from None
        inputs = self._session.get_inputs()
        if len(inputs) != 1 or inputs[0].type not in TYPES or len(inputs[0].shape) != 4:
            found = [(i.name, i.type, i.shape) for i in inputs]
            raise BadDataError(
                f"{path} takes {found}: expected one uint8 or float32 of (N, K, H, W)"
            )
        self._input = inputs[0]
        channels = inputs[0].shape[1]
        self._channels = channels if isinstance(channels, int) else 1
        about = self._session.get_modelmeta().custom_metadata_map
        self.threshold = (
            _threshold(path, about.get("threshold")) if threshold is None else threshold
        )
        self.size = _size(path, about.get("size"))
        if not 0 <= self.threshold < 1:
            raise UsageError(f"`threshold` must be at least 0 and below 1, not {self.threshold}")

    @property
    def about(self) -> dict[str, Any]:
        """What it is."""
        from xxhash import xxh3_128

        digest = xxh3_128(self.path.read_bytes()).hexdigest()
        return {
            "kind": "onnx",
            "model": self.path.name,
            "threshold": self.threshold,
            "longer_side_px": self.size or "as they are",
            "hash": digest,
        }

    def masks(self, pictures: Iterable[Image]) -> Iterator[Mask]:
        """Yield the mask of each picture.

        Parameters
        ----------
        pictures
            Pictures, ``(H, W)`` uint8 each.
        """
        for picture in pictures:
            seen = self._resized(picture)
            frames: NDArray[Any] = np.repeat(seen[None, None], self._channels, axis=1)
            if TYPES[self._input.type] is np.float32:
                frames = (frames / 255).astype(np.float32)
            try:
                found = self._session.run(None, {self._input.name: frames})[0]
            except Exception as error:
                reason = str(error).splitlines()[0]
                raise BadDataError(f"{self.path} failed on {seen.shape}: {reason}") from None
            if found.shape not in ((1, *seen.shape), (1, 1, *seen.shape)):
                raise BadDataError(
                    f"{self.path} gives {found.shape} for a picture of {seen.shape}: expected "
                    "a map of (N, H, W) or (N, 1, H, W)"
                )
            height, width = picture.shape
            whole = _resize(found.reshape(seen.shape), width, height)
            yield (whole > self.threshold).astype(np.uint8)

    def _resized(self, picture: Image) -> Image:
        """Return the picture as the network takes it."""
        scale = self.size / max(picture.shape) if self.size else 1.0
        height, width = (max(round(side * scale), 1) for side in picture.shape)
        return _resize(picture, width, height)


def _resize(values: NDArray[Any], width: int, height: int) -> NDArray[Any]:
    how = cv2.INTER_AREA if height < len(values) else cv2.INTER_LINEAR
    same = values.shape == (height, width)
    return values if same else np.asarray(cv2.resize(values, (width, height), interpolation=how))


def _size(path: Path, text: str | None) -> int:
    if text is None:
        return 0
    if not (text.isdecimal() and 16 <= int(text) <= 8192):
        raise BadDataError(f"{path} has the size {text!r} in its metadata")
    return int(text)


def _threshold(path: Path, text: str | None) -> float:
    try:
        return 0.5 if text is None else float(text)
    except ValueError:
        raise BadDataError(f"{path} has the threshold {text!r} in its metadata") from None
