"""Every error that fluorosynth raises on purpose, with the exit code the commands give it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar


class FluorosynthError(Exception):
    """Root of all deliberate errors; the message is a sentence for the user.

    It writes the parameters and fields it speaks of in backticks, by their names in Python.
    Whoever offers them under other names, as the command line does, translates by ``renamed``.
    """

    exit_code: ClassVar[int] = 3

    def renamed(self, names: Mapping[str, str]) -> str:
        """Return the message with the parameters in backticks called what ``names`` calls them.

        Parameters
        ----------
        names
            New names by old ones; a parameter it lacks stays as it is.

        Returns
        -------
        The sentence to show.

        Examples
        --------
        >>> UsageError("lower `batch_size` or `crop`").renamed({"batch_size": "--batch-size"})
        'lower --batch-size or `crop`'
        """
        return re.sub(r"`(\w+)`", lambda found: names.get(found[1], found[0]), str(self))


class UsageError(FluorosynthError, ValueError):
    """The request itself is wrong: an unknown key, an impossible value (exit code 2)."""

    exit_code = 2


class BadDataError(FluorosynthError, ValueError):
    """A file or array cannot be used: missing, broken, of the wrong shape (exit code 3)."""


class MissingExtraError(FluorosynthError, ImportError):
    """An optional dependency is not installed; the message says how to get it (exit code 3).

    Parameters
    ----------
    need
        Sentence on what needs which package.
    package
        Name that pip installs it by.
    """

    def __init__(self, need: str, package: str) -> None:
        super().__init__(need, package)
        self.need, self.package = need, package

    def __str__(self) -> str:
        return f"{self.need}: pip install '{self.package}'"


@contextmanager
def extra(name: str, need: str) -> Iterator[None]:
    """Say how to install an extra where an import within fails.

    Parameters
    ----------
    name
        Name of the extra in ``pyproject.toml``.
    need
        Sentence on what needs which package.

    Raises
    ------
    MissingExtraError
        When a package is not installed.

    Examples
    --------
    >>> with extra("moon", "tides need the moon"):
    ...     import moon
    Traceback (most recent call last):
    fluorosynth.errors.MissingExtraError: tides need the moon: pip install 'fluorosynth[moon]'
    """
    try:
        yield
    except ImportError as error:
        raise MissingExtraError(need, f"fluorosynth[{name}]") from error


class SampleError(FluorosynthError):
    """A sample could not be made (exit code 3).

    ``__cause__`` is what a stage or source raised.

    Parameters
    ----------
    seed
        Seed of the sample.
    index
        Number of the sample.
    reason
        Sentence on what went wrong.
    """

    def __init__(self, seed: int, index: int, reason: str) -> None:
        super().__init__(seed, index, reason)
        self.seed, self.index, self.reason = seed, index, reason

    def __str__(self) -> str:
        return f"sample {self.index} of seed {self.seed} failed: {self.reason}"


class InterruptedRunError(FluorosynthError):
    """Work stopped early and can be resumed by the same command (exit code 4)."""

    exit_code = 4


class DataWarning(UserWarning):
    """What was read is not surely what was meant, or was passed over; the message says what."""
