"""A data service in memory that fails as a test tells it, and records what it sends.

It answers as docs/protocol.md says, defects included; a `Fault` changes a single response.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import json
import random
import re
import threading
import time
import zlib
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import quote, unquote

from tests.support.scripted import PREFIX, Scripted, reply

from .wire import reset

MIB = 1 << 20
PIECE = 1 << 18
MODIFIED = "Sun, 22 Nov 2026 06:28:06 GMT"
LATER = "Mon, 23 Nov 2026 07:00:00 GMT"
OWN = "lst/users/alice"
BINARY = "application/octet-stream"


@functools.lru_cache(maxsize=16)
def content(size: int, seed: int = 0) -> bytes:
    """Return `size` random bytes, the same ones for each seed."""
    return random.Random(seed).randbytes(size)


def _chunks(block: memoryview, size: int) -> bytes:
    pieces = (block[at : at + size] for at in range(0, len(block), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)


@dataclass
class Remote:
    """A file of the storage."""

    content: bytes
    modified: str | None = MODIFIED
    etag: str | None = None


@dataclass(frozen=True)
class Fault:
    """How one response differs from the usual one.

    Attributes
    ----------
    status, body, headers
        Sent in place of the usual ones; a header of None is omitted.
    ranges : bool
        Whether a range is sent; otherwise the whole file with 200.
    shift : int
        By how many bytes the sent range is shifted against the requested one.
    framing : str
        What marks the end of the body: ``length``, ``chunked``, or ``close``.
    chunk : int
        The bytes of one chunk.
    stop : int
        The bytes of the body after which `then` happens; for uploads, of the request's body.
    then : str
        ``cut`` (FIN), ``reset`` (RST), ``stall``, ``drip`` (a byte every tenth of a second), or
        ``end``: a regular end.
    hold : Event
        Waited for before the request is answered.
    barrier : Barrier
        Waited at before the request is answered.
    keep : int
        The bytes of an upload that are stored.
    drip : tuple of bytes
        Sent in place of the response: some bytes at once, and others again every tenth of a second;
        see `DRIPS`.
    """

    status: int | None = None
    body: bytes | None = None
    headers: Mapping[str, str | None] = field(default_factory=dict)
    ranges: bool = True
    shift: int = 0
    framing: str | None = None
    chunk: int = PIECE
    stop: int | None = None
    then: str = "cut"
    hold: threading.Event | None = None
    barrier: threading.Barrier | None = None
    keep: int | None = None
    drip: tuple[bytes, bytes] | None = None


USUAL = Fault()

_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
_CHUNKED = _HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
#: Responses that never end, though bytes come all the time.
DRIPS = {
    "status line": (b"HTTP/1.1 200 O", b"K"),
    "header": (_HEAD + b"X-Slow: ", b"x"),
    "interim answers": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (_HEAD + b"Content-Length: 100000\r\n\r\n[", b" "),
    "chunks": (_CHUNKED + b"1\r\n[\r\n", b"1\r\n \r\n"),
    "chunk size": (_CHUNKED + b"1;", b"x"),
    "trailer": (_CHUNKED + b"2\r\n[]\r\n0\r\n", b"X: y\r\n"),
    "error page": (b"HTTP/1.1 500 Oops\r\nContent-Length: 4000\r\n\r\n", b"x"),
    "silence": (b"", b""),
}


@dataclass
class Served:
    """One request, the bytes sent for it, and how many files were being sent at that time."""

    when: float
    method: str
    endpoint: str
    name: str
    headers: Mapping[str, str]
    status: int = 0
    start: int = 0
    sent: int = 0
    busy: int = 0

    @property
    def range(self) -> str | None:
        return self.headers.get("Range")


class Storage(Scripted):
    """The service; its user is alice.

    Attributes
    ----------
    files : dict
        The stored files, by their paths.
    digests : tuple of str
        The algorithms of the checksums in the responses to HEAD.
    log : list of Served
        The requests, in the order in which they began.
    before : callable
        Called with each request before it is answered.
    busiest : int
        The most files that were sent at the same time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, Remote] = {}
        self.directories: set[str] = {"lst/users", OWN}
        self.digests: tuple[str, ...] = ()
        self.log: list[Served] = []
        self.before: Callable[[Served], object] = lambda served: None
        self.busiest = 0
        self._busy = 0
        self._faults: dict[tuple[str, str], deque[Fault]] = defaultdict(deque)
        self._always: dict[tuple[str, str], Fault] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()

    def __enter__(self) -> Storage:
        super().__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.set()
        super().__exit__(*error)

    # Called by tests.

    def put(self, name: str, size: int | bytes, seed: int = 0, **fields: str | None) -> bytes:
        """Store a file, and return its content."""
        body = size if isinstance(size, bytes) else content(size, seed)
        self.files[name] = Remote(body, **fields)
        return body

    def fails(
        self, endpoint: str, name: str, *faults: Fault | None, always: Fault | None = None
    ) -> None:
        """Change the next responses of ``list``, ``fetch``, ``webdav``, ``head``, ...

        None is the usual response; the name ``*`` means all; `always` follows after `faults`.
        """
        with self._lock:
            self._faults[endpoint, name].extend(fault or USUAL for fault in faults)
            if always is not None:
                self._always[endpoint, name] = always

    def heal(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._faults.clear()
            self._always.clear()
            self.log.clear()

    def asked(self, endpoint: str, name: str | None = None) -> list[Served]:
        """Return the requests to an endpoint."""
        with self._lock:
            return [s for s in self.log if s.endpoint == endpoint and name in (None, s.name)]

    def sent(self, name: str) -> int:
        """Return how many bytes of a file were sent in all responses together."""
        return sum(s.sent for s in self.asked("fetch", name) + self.asked("webdav", name))

    # Responses.

    def answer(self, handler: BaseHTTPRequestHandler, path: str) -> None:
        if (handler.command, path) in self.answers:
            super().answer(handler, path)
            return
        endpoint, _, quoted = path.removeprefix(PREFIX).partition("/")
        name = unquote(unquote(quoted)).strip("/")
        if handler.command == "HEAD":
            endpoint = "head"
        served = Served(
            time.monotonic(), handler.command, endpoint, name, dict(handler.headers.items())
        )
        with self._lock:
            self.log.append(served)
        self.before(served)
        fault = self._next(endpoint, name)
        with self._counted(served), contextlib.suppress(ConnectionError):
            if fault.hold is not None:
                fault.hold.wait(30)
            if fault.barrier is not None:
                fault.barrier.wait(30)
            if endpoint == "upload":
                self._upload(handler, name, fault)
                return
            handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
            if fault.drip is not None:
                self._drip(handler, *fault.drip)
            elif handler.command == "MKCOL":
                reply(handler, self._make(name))
            elif fault.status is not None and (fault.body is None or endpoint == "head"):
                served.status = fault.status
                headers = {"Content-Length": "0", **fault.headers}
                self._head(handler, fault.status, headers)
            elif endpoint == "list":
                self._list(handler, name, fault)
            elif endpoint == "head":
                self._describe(handler, name, fault)
            elif endpoint == "fetch":
                self._fetch(handler, served, fault)
            elif endpoint == "webdav":
                self._range(handler, served, fault)
            elif endpoint == "health":
                reply(handler, 200, b"OK")
            else:
                reply(handler, 404, b"Error: 404 ")

    @contextlib.contextmanager
    def _counted(self, served: Served) -> Iterator[None]:
        counts = served.endpoint in {"fetch", "webdav", "upload"}
        with self._lock:
            self._busy += counts
            served.busy = self._busy
            self.busiest = max(self.busiest, self._busy)
        try:
            yield
        finally:
            with self._lock:
                self._busy -= counts

    def _next(self, endpoint: str, name: str) -> Fault:
        with self._lock:
            for key in ((endpoint, name), (endpoint, "*")):
                if self._faults.get(key):
                    return self._faults[key].popleft()
                if key in self._always:
                    return self._always[key]
        return USUAL

    def _list(self, handler: BaseHTTPRequestHandler, name: str, fault: Fault) -> None:
        items = [self._item(name)] if name in self.files else self._inside(name)
        if fault.body is not None:
            self._send(handler, None, fault.status or 200, "application/json", fault.body, fault)
        elif items:
            reply(handler, 200, json.dumps(items).encode(), "application/json")
        else:
            reply(handler, 404, b"Error: 404 ", "text/html")

    def _inside(self, name: str) -> list[dict[str, str]]:
        prefix = f"{name}/" if name else ""
        there = [*self.files, *(f"{directory}/" for directory in self.directories)]
        below = [path[len(prefix) :] for path in there if path.startswith(prefix)]
        if not below and name:
            return []
        # A file, or a directory by the slash behind its first segment.
        children = {"".join(path.partition("/")[:2]) for path in below} - {""}
        own = {"href": quote(prefix), "type": "directory", "mtime": MODIFIED}
        return [own, *(self._item(prefix + child) for child in sorted(children))]

    def _item(self, path: str) -> dict[str, str]:
        if path.endswith("/"):
            return {"href": quote(path), "type": "directory", "mtime": MODIFIED}
        remote = self.files[path]
        fields = {"href": quote(path), "type": "file", "size": str(len(remote.content))}
        return fields if remote.modified is None else {**fields, "mtime": remote.modified}

    def _describe(self, handler: BaseHTTPRequestHandler, name: str, fault: Fault) -> None:
        remote = self.files.get(name)
        headers: dict[str, str | None] = {"Content-Length": "0"}
        if remote is not None:
            wanted = handler.headers.get("Want-Digest", "")
            offered = [a for a in self.digests if re.search(rf"\b{a}\b", wanted, re.IGNORECASE)]
            if offered:
                headers["Digest"] = ",".join(digest(remote.content, a) for a in offered)
            headers["ETag"] = remote.etag
        self._head(handler, 404 if remote is None else 200, {**headers, **fault.headers})

    def _fetch(self, handler: BaseHTTPRequestHandler, served: Served, fault: Fault) -> None:
        remote = self.files.get(served.name)
        body = fault.body
        if body is None:
            # The service sends this error with 200.
            body = remote.content if remote else b"Error: 404 <?xml version='1.0'?>"
        self._send(handler, served, fault.status or 200, BINARY, body, fault, "chunked")

    def _range(self, handler: BaseHTTPRequestHandler, served: Served, fault: Fault) -> None:
        remote = self.files.get(served.name)
        if remote is None:
            reply(handler, 404, b"Error: 404 ")
            return
        size = len(remote.content)
        headers: dict[str, str | None] = {"ETag": remote.etag, "Accept-Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", served.range or "")
        if asked is None or not fault.ranges:
            body, status = remote.content, 200
        elif int(asked[1]) >= size:
            body, status = b"", 416
            headers["Content-Range"] = f"bytes */{size}"
        else:
            served.start = max(int(asked[1]) + fault.shift, 0)
            stop = min(int(asked[2]) + 1 + fault.shift, size)
            body, status = remote.content[served.start : stop], 206
            headers["Content-Range"] = f"bytes {served.start}-{stop - 1}/{size}"
        if fault.body is not None:
            body = fault.body
        headers.update(fault.headers)
        fault = Fault(**{**fault.__dict__, "headers": headers})
        self._send(handler, served, fault.status or status, BINARY, body, fault)

    def _send(
        self,
        handler: BaseHTTPRequestHandler,
        served: Served | None,
        status: int,
        content_type: str,
        body: bytes,
        fault: Fault,
        framing: str = "length",
    ) -> None:
        served = served or Served(0, "", "", "", {})
        served.status = status
        framing = fault.framing or framing
        headers: dict[str, str | None] = {"Content-Type": content_type}
        if framing == "length":
            headers["Content-Length"] = str(len(body))
        elif framing == "chunked":
            headers["Transfer-Encoding"] = "chunked"
        else:
            handler.close_connection = True
        self._head(handler, status, {**headers, **fault.headers})
        view = memoryview(body)
        whole = len(body) if fault.stop is None else min(fault.stop, len(body))
        for at in range(0, whole, PIECE):
            # Counted first: the receiver may check at once.
            served.sent += min(PIECE, whole - at)
            piece = view[at : min(at + PIECE, whole)]
            handler.wfile.write(_chunks(piece, fault.chunk) if framing == "chunked" else piece)
        if fault.stop is None or fault.then == "end":
            if framing == "chunked":
                handler.wfile.write(b"0\r\n\r\n")
            return
        handler.close_connection = True
        if fault.then == "reset":
            reset(handler.connection)
        elif fault.then == "stall":
            handler.connection.recv(1)
        elif fault.then == "drip":
            for at in range(whole, len(body)):
                if self._closing.wait(0.1):
                    return
                byte = view[at : at + 1]
                handler.wfile.write(_chunks(byte, 1) if framing == "chunked" else byte)
                served.sent += 1

    def _head(
        self, handler: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str | None]
    ) -> None:
        handler.send_response(status)
        for key, value in headers.items():
            if value is not None:
                handler.send_header(key, value)
        handler.end_headers()

    def _drip(self, handler: BaseHTTPRequestHandler, at_once: bytes, again: bytes) -> None:
        handler.close_connection = True
        handler.wfile.write(at_once)
        while not self._closing.wait(0.1):
            handler.wfile.write(again)

    def _make(self, name: str) -> int:
        if not f"{name}/".startswith(f"{OWN}/"):
            return 403
        if name in self.directories or self._inside(name):
            return 405
        if name.rpartition("/")[0] not in self.directories:
            return 409
        self.directories.add(name)
        return 201

    def _upload(self, handler: BaseHTTPRequestHandler, path: str, fault: Fault) -> None:
        name = f"{OWN}/{path}"
        if fault.status is not None and fault.stop == 0:
            handler.close_connection = True
            self._head(handler, fault.status, {"Content-Length": "0", **fault.headers})
            return
        body, whole = _read_body(handler, fault.stop)
        there = name in self.files
        if fault.status is None:
            # The service keeps what it has received.
            self.files[name] = Remote(body if fault.keep is None else body[: fault.keep], LATER)
        if fault.stop is not None or not whole:
            handler.close_connection = True
            if fault.then == "reset":
                reset(handler.connection)
            elif fault.then == "stall":
                handler.connection.recv(1)
        elif fault.status is not None or fault.body is not None:
            reply(handler, fault.status or 200, fault.body or b"", "application/json")
        elif there:
            reply(handler, 204)
        else:
            said = {"path": name, "status": "uploaded"}
            written = len(self.files[name].content)
            answer = json.dumps({**said, "total_written": written}).encode()
            reply(handler, 200, answer, "application/json")


def _read_body(handler: BaseHTTPRequestHandler, stop: int | None) -> tuple[bytes, bool]:
    """Return up to `stop` bytes of a request's body, and whether it was complete."""
    length = handler.headers.get("Content-Length")
    if length is not None:
        wanted = int(length) if stop is None else min(stop, int(length))
        body = handler.rfile.read(wanted)
        return body, len(body) == int(length)
    body = b""
    while (size := int(handler.rfile.readline() or b"0", 16)) and (
        stop is None or len(body) < stop
    ):
        body += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return body[:stop], size == 0


def digest(body: bytes, algorithm: str) -> str:
    """Return an instance digest (RFC 3230, 4.2)."""
    if algorithm == "adler32":
        return f"adler32={zlib.adler32(body):08x}"
    value = hashlib.new(algorithm.replace("-", ""), body).digest()
    return f"{algorithm}={base64.b64encode(value).decode()}"
