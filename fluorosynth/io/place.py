"""A folder of this machine, or one in object storage: told apart, and never mistaken."""

from __future__ import annotations

import re
from pathlib import Path

from fluorosynth.errors import UsageError

STORES = ("s3", "gs", "gcs", "az", "abfs", "memory")  # schemes, as fsspec has them
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):(/.*)?", re.DOTALL)  # of two slashes a path has one


def url_of(place: str | Path) -> str | None:
    """Return the URL that a place in object storage has; None of a folder of this machine.

    Parameters
    ----------
    place
        URL, or path; of a URL that was made a path the slash that it lost is put back.

    Raises
    ------
    UsageError
        When its scheme is none of ``STORES``, or it names no bucket.

    Examples
    --------
    >>> url_of(Path("s3://bucket/set")), url_of("data/set")
    ('s3://bucket/set', None)
    """
    found = _URL.fullmatch(str(place))
    if found is None:
        return None
    scheme, rest = found[1].lower(), (found[2] or "").strip("/")
    if scheme not in STORES:
        known = ", ".join(f"{name}://" for name in STORES)
        raise UsageError(f"{scheme}://{rest}: sets are kept in folders and in {known}")
    if not rest or {".", ".."} & set(rest.split("/")):
        raise UsageError(f"{scheme}://{rest} names no bucket and folder, such as {scheme}://b/set")
    return f"{scheme}://{rest}"


def absent(place: str | Path) -> str:
    """Return the sentence on a file or folder that is not there.

    Parameters
    ----------
    place
        Path, or URL, from which only data sets are read.

    Examples
    --------
    >>> absent("run.dcm")
    "'run.dcm' does not exist"
    """
    if found := _URL.fullmatch(str(place)):
        rest = (found[2] or "").lstrip("/")
        url = f"{found[1]}://{rest}"
        return f"{url} is not on this machine: copy it here; only data sets are read from there"
    return f"{str(place)!r} does not exist"


def local(place: str | Path) -> Path:
    """Return the path of a place that must be on this machine.

    Parameters
    ----------
    place
        Path; a URL is refused, so that no folder of its name is made.

    Raises
    ------
    UsageError
        When it is a URL.
    """
    if found := _URL.fullmatch(str(place)):
        rest = (found[2] or "").lstrip("/")
        raise UsageError(
            f"{found[1]}://{rest} is not a folder of this machine: name one; only data sets are "
            "written to object storage"
        )
    return Path(place)
