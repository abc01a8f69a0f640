"""HTTP: the token's header, retries, and statuses and broken bodies turned into errors."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Callable, Generator, Mapping
from typing import IO, TYPE_CHECKING, NamedTuple, Protocol, cast
from urllib.parse import urlsplit

from .._printable import WORDS, logger_of, printable
from ..config import DOWNLOADSERVICE_VARIABLE, NEW_TOKEN
from ..errors import (
    AccessDenied,
    AuthenticationError,
    CertificateNeeded,
    CTADataError,
    LocalFileError,
    MissingScope,
    NotFound,
    NoToken,
    ServiceTimeout,
    ServiceUnreachable,
    StorageException,
    TransferError,
)
from .addresses import path_of
from .plain_http import check_token
from .watchdog import Watchdog

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from .body import Block
    from .connections import Retry

__all__ = [
    "NEW_TOKEN",
    "Answer",
    "Body",
    "BrokenOff",
    "Http",
    "Redirected",
    "error_of",
    "network_error",
]

logger = logger_of(__name__)

READ_TIMEOUT = 60.0
RETRIES = 3
# What the system says where this machine, and not the service, is at an end.
OWN_LIMITS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS}
# Bytes per second: slower than any link that is of use.
MIN_SPEED = 1024.0
# Bytes of an answer that are read to tell what it means.
BEGINNING = 4096


class Body(Protocol):
    """What a request can send: a file, or what reads like one."""

    def read(self, length: int = -1, /) -> bytes:
        """Return up to `length` bytes; none at the end."""


class Http:
    """Sends requests to the services with the token, and to nobody else.

    Parameters
    ----------
    token : callable
        Gives the token, or None, at each request.
    timeout : float, optional
        Seconds that the service may stay silent before it counts as stalled.
    retries : int, optional
        How often a request that failed in passing is sent again.
    min_speed : float, optional
        Bytes per second, over `timeout`, below which a body counts as stalled.
    watchdog : Watchdog, optional
        Can stop the requests from another thread.
    variable : str, optional
        What of the environment has the service's address, for errors.
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
        self._token = token
        self._variable = variable
        self.timeout = timeout or READ_TIMEOUT
        self.retries = retries
        self.min_speed = MIN_SPEED if min_speed is None else min_speed
        self.watchdog = watchdog or Watchdog(self.timeout)

    def guarded(self, watchdog: Watchdog) -> Http:
        """Return one whose requests `watchdog` can stop."""
        return Http(
            self._token,
            timeout=self.timeout,
            retries=self.retries,
            min_speed=self.min_speed,
            watchdog=watchdog,
            variable=self._variable,
        )

    def again(self, error: CTADataError, before: Retry | None = None) -> Retry:
        """Wait before something that broke off is tried again.

        Parameters
        ----------
        error : CTADataError
            Why it broke off; raised where it was tried often enough.
        before : Retry, optional
            What this returned the last time, since when there was no progress.
        """
        import urllib3.exceptions

        from .connections import Retry

        retry = before or Retry.from_total(self.retries, self.watchdog, error.path or "")
        try:
            retry = retry.increment("GET", error=urllib3.exceptions.ProtocolError())
        except urllib3.exceptions.MaxRetryError:
            raise error from error.__cause__
        retry.why = _why(error, self.timeout)
        retry.sleep()
        return retry

    def send(
        self,
        method: str,
        url: str,
        *,
        path: str = "",
        headers: Mapping[str, str] | None = None,
        body: bytes | Body | None = None,
        stream: bool = False,
        accept: tuple[int, ...] = (200,),
        authenticate: bool = True,
    ) -> BaseHTTPResponse:
        """Send one request; redirects are never followed.

        Parameters
        ----------
        method, url : str
            What to ask, and where.
        path : str, optional
            The remote path that it is about, for errors.
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
            As `error_of` and `network_error` say; `NoToken` where there is none to send.
        """
        from http.client import HTTPException

        import urllib3.exceptions

        from . import connections

        sent = {"Accept-Encoding": "identity", **(headers or {})}
        token = None
        if authenticate:
            token = self._token()
            if token is None:
                raise NoToken(f"There is no hub token: {NEW_TOKEN}", path=path or None)
            check_token(url, self._variable)
            sent["Authorization"] = f"Bearer {token}"
        if body is None:
            # Only with this type does the service answer 401 rather than with a login page.
            sent.setdefault("Content-Type", "application/json")
        self.watchdog.check()
        failure = None
        try:
            with connections.guarded(self.watchdog):
                response = connections.send(
                    method,
                    url,
                    body=cast("bytes | IO[bytes] | None", body),
                    headers=sent,
                    preload_content=not stream,
                    decode_content=False,
                    redirect=False,
                    retries=connections.Retry.from_total(self.retries, self.watchdog, path),
                    timeout=connections.timeouts(self.timeout),
                )
        except (urllib3.exceptions.HTTPError, HTTPException, OSError) as error:
            try:
                # What was stopped broke off for that reason.
                self.watchdog.check()
            finally:
                self.watchdog.detach()
            failure = network_error(error, url, path, self._variable).caused_by(error)
        if failure is not None:
            raise failure
        try:
            # A socket that was shut down looks like the end of an answer.
            self.watchdog.check()
        except CTADataError:
            self.close(response)
            raise
        if not stream:
            self.watchdog.detach()
            self.watchdog.quiet()
        if logger.isEnabledFor(logging.DEBUG):
            logger.debug("%s %s: %d", method, urlsplit(url).path, response.status)
        if response.status not in accept:
            raise self.refusal(response, url, path, token)
        self.watchdog.answered()
        return response

    def close(self, response: BaseHTTPResponse) -> None:
        """End a response whose body nobody reads."""
        self.watchdog.detach()
        response.close()

    def refusal(
        self, response: BaseHTTPResponse, url: str, path: str, token: str | None = None
    ) -> CTADataError:
        """End a response that is not a success, and return the error that it means."""
        try:
            return self.error_of(response, url, path, token)
        finally:
            self.close(response)

    def words(self, text: str) -> str:
        """Return what a service says such that it can be shown, in any case without the token."""
        return _words(text, self._token())

    def error_of(
        self, response: BaseHTTPResponse, url: str, path: str, token: str | None = None
    ) -> CTADataError:
        """Turn an answer that is not a success into the error that it means."""
        answer = Answer(
            response.status,
            response.reason or "",
            response.headers.get("Location") or "",
            _beginning(response),
        )
        return error_of(answer, url, path, self._variable, token or self._token())

    def read_blocks(
        self, response: BaseHTTPResponse, url: str, path: str
    ) -> Generator[list[Block]]:
        """Yield the body of a streamed response as it comes, up to 1 MiB at a time.

        A memoryview among the blocks is only valid until the next ones are asked for. The
        connection goes back to the pool only when the body was read to its end.

        Parameters
        ----------
        response : urllib3.BaseHTTPResponse
            The response.
        url, path : str
            The address and the remote path, for errors.

        Raises
        ------
        BrokenOff
            If the body breaks off, stalls, or comes too slowly.
        """
        from http.client import HTTPException

        from .body import read

        watchdog = self.watchdog
        whole = False
        failure = None
        try:
            yield from read(response, watchdog)
            # A socket that was shut down looks like the end of a body of unknown length.
            watchdog.check()
            whole = True
        except (HTTPException, OSError) as error:
            cause: CTADataError = network_error(error, url, path, self._variable)
            try:
                watchdog.check()
            except ServiceTimeout as slow:
                cause = slow
            failure = BrokenOff(f"{path!r} broke off: {cause}", path=path).caused_by(error)
        except ServiceTimeout as slow:
            raise BrokenOff(f"{path!r} broke off: {slow}", path=path) from slow
        finally:
            watchdog.detach()
            if whole:
                response.release_conn()
            else:
                response.close()
        if failure is not None:
            raise failure


class BrokenOff(TransferError):
    """A body ended before its end, stalled, or came too slowly."""


class Redirected(ServiceUnreachable):
    """The service sends us elsewhere, where no token is sent."""


class Answer(NamedTuple):
    """What of an answer tells why it is not a success.

    Attributes
    ----------
    status, reason : int, str
        The status line.
    location : str
        Where a redirect leads to.
    body : bytes
        The beginning of the body.
    """

    status: int
    reason: str
    location: str
    body: bytes


def error_of(answer: Answer, url: str, path: str, variable: str, token: str | None) -> CTADataError:
    """Turn an answer that is not a success into the error that it means.

    This is the one place that knows what the statuses mean (docs/protocol.md, "Credentials").
    """
    from http.client import responses

    status = answer.status
    host = urlsplit(url).netloc
    at = path or None
    if 300 <= status < 400:
        return _redirected(answer, host, at, variable)
    html, text = _said(answer.body, token)
    # What a page for people says is for none who reads errors.
    said = "" if html else text
    reason = _words(answer.reason, token) or responses.get(status, "")
    if status == 401:
        return AuthenticationError(f"{host} refuses the hub token: {NEW_TOKEN}", path=at)
    if status == 403:
        if "scopes" in text:
            return MissingScope(
                f"The hub token may not use the service at {host}: it lacks the scope "
                f"{_scope(url)}; ask the platform's administrators to add it to your role and, for "
                "tokens of notebook servers, to the role 'server'",
                path=at,
            )
        if html and "_xsrf" in text:
            return _no_such_service(host, at, variable)
        return AccessDenied(f"Not allowed at {path or '/'!r}: {reason or said}", path=at)
    if status == 400 and "certificate" in said:
        return CertificateNeeded(
            f"The service has no usable certificate for you ({said}); upload a fresh one with "
            "ctadata.upload_certificate or 'ctadata certificate upload'",
            path=at,
        )
    if status == 404:
        return NotFound(f"There is nothing at {path or '/'!r} in the storage", path=at)
    if status in {408, 425, 429, 502, 503, 504}:
        return ServiceUnreachable(
            f"{host} is not available at the moment ({status} {reason}); try again later",
            path=at,
        )
    if status == 407:
        return ServiceUnreachable(
            f"The proxy on the way to {host} asks for a user name and a password; put them into "
            f"{_proxy_variable(url)}",
            path=at,
        )
    if status == 507:
        return StorageException(f"The storage has no space left for {path!r}", path=at)
    detail = f": {said}" if said else ""
    # The service is up, so that its state tells nothing of the storage behind it.
    remedy = (
        "; the storage behind the service may have trouble: try again later, and tell the "
        "platform's support if that does not help"
        if status >= 500
        else ""
    )
    return StorageException(
        f"The storage answers {status} {reason} for {path or '/'!r}{detail}{remedy}",
        path=at,
    )


def network_error(error: Exception, url: str, path: str, variable: str) -> CTADataError:
    """Turn a failure of the network, or of this machine, into an error that names the host."""
    import urllib3.exceptions as ue

    from .connections import TooLong

    host = urlsplit(url).netloc
    at = path or None
    reason = error.reason if isinstance(error, ue.MaxRetryError) and error.reason else error
    cause = reason if isinstance(reason, OSError) else _cause(reason)
    if isinstance(cause, TooLong):
        return ServiceUnreachable(
            f"{host} answers with more than a service has to say; is {variable} right?", path=at
        )
    if isinstance(cause, OSError) and cause.errno in OWN_LIMITS:
        return LocalFileError(
            f"This machine cannot open a connection to {host}: {os.strerror(cause.errno)}; use "
            "fewer jobs at a time, or raise the limit (ulimit -n)",
            path=at,
        )
    if isinstance(reason, ue.NewConnectionError):
        why = "unknown host name" if isinstance(reason, ue.NameResolutionError) else "refused"
        return ServiceUnreachable(
            f"Cannot connect to {host} ({why}); is {variable} right, and the service running?",
            path=at,
        )
    if isinstance(reason, ue.ConnectTimeoutError):
        return ServiceTimeout(f"{host} does not accept a connection in time", path=at)
    if isinstance(reason, (ue.ReadTimeoutError, TimeoutError)):
        return ServiceTimeout(f"{host} has stopped answering; try again", path=at)
    if isinstance(reason, ue.SSLError):
        return ServiceUnreachable(
            f"{host} has no certificate that this machine trusts; set SSL_CERT_FILE if it has a "
            "certificate authority of its own",
            path=at,
        )
    if isinstance(reason, ue.ProxyError):
        return ServiceUnreachable(
            f"The proxy on the way to {host} cannot be used; see {_proxy_variable(url)} and "
            "NO_PROXY",
            path=at,
        )
    return ServiceUnreachable(f"The connection to {host} broke off; try again", path=at)


def _why(error: CTADataError, timeout: float) -> str:
    """Return in a few words why something broke off."""
    if isinstance(error.__cause__, TimeoutError):
        return f"no data for {timeout:.0f} s"
    text = str(error)
    return (text.partition(" broke off: ")[2] or text).partition("; ")[0]


def _proxy_variable(url: str) -> str:
    return f"{urlsplit(url).scheme.upper()}_PROXY"


def _cause(error: BaseException) -> BaseException | None:
    """Return what an error of urllib3 was raised for."""
    given = (argument for argument in error.args if isinstance(argument, BaseException))
    return error.__cause__ or next(given, None)


def _scope(url: str) -> str:
    """Return the hub's name of the scope that the service at an address wants."""
    _, below_services, rest = urlsplit(url).path.partition("/services/")
    name = rest.partition("/")[0]
    return f"access:services!service={name}" if below_services and name else "access:services"


def _redirected(answer: Answer, host: str, at: str | None, variable: str) -> CTADataError:
    location = path_of(answer.location)
    if "login" in location or "oauth" in location:
        return AuthenticationError(f"{host} refuses the hub token: {NEW_TOKEN}", path=at)
    if "/hub/" in location:
        return _no_such_service(host, at, variable)
    return Redirected(
        f"{host} answers with a redirect, where no token is sent; is {variable} right?", path=at
    )


def _no_such_service(host: str, at: str | None, variable: str) -> ServiceUnreachable:
    return ServiceUnreachable(
        f"The hub at {host} has no such service running; is {variable} right?", path=at
    )


def _beginning(response: BaseHTTPResponse) -> bytes:
    """Return the beginning of a body, read before or now."""
    import urllib3.exceptions

    try:
        raw = response.read(BEGINNING, decode_content=False)
    except urllib3.exceptions.HTTPError:
        raw = b""
    return raw or response.data[:BEGINNING]


def _said(body: bytes, token: str | None) -> tuple[bool, str]:
    """Return whether the answer is a page for people, and its first words."""
    text = body.decode("utf-8", "replace")
    # Not by the content type: the service calls its plain sentences text/html as well.
    html = text.lstrip().startswith("<")
    return html, text.strip() if html else _words(text.partition("<")[0], token)


def _words(text: str, token: str | None) -> str:
    return printable(" ".join(text.split()), WORDS, [token] if token else ())
