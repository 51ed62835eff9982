"""``fluorosynth``: finds the command's file, turns errors into sentences and exit codes."""

from __future__ import annotations

import gc
import importlib
import re
import signal
import sys
from collections.abc import Sequence
from itertools import pairwise
from types import FrameType
from typing import Any

import click

from fluorosynth_cli.streams import usable_streams, warnings_said

COMMANDS = {
    "generate": "recipe -> shards; resumes",
    "frames": "some frames of a run, to be labelled",
    "patches": "real frames -> instrument-free patches",
    "sample": "one sample, for a bug report",
    "recipe": "list and show recipes",
    "info": "what a set holds",
    "verify": "check a set, byte by byte",
    "preview": "a contact sheet of a set",
    "export": "a set in another format",
    "train": "shards -> a network; resumes",
    "finetune": "its deepest layers on real frames",
    "adapt": "a model and one run without labels -> a model of its own",
    "reproduce": "the publication's tables, on its data or a surrogate",
    "bench": "public labelled sets by their own protocols",
    "stress": "where a segmenter breaks",
    "evaluate": "how well a network does on labelled images",
    "predict": "frames -> masks, overlays, films, curves",
    "annotate": "label a sequence in the browser",
    "track": "curves through a sequence, from some that are drawn",
    "labels": "label files: converted, compared, summed up",
    "model": "networks and their layers",
    "benchmark": "how fast this machine is",
    "doctor": "versions, extras, free disk",
}


class Lazy(click.Group):
    """A group that imports a command's file when it is called, so that --help stays fast."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the commands in the order that people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command."""
        if name not in COMMANDS:
            return None
        command: click.Command = importlib.import_module(f"fluorosynth_cli.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the words name, or say which was meant."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            from fluorosynth.core.spec import did_you_mean

            raise click.UsageError(f"no command {args[0]!r}{did_you_mean(args[0], COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list without importing anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


EPILOG = """
\b
Examples:
  fluorosynth generate --n 9000 --out data/synthetic
  fluorosynth patches run.dcm --out patches
  fluorosynth preview data/synthetic --out sheet.png

Exit codes: 0 done, 2 usage, 3 bad data, 4 interrupted and resumable.
"""


@click.group(cls=Lazy, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="fluorosynth")
def cli() -> None:
    """Labelled X-ray fluoroscopy, made rather than annotated."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit with its code."""
    gc.set_threshold(200_000)  # what is imported stays: a tenth of a start went into looking at it
    with usable_streams():
        _run(arguments)


def _run(arguments: list[str] | None) -> None:
    signal.signal(signal.SIGTERM, _terminate)
    try:
        _refuse_remote(sys.argv[1:] if arguments is None else arguments)
        with warnings_said():
            cli.main(arguments, prog_name="fluorosynth", standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        _fail("interrupted", 4)
    except OSError as error:
        _fail(f"{error.filename or 'cannot write'}: {error.strerror or error}", 3)
    except Exception as error:
        from fluorosynth.core.numba_cache import damaged_cache
        from fluorosynth.errors import FluorosynthError, SampleError

        folder = damaged_cache(error)
        if folder is not None:
            _fail(f"{folder} holds damaged compiled loops: delete it, and run this again", 3)
        if not isinstance(error, FluorosynthError):
            raise
        if isinstance(error, SampleError) and error.__cause__ is not None:
            import traceback

            traceback.print_exception(error.__cause__)  # a stage's own bug: its author needs it
        options = _options(sys.argv[1:] if arguments is None else arguments)
        _fail(error.renamed(options), error.exit_code)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # what is left is the interpreter's own end


def _terminate(number: int, frame: FrameType | None) -> Any:  # noqa: ARG001
    raise KeyboardInterrupt


def _refuse_remote(words: Sequence[str]) -> None:
    """Raise UsageError for an ``--out`` like ``s3://bucket/set``: a path would lose a slash."""
    if words[:1] == ["generate"]:  # which writes there
        return
    values = [new for old, new in pairwise(words) if old == "--out"]
    values += [word.removeprefix("--out=") for word in words if word.startswith("--out=")]
    for value in values:
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", value):
            raise click.UsageError(
                f"--out {value} is not a folder of this machine: write to one, and copy it there"
            )


def _options(words: Sequence[str]) -> dict[str, str]:
    """Return the options of the command that ``words`` call, by the names of their parameters."""
    command: click.Command = cli
    for word in words:
        if isinstance(command, click.Group):
            command = command.get_command(click.Context(command), word) or command
    options = [param for param in command.params if isinstance(param, click.Option)]
    return {option.name: max(option.opts, key=len) for option in options if option.name}


def _fail(message: str, code: int) -> None:
    click.echo(f"Error: {message}", err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
