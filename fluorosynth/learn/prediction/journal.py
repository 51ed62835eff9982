"""What a prediction has finished, so that the same command goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluorosynth.errors import UsageError
from fluorosynth.io.atomic import clear_parts, replacing

JOURNAL = "predictions.jsonl"


class Journal:
    """A file of lines: the settings, then each source whose outputs are complete.

    Parameters
    ----------
    out
        Folder, made if missing.
    settings
        Everything that decides what is written, JSON-compatible.

    Raises
    ------
    UsageError
        When the folder holds something else, or predictions with other settings.
    """

    def __init__(self, out: Path, settings: Mapping[str, Any]) -> None:
        self.path = out / JOURNAL
        head = json.dumps({"settings": dict(settings)}, sort_keys=True)
        refuse_foreign(out)
        clear_parts(self.path)
        if not self.path.exists():
            out.mkdir(parents=True, exist_ok=True)
            self._write([head])
        first, *done = self.path.read_text("utf-8", errors="replace").split("\n")
        if first != head:
            raise UsageError(
                f"{out} holds predictions with {_difference(first, head)}: name a new folder"
            )
        self._done = dict.fromkeys(done[:-1])  # the last is empty, or was being written
        self._write([head, *self._done])

    def has(self, source: Path) -> bool:
        """Tell whether a source is complete, and has not changed since.

        Parameters
        ----------
        source
            File of frames.
        """
        return self._line(source) in self._done

    def add(self, source: Path) -> None:
        """Note that all outputs of a source are there.

        Parameters
        ----------
        source
            File of frames.
        """
        with self.path.open("a", encoding="utf-8") as file:
            file.write(self._line(source) + "\n")

    def _write(self, lines: list[str]) -> None:
        with replacing(self.path) as part:
            part.write_text("\n".join([*lines, ""]), "utf-8")

    @staticmethod
    def _line(source: Path) -> str:
        state = source.stat()
        return json.dumps([str(source.absolute()), state.st_size, state.st_mtime_ns])


def refuse_foreign(out: Path) -> None:
    """Refuse a folder with files in which no prediction was ever begun.

    Parameters
    ----------
    out
        Folder, which may be missing.

    Raises
    ------
    UsageError
        When it holds something else, or is a file.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"`out` {out} is a file: name a folder")
    begun = not out.exists() or (out / JOURNAL).exists()
    # Hidden ones are of a prediction that was killed before it had begun
    if not begun and any(not path.name.startswith(".") for path in out.iterdir()):
        raise UsageError(f"{out} holds other files: name a new folder")


def _difference(first: str, head: str) -> str:
    try:
        old, new = (json.loads(text)["settings"] for text in (first, head))
        name = next(key for key in new if old.get(key) != new[key])
    except (ValueError, KeyError, TypeError, AttributeError, StopIteration):
        return "other settings"
    return f"{name} = {old.get(name)}, not {new[name]}"
