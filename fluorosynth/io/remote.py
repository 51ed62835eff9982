"""Object storage by fsspec: whole objects, put and fetched with patience."""

from __future__ import annotations

import logging
import re
import time
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from fluorosynth.errors import BadDataError, DataWarning, InterruptedRunError, MissingExtraError
from fluorosynth.io.patience import said_while_waiting

TRIES = 5
PAUSE = 0.25  # s before the second try; twice that before each one after
AT_ONCE = 16  # small objects read at a time
_FINAL = (FileNotFoundError, PermissionError, IsADirectoryError, ValueError, TypeError)
_SETTINGS = re.compile("Credential|Profile|Config|Region|Token")  # of botocore, google, azure
_PACKAGES = {"s3": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs"}
_PATIENT = ("gs", "gcs", "az", "abfs")  # their drivers try again by themselves
_OPTIONS = {"s3": {"config_kwargs": {"retries": {"total_max_attempts": 1}}}}

_SILENT = logging.NullHandler()  # of drivers, which print tracebacks where nobody set up logging

Found = TypeVar("Found")


@dataclass(frozen=True)
class Remote:
    """A folder in object storage.

    Each call opens what it needs, so that it can be sent to other processes. A connection that
    drops is tried again; an object is there whole, or as it was before.

    Parameters
    ----------
    url
        URL of the folder, such as ``s3://bucket/set``.
    """

    url: str

    @property
    def scheme(self) -> str:
        """Scheme of the URL."""
        return self.url.partition("://")[0]

    def sizes(self) -> dict[str, int]:
        """Return the objects in the folder by name, with their bytes; nothing where it is not."""

        def work(files: Any) -> dict[str, int]:
            try:
                found = files.ls(self.url, detail=True)
            except FileNotFoundError:
                return {}
            kept = [entry for entry in found if entry["type"] == "file"]
            return {entry["name"].rpartition("/")[2]: int(entry["size"]) for entry in kept}

        return self._try(work, self.url)

    def size(self, name: str) -> int | None:
        """Return the bytes of an object; None where there is none.

        Parameters
        ----------
        name
            Name of the object.
        """

        def work(files: Any) -> int | None:
            try:
                return int(files.info(self.of(name))["size"])
            except FileNotFoundError:
                return None

        return self._try(work, self.of(name))

    def read(self, name: str, most: int) -> bytes:
        """Return the bytes of a small object.

        Parameters
        ----------
        name
            Name of the object.
        most
            Bytes that it may have; BadDataError when it has more.
        """

        def work(files: Any) -> bytes:
            size = files.info(self.of(name))["size"]
            if size > most:
                raise ValueError(f"it has {size} bytes, at most {most} are read")
            content = files.cat_file(self.of(name))
            if len(content) != size:
                raise OSError(f"{len(content)} of {size} bytes came")
            return bytes(content)

        return self._try(work, self.of(name))

    def read_all(self, names: Sequence[str], most: int) -> list[bytes]:
        """Return the bytes of many small objects, read at a time.

        Parameters
        ----------
        names
            Names of the objects.
        most
            Bytes that each may have.
        """
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda name: self.read(name, most), names))

    def write(self, name: str, content: bytes) -> None:
        """Put a small object.

        Parameters
        ----------
        name
            Name of the object.
        content
            Bytes of the object.
        """
        self._try(lambda files: files.pipe_file(self.of(name), content), self.of(name))

    def put(self, file: Path, name: str) -> None:
        """Put a file as an object, which appears when all of it is there.

        Parameters
        ----------
        file
            File to put.
        name
            Name of the object.
        """

        def work(files: Any) -> None:
            files.put_file(str(file), self.of(name))
            there, size = files.info(self.of(name))["size"], file.stat().st_size
            if there != size:
                raise OSError(f"{there} of {size} bytes arrived")

        self._try(work, self.of(name))

    def fetch(self, name: str, file: Path) -> None:
        """Copy an object to a file.

        Parameters
        ----------
        name
            Name of the object.
        file
            File to write.
        """
        self._try(lambda files: files.get_file(self.of(name), str(file)), self.of(name))

    def of(self, name: str) -> str:
        """Return the URL of an object.

        Parameters
        ----------
        name
            Name of the object.
        """
        return f"{self.url}/{name}"

    def _try(self, work: Callable[[Any], Found], what: str) -> Found:
        """Do something with the file system; again, after a pause, when the connection fails."""
        files, reason = self._files(), ""
        tries = 1 if self.scheme in _PATIENT else TRIES
        for number in range(tries):
            if number:
                time.sleep(PAUSE * 2 ** (number - 1))
            try:
                with said_while_waiting(lambda: f"waiting for {self.url}"):
                    return work(files)
            except _FINAL as error:
                said = "is not there" if isinstance(error, FileNotFoundError) else "cannot be used"
                raise BadDataError(f"{what} {said} ({_said(error)})") from None
            except Exception as error:  # of every store its own kinds
                reason = _said(error)
                if _SETTINGS.search(type(error).__name__):
                    raise BadDataError(f"{what}: {reason}") from None
                if number == 2:
                    warnings.warn(f"{what}: {reason}; trying again", DataWarning, stacklevel=2)
        raise InterruptedRunError(
            f"{what}: {reason}{f' ({tries} tries)' * (tries > 1)}; run the same command again when "
            "it can be reached"
        )

    def _files(self) -> Any:
        """Return the file system, one in each process and thread: fsspec keeps it."""
        package = _PACKAGES.get(self.scheme, "fsspec")
        logging.getLogger(package).addHandler(_SILENT)
        try:
            import fsspec

            options = _OPTIONS.get(self.scheme, {})  # others put objects there meanwhile:
            files = fsspec.filesystem(self.scheme, use_listings_cache=False, **options)
        except ImportError:
            extra = "fluorosynth[remote]" if package in ("s3fs", "fsspec") else package
            raise MissingExtraError(f"{self.scheme}:// needs {package}", extra) from None
        except ValueError as error:  # of adlfs, without an account
            raise BadDataError(f"{self.url} cannot be used ({_said(error)})") from None
        if self.scheme == "s3":
            files.retries = 1  # like those of botocore: tries are counted in one place
        return files


def _said(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
