import pytest
from faults_table import ROWS, markdown


def pytest_terminal_summary(terminalreporter):
    """Print the table of docs/reliability.md."""
    if ROWS:
        terminalreporter.section("faults")
        terminalreporter.write_line(markdown())


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    import torch

    torch.set_num_threads(1)
