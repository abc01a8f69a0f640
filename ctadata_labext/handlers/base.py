"""What all handlers share: who may ask, calls in threads, errors as JSON."""

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

from ctadata._files import local_errors
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

# Bytes of a request's body: the paths of 100,000 files.
MAX_BODY = 16 << 20


@web.stream_request_body
class CTADataHandler(APIHandler):
    """Base of the handlers below ``ctadata/``.

    Nothing here is for the anonymous, not even OPTIONS: pages of other origins cannot use it.
    A body is read only once it is known who sends it, and no more of it is held than is allowed.
    """

    # What the server's authoriser is asked for (jupyter_server.auth.Authorizer).
    auth_resource = "ctadata"
    #: Bytes that a request's body may have.
    max_body = MAX_BODY

    def initialize(self, services: Services) -> None:
        """Take what the handler works with."""
        self.services = services
        #: Has a result as soon as the browser no longer waits.
        self.left: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._received: list[bytes] = []
        self._body_length = 0

    @property
    def log(self) -> Any:
        """Log as the extension, whose records are as `printable` has them."""
        return self.services.log

    def set_default_headers(self) -> None:
        """Let neither browsers nor proxies keep an answer: it is for this user alone."""
        super().set_default_headers()
        self.set_header("Cache-Control", "no-store")

    async def prepare(self) -> None:  # type: ignore[override]
        """Refuse the anonymous whatever the method, and methods that the handler has not."""
        await super().prepare()
        if not self.current_user or self._is_from_another_site():
            raise web.HTTPError(403)
        if self.request.method not in self.allowed_methods():
            raise web.HTTPError(405)

    def _is_from_another_site(self) -> bool:
        """Whether a page of another origin asks by what has no ``Origin``: an image, a link."""
        headers = self.request.headers
        site = headers.get("Sec-Fetch-Site", "none")
        if site in {"none", "same-origin"} or "Origin" in headers:
            return False
        # Knows the origins that are allowed, and Jupyter's token.
        return not self.check_referer()

    def compute_etag(self) -> None:
        """Have no validator: answers are of the moment, and hashing them would take time."""

    def update_api_activity(self) -> None:
        """Note that somebody is active, also where the query is no text, which Jupyter reads."""
        with contextlib.suppress(web.HTTPError):
            super().update_api_activity()

    def on_connection_close(self) -> None:
        """Break off what nobody waits for any more."""
        super().on_connection_close()
        self.leave()

    def leave(self) -> None:
        """Take note that the browser has gone."""
        if not self.left.done():
            self.left.set_result(None)

    @property
    def gone(self) -> bool:
        """Whether the browser has gone."""
        return self.left.done()

    async def in_thread(self, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a call that concerns this machine alone beside the event loop."""
        return await self.run_in(self.services.local_pool, call, *args, **kwargs)

    async def ask(
        self, call: Callable[Concatenate[APIClient, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run ``call(client, ...)``, which asks the data service, beside the event loop.

        Raises
        ------
        ServiceTimeout
            If it takes longer than the extension's `request_timeout`.
        Abandoned
            If the browser goes.
        LocalFileError
            If the disk of the server refuses something.
        """
        return await self.services.calls.run(self.left, call, *args, **kwargs)

    async def run_in(
        self, threads: Executor, call: Callable[P, T], *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a call in one of these threads.

        Raises
        ------
        LocalFileError
            If the disk of the server refuses something.
        """
        loop = asyncio.get_running_loop()
        with local_errors(doing="used"):
            return await loop.run_in_executor(threads, partial(call, *args, **kwargs))

    @property
    def takes_gzip(self) -> bool:
        """Whether the answer may be compressed."""
        return accepts_gzip(self.request.headers.get("Accept-Encoding", ""))

    async def finish_long(self, answer: list[bytes], encoding: str | None) -> None:
        """Answer with JSON that `compress` has returned; what was sent is let go of."""
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
        """Take some of the request's body; what is too long is dropped."""
        self._body_length += len(chunk)
        if self._body_length <= self.max_body:
            self._received.append(chunk)
        else:
            self._received.clear()
        return None

    @property
    def body(self) -> bytes:
        """The request's body.

        Raises
        ------
        TooLarge
            If it has more than `max_body` bytes.
        """
        if self._body_length > self.max_body:
            raise TooLarge(
                f"The request has {self._body_length:,} bytes, of which at most {self.max_body:,} "
                "are taken; choose less at a time"
            )
        return b"".join(self._received)

    def json_body(self) -> dict[str, Any]:
        """Return the request's body.

        Raises
        ------
        BadRequest
            If it is not a JSON object (RFC 8259, in UTF-8), or names a member twice.
        TooLarge
            If it is too long.
        """
        try:
            body = json.loads(
                self.body.decode(), object_pairs_hook=_members, parse_constant=_no_number
            )
        except (ValueError, RecursionError):
            body = None
        if not isinstance(body, dict):
            raise BadRequest("The request's body is not a JSON object")
        return body

    def json_paths(self) -> list[str]:
        """Return the ``paths`` of the request's body.

        Raises
        ------
        BadRequest
            If there are none.
        """
        paths = self.json_body().get("paths")
        if not isinstance(paths, list) or not all(isinstance(path, str) for path in paths):
            raise BadRequest("'paths' is not a list of paths")
        if not paths:
            raise BadRequest("'paths' is empty; choose at least one file")
        return paths

    @classmethod
    def allowed_methods(cls) -> list[str]:
        """Return the methods that are offered at the handler's address."""
        # Each handler has its own; what it inherits is Jupyter's.
        return [method for method in cls.SUPPORTED_METHODS if method.lower() in vars(cls)]

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer any error as ``{"code", "message"}``, and nothing of what the program knows.

        Parameters
        ----------
        status_code : int
            The status of a `tornado.web.HTTPError`; 500 for all else that was raised.
        **kwargs : object
            ``exc_info`` as from `sys.exc_info`.
        """
        error = kwargs.get("exc_info", (None, None))[1]
        if isinstance(error, Abandoned):
            # There is nobody to be told, or the server ends.
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
        # Also puts the usual words in place of an HTTPError's own reason.
        self.set_status(status_code, http.HTTPStatus(status_code).phrase)
        self.finish(reply)

    def log_exception(self, typ: Any, value: BaseException | None, tb: Any) -> None:
        """Log an expected error in a line, all others with their traceback."""
        if isinstance(value, CTADataError):
            self.log.info("ctadata: %s: %s", value.code, describe(value)["message"])
        elif isinstance(value, web.HTTPError):
            # Jupyter logs the request; what it could not decode may be a token.
            if value.log_message and value.status_code != http.HTTPStatus.BAD_REQUEST:
                self.log.warning("ctadata: %s: %s", self.request.path, value)
        else:
            # Not by tornado's own logger, which says all of it as it is.
            path = self.request.path
            self.log.error(
                "ctadata: %s %s failed", self.request.method, path, exc_info=(typ, value, tb)
            )


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("a member is named twice")
    return members


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


class NotOfferedHandler(CTADataHandler):
    """What is no address of the description: JSON here too, and not Jupyter's page."""

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Say that there is nothing, where no method is allowed."""
        if status_code == http.HTTPStatus.METHOD_NOT_ALLOWED:
            nothing = NotOffered(
                "The server extension has nothing at this address; it may be older or newer than "
                "the panel: reload the page"
            )
            kwargs = {"exc_info": (NotOffered, nothing, None)}
        super().write_error(status_code, **kwargs)
