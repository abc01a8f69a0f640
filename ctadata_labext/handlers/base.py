"""What all handlers share: access control, calls in threads, errors as JSON."""

from __future__ import annotations

import asyncio
import contextlib
import http
import json
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from functools import partial
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from jupyter_server.base.handlers import APIHandler
from tornado import iostream, web

from ctadata._local_errors import local_errors
from ctadata.errors import CertificateError, CTADataError

from ..errors import (
    ERRORS_OF_STATUS,
    INTERNAL_ERROR,
    STATUS_OF_CODE,
    Abandoned,
    BadRequest,
    NotOffered,
    TargetsExist,
    TooLarge,
    describe,
)
from .compression import accepts_gzip

if TYPE_CHECKING:
    from ctadata.api import APIClient

    from ..services import Services

__all__ = ["CTADataHandler", "NotOfferedHandler"]

P = ParamSpec("P")
T = TypeVar("T")

# Bytes of a request's body: enough for the paths of 100,000 files.
MAX_BODY = 16 << 20


@web.stream_request_body
class CTADataHandler(APIHandler):
    """Base of the handlers below ``ctadata/``.

    Every method needs a login, even OPTIONS: pages of other origins cannot use it. A body is read
    only after its sender is known, and at most `max_body` bytes of it are kept.
    """

    # The resource that the server's authorizer decides about (jupyter_server.auth.Authorizer).
    auth_resource = "ctadata"
    #: Maximum size of a request's body, in bytes.
    max_body = MAX_BODY

    def initialize(self, services: Services) -> None:
        """Store what all handlers share."""
        self.services = services
        #: Done as soon as the browser has gone.
        self.left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received: list[bytes] = []
        self._body_length = 0

    @property
    def log(self) -> Any:
        """The extension's logger, whose records are cleaned by `printable`."""
        return self.services.log

    def set_default_headers(self) -> None:
        """Forbid browsers and proxies to cache an answer: it is for this user only."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse anonymous requests, and methods that the handler does not have."""
        await super().prepare()
        if not self.current_user or self._is_from_another_site():
            raise web.HTTPError(403)
        if self.request.method not in self.allowed_methods():
            raise web.HTTPError(405)

    def _is_from_another_site(self) -> bool:
        """Whether a page of another origin sends it without ``Origin``, as images and links do."""
        headers = self.request.headers
        site = headers.get("Sec-Fetch-Site", "none")
        if site in {"none", "same-origin"} or "Origin" in headers:
            return False
        # This takes allowed origins and Jupyter's token into account.
        return not self.check_referer()

    def compute_etag(self) -> None:
        """Send no ETag: answers change all the time, and hashing them would take long."""

    def update_api_activity(self) -> None:
        """Record the activity, even if the query, which Jupyter reads, is not valid text."""
        with contextlib.suppress(web.HTTPError):
            super().update_api_activity()

    def on_connection_close(self) -> None:
        """Stop what the browser no longer waits for."""
        super().on_connection_close()
        self.leave()

    def leave(self) -> None:
        """Record that the browser has gone."""
        if not self.left.done():
            self.left.set_result(None)

    @property
    def gone(self) -> bool:
        """Whether the browser has gone."""
        return self.left.done()

    async def in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call that needs no service in a thread."""
        return await self.run_in(self.services.local_pool, call, *args, **kwargs)

    async def ask(
        self, call: Callable[Concatenate[APIClient, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``call(client, ...)``, which calls the download service; see `ServiceCalls.run`."""
        return await self.services.calls.run(self.left, call, *args, **kwargs)

    async def run_in(
        self, threads: Executor, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a call in one of these threads; an error of the disk becomes a `LocalFileError`."""
        loop = asyncio.get_running_loop()
        with local_errors(doing="used"):
            return await loop.run_in_executor(threads, partial(call, *args, **kwargs))

    @property
    def takes_gzip(self) -> bool:
        """Whether the answer may be compressed."""
        return accepts_gzip(self.request.headers.get("Accept-Encoding", ""))

    async def finish_long(self, answer: list[bytes], encoding: str | None) -> None:
        """Send JSON that `compress` has returned, and free each piece once it is sent."""
        self.set_header("Vary", "Accept-Encoding")
        if encoding:
            self.set_header("Content-Encoding", encoding)
        if len(answer) > 1:
            self.set_header("Content-Type", "application/json")
            self.set_header("Content-Length", str(sum(map(len, answer))))
        answer.reverse()
        try:
            while len(answer) > 1:
                self.write(answer.pop())
                await self.flush()
        except iostream.StreamClosedError:
            # The browser has gone.
            return
        self.finish(*answer)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        """Store a piece of the request's body, or drop it if the body is too large."""
        self._body_length += len(chunk)
        if self._body_length <= self.max_body:
            self._received.append(chunk)
        else:
            self._received.clear()
        return None

    @property
    def body(self) -> bytes:
        """The request's body; raises `TooLarge` if it has more than `max_body` bytes."""
        if self._body_length > self.max_body:
            raise TooLarge(
                f"The request has {self._body_length:,} bytes; at most {self.max_body:,} are "
                "allowed: choose less at a time"
            )
        return b"".join(self._received)

    def json_body(self) -> dict[str, Any]:
        """Return the request's body, a JSON object (RFC 8259, in UTF-8) without duplicates."""
        try:
            body = json.loads(
                self.body.decode(), object_pairs_hook=_members, parse_constant=_refuse_constant
            )
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise BadRequest("The request's body is not a JSON object")
        return body

    def json_paths(self) -> list[str]:
        """Return the ``paths`` in the request's body, a list of at least one string."""
        paths = self.json_body().get("paths")
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            raise BadRequest("'paths' is not a list of paths")
        if not paths:
            raise BadRequest("'paths' is empty; choose at least one file")
        return paths

    @classmethod
    def allowed_methods(cls) -> list[str]:
        """Return the methods that the handler offers."""
        # Each handler defines its own; inherited ones are Jupyter's.
        return [method for method in cls.SUPPORTED_METHODS if method.lower() in vars(cls)]

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer every error as ``{"code", "message"}``, without internal details."""
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, Abandoned):
            # The browser has gone, or the server is stopping.
            self.detach().close()
            return
        reply: dict[str, Any]
        if isinstance(error, CTADataError):
            status_code = STATUS_OF_CODE.get(error.code, 500)
            reply = {**describe(error)}
            if isinstance(error, TargetsExist):
                reply["paths"] = error.paths
            if isinstance(error, CertificateError):
                reply["findings"] = [found._asdict() for found in error.findings]
        else:
            code, message = ERRORS_OF_STATUS.get(status_code, INTERNAL_ERROR)
            reply = {"code": code, "message": message}
        if status_code == http.HTTPStatus.METHOD_NOT_ALLOWED:
            self.set_header("Allow", ", ".join(self.allowed_methods()))
        # Replaces the reason of an HTTPError by the standard phrase.
        self.set_status(status_code, http.HTTPStatus(status_code).phrase)
        self.finish(reply)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log an expected error in one line, and others with a traceback."""
        if isinstance(value, CTADataError):
            self.log.info("ctadata: %s: %s", value.code, describe(value)["message"])
        elif isinstance(value, web.HTTPError):
            # Jupyter logs the request; text that it could not decode may be a token.
            if value.log_message and value.status_code != http.HTTPStatus.BAD_REQUEST:
                self.log.warning("ctadata: %s: %s", self.request.path, value)
        else:
            # Not by tornado's logger, whose records are not cleaned.
            path = self.request.path
            self.log.error(
                "ctadata: %s %s failed", self.request.method, path, exc_info=(typ, value, tb)
            )


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("duplicate member")
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a number")


class NotOfferedHandler(CTADataHandler):
    """Answers at all other addresses with JSON instead of Jupyter's page."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer 404 instead of 405: no method is allowed here."""
        if status_code == http.HTTPStatus.METHOD_NOT_ALLOWED:
            error = NotOffered(
                "The server extension does not have this address; it may be older or newer than "
                "the panel: reload this page"
            )
            kwargs = {"exc_info": (NotOffered, error, None)}
        super().write_error(status_code, **kwargs)
