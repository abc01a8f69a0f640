"""A download service of a few lines that breaks on request, over real HTTP on 127.0.0.1.

The embedded service does all as it should; this one is for what a service should not do.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote, unquote

PREFIX = "/services/downloadservice"
MODIFIED = "Sun, 22 Nov 2026 06:28:06 GMT"


class Answer(BaseHTTPRequestHandler):
    """One request. What it does is told by the `TinyService` that it belongs to."""

    protocol_version = "HTTP/1.1"
    server: TinyService

    def do_GET(self) -> None:
        path = self.path.removeprefix(PREFIX).partition("?")[0]
        _, endpoint, *segments = path.split("/")
        name = "/".join(unquote(unquote(segment)) for segment in segments)
        self.server.requests.append((endpoint, name))
        if endpoint in self.server.misbehave:
            self.server.misbehave[endpoint](self, name)
        elif endpoint == "health":
            self.reply(200, b"OK", "text/plain")
        elif endpoint == "list":
            self.list(name)
        elif endpoint == "fetch" and name in self.server.files:
            self.reply(200, self.server.files[name], "application/octet-stream")
        else:
            self.reply(404, b"Error: 404", "text/plain")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.writing(self)

    do_MKCOL = do_POST

    def list(self, name: str) -> None:
        files = self.server.files
        prefix = f"{name}/" if name else ""
        inside = sorted({prefix + path[len(prefix) :].partition("/")[0]
                         for path in files if path.startswith(prefix)})  # fmt: skip
        if name in files:
            entries = [_entry(name, files)]
        elif inside or not name:
            entries = [
                {"href": prefix, "type": "directory"},
                *(_entry(path, files) for path in inside),
            ]
        else:
            self.reply(404, b"Error: 404", "text/plain")
            return
        self.reply(200, json.dumps(entries).encode(), "application/json")

    def reply(self, status: int, body: bytes, content_type: str, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        for key, value in headers.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class TinyService(ThreadingHTTPServer):
    """The service.

    Attributes
    ----------
    files : dict
        The content of each file, by its path.
    misbehave : dict
        Functions of `Answer` and the path that answer in place of an endpoint.
    writing : callable
        A function of `Answer` that answers what wants to write.
    requests : list
        What was asked: endpoint and path.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.files: dict[str, bytes] = {}
        self.misbehave: dict[str, Callable[[Answer, str], None]] = {}
        self.writing: Callable[[Answer], None] = lambda answer: answer.reply(405, b"", "text/plain")
        self.requests: list[tuple[str, str]] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}{PREFIX}/"

    def __enter__(self) -> TinyService:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of clients that went away: the tests make them do so."""


def _entry(path: str, files: dict[str, bytes]) -> dict[str, str]:
    if path in files:
        return {"href": quote(path), "type": "file", "size": str(len(files[path])),
                "mtime": MODIFIED}  # fmt: skip
    return {"href": quote(path) + "/", "type": "directory", "mtime": MODIFIED}


class Gate:
    """Sends the first half of each file, then waits until it is opened."""

    def __init__(self) -> None:
        self.reached = threading.Semaphore(0)
        self.open = threading.Event()
        self.ended = threading.Semaphore(0)

    def __call__(self, answer: Answer, name: str) -> None:
        body = answer.server.files[name]
        half = len(body) // 2
        answer.send_response(200)
        answer.send_header("Content-Type", "application/octet-stream")
        answer.send_header("Content-Length", str(len(body)))
        answer.end_headers()
        answer.wfile.write(body[:half])
        answer.wfile.flush()
        self.reached.release()
        try:
            self.open.wait(30)
            answer.wfile.write(body[half:])
        finally:
            self.ended.release()


def cut(answer: Answer, name: str) -> None:
    """Send the first half of a file, then break off."""
    body = answer.server.files[name]
    answer.send_response(200)
    answer.send_header("Content-Type", "application/octet-stream")
    answer.send_header("Content-Length", str(len(body)))
    answer.end_headers()
    answer.wfile.write(body[: len(body) // 2])
    answer.wfile.flush()
    answer.close_connection = True
    answer.connection.shutdown(2)
