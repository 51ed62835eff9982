import signal

import cv2
import pytest


@pytest.fixture(autouse=True)
def _undo_what_commands_change():
    threads, handler = cv2.getNumThreads(), signal.getsignal(signal.SIGTERM)
    yield
    cv2.setNumThreads(threads)
    signal.signal(signal.SIGTERM, handler)
