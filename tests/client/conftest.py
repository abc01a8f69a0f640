"""A real HTTP server that answers as a test tells it, for what the embedded service never does."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

TOKEN = "a-token-for-tests"
Answer = Callable[[BaseHTTPRequestHandler], None]


class Scripted:
    """Answers each request with what `answers` has for its method and path."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.answers: dict[tuple[str, str], Answer] = {}
        self.default = sends(b"Error: 404 ", 404, "text/html")
        self.requests: list[tuple[str, str]] = []
        self.tokens: list[str | None] = []
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                path = self.path.partition("?")[0]
                script.requests.append((self.command, path))
                script.tokens.append(self.headers.get("Authorization"))
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                script.answers.get((self.command, path), script.default)(self)

            do_GET = do_POST = do_MKCOL = do_PROPFIND = do_PUT = answer

            def log_message(self, *args: object) -> None:
                """Keep the tests' output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if context is not None:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.origin = (
            f"{'https' if context else 'http'}://127.0.0.1:{self.server.server_address[1]}"
        )
        self.url = f"{self.origin}/services/downloadservice/"

    def __enter__(self) -> Scripted:
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()

    def on(self, method: str, path: str, answer: Answer) -> None:
        self.answers[method, f"/services/downloadservice/{path}"] = answer

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
    handler.wfile.write(body)


def sends(
    body: bytes, status: int = 200, content_type: str = "application/json", **headers: str
) -> Answer:
    """Make an answer with this body."""
    return lambda handler: reply(handler, status, body, content_type, **headers)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    with Scripted() as script:
        monkeypatch.setenv("CTADS_URL", script.url)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
        monkeypatch.delenv("CTACS_URL", raising=False)
        yield script


@pytest.fixture
def work(tmp_path, monkeypatch):
    """An empty working directory."""
    directory = tmp_path / "work"
    directory.mkdir()
    monkeypatch.chdir(directory)
    return directory
