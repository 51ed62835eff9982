"""From stored DICOM values to what a viewer shows, in 8 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError
from fluorosynth.io.dicom_class import is_projection
from fluorosynth.io.pixels import to_grey, to_uint8

if TYPE_CHECKING:
    from pydicom import Dataset

_COLOURS = ("Red", "Green", "Blue")
_WINDOW = ("WindowCenter", "WindowWidth", "VOILUTFunction")
# In enhanced objects these sequences sit in the functional groups, shared or per frame.
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
_MACROS = (
    "PixelValueTransformationSequence",
    "FrameVOILUTSequence",
    "FrameDisplayShutterSequence",
    "FramePixelDataPropertiesSequence",
)
_MODALITY = ("ModalityLUTSequence", "RescaleSlope", "RescaleIntercept", "RescaleType")
DISPLAY_TAGS = [
    "SOPClassUID",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
    *_MODALITY,
    "VOILUTSequence",
    "PresentationLUTShape",
    "PixelIntensityRelationshipSign",
    *_WINDOW,
    *_GROUPS,
    *(f"{colour}PaletteColorLookupTableDescriptor" for colour in _COLOURS),
    *(f"{colour}PaletteColorLookupTableData" for colour in _COLOURS),
    *(f"Segmented{colour}PaletteColorLookupTableData" for colour in _COLOURS),
]


def of_frame(header: Dataset, index: int) -> Dataset:
    """Return a copy of a header with the functional groups of one frame laid over it.

    Parameters
    ----------
    header
        Header of the file.
    index
        Number of the frame, from 0.
    """
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
    """Map stored values to ``(H, W)`` uint8 as the header says that they are to be displayed.

    The range of the VOI LUT's or window's output becomes [0, 255]; without either, the range that
    the bits stored can hold. Of X-ray angiography and fluoroscopy the modality LUT and the
    rescaling lead back to beam intensities and are not for display. Source: DICOM PS3.3 C.11.1 and
    C.11.2, PS3.17 FFF.2.3; DCMTK's ``dimomod.cc``.

    Parameters
    ----------
    header
        Header of the frame; see ``of_frame``.
    stored
        Values as they are stored, ``(H, W)`` or ``(H, W, 3)``.
    """
    if header.PhotometricInterpretation == "PALETTE COLOR":
        return _coloured(header, stored)
    if stored.ndim == 3:
        return to_uint8(to_grey(stored), (0, 2**header.BitsStored - 1))
    image = _monochrome(header, stored.astype(np.int64))
    inverted = _shown_inverted(header)
    return 255 - image if inverted ^ shows_dense_bright(header) else image


def states_range(header: Dataset) -> bool:
    """Tell whether a header says which values are to be seen.

    Parameters
    ----------
    header
        Header of the frame; see ``of_frame``.
    """
    colour = header.PhotometricInterpretation == "PALETTE COLOR" or header.SamplesPerPixel > 1
    return colour or _has_window(header) or _table(header, "VOILUTSequence") is not None


def shows_dense_bright(header: Dataset) -> bool:
    """Tell whether a header states that dense material is shown bright, as on radiographs.

    Pixel Intensity Relationship Sign (0028,1041) says whether higher values stand for more of the
    beam; what makes of them what is shown may turn them round. False where nothing is stated.
    Source: DICOM PS3.3 C.8.11.3.1.2.

    Parameters
    ----------
    header
        Header of the frame; see ``of_frame``.
    """
    sign = header.get("PixelIntensityRelationshipSign")
    if sign not in (1, -1) or header.SamplesPerPixel > 1:
        return False
    turned = [_shown_inverted(header)]
    if not is_projection(str(header.get("SOPClassUID", ""))):
        turned.append(float(header.get("RescaleSlope") or 1) < 0)
        turned.append(_falls(_table(header, "ModalityLUTSequence")))
    turned.append(_falls(_table(header, "VOILUTSequence")))
    return bool(sign == -1) != (sum(turned) % 2 == 1)


def _falls(table: _Table | None) -> bool:
    return table is not None and bool(table.entries[-1] < table.entries[0])


def _shown_inverted(header: Dataset) -> bool:
    shape = str(header.get("PresentationLUTShape") or "")
    return shape == "INVERSE" if shape else header.PhotometricInterpretation == "MONOCHROME1"


def _monochrome(header: Dataset, values: NDArray[np.int64]) -> NDArray[np.uint8]:
    from pydicom.pixels.processing import apply_modality_lut, apply_windowing

    if is_projection(str(header.get("SOPClassUID", ""))):
        for keyword in _MODALITY:
            if keyword in header:
                delattr(header, keyword)
    least = -(2 ** (header.BitsStored - 1)) if header.PixelRepresentation else 0
    ends = np.array([least, least + 2**header.BitsStored - 1])
    if (table := _table(header, "ModalityLUTSequence")) is not None:
        values, ends = table.of(values), np.array([0, 2**table.bits - 1])
    else:
        if "ModalityLUTSequence" in header:
            del header.ModalityLUTSequence
        values, ends = (apply_modality_lut(array, header) for array in (values, ends))
    if (table := _table(header, "VOILUTSequence")) is not None:
        return to_uint8(table.of(values), (0, 2**table.bits - 1))
    if _has_window(header):
        # The extremes show the range of the output, which depends on the rescaling.
        low, high = apply_windowing(np.array([-1e30, 1e30]), header)
        return to_uint8((apply_windowing(values, header) - low) / (high - low), (0, 1))
    return to_uint8(values, (float(min(ends)), float(max(ends))))


def _coloured(header: Dataset, stored: NDArray[Any]) -> NDArray[np.uint8]:
    if "SegmentedRedPaletteColorLookupTableData" in header:
        from pydicom.pixels.processing import apply_color_lut

        if not _little(header):
            raise BadDataError("a segmented palette in big-endian order is not read")
        colours = apply_color_lut(stored, header)
        return to_uint8(to_grey(colours), (0, np.iinfo(colours.dtype).max))
    tables = [
        _Table.read(header, header, f"{colour}PaletteColorLookupTable") for colour in _COLOURS
    ]
    found = np.stack([table.of(stored) for table in tables], axis=-1)
    return to_uint8(to_grey(found), (0, 2 ** tables[0].bits - 1))


@dataclass(frozen=True)
class _Table:
    """A lookup table: its entries, the value that the first is of, and their bits."""

    entries: NDArray[np.int64]
    first: int
    bits: int

    @classmethod
    def read(cls, header: Dataset, item: Dataset, name: str) -> _Table:
        """Read ``nameDescriptor`` and ``nameData`` of an item."""
        count, first, bits = (int(value) for value in item[f"{name}Descriptor"].value)
        data = item[f"{name}Data"].value
        count = count % 65536 or 65536
        if isinstance(data, bytes):
            words = np.frombuffer(data[: len(data) // 2 * 2], "<u2" if _little(header) else ">u2")
            packed = bits <= 8 and len(data) < 2 * count
            entries = words.astype("<u2").view(np.uint8) if packed else words
        else:
            entries = np.atleast_1d(np.asarray(data))
        signed = header.get("PixelRepresentation") and first > 32767
        return cls(entries[:count].astype(np.int64), first - 65536 * bool(signed), bits)

    def of(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Look values up; those beyond the table have its first or last entry."""
        places = np.asarray(values).astype(np.int64) - self.first
        found = self.entries[places.clip(0, len(self.entries) - 1)]
        return np.asarray(found & (2**self.bits - 1))


def _table(header: Dataset, sequence: str) -> _Table | None:
    """Return the first table of a sequence, None where there is none or it is empty."""
    items = header.get(sequence)
    if not items or not items[0].get("LUTDescriptor") or not items[0].get("LUTData"):
        return None
    return _Table.read(header, items[0], "LUT")


def _little(header: Dataset) -> bool:
    return bool(header.file_meta.TransferSyntaxUID.is_little_endian)


def _has_window(header: Dataset) -> bool:
    """Say whether there is a usable window; scanners write widths of 0 and empty values."""
    if not header.get("VOILUTFunction"):
        header.VOILUTFunction = "LINEAR"
    values = [header.get("WindowCenter"), header.get("WindowWidth")]
    if any(value is None or value == "" for value in values):
        return False
    width = float(np.atleast_1d(np.float64(values[1]))[0])
    return width >= 1 or (width > 0 and header.VOILUTFunction != "LINEAR")
