"""``fluorosynth annotate``: a page in the browser to label a sequence on."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import click

from fluorosynth_cli.data_options import invert_option, say_polarity

if TYPE_CHECKING:
    import socket

    from fluorosynth.annotate.guard import Guard
    from fluorosynth.annotate.suggest import Suggester

EXAMPLES = """
\b
Examples:
  fluorosynth annotate run.dcm
  fluorosynth annotate frames/ --out labelled --port 8123 --no-browser
  ssh -L 8123:127.0.0.1:8123 cluster   # and open the printed address here

Labels are saved after each change in OUT/labels.json. Close the page and press Ctrl-C to end.
"""


@click.command(epilog=EXAMPLES)
@click.argument("src")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of labels.json [SRC's name + -labels]."
)
@click.option("--model", default="default", show_default=True, help="For suggestions; or none.")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="[default: a free one]")
@click.option("--no-browser", is_flag=True, help="Print the address, open nothing.")
@invert_option
def command(
    src: str, out: Path | None, model: str, port: int, no_browser: bool, invert: bool
) -> None:
    """Label the frames of SRC (a file, a folder, a glob) in the browser.

    The page is for this machine's user alone: it listens on 127.0.0.1, and its address holds a
    secret. Nothing leaves the machine.
    """
    from fluorosynth.annotate.document import Document
    from fluorosynth.errors import UsageError, extra
    from fluorosynth.io.lock import locked
    from fluorosynth.labels.frames import FrameSequence

    with extra("annotate", "annotating needs Starlette and uvicorn"):
        from fluorosynth.annotate.server import HOST, Page, application, listen, new_token

    frames = FrameSequence(src, invert)
    say_polarity(src, invert)
    out = out or Path(f"{Path(frames.source.name).stem}-labels")
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is a file: name a folder")
    file = out / "labels.json"
    with locked(out, f"{file} is being edited by another fluorosynth annotate"):
        page = Page(frames, Document(file, frames.source), _suggester(model))
        try:
            listener = listen(port)
        except OSError as error:
            raise UsageError(f"port {port} cannot be used: {error.strerror or error}") from None
        port, token = listener.getsockname()[1], new_token()
        address = f"http://{HOST}:{port}/{token}/"
        hosts = [f"{name}:{port}" for name in (HOST, "localhost")]
        click.echo(f"{address}\nlabels: {file}\nCtrl-C ends")
        if not no_browser:
            import webbrowser

            webbrowser.open(address)
        _serve(application(page, token, hosts), listener)
    said = page.document.labels
    complete = sum(frame.complete for frame in said.frames)
    click.echo(
        f"{complete} of {len(frames)} frames labelled in {file}\n"
        f"next: fluorosynth finetune {file} --from default --out runs/mine\n"
        f"  or: fluorosynth generate --n 9000 --devices {file} --out data/mine"
    )


def _suggester(model: str) -> Suggester | None:
    from importlib.util import find_spec

    from fluorosynth.annotate.suggest import model_suggester

    if model == "none" or find_spec("torch") is None:
        return None
    return model_suggester(model)


def _serve(app: Guard, listener: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", server_header=False
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listener])
