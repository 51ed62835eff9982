"""Pictures that are dear to make, kept on disk for all processes of this and later runs.

A pool is one file of slots: picture k and the digest of (key, k, picture). Whoever needs a picture
reads its slot and makes it where the digest does not hold: a slot never written, half written by
a process that was killed, or damaged is the same. So any number of processes may read and write a
file at a time, without a lock: all that write a slot write the same bytes.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

import numpy as np
from xxhash import xxh3_128

from fluorosynth.io.bounded import bound, make_room
from fluorosynth.sample import Image

OFF = "off"  # of FLUOROSYNTH_CACHE: no pool is read from the disk, or kept there
BOUND = 2048  # MB that the files of a folder may take: the longest unused ones go first
SUFFIX, NETWORK = ".pool", ".network"  # pictures; networks that were converted
_DIGEST = 16  # bytes


def cache_folder(given: Path | None = None) -> Path | None:
    """Return where pools are kept, as the XDG base directory specification has it.

    None where ``$FLUOROSYNTH_CACHE`` is ``off``: nothing is kept. Else the folder ``given``; else
    ``$FLUOROSYNTH_CACHE``; else ``fluorosynth`` in ``$XDG_CACHE_HOME``, which is ``~/.cache``
    when unset. It may be deleted at any time.

    Parameters
    ----------
    given
        Folder to use in place of all others; None: the next that is set.

    Examples
    --------
    >>> cache_folder(Path("here")).name
    'here'
    """
    own = os.environ.get("FLUOROSYNTH_CACHE")
    if own == OFF:
        return None
    if given is not None:
        return Path(given)
    if own:
        return Path(own)
    base = os.environ.get("XDG_CACHE_HOME")
    # The specification says that relative paths are to be ignored
    root = Path(base) if base and Path(base).is_absolute() else Path("~/.cache").expanduser()
    return root / "fluorosynth"


@dataclass
class PictureCache:
    """The pictures of one pool on disk, ``(size, size)`` uint8.

    Parameters
    ----------
    folder
        Folder of the cache, made when the first picture is kept.
    name
        Beginning of the file's name, for people.
    key
        Text of all that the pictures depend on but their number and size.
    size
        Side of the pictures, px.
    """

    folder: Path
    name: str
    key: str
    size: int
    path: Path = field(init=False)
    _used: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        digest = xxh3_128(f"{self.key} size={self.size}".encode()).hexdigest()
        self.path = self.folder / f"{self.name}-{digest}{SUFFIX}"
        _bound()  # so that nonsense is refused at once, not by a worker in the middle of a run

    def get(self, k: int) -> Image | None:
        """Return picture ``k``, read-only, or None where it is not there or not whole.

        Parameters
        ----------
        k
            Number of the picture, from 0.
        """
        slot = _DIGEST + self.size**2
        try:
            with self.path.open("rb", buffering=0) as file:
                file.seek(k * slot)
                found = file.read(slot)
        except OSError:
            return None
        if len(found) != slot or found[:_DIGEST] != self._digest(k, found[_DIGEST:]):
            return None
        if not self._used:  # for the order in which pools go
            self._used = True
            with suppress(OSError):
                os.utime(self.path)
        return np.frombuffer(found, np.uint8, offset=_DIGEST).reshape(self.size, self.size)

    def put(self, k: int, image: Image) -> None:
        """Keep picture ``k``.

        Parameters
        ----------
        k
            Number of the picture, from 0.
        image
            Picture, ``(size, size)`` uint8.

        Raises
        ------
        OSError
            When the file cannot be written.
        """
        self.prepare()
        content = image.tobytes()
        with self.path.open("rb+", buffering=0) as file:
            file.seek(k * (_DIGEST + len(content)))
            file.write(self._digest(k, content) + content)

    def prepare(self) -> None:
        """Make the file where it is missing, and room for it.

        Raises
        ------
        OSError
            When it cannot be made.
        """
        if self.path.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        make_room_in(self.folder)
        self.path.open("ab").close()

    def _digest(self, k: int, content: bytes) -> bytes:
        digest = xxh3_128(f"{self.key} k={k}".encode())
        digest.update(content)
        return digest.digest()


def make_room_in(folder: Path) -> None:
    """Delete what was not used for longest, until the files are within ``$FLUOROSYNTH_CACHE_MB``.

    Parameters
    ----------
    folder
        Folder of the cache.

    Raises
    ------
    UsageError
        When the variable is no number.
    """
    files = (*folder.glob(f"*{SUFFIX}"), *folder.glob(f"*{NETWORK}"))
    make_room(files, _bound())


def _bound() -> int:
    return bound("FLUOROSYNTH_CACHE_MB", BOUND)


@lru_cache(maxsize=1)
def code_key() -> str:
    """Return a digest of the code that renders and of what it stands on, with this processor.

    A change of one of its files is another key, so no picture of older code is ever used.
    """
    import cv2

    digest, package = xxh3_128(), Path(__file__).parents[1]
    for room in ("anatomy", "backgrounds", "core", "drr", "geometry", "xray"):
        for path in sorted((package / room).glob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    about = f"{np.__version__} {cv2.__version__} {cv2.getCPUFeaturesLine()}"
    digest.update(about.encode())
    return digest.hexdigest()
