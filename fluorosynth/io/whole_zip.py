"""Zip files whose every byte is held against the sums in it before any is used."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from fluorosynth.errors import BadDataError


def read_whole_zip(path: Path) -> io.BytesIO:
    """Return a zip file of which every member is as it was written, in memory.

    PyTorch writes the CRC-32 of each member and does not look at it when it reads; nor does it
    read a damaged directory as others do. So what it gets is a new archive of the members that
    were checked.

    Parameters
    ----------
    path
        File to read.

    Raises
    ------
    BadDataError
        When a member would take more memory than the file is large, or stands there twice.
    Exception
        Of many kinds, when the file is no zip, is cut, or differs from a checksum in it.
    """
    whole = io.BytesIO()
    with path.open("rb") as file, zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        size = sum(member.file_size for member in members)
        if size > path.stat().st_size:
            raise BadDataError(f"{path} would unpack to {size} bytes: refused")
        if len({member.filename for member in members}) < len(members):
            raise BadDataError(f"{path} is damaged: two of its parts have one name")
        with zipfile.ZipFile(whole, "w") as checked:
            for member in members:
                checked.writestr(zipfile.ZipInfo(member.filename), archive.read(member))
    whole.seek(0)
    return whole
