"""Sends requests with the token in their header, and reads the bodies of responses."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Generator, Mapping
from typing import IO, TYPE_CHECKING, Protocol, cast
from urllib.parse import urlsplit

from .._printable import logger_of
from ..config import DOWNLOADSERVICE_VARIABLE, MIN_SPEED, RETRIES, TIMEOUT
from ..errors import CTADataError, NoToken, ServiceTimeout
from .errors import (
    ERROR_BODY,
    ErrorResponse,
    StreamInterrupted,
    clean_text,
    network_error,
    status_error,
)
from .plain_http import check_token
from .watchdog import Watchdog

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from .body import Block
    from .retry import Retrier

__all__ = ["HTTPClient", "RequestBody"]

logger = logger_of(__name__)


class RequestBody(Protocol):
    """What a request can send: a file, or an object that reads like one."""

    def read(self, length: int = -1, /) -> bytes:
        """Return up to `length` bytes; none at the end."""


class HTTPClient:
    """Sends requests to the services with the token, and to nobody else.

    Parameters
    ----------
    token : callable
        Returns the token, or None; called for each request.
    timeout : float, optional
        Seconds of silence after which the service counts as stalled.
    retries : int, optional
        How often a request is sent again after a temporary failure.
    min_speed : float, optional
        Bytes per second, over `timeout`, below which a body counts as stalled.
    watchdog : Watchdog, optional
        Can stop the requests from another thread.
    variable : str, optional
        The environment variable that holds the service's address, for errors.
    """

    def __init__(
        self,
        token: Callable[[], str | None],
        *,
        timeout: float | None = None,
        retries: int = RETRIES,
        min_speed: float | None = None,
        watchdog: Watchdog | None = None,
        variable: str = DOWNLOADSERVICE_VARIABLE,
    ) -> None:
        self.token = token
        self._variable = variable
        self.timeout = timeout or TIMEOUT
        self.retries = retries
        self.min_speed = MIN_SPEED if min_speed is None else min_speed
        self.watchdog = watchdog or Watchdog(self.timeout)

    def watched_by(self, watchdog: Watchdog) -> HTTPClient:
        """Return a client whose requests `watchdog` can stop."""
        watched = copy.copy(self)
        watched.watchdog = watchdog
        return watched

    def retrier(self) -> Retrier:
        """Return what counts the retries of a transfer and waits before each."""
        from .retry import Retrier

        return Retrier(self.retries, self.watchdog)

    def send(
        self,
        method: str,
        url: str,
        *,
        path: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | RequestBody | None = None,
        stream: bool = False,
        accept: tuple[int, ...] = (200,),
        authenticate: bool = True,
    ) -> BaseHTTPResponse:
        """Send one request; redirects are never followed.

        Parameters
        ----------
        method, url : str
            The request line.
        path : str, optional
            The remote path, for errors.
        headers : mapping, optional
            Headers beside ``Authorization``.
        body : bytes or binary file, optional
            Sent as it is; a file needs a ``Content-Length`` header.
        stream : bool, optional
            Whether the caller reads the body itself and then releases the response.
        accept : tuple of int, optional
            The statuses that are returned; all others are raised.
        authenticate : bool, optional
            Whether the token is sent.

        Raises
        ------
        CTADataError
            See `status_error` and `network_error`; `NoToken` if a token is needed but not set.
        """
        from http.client import HTTPException

        import urllib3.exceptions

        from . import connections
        from .retry import Retry

        sent = {"Accept-Encoding": "identity", **(headers or {})}
        token = None
        if authenticate:
            token = self.token()
            if token is None:
                raise NoToken.missing(path or None)
            check_token(url, self._variable)
            sent["Authorization"] = f"Bearer {token}"
        if body is None:
            # Only with this type does the service answer 401 and not with a login page.
            sent.setdefault("Content-Type", "application/json")
        self.watchdog.check()
        failure = None
        try:
            with connections.watched_by(self.watchdog):
                response = connections.send(
                    method,
                    url,
                    body=cast("bytes | IO[bytes] | None", body),
                    headers=sent,
                    preload_content=not stream,
                    decode_content=False,
                    redirect=False,
                    retries=Retry.from_total(self.retries, self.watchdog, path),
                    timeout=connections.timeouts(self.timeout),
                )
        except (urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
            try:
                # If the request was stopped, that is the reason for the failure.
                self.watchdog.check()
            finally:
                self.watchdog.detach()
            failure = network_error(error, url, path, self._variable).caused_by(error)
        if failure is not None:
            raise failure
        try:
            # A socket that was shut down looks like the end of a response.
            self.watchdog.check()
        except CTADataError:
            self.close(response)
            raise
        if not stream:
            self.watchdog.detach()
            self.watchdog.clear_notice()
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s %s: %d", method, urlsplit(url).path, response.status)
        if response.status not in accept:
            raise self.refused(response, url, path, token)
        self.watchdog.head_received()
        return response

    def close(self, response: BaseHTTPResponse) -> None:
        """Close a response without reading its body."""
        self.watchdog.detach()
        response.close()

    def refused(
        self, response: BaseHTTPResponse, url: str, path: str, token: str | None = None
    ) -> CTADataError:
        """Close a response that is not a success, and return the error for it."""
        try:
            said = ErrorResponse(
                response.status,
                response.reason or "",
                response.headers.get("Location") or "",
                _beginning(response),
            )
            return status_error(said, url, path, self._variable, token or self.token())
        finally:
            self.close(response)

    def clean_text(self, text: str) -> str:
        """Return what a service says in a form that can be shown, never with the token in it."""
        return clean_text(text, self.token())

    def read_blocks(
        self, response: BaseHTTPResponse, url: str, path: str
    ) -> Generator[list[Block]]:
        """Yield the body of a streamed response as it comes, up to 1 MiB at a time.

        A memoryview among the blocks is only valid until the next ones are asked for. The
        connection returns to the pool only if the body was read to its end.

        Raises
        ------
        StreamInterrupted
            If the body ends early, stalls, or comes too slowly.
        """
        from http.client import HTTPException

        from .body import read_body

        watchdog = self.watchdog
        whole = False
        failure = None
        try:
            yield from read_body(response, watchdog)
            # A socket that was shut down looks like the end of a body of unknown length.
            watchdog.check()
            whole = True
        except (HTTPException, OSError) as error:
            cause: CTADataError = network_error(error, url, path, self._variable)
            try:
                watchdog.check()
            except ServiceTimeout as slow:
                cause = slow
            failure = StreamInterrupted(f"{path!r} broke off: {cause}", path=path).caused_by(error)
        except ServiceTimeout as slow:
            raise StreamInterrupted(f"{path!r} broke off: {slow}", path=path) from slow
        finally:
            watchdog.detach()
            if whole:
                response.release_conn()
            else:
                response.close()
        if failure is not None:
            raise failure


def _beginning(response: BaseHTTPResponse) -> bytes:
    """Return the beginning of a body, whether it was read before or not."""
    import urllib3.exceptions

    try:
        raw = response.read(ERROR_BODY, decode_content=False)
    except urllib3.exceptions.HTTPError:
        raw = b""
    return raw or response.data[:ERROR_BODY]
