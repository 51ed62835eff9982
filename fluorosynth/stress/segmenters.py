"""What can be tested: anything that takes pictures and gives masks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from fluorosynth.errors import BadDataError, UsageError
from fluorosynth.sample import Image, Mask


class Segmenter(Protocol):
    """Anything that finds instruments in single frames."""

    @property
    def about(self) -> Mapping[str, Any]:
        """What it is, JSON-compatible: its kind, where it comes from, its threshold."""

    def masks(self, pictures: Iterable[Image]) -> Iterator[Mask]:
        """Yield the ``(H, W)`` uint8 {0, 1} mask of each ``(H, W)`` uint8 picture, in order.

        Parameters
        ----------
        pictures
            Pictures, ``(H, W)`` uint8 each.
        """


@dataclass(frozen=True)
class Ridge:
    """A ridge filter: no learning, the least that a network should beat.

    Sato et al., Med. Image Anal. 1998, as scikit-image has it: dark lines at some widths.

    Parameters
    ----------
    threshold
        Threshold on the response, in grey levels per px^2 times sigma^2. The default is the best
        mean Dice on 32 scenes of seed 1 as they are held.
    sigmas
        Standard deviations of the Gaussians in px.

    Examples
    --------
    >>> picture = np.full((32, 32), 200, np.uint8)
    >>> picture[14:17] = 150
    >>> (mask,) = Ridge().masks([picture])
    >>> bool(mask[15].all()), bool(mask[28].any())
    (True, False)
    """

    threshold: float = 4.0
    sigmas: tuple[float, ...] = (1.0, 1.5, 2.0)

    def __post_init__(self) -> None:
        if not self.threshold >= 0:
            raise UsageError(f"`threshold` must be at least 0, not {self.threshold}")

    @property
    def about(self) -> dict[str, Any]:
        """What it is."""
        return {"kind": "sato", "threshold": self.threshold, "sigmas": list(self.sigmas)}

    def masks(self, pictures: Iterable[Image]) -> Iterator[Mask]:
        """Yield the mask of each picture.

        Parameters
        ----------
        pictures
            Pictures, ``(H, W)`` uint8 each.
        """
        for picture in pictures:
            yield (self.response(picture) > self.threshold).astype(np.uint8)

    def response(self, picture: Image) -> NDArray[np.float64]:
        """Return the filter's ``(H, W)`` response, >= 0.

        Parameters
        ----------
        picture
            Picture, ``(H, W)`` uint8.
        """
        from skimage.filters import sato

        found = sato(picture.astype(np.float64), sigmas=self.sigmas, black_ridges=True)
        return np.asarray(found, np.float64)


def checked(mask: NDArray[Any], picture: Image, whose: str) -> Mask:
    """Return a mask as uint8 {0, 1}.

    Parameters
    ----------
    mask
        Mask to check.
    picture
        Picture that it belongs to, ``(H, W)``.
    whose
        Name of the segmenter, for the message.

    Raises
    ------
    BadDataError
        When it does not fit its picture.
    """
    if mask.shape != picture.shape:
        raise BadDataError(
            f"{whose} gave a mask of {mask.shape} for a picture of {picture.shape}: "
            "it must have the picture's size"
        )
    return np.asarray(mask > 0, np.uint8)
