"""A proxy before the data service that spoils some of its answers, as a test tells it."""

from __future__ import annotations

import contextlib
import json
import logging
import select
import socket
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BUFFER = 1 << 16
_logger = logging.getLogger(__name__)
# What the platform's services answer (docs/protocol.md).
ANSWERS = {
    401: ("application/json", b'{"message": "Invalid or missing Bearer token"}'),
    403: ("text/html", b"Error: 403 Forbidden"),
    404: ("text/html", b"Error: 404 Not Found"),
    500: ("text/html", b"<!DOCTYPE html><title>500</title>Internal Server Error"),
    503: ("text/html", b"<!DOCTYPE html><title>503</title>Service Unavailable"),
}


@dataclass(frozen=True)
class Fault:
    """What happens to requests whose address contains `path`.

    Attributes
    ----------
    path : str
        A part of the request's path.
    status : int
        Answered in place of the service; 0: the service answers.
    body : object
        Answered with this status, as JSON; None: what the services say with it.
    delay : float
        Seconds before the answer begins.
    cut : int
        Bytes of the answer after which the connection is closed; 0: never.
    rate : float
        Bytes per second; 0: as the gate lets them pass.
    """

    path: str
    status: int = 0
    body: object = None
    delay: float = 0.0
    cut: int = 0
    rate: float = 0.0

    def answer(self) -> tuple[str, bytes]:
        """Return the content type and the body in place of the service's."""
        if self.body is None:
            return ANSWERS[self.status]
        return "application/json", json.dumps(self.body).encode()


class Gate:
    """Passes on what comes to its port, with these faults.

    Parameters
    ----------
    port : int
        Where it listens.
    always : list of Fault
        What happens to requests for which there are no other `faults`.

    Attributes
    ----------
    faults : list of Fault
        The first that fits a request is what happens.
    rate : float
        Bytes per second of each connection in either direction; 0: as fast as it comes.
    upstream : int or None
        The service's port.
    """

    def __init__(self, port: int, always: list[Fault]) -> None:
        self._always = always
        self.upstream: int | None = None
        self.faults: list[Fault] = []
        self.rate = 0.0
        gate = self

        class Handler(BaseHTTPRequestHandler):
            # Nothing of the body is read ahead.
            rbufsize = 0

            def pass_on(self) -> None:
                gate.serve(self)
                self.close_connection = True

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = pass_on
            do_MKCOL = do_PROPFIND = do_OPTIONS = pass_on

            def log_message(self, *args: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Take no more connections."""
        self._server.shutdown()
        self._server.server_close()

    def serve(self, request: BaseHTTPRequestHandler) -> None:
        """Answer one request."""
        faults = [*self.faults, *self._always, Fault("")]
        fault = next(fault for fault in faults if fault.path in request.path)
        _logger.info('"%s" %s', request.requestline, fault.status or "")
        time.sleep(fault.delay)
        with contextlib.suppress(OSError):
            if fault.status:
                kind, body = fault.answer()
                request.send_response(fault.status)
                request.send_header("Content-Type", kind)
                request.send_header("Content-Length", str(len(body)))
                request.end_headers()
                request.wfile.write(body)
                return
            with socket.create_connection(("127.0.0.1", self.upstream)) as server:
                del request.headers["Connection"]
                request.headers["Connection"] = "close"
                head = f"{request.requestline}\r\n{request.headers.as_string()}"
                server.sendall(head.replace("\n", "\r\n").replace("\r\r", "\r").encode("latin-1"))
                self._shuttle(request.connection, server, fault)

    def _shuttle(self, client: socket.socket, server: socket.socket, fault: Fault) -> None:
        passed = 0
        while True:
            ready, _, _ = select.select([client, server], [], [])
            for source in ready:
                data = source.recv(BUFFER)
                if not data:
                    return
                if source is server:
                    passed += len(data)
                    if fault.cut and passed > fault.cut:
                        return
                (client if source is server else server).sendall(data)
                if rate := fault.rate or self.rate:
                    time.sleep(len(data) / rate)
