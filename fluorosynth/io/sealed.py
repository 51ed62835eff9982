"""A digest inside the file that it is of: for formats that have texts, but no checksum."""

from __future__ import annotations

import re
from pathlib import Path

from xxhash import xxh3_128

from fluorosynth.errors import BadDataError
from fluorosynth.io.guard import quoted

KEY = "xxh3_128"
BLANK = "0" * 32
# Key and value of a text in a protobuf message, the value's length before it
_SEAL = re.compile(KEY.encode() + rb"\x12\x20([0-9a-f]{32})")


def seal(path: Path) -> None:
    """Put the digest of an ONNX file in place of the blank in its metadata.

    Parameters
    ----------
    path
        File whose metadata say ``BLANK`` for ``KEY``.

    Raises
    ------
    ValueError
        When they do not.
    """
    content = path.read_bytes()
    found = [match for match in _SEAL.finditer(content) if match[1] == BLANK.encode()]
    if len(found) != 1:
        raise ValueError(f"{path} has {len(found)} places for a digest, not one")
    with path.open("rb+") as file:
        file.seek(found[0].start(1))
        file.write(xxh3_128(content).hexdigest().encode())


def check_seal(path: Path) -> bool:
    """Refuse an ONNX file that is not as it was sealed; tell whether it has a seal at all.

    Parameters
    ----------
    path
        File to look at.

    Raises
    ------
    BadDataError
        When its digest is another.
    """
    content, sealed = path.read_bytes(), False
    for match in _SEAL.finditer(content):
        sealed = True
        blank = content[: match.start(1)] + BLANK.encode() + content[match.end(1) :]
        if xxh3_128(blank).hexdigest().encode() != match[1]:
            raise BadDataError(f"{quoted(path)} is damaged: it differs from its checksum")
    return sealed
