import os
from pathlib import Path

import pytest
from faults_table import ROWS, markdown
from faulty_commands import write_inputs


def pytest_terminal_summary(terminalreporter):
    """Print the table of docs/reliability.md."""
    if ROWS:
        terminalreporter.section("faults")
        terminalreporter.write_line(markdown())


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def given(tmp_path_factory):
    """The inputs of the commands."""
    folder = tmp_path_factory.mktemp("given")
    write_inputs(folder)
    return folder


@pytest.fixture(autouse=True)
def _table_so_far():
    yield
    if path := os.environ.get("FLUOROSYNTH_FAULTS_TABLE"):
        Path(path).write_text(markdown() + "\n")
