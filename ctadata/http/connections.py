"""The process's connections: their pools, sockets, time-outs, and the certificates they trust."""

from __future__ import annotations

import functools
import os
import socket
import ssl
import struct
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.client import HTTPException, HTTPResponse, IncompleteRead
from io import BufferedReader, RawIOBase
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from .._printable import logger_of
from ..errors import LocalFileError
from .proxies import proxy_for
from .watchdog import Watchdog

__all__ = ["BLOCK", "ResponseTooLong", "send", "ssl_context", "timeouts", "watched_by"]

# These log what a service sends, such as a malformed header; logger_of makes that printable.
for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.response"):
    logger_of(_name)

BLOCK = 1 << 20
# Bytes that are read together with the head of a response.
HEAD_BUFFER = 64 << 10
# Bytes of all lines of a response: its heads, and the lines around chunks.
MAX_LINES = 256 << 10
# Bytes of a response that is neither a listing nor a file.
MAX_RESPONSE = 1 << 20
_TOO_LONG = f"the response exceeds {MAX_RESPONSE >> 20} MiB"
CONNECT_TIMEOUT = 10.0
# Enough for jobs=64, and some for streams and listings.
CONNECTIONS = 80

_thread = threading.local()


def _watchdog() -> Watchdog | None:
    """Return the watchdog of this thread's request."""
    return getattr(_thread, "watchdog", None)


@contextmanager
def watched_by(watchdog: Watchdog) -> Iterator[None]:
    """Let `watchdog` watch over the connection of this thread's next request."""
    _thread.watchdog = watchdog
    try:
        yield
    finally:
        _thread.watchdog = None


class _Socket(socket.socket):
    """A socket whose time-out is kept by the kernel (SO_RCVTIMEO, socket(7)).

    Python's own time-out needs one more system call for each read, at which the thread yields to
    all others. With thousands of small files that is a tenth of the time.
    """

    __slots__ = ("_limit",)
    _limit: float | None

    @classmethod
    def from_socket(cls, connected: socket.socket) -> _Socket:
        """Take over a connected socket."""
        taken = cls(fileno=connected.detach())
        super(_Socket, taken).settimeout(None)
        taken._limit = None
        return taken

    def gettimeout(self) -> float | None:
        return self._limit

    def settimeout(self, value: float | None) -> None:
        if value != self._limit:
            self._limit = value
            # Zero means no limit.
            seconds = struct.pack("ll", int(value or 0), int((value or 0) % 1 * 1e6))
            self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)
            self.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)

    def recv_into(self, *args: Any) -> int:
        try:
            return super().recv_into(*args)
        except BlockingIOError:
            raise TimeoutError("timed out") from None

    def sendall(self, *args: Any) -> None:
        try:
            super().sendall(*args)
        except BlockingIOError:
            raise TimeoutError("timed out") from None


class ResponseTooLong(HTTPException):
    """A response is longer than any answer to the request can be."""


class _LimitedReader(BufferedReader):
    """The incoming bytes of a connection, with a limit for the sum of all lines.

    `http.client` limits each line and each head, but not the number of provisional heads (1xx),
    of a proxy's lines, or of a short body's chunks.
    """

    def __init__(self, raw: RawIOBase) -> None:
        super().__init__(raw, HEAD_BUFFER)
        self._lines = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self._lines += len(line)
        if self._lines > MAX_LINES:
            raise ResponseTooLong(f"the lines of the response exceed {MAX_LINES >> 10} KiB")
        return line


class _Response(HTTPResponse):
    """Reads the head and the beginning of the body at once."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp.close()
        self.fp = _LimitedReader(cast(RawIOBase, sock.makefile("rb", 0)))
        self._dropped = 0

    def read(self, amt: int | None = None) -> bytes:
        """Read a short body, whatever length the response claims to have.

        Without `amt` the whole body is read at once. Long bodies are read by `ctadata.http.body`.
        """
        try:
            if amt is not None:
                # urllib3 drains a response so before it sends the request again.
                part = super().read(amt)
                self._dropped += len(part)
                if self._dropped > MAX_RESPONSE:
                    raise ResponseTooLong(_TOO_LONG)
                return part
            body = super().read(MAX_RESPONSE)
            if len(body) == MAX_RESPONSE:
                raise ResponseTooLong(_TOO_LONG)
            if self.length:
                raise IncompleteRead(body, self.length)
            # Without a known length http.client does not notice the end.
            self.close()
            return body
        except ValueError as error:
            # A chunk with a negative size.
            raise HTTPException(f"the response is malformed: {error}") from error


class _WatchedConnection(HTTPConnection):
    """Tells the watchdog of the thread that uses it which socket it has."""

    response_class = _Response

    def _new_conn(self) -> socket.socket:
        return _Socket.from_socket(super()._new_conn())

    def connect(self) -> None:
        super().connect()
        self._attach()
        self.sock.settimeout(self.timeout)

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is not None:
            self._attach()
        super().request(*args, **options)

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]
        watchdog = _watchdog()
        if watchdog is not None:
            watchdog.waiting_for_head()
        return super().getresponse()

    def _attach(self) -> None:
        watchdog = _watchdog()
        if watchdog is not None:
            watchdog.attach(self.sock)
            # The longer time-out of reading holds for sending, too, but not for connecting.
            self.timeout = watchdog.timeout


class _WatchedTLSConnection(_WatchedConnection, HTTPSConnection):
    """Lets the watchdog also interrupt a proxy's answer to CONNECT, and the TLS handshake."""

    def connect(self) -> None:
        with ExitStack() as self._until_connected:
            super().connect()

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        connected.settimeout(self.timeout)
        watchdog = _watchdog()
        if watchdog is not None:
            # TLS takes the descriptor away from the socket object; this duplicate keeps its own.
            watched = socket.socket(fileno=os.dup(connected.fileno()))
            watchdog.attach(self._until_connected.enter_context(watched))
            watchdog.waiting_for_head()
        return connected


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _WatchedConnection


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _WatchedTLSConnection


def send(method: str, url: str, **options: Any) -> urllib3.BaseHTTPResponse:
    """Send a request over a pooled connection to the host of `url`, or to its proxy.

    The options are those of `urllib3.HTTPConnectionPool.urlopen`.
    """
    origin = url[: url.index("/", url.index("//") + 2)]
    proxy = proxy_for(origin)
    if proxy is not None:
        return _proxied(os.getpid(), proxy).urlopen(method, url, **options)
    # A PoolManager would take as long as the rest of the request.
    return _pool(os.getpid(), origin).urlopen(method, url[len(origin) :], **options)


@functools.lru_cache(maxsize=8)
def _pool(pid: int, origin: str) -> urllib3.HTTPConnectionPool:
    """Return the process's connections to a host; `pid` gives a forked child its own."""
    parts = urlsplit(origin)
    if parts.scheme == "https":
        return _TLSPool(parts.hostname or "", parts.port, **_options(secure=True))
    return _Pool(parts.hostname or "", parts.port, **_options(secure=False))


@functools.lru_cache(maxsize=4)
def _proxied(pid: int, proxy: str) -> urllib3.ProxyManager:
    parts = urlsplit(proxy)
    headers = None
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers = {"Proxy-Authorization": f"Basic {b64encode(login.encode()).decode()}"}
    # Without the password, which urllib3 would repeat in its errors.
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    pool = urllib3.ProxyManager(address, proxy_headers=headers, **_options(secure=True))
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
    return pool


def _options(secure: bool) -> dict[str, Any]:
    options: dict[str, Any] = {"maxsize": CONNECTIONS, "blocksize": BLOCK}
    if secure:
        # Reading all authorities takes as long as a hundred small files.
        options["ssl_context"] = ssl_context()
    return options


@functools.lru_cache(maxsize=16)
def timeouts(read: float) -> urllib3.Timeout:
    """Return the time-outs for connecting, and for silence while reading."""
    return urllib3.Timeout(connect=min(CONNECT_TIMEOUT, read), read=read)


def ssl_context() -> ssl.SSLContext:
    """Return the TLS context that decides which service certificates are trusted.

    Trusted are the system's authorities, or those in ``SSL_CERT_FILE`` and ``SSL_CERT_DIR``, and
    those in ``REQUESTS_CA_BUNDLE``, which many platforms set.
    """
    context = ssl.create_default_context()
    bundle = os.environ.get("REQUESTS_CA_BUNDLE", "")
    try:
        if os.path.isdir(bundle):
            context.load_verify_locations(capath=bundle)
        elif os.path.exists(bundle):
            context.load_verify_locations(bundle)
    except OSError as error:
        raise LocalFileError(
            f"The certificates of {bundle!r} cannot be read ({error.strerror}); correct "
            "REQUESTS_CA_BUNDLE, or unset it",
            path=bundle,
        ) from error
    return context
