"""From stored DICOM values to what a viewer shows, in 8 bits."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.io.pixels import to_grey, to_uint8

if TYPE_CHECKING:
    from pydicom import Dataset

_COLOURS = ("Red", "Green", "Blue")
_WINDOW = ("WindowCenter", "WindowWidth", "VOILUTFunction")
# In enhanced objects these sequences sit in the functional groups, shared or per frame.
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_MACROS = ("PixelValueTransformationSequence", "FrameVOILUTSequence", "FrameDisplayShutterSequence")
DISPLAY_TAGS = [
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "PixelRepresentation",
    "ModalityLUTSequence",
    "RescaleSlope",
    "RescaleIntercept",
    "VOILUTSequence",
    *_WINDOW,
    *_GROUPS,
    *(f"{colour}PaletteColorLookupTableDescriptor" for colour in _COLOURS),
    *(f"{colour}PaletteColorLookupTableData" for colour in _COLOURS),
]


def of_frame(header: Dataset, index: int) -> Dataset:
    """Return a copy of ``header`` with the functional groups of frame ``index`` laid over it."""
    from pydicom import Dataset

    own = Dataset()
    own.update(header)
    own.file_meta = header.file_meta
    for sequence, item in zip(_GROUPS, (0, index), strict=True):
        groups = header.get(sequence) or ()
        for macro in _MACROS if item < len(groups) else ():
            if groups[item].get(macro):
                own.update(groups[item][macro][0])
    return own


def displayed(header: Dataset, stored: NDArray[Any]) -> NDArray[np.uint8]:
    """Map stored values to ``(H, W)`` uint8 by what ``header`` says of their display.

    The range of the VOI LUT's or window's output becomes [0, 255]; without either, the range
    that the bits stored can hold. Source: DICOM PS3.3 C.11.1 and C.11.2.
    """
    photometric = header.PhotometricInterpretation
    if photometric == "PALETTE COLOR":
        from pydicom.pixels.processing import apply_color_lut

        stored = apply_color_lut(stored, header)
        return to_uint8(to_grey(stored), (0, np.iinfo(stored.dtype).max))
    if stored.ndim == 3:
        return to_uint8(to_grey(stored), (0, 2**header.BitsStored - 1))
    image = _monochrome(header, stored)
    return 255 - image if photometric == "MONOCHROME1" else image


def _monochrome(header: Dataset, stored: NDArray[Any]) -> NDArray[np.uint8]:
    from pydicom.pixels.processing import apply_modality_lut, apply_voi, apply_windowing

    _widen_table(header, "ModalityLUTSequence")
    values = apply_modality_lut(stored.astype(np.int32), header)
    if bits := _widen_table(header, "VOILUTSequence"):
        return to_uint8(apply_voi(values, header), (0, 2**bits - 1))
    if _has_window(header):
        # The extremes show the range of the output, which depends on the rescaling.
        low, high = apply_windowing(np.array([-1e30, 1e30]), header)
        return to_uint8((apply_windowing(values, header) - low) / (high - low), (0, 1))
    least = -(2 ** (header.BitsStored - 1)) if header.PixelRepresentation else 0
    ends = apply_modality_lut(np.array([least, least + 2**header.BitsStored - 1]), header)
    return to_uint8(values, (float(min(ends)), float(max(ends))))


def _widen_table(header: Dataset, sequence: str) -> int:
    """Return the bits of a table's entries, or 0 without one, and have pydicom use 16.

    With its own 8 to 15 bits, pydicom folds the indices of a table of more than 2**bits entries.
    """
    if not header.get(sequence):
        return 0
    table = deepcopy(header[sequence][0])
    entries, first, bits = table.LUTDescriptor
    table.LUTDescriptor = [entries, first, 16]
    header.add_new(sequence, "SQ", [table])  # replaces the element, which is shared too
    return int(bits)


def _has_window(header: Dataset) -> bool:
    """Say whether there is a usable window; scanners write widths of 0 and empty values."""
    if not header.get("VOILUTFunction"):
        header.VOILUTFunction = "LINEAR"
    values = [header.get("WindowCenter"), header.get("WindowWidth")]
    if any(value is None or value == "" for value in values):
        return False
    width = float(np.atleast_1d(np.float64(values[1]))[0])
    return width >= 1 or (width > 0 and header.VOILUTFunction != "LINEAR")
