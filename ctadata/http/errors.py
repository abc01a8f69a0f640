"""Turns HTTP statuses and network failures into ctadata errors; nothing else interprets them."""

from __future__ import annotations

import errno
import os
from typing import NamedTuple
from urllib.parse import urlsplit

from .._printable import WORDS, printable
from ..errors import (
    AccessDenied,
    AuthenticationError,
    CertificateNeeded,
    CTADataError,
    LocalFileError,
    MissingScope,
    NotFound,
    ServiceTimeout,
    ServiceUnreachable,
    StorageException,
    TransferError,
)
from .addresses import path_of

__all__ = [
    "ERROR_BODY",
    "UNAVAILABLE",
    "ErrorResponse",
    "Redirected",
    "StreamInterrupted",
    "clean_text",
    "network_error",
    "status_error",
]

# Statuses of a service that may be available again later.
UNAVAILABLE = frozenset({408, 425, 429, 502, 503, 504})
# Bytes of a response that are read to explain its status.
ERROR_BODY = 4096
# The limits of this machine, not of the service.
LOCAL_LIMITS = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS}


class StreamInterrupted(TransferError):
    """A response body ended early, stalled, or came too slowly."""


class Redirected(ServiceUnreachable):
    """The service redirects to another address; the token is not sent there."""


class ErrorResponse(NamedTuple):
    """The parts of a response that explain why it is not a success.

    Attributes
    ----------
    status, reason : int, str
        The status line.
    location : str
        The target of a redirect.
    body : bytes
        The beginning of the body.
    """

    status: int
    reason: str
    location: str
    body: bytes


def clean_text(text: str, token: str | None) -> str:
    """Return what a service says in a form that can be shown, never with the token in it."""
    return printable(" ".join(text.split()), WORDS, [token] if token else ())


def status_error(
    response: ErrorResponse, url: str, path: str, variable: str, token: str | None
) -> CTADataError:
    """Turn a response that is not a success into an error; see `docs/protocol.md`, "Credentials".

    `variable` is the environment variable that holds the service's address. No error repeats
    `token`.
    """
    kind, sentence = _status_meaning(response, url, path, variable, token)
    return kind(sentence, path=path or None)


def _status_meaning(
    response: ErrorResponse, url: str, path: str, variable: str, token: str | None
) -> tuple[type[CTADataError], str]:
    from http.client import responses

    status = response.status
    host = urlsplit(url).netloc
    named = repr(path or "/")
    refused = AuthenticationError.REFUSED.format(host=host)
    no_such_service = f"The hub at {host} has no such service running; is {variable} right?"
    if 300 <= status < 400:
        location = path_of(response.location)
        if "login" in location or "oauth" in location:
            return AuthenticationError, refused
        if "/hub/" in location:
            return ServiceUnreachable, no_such_service
        redirect = f"{host} answers with a redirect, where no token is sent; is {variable} right?"
        return Redirected, redirect
    html, text = _body_text(response.body, token)
    # An HTML page says nothing that belongs into an error sentence.
    said = "" if html else text
    reason = clean_text(response.reason, token) or responses.get(status, "")
    if status == 401:
        return AuthenticationError, refused
    if status == 403 and "scopes" in text:
        return MissingScope, (
            f"The hub token may not use the service at {host}: it lacks the scope {_scope(url)}; "
            "ask the platform's administrators to add it to your role and, for tokens of notebook "
            "servers, to the role 'server'"
        )
    if status == 403 and html and "_xsrf" in text:
        return ServiceUnreachable, no_such_service
    if status == 403:
        return AccessDenied, f"Not allowed at {named}: {reason or said}"
    if status == 400 and "certificate" in said:
        return CertificateNeeded, (
            f"The service has no usable certificate for you ({said}); upload a fresh one with "
            "ctadata.upload_certificate or 'ctadata certificate upload'"
        )
    if status == 404:
        return NotFound, f"There is nothing at {named} in the storage"
    if status in UNAVAILABLE:
        busy = f"{host} is not available at the moment ({status} {reason}); try again later"
        return ServiceUnreachable, busy
    if status == 407:
        return ServiceUnreachable, (
            f"The proxy on the way to {host} asks for a user name and a password; put them into "
            f"{_proxy_variable(url)}"
        )
    if status == 507:
        return StorageException, f"The storage has no space left for {path!r}"
    detail = f": {said}" if said else ""
    # The service itself is up, but the storage behind it may not be.
    remedy = (
        "; the storage behind the service may have trouble: try again later, and tell the "
        "platform's support if that does not help"
        if status >= 500
        else ""
    )
    return StorageException, f"The storage answers {status} {reason} for {named}{detail}{remedy}"


def network_error(error: Exception, url: str, path: str, variable: str) -> CTADataError:
    """Turn an error of urllib3, http.client or the socket into one that names the host."""
    kind, sentence = _network_meaning(error, url, variable)
    return kind(sentence, path=path or None)


def _network_meaning(error: Exception, url: str, variable: str) -> tuple[type[CTADataError], str]:
    import urllib3.exceptions as ue

    from .connections import ResponseTooLong

    host = urlsplit(url).netloc
    reason = error.reason if isinstance(error, ue.MaxRetryError) and error.reason else error
    cause = reason if isinstance(reason, OSError) else _cause(reason)
    if isinstance(cause, ResponseTooLong):
        return ServiceUnreachable, (
            f"The response of {host} is too long to come from such a service; is {variable} right?"
        )
    if isinstance(cause, OSError) and cause.errno in LOCAL_LIMITS:
        return LocalFileError, (
            f"This machine cannot open a connection to {host}: {os.strerror(cause.errno)}; use "
            "fewer jobs at a time, or raise the limit (ulimit -n)"
        )
    if isinstance(reason, ue.NewConnectionError):
        why = "unknown host name" if isinstance(reason, ue.NameResolutionError) else "refused"
        return ServiceUnreachable, (
            f"Cannot connect to {host} ({why}); is {variable} right, and the service running?"
        )
    if isinstance(reason, ue.ConnectTimeoutError):
        return ServiceTimeout, f"{host} does not accept a connection in time"
    if isinstance(reason, (ue.ReadTimeoutError, TimeoutError)):
        return ServiceTimeout, f"{host} has stopped answering; try again"
    if isinstance(reason, ue.SSLError):
        return ServiceUnreachable, (
            f"{host} has no certificate that this machine trusts; set SSL_CERT_FILE if it has a "
            "certificate authority of its own"
        )
    if isinstance(reason, ue.ProxyError):
        return ServiceUnreachable, (
            f"The proxy on the way to {host} cannot be used; see {_proxy_variable(url)} and "
            "NO_PROXY"
        )
    return ServiceUnreachable, f"The connection to {host} broke off; try again"


def _proxy_variable(url: str) -> str:
    return f"{urlsplit(url).scheme.upper()}_PROXY"


def _cause(error: BaseException) -> BaseException | None:
    """Return the exception behind an error of urllib3."""
    given = (argument for argument in error.args if isinstance(argument, BaseException))
    return error.__cause__ or next(given, None)


def _scope(url: str) -> str:
    """Return the hub's name of the scope that the service at `url` requires."""
    _, below_services, rest = urlsplit(url).path.partition("/services/")
    name = rest.partition("/")[0]
    return f"access:services!service={name}" if below_services and name else "access:services"


def _body_text(body: bytes, token: str | None) -> tuple[bool, str]:
    """Return whether a body is an HTML page, and its text."""
    text = body.decode("utf-8", "replace")
    # The content type is of no use: the service labels plain sentences as text/html, too.
    html = text.lstrip().startswith("<")
    return html, text.strip() if html else clean_text(text.partition("<")[0], token)
