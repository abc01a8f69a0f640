"""Connections: the process's pool, whom they trust, and when a request is sent again."""

from __future__ import annotations

import functools
import os
import random
import socket
import ssl
import struct
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.utils import mktime_tz, parsedate_tz
from http.client import HTTPException, HTTPResponse, IncompleteRead, responses
from io import BufferedReader, RawIOBase
from typing import Any, cast
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from .._printable import logger_of
from ..errors import CTADataError, LocalFileError
from .addresses import problem_of
from .watchdog import Watchdog

__all__ = ["BLOCK", "Retry", "TooLong", "guarded", "proxy_for", "send", "ssl_context", "timeouts"]

logger = logger_of(__name__)
# These repeat what a service says, such as a header that is none.
for _name in ("urllib3.connection", "urllib3.connectionpool", "urllib3.response"):
    logger_of(_name)

BLOCK = 1 << 20
# Bytes that are read with the head of an answer.
HEAD = 64 << 10
# Bytes of all lines around a body.
LONGEST_HEAD = 256 << 10
# Bytes of an answer that is no listing and no file, and has some words to say.
LONGEST_ANSWER = 1 << 20
CONNECT_TIMEOUT = 10.0
# As many as may be used at a time (jobs=64), and some for streams and listings.
CONNECTIONS = 80
# 4xx other than these would be refused again; POST is repeated only where nothing was sent.
RETRY_STATUS = frozenset({408, 425, 429, 502, 503, 504})
RETRY_METHODS = frozenset({"GET", "HEAD", "PROPFIND", "MKCOL"})
RETRY_AFTER_MAX = 30
FIRST_PAUSE = 0.5

# What decides about proxies (urllib.request.getproxies); all else is as it was at the start.
PROXY_VARIABLES = [
    variable
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
    for variable in (name, name.upper())
]

_thread = threading.local()


def _watchdog() -> Watchdog | None:
    """Return the watchdog of this thread's request."""
    return getattr(_thread, "watchdog", None)


@contextmanager
def guarded(watchdog: Watchdog) -> Iterator[None]:
    """Let `watchdog` watch over the connection that this thread's next request takes."""
    _thread.watchdog = watchdog
    try:
        yield
    finally:
        _thread.watchdog = None


class _Socket(socket.socket):
    """A socket whose time-out the kernel watches over (SO_RCVTIMEO, socket(7)).

    Python's own needs a system call more for each read, for which a thread gives way to all
    others: of thousands of small files that is a tenth of the time.
    """

    __slots__ = ("_limit",)
    _limit: float | None

    @classmethod
    def from_socket(cls, connected: socket.socket) -> _Socket:
        """Take over a connection."""
        taken = cls(fileno=connected.detach())
        super(_Socket, taken).settimeout(None)
        taken._limit = None
        return taken

    def gettimeout(self) -> float | None:
        return self._limit

    def settimeout(self, value: float | None) -> None:
        if value != self._limit:
            self._limit = value
            # Zero stands for no limit.
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


class TooLong(HTTPException):
    """An answer is longer than what is asked for can be."""


class _Stream(BufferedReader):
    """What comes of a connection: of lines, such as the head's, only so much.

    Each line and each head has a limit in `http.client`, but not the number of provisional heads
    (1xx), of a proxy's lines, or of a short body's chunks.
    """

    def __init__(self, raw: RawIOBase) -> None:
        super().__init__(raw, HEAD)
        self._lines = 0

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        self._lines += len(line)
        if self._lines > LONGEST_HEAD:
            raise TooLong(f"the answer has lines of more than {LONGEST_HEAD >> 10} KiB")
        return line


class _Response(HTTPResponse):
    """Reads the head and what comes with it of the body at once."""

    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp.close()
        self.fp = _Stream(cast(RawIOBase, sock.makefile("rb", 0)))
        self._dropped = 0

    def read(self, amt: int | None = None) -> bytes:
        """Read a short answer, whatever it says of its length; at once, where it is held in memory.

        Other bodies are read by `ctadata.http.body`.
        """
        try:
            if amt is not None:
                # As of an answer after which the request is sent again.
                part = super().read(amt)
                self._dropped += len(part)
                if self._dropped > LONGEST_ANSWER:
                    raise TooLong(f"the answer has more than {LONGEST_ANSWER >> 20} MiB")
                return part
            body = super().read(LONGEST_ANSWER)
            if len(body) == LONGEST_ANSWER:
                raise TooLong(f"the answer has more than {LONGEST_ANSWER >> 20} MiB")
            if self.length:
                raise IncompleteRead(body, self.length)
            # It is not aware that it has ended, where it did not know its length.
            self.close()
            return body
        except ValueError as error:
            # A chunk of less than nothing.
            raise HTTPException(f"the answer is malformed: {error}") from error


class _Guarded(HTTPConnection):
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
            watchdog.asked()
        return super().getresponse()

    def _attach(self) -> None:
        watchdog = _watchdog()
        if watchdog is not None:
            watchdog.attach(self.sock)
            # What is sent may take as long as what is read; to connect may not.
            self.timeout = watchdog.timeout


class _GuardedTLS(_Guarded, HTTPSConnection):
    """Lets the watchdog also end a proxy's answer to CONNECT, and the handshake of TLS."""

    def connect(self) -> None:
        with ExitStack() as self._until_connected:
            super().connect()

    def _new_conn(self) -> socket.socket:
        connected = super()._new_conn()
        connected.settimeout(self.timeout)
        watchdog = _watchdog()
        if watchdog is not None:
            # TLS takes the socket away from its object; this one stays with the connection.
            watched = socket.socket(fileno=os.dup(connected.fileno()))
            watchdog.attach(self._until_connected.enter_context(watched))
            watchdog.asked()
        return connected


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _GuardedTLS


class Retry(urllib3.Retry):
    """When a request is sent again: exponential backoff with jitter, Retry-After, both capped."""

    # Not 413, where a smaller request would be wanted and not a later one.
    RETRY_AFTER_STATUS_CODES = RETRY_STATUS
    watchdog: Watchdog
    #: What is sent, the tries in all, and why the last one failed.
    what = ""
    tries = 0
    why = ""

    @classmethod
    def from_total(cls, total: int, watchdog: Watchdog, what: str) -> Retry:
        """Return a policy of `total` new tries that waits under the eyes of `watchdog`.

        Parameters
        ----------
        total : int
            Tries after the first one.
        watchdog : Watchdog
            Can end the pauses, and is told why there are any.
        what : str
            What is sent, for the log.
        """
        retry = cls(
            total=total,
            redirect=0,
            status_forcelist=RETRY_STATUS,
            allowed_methods=RETRY_METHODS,
            backoff_factor=0.3,
            backoff_jitter=0.2,
            backoff_max=10,
            retry_after_max=RETRY_AFTER_MAX,
            raise_on_status=False,
        )
        retry.watchdog, retry.what, retry.tries = watchdog, what, total + 1
        return retry

    def new(self, **options: Any) -> Retry:
        """Return the policy for what is left."""
        retry = super().new(**options)
        retry.watchdog, retry.what, retry.tries = self.watchdog, self.what, self.tries
        return retry

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        """Return the seconds that the service asks to wait, by its own clock (RFC 9110, 10.2.3)."""
        after = parsedate_tz(response.headers.get("Retry-After") or "")
        now = parsedate_tz(response.headers.get("Date") or "")
        if after is not None and now is not None:
            return min(max(0, mktime_tz(after) - mktime_tz(now)), RETRY_AFTER_MAX)
        try:
            return super().get_retry_after(response)
        except (urllib3.exceptions.InvalidHeader, ValueError):
            # No number, or one of thousands of digits.
            return None

    def increment(self, *args: Any, **options: Any) -> Retry:
        """Return the policy for what is left after this answer or failure."""
        response, error = options.get("response"), options.get("error")
        crowded = response is not None and response.status in {429, 503}
        if crowded or isinstance(error, urllib3.exceptions.TimeoutError):
            self.watchdog.congested()
        # Not a failure of the network but somebody's wish: not to be tried again.
        self.watchdog.check()
        retry = super().increment(*args, **options)
        retry.why = _why(response, error, self.watchdog)
        return retry

    def sleep(self, response: urllib3.BaseHTTPResponse | None = None) -> None:
        """Wait before the next try."""
        pause = self.get_backoff_time()
        if response is not None:
            # A connection that broke may only have been idle for too long; an answer is none.
            pause = self.get_retry_after(response) or max(pause, FIRST_PAUSE * random.random())
        after = f" in {pause:.0f} s" if pause >= 1 else ""
        text = f"trying again ({self.tries - (self.total or 0)} of {self.tries}){after}: {self.why}"
        logger.info("%s: %s", self.what or "/", text)
        self.watchdog.notice(text)
        self.watchdog.pause(pause)


def _why(response: urllib3.BaseHTTPResponse | None, error: object, watchdog: Watchdog) -> str:
    """Return in a few words why a request failed."""
    if response is not None:
        # Not the service's own words, which may be anything.
        return f"{response.status} {responses.get(response.status, '')}".strip()
    if isinstance(error, urllib3.exceptions.ConnectTimeoutError):
        return f"no connection within {min(CONNECT_TIMEOUT, watchdog.timeout):.0f} s"
    if isinstance(error, urllib3.exceptions.ReadTimeoutError):
        return f"no data for {watchdog.timeout:.0f} s"
    if isinstance(error, urllib3.exceptions.NewConnectionError):
        return "no connection"
    return "the connection broke off"


def send(method: str, url: str, **options: Any) -> urllib3.BaseHTTPResponse:
    """Send a request by the process's connections to the host of `url`, or the proxy on the way.

    Parameters
    ----------
    method, url : str
        What to ask, and where.
    **options
        As `urllib3.HTTPConnectionPool.urlopen` takes them.
    """
    origin = url[: url.index("/", url.index("//") + 2)]
    proxy = proxy_for(origin)
    if proxy is not None:
        return _proxied(os.getpid(), proxy).urlopen(method, url, **options)
    # What a PoolManager does beside takes as long as the rest of the request.
    return _pool(os.getpid(), origin).urlopen(method, url[len(origin) :], **options)


def proxy_for(url: str) -> str | None:
    """Return the address of the proxy that the environment names for a service, if any.

    Raises
    ------
    CTADataError
        If it cannot be used; its address, which may have a password, is not repeated.
    """
    return _proxy_for(url, tuple(map(os.environ.get, PROXY_VARIABLES)))


@functools.lru_cache(maxsize=16)
def _proxy_for(origin: str, settings: tuple[str | None, ...]) -> str | None:
    # Reading the environment costs more than a request for a small file.
    parts = urlsplit(origin)
    proxy = None if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme)
    if not proxy:
        return None
    proxy = proxy if "://" in proxy else f"http://{proxy}"
    if problem := problem_of(proxy):
        raise CTADataError(
            f"{parts.scheme.upper()}_PROXY is not the address of a proxy: {problem}; correct it, "
            "or name the service's host in NO_PROXY"
        )
    return proxy


@functools.lru_cache(maxsize=8)
def _pool(pid: int, origin: str) -> urllib3.HTTPConnectionPool:
    """Return the process's connections to a host; a child of fork gets its own, by its `pid`."""
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
    # Without the password, which would be in the errors of urllib3.
    address = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
    pool = urllib3.ProxyManager(address, proxy_headers=headers, **_options(secure=True))
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
    return pool


def _options(secure: bool) -> dict[str, Any]:
    options: dict[str, Any] = {"maxsize": CONNECTIONS, "blocksize": BLOCK}
    if secure:
        # To read all authorities takes as long as a hundred small files.
        options["ssl_context"] = ssl_context()
    return options


@functools.lru_cache(maxsize=16)
def timeouts(read: float) -> urllib3.Timeout:
    """Return how long a request may take to connect, and the service may stay silent."""
    return urllib3.Timeout(connect=min(CONNECT_TIMEOUT, read), read=read)


def ssl_context() -> ssl.SSLContext:
    """Return what decides which certificates of services are trusted.

    The system's authorities (``SSL_CERT_FILE`` and ``SSL_CERT_DIR`` name others), and those of
    ``REQUESTS_CA_BUNDLE``, which many platforms set.
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
