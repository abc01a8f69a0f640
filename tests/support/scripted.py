"""A real HTTP server with scripted answers, for what the embedded service never does."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PREFIX = "/services/downloadservice/"
Answer = Callable[[BaseHTTPRequestHandler], None]


class Server(ThreadingHTTPServer):
    """Closes all connections, including idle ones, and ends their threads when it is closed."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def server_close(self) -> None:
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do not report clients that disconnect; the tests make them do so."""


class Scripted:
    """Answers each request as `answers` defines for its method and path."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.answers: dict[tuple[str, str], Answer] = {}
        self.default = sends(b"Error: 404 ", 404, "text/html")
        self.requests: list[tuple[str, str]] = []
        self.tokens: list[str | None] = []
        self.bodies: list[bytes] = []
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # With Nagle's algorithm, the body would wait for the acknowledgement of the head.
            disable_nagle_algorithm = True

            def answer(self) -> None:
                path = self.path.partition("?")[0]
                script.requests.append((self.command, path))
                script.tokens.append(self.headers.get("Authorization"))
                script.answer(self, path)

            do_GET = do_HEAD = do_POST = do_MKCOL = do_PROPFIND = do_PUT = do_OPTIONS = answer

            def log_message(self, *args: object) -> None:
                """Keep the tests' output clean."""

        self.server = Server(Handler)
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.origin = (
            f"{'https' if context else 'http'}://127.0.0.1:{self.server.server_address[1]}"
        )
        self.url = f"{self.origin}{PREFIX}"

    def __enter__(self) -> Scripted:
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    def answer(self, handler: BaseHTTPRequestHandler, path: str) -> None:
        """Answer a request after reading its head."""
        self.bodies.append(handler.rfile.read(int(handler.headers.get("Content-Length") or 0)))
        self.answers.get((handler.command, path), self.default)(handler)

    def on(self, method: str, path: str, answer: Answer) -> None:
        self.answers[method, f"{PREFIX}{path}"] = answer

    def list(self, path: str, *items: dict[str, str]) -> None:
        self.on("GET", f"list/{path}".rstrip("/"), sends(json.dumps(items).encode()))


def reply(
    handler: BaseHTTPRequestHandler,
    status: int,
    body: bytes = b"",
    content_type: str = "text/plain",
    **headers: str,
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", content_type)
    handler.send_header("Content-Length", str(len(body)))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()
    if handler.command != "HEAD":
        handler.wfile.write(body)


def sends(
    body: bytes, status: int = 200, content_type: str = "application/json", **headers: str
) -> Answer:
    """Return an answer with this body."""
    return lambda handler: reply(handler, status, body, content_type, **headers)
