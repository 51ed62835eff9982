"""A server of the S3 protocol on the loopback, and proxies before it that fail."""

import contextlib
import http.client
import os
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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


def objects(prefix):
    """Return what the server holds below a prefix, by boto3: not by what is tested."""
    client = boto3.client("s3")
    listed = client.list_objects_v2(Bucket="sets", Prefix=f"{prefix}/").get("Contents", [])
    return {
        entry["Key"].removeprefix(f"{prefix}/"): client.get_object(Bucket="sets", Key=entry["Key"])[
            "Body"
        ].read()
        for entry in listed
    }


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


WAYS = {
    "error": "answered by 500",
    "reset": "reset before it arrives",
    "lost": "reset after it was done",
    "cut": "its answer cut in the middle",
}
ERROR = b"<Error><Code>InternalError</Code><Message>once more, please</Message></Error>"
HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


class Failing(ThreadingHTTPServer):
    """An HTTP proxy that lets every so many-th request fail.

    Parameters
    ----------
    port
        Port of the server behind it.
    every
        Requests from one that fails to the next; 1: all fail.
    way
        How they fail, one of ``WAYS``.
    after
        Requests that come before these; none of them fails.
    """

    daemon_threads, block_on_close = True, False

    def __init__(self, port, every, way, after=0):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.behind, self.every, self.way = port, every, way
        self.seen, self.failed = -after, 0
        self.lock = threading.Lock()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def port(self):
        return self.server_address[1]

    def fails(self):
        """Count a request; tell whether it fails."""
        with self.lock:
            self.seen += 1
            fails = self.seen > 0 and self.seen % self.every == 0
            self.failed += fails
        return fails

    def handle_error(self, *_):
        """Say nothing of connections that clients have left."""

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def _any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        way = self.server.way if self.server.fails() else ""
        if way == "reset":
            self._reset()
        elif way == "error":
            self._answer(500, [("Content-Type", "application/xml")], ERROR)
        else:
            status, headers, content = self._passed_on(body)
            if way == "lost":
                self._reset()
            else:
                self._answer(status, headers, content, way == "cut")

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _any  # noqa: N815 - http.server's names

    def _passed_on(self, body):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.server.behind)) as far:
            far.request(self.command, self.path, body, dict(self.headers))
            answer = far.getresponse()
            content = answer.read()
            headers = [(k, v) for k, v in answer.getheaders() if k.lower() not in HOP]
            length = answer.getheader("Content-Length", str(len(content)))
            return answer.status, [*headers, ("Content-Length", length)], content

    def _answer(self, status, headers, content, cut=False):
        if not any(name == "Content-Length" for name, _ in headers):
            headers = [*headers, ("Content-Length", str(len(content)))]
        lines = [f"HTTP/1.1 {status} x", *(f"{name}: {value}" for name, value in headers)]
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        content = b"" if self.command == "HEAD" else content
        if cut:  # the middle of the content; of the head where there is none
            half = head + content[: len(content) // 2] if content else head[: len(head) // 2]
            self.wfile.write(half)
            self.close_connection = True
        else:
            self.wfile.write(head + content)

    def _reset(self):
        now = struct.pack("ii", 1, 0)  # no lingering: RST in place of FIN
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, now)
        self.close_connection = True
        self.rfile.close()
        self.wfile.close()
        self.connection.close()

    def log_message(self, *_):
        """Say nothing."""
