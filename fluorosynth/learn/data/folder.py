"""Labelled folders: images and masks as files."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

from xxhash import xxh3_128

from fluorosynth.errors import BadDataError, DataWarning
from fluorosynth.io.frames import read_frames
from fluorosynth.io.labelled import Labelled, labelled_frames
from fluorosynth.io.mask_file import read_meant
from fluorosynth.io.mask_meaning import meaning_of, readable
from fluorosynth.io.mask_values import MaskValues
from fluorosynth.io.pairing import stated_values
from fluorosynth.learn.data.base import LabelledDataset
from fluorosynth.sample import Image, Mask

_FRAME_NUMBER = re.compile(r"(?:^|[-_ .])(?:frame)?[-_ .]?\d+$", re.IGNORECASE)
_HELD = 2**28  # bytes of frames of sequences held in a process


class LabelledFolder(LabelledDataset):
    """Every labelled frame below a folder, in the layouts of ``io.labelled.labelled_frames``.

    Of ``images`` and ``masks`` each subfolder is a sequence; beside one another, names that
    differ in a last frame number alone are one: ``run_a_007`` and ``run_a-frame08`` both belong to
    ``run_a``. The labelled frames of a file of several are a sequence.

    Parameters
    ----------
    folder
        Folder searched to any depth, linked folders too; hidden files are passed over.
    masks
        Folder of masks elsewhere, named like the frames; None: beside the frames.
    values
        Values of the masks, where they do not tell (``io.mask_meaning``).
    skip_bad
        Whether pairs that cannot be read are left out; otherwise the first one is refused by name.

    Raises
    ------
    BadDataError
        When there is no pair, an image has no mask or a mask no image, or the values of masks
        leave two readings.
    """

    def __init__(
        self,
        folder: str | Path,
        masks: str | Path | None = None,
        values: MaskValues | None = None,
        skip_bad: bool = False,
    ) -> None:
        root = Path(folder)
        if not root.is_dir():
            raise BadDataError(f"{root} is not a folder")
        if masks is not None and not Path(masks).is_dir():
            raise BadDataError(f"{masks}, the folder of masks, does not exist")
        self._root, self._held = root, dict[tuple[Path, int], Image]()
        self._frames = labelled_frames(root, None if masks is None else Path(masks), skip_bad)
        if skip_bad:
            problems = list[str]()
            usable = set(readable([one.mask for one in self._frames], problems))
            self._frames = [one for one in self._frames if one.mask in usable]
            for problem in problems:
                _say(problem)
        drawn = [one.mask for one in self._frames]
        given = values or MaskValues()
        if given == MaskValues():
            given = stated_values(drawn) or given
        self._meaning = meaning_of(drawn, given)
        self._frames = [one for one in self._frames if self._usable(one, skip_bad)]
        if not self._frames:
            raise BadDataError(f"{root} holds no labelled image: NAME.png with NAME_mask.png")
        self.fingerprint = self._fingerprint()

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: int) -> tuple[Image, Mask]:
        self._check(index)
        one = self._frames[index]
        image = self._image(one)
        return image, read_meant(one.mask, self._meaning, image.shape, one.source)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_held": {}}

    def sequence(self, index: int) -> str:
        """Return the name of the sequence: subfolder below the folder, and stem without number."""
        one = self._frames[index]
        *folders, stem = one.name.split("/")
        parts = [part for part in (one.folder.relative_to(self._root).as_posix(),) if part != "."]
        parts += folders
        if one.frames > 1:
            parts.append(stem)
        elif one.beside:
            parts.append(_FRAME_NUMBER.sub("", stem))
        return "/".join(part for part in parts if part) or self._root.name

    def name(self, index: int) -> str:
        """Return the image's name without suffix, or the frame's number in its sequence."""
        one = self._frames[index]
        return one.name.split("/")[-1] if one.frames == 1 else f"{one.frame:05d}"

    def _image(self, one: Labelled) -> Image:
        if one.frames == 1:
            return next(iter(read_frames(one.source, [0]))).image
        if (
            one.source,
            one.frame,
        ) not in self._held:  # a sequence is decoded once, not frame by frame
            if sum(image.nbytes for image in self._held.values()) > _HELD:
                self._held.clear()
            wanted = [other.frame for other in self._frames if other.source == one.source]
            for frame in read_frames(one.source, wanted):
                self._held[one.source, frame.index] = frame.image
        if (one.source, one.frame) not in self._held:
            raise BadDataError(f"{one.source} has no frame {one.frame}")
        return self._held[one.source, one.frame]

    def _usable(self, one: Labelled, skip_bad: bool) -> bool:
        """Check the mask, and where bad pairs are left out, the image too."""
        try:
            if skip_bad:
                read_meant(one.mask, self._meaning, self._image(one).shape, one.source)
            else:
                self._meaning.mask(one.mask.labels(), one.mask)
        except BadDataError as error:
            if not skip_bad:
                raise
            _say(str(error))
            return False
        return True

    def _fingerprint(self) -> str:
        state = xxh3_128()
        for one in self._frames:
            sizes = [file.stat().st_size for file in (one.source, one.mask.path)]
            place = one.folder.relative_to(self._root).as_posix(), one.name
            number = (one.frame,) if one.frames > 1 else ()
            state.update(repr((*place, sizes, *number)).encode())
        if self._meaning.given != MaskValues():
            state.update(repr(self._meaning.given).encode())
        return state.hexdigest()


def _say(problem: str) -> None:
    warnings.warn(f"left out: {problem}", DataWarning, stacklevel=3)
