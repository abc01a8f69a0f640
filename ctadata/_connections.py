"""Connections: the process's pool, whom they trust, and when a request is sent again."""

from __future__ import annotations

import functools
import os
import random
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import mktime_tz, parsedate_tz
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection

from ._guard import Guard

__all__ = ["BLOCK", "Retry", "guarded", "pool_for", "ssl_context", "timeouts"]

BLOCK = 1 << 20
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


@contextmanager
def guarded(guard: Guard) -> Iterator[None]:
    """Let `guard` watch over the connection that this thread's next request takes."""
    _thread.guard = guard
    try:
        yield
    finally:
        _thread.guard = None


class _Guarded(HTTPConnection):
    """Tells the guard of the thread that uses it which socket it has."""

    def connect(self) -> None:
        super().connect()
        self._attach()

    def request(self, *args: Any, **options: Any) -> None:
        if self.sock is not None:
            self._attach()
        super().request(*args, **options)

    def _attach(self) -> None:
        guard: Guard | None = getattr(_thread, "guard", None)
        if guard is not None:
            guard.attach(self.sock)
            # What is sent may take as long as what is read; to connect may not.
            self.timeout = guard.timeout
            self.sock.settimeout(guard.timeout)


class _GuardedTLS(_Guarded, HTTPSConnection):
    pass


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Guarded


class _TLSPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _GuardedTLS


class Retry(urllib3.Retry):
    """When a request is sent again: exponential backoff with jitter, Retry-After, both capped."""

    # Not 413, where a smaller request would be wanted and not a later one.
    RETRY_AFTER_STATUS_CODES = RETRY_STATUS
    guard: Guard

    @classmethod
    def of(cls, total: int, guard: Guard) -> Retry:
        """Return a policy of `total` new tries that waits under the eyes of `guard`."""
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
        retry.guard = guard
        return retry

    def new(self, **options: Any) -> Retry:
        """Return the policy for what is left."""
        retry = super().new(**options)
        retry.guard = self.guard
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
            self.guard.congested()
        # Not a failure of the network but somebody's wish: not to be tried again.
        self.guard.check()
        return super().increment(*args, **options)

    def sleep(self, response: urllib3.BaseHTTPResponse | None = None) -> None:
        """Wait before the next try."""
        pause = self.get_backoff_time()
        if response is not None:
            # A connection that broke may only have been idle for too long; an answer is none.
            pause = self.get_retry_after(response) or max(pause, FIRST_PAUSE * random.random())
        self.guard.pause(pause)


def pool_for(url: str) -> urllib3.PoolManager:
    """Return the process's connections to the host of `url`, or to the proxy on the way."""
    parts = urlsplit(url)
    settings = tuple(map(os.environ.get, PROXY_VARIABLES))
    proxy = _proxy_for(parts.scheme, parts.netloc, settings)
    return _pool(os.getpid(), proxy, parts.scheme == "https" or (proxy or "").startswith("https"))


@functools.lru_cache(maxsize=16)
def _proxy_for(scheme: str, host: str, settings: tuple[str | None, ...]) -> str | None:
    """Return the proxy that the environment names; costs more than a request for a small file."""
    return None if proxy_bypass(host) else getproxies().get(scheme)


@functools.lru_cache(maxsize=4)
def _pool(pid: int, proxy: str | None, secure: bool) -> urllib3.PoolManager:
    """Return the process's connections; a child of fork gets its own, by its `pid`."""
    options: dict[str, Any] = {"maxsize": CONNECTIONS, "blocksize": BLOCK}
    if secure:
        # To read all authorities takes as long as a hundred small files.
        options["ssl_context"] = ssl_context()
    pool = urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
    pool.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
    return pool


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
    if os.path.isdir(bundle):
        context.load_verify_locations(capath=bundle)
    elif os.path.exists(bundle):
        context.load_verify_locations(bundle)
    return context
