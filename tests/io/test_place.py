"""A URL is never taken for a folder: whatever writes to folders refuses it."""

from pathlib import Path

import numpy as np
import pytest
from small import rendered

from fluorosynth.errors import UsageError
from fluorosynth.exporters import export
from fluorosynth.io.atomic import replacing
from fluorosynth.io.lock import locked
from fluorosynth.io.whole_folder import require_free, whole_folder
from fluorosynth.learn import predict
from fluorosynth.learn.training.run_folder import RunFolder


def enter(context):
    with context:
        pass


WRITERS = {
    "file": lambda out: enter(replacing(Path(out))),
    "lock": lambda out: enter(locked(Path(out), "busy")),
    "folder": lambda out: enter(whole_folder(Path(out), {})),
    "free": lambda out: require_free(Path(out)),
    "export": lambda out: export([(0, rendered())], "folder", out),
    "run": RunFolder,
    "predict": lambda out: predict("frames.npy", "default", out),
}


@pytest.mark.parametrize("url", ["s3://bucket/set", "file:///tmp/set", "https://host/set", "s3://"])
@pytest.mark.parametrize("writer", WRITERS)
def test_a_url_is_refused_and_no_folder_of_its_name_is_made(writer, url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("frames.npy", np.zeros((1, 64, 64), np.uint8))
    for out in (url, Path(url)):
        with pytest.raises(UsageError, match=r"is not a folder of this machine"):
            WRITERS[writer](out)
    assert [path.name for path in tmp_path.iterdir()] == ["frames.npy"]
