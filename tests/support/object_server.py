"""A server of the S3 protocol on the loopback, and a proxy before it that cuts connections."""

import contextlib
import os
import socket
import threading
from unittest import mock

import boto3
import s3fs
from moto.server import ThreadedMotoServer

KEYS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


@contextlib.contextmanager
def served(bucket="sets"):
    """Run the server; yields its port. The environment names it to whoever asks for S3."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    with pointed_to(port):
        boto3.client("s3").create_bucket(Bucket=bucket)
        yield port
    server.stop()


@contextlib.contextmanager
def pointed_to(port):
    variables = {**KEYS, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    with mock.patch.dict(os.environ, variables):
        s3fs.S3FileSystem.clear_instance_cache()  # it read the environment when it was made
        try:
            yield
        finally:
            s3fs.S3FileSystem.clear_instance_cache()


class Cutter:
    """A TCP proxy that cuts the connections which have carried so many bytes.

    Parameters
    ----------
    port
        Port of the server behind it.
    after
        Bytes that a connection carries, either way, before it is cut.
    times
        Connections that are cut; those after them are left alone.
    """

    def __init__(self, port, after, times):
        self.behind, self.after, self.left, self.cut = port, after, times, 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near):
        with near, socket.create_connection(("127.0.0.1", self.behind)) as far:
            carried = [0]
            back = threading.Thread(target=self._pump, args=(far, near, carried), daemon=True)
            back.start()
            self._pump(near, far, carried)
            back.join()

    def _pump(self, source, sink, carried):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 14):
                carried[0] += len(data)
                with self.lock:
                    cut = carried[0] > self.after and self.left > 0
                    if cut:
                        self.left, self.cut = self.left - 1, self.cut + 1
                if cut:
                    break
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
