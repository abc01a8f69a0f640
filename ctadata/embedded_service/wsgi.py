"""Requests, responses and the base of the WSGI applications (PEP 3333).

The body of a request is taken away from cheroot at once, because cheroot holds each chunk of a
chunked body in memory, and reads all that a handler has left unread in one piece.
"""

from __future__ import annotations

import errno
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, quote

from .._printable import logger_of
from .request_heads import FIELD, FRAMING, MAX_FIELDS

_logger = logger_of(__name__)

BLOCK_SIZE = 64 * 1024
"""Bytes to read or send at a time; larger blocks are slower, because malloc returns them."""

# The chunk-size line; chunk extensions are ignored. Parsers disagree on white space in it.
_CHUNK_HEADER = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_LINE_LIMIT = 8192

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


def raw_path(environ: Environ) -> str:
    """Return the path as received, without the query.

    PATH_INFO cannot be used: it is already decoded, except for encoded slashes.
    """
    path: str = environ["REQUEST_URI"].partition("?")[0]
    return path


class IncompleteBody(Exception):
    """The client disconnected or timed out before the end of the body."""


class MalformedBody(IncompleteBody):
    """The client sent invalid framing."""


class Body(ABC):
    """A readable body."""

    @abstractmethod
    def read(self, size: int) -> bytes:
        """Return the next bytes; none at the end."""

    def read_all(self, limit: int) -> bytes:
        """Read the whole body.

        Raises
        ------
        HTTPError
            413 if it is longer than `limit` bytes.
        IncompleteBody
            If the body ends too early.
        """
        received = b""
        while block := self.read(limit):
            received += block
            if len(received) > limit:
                raise HTTPError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too large")
        return received


class RequestBody(Body):
    """The body of a request, read in constant memory.

    Parameters
    ----------
    stream : file-like
        The connection.
    length : int or None
        The Content-Length in bytes; None for the chunked coding (RFC 9112, section 7.1).
    """

    def __init__(self, stream: Any, length: int | None) -> None:
        self._stream = stream
        self._chunked = length is None
        self._left = length or 0
        self._ended = length == 0
        self.broken = False

    @classmethod
    def take(cls, environ: Environ) -> RequestBody:
        """Replace cheroot's input, which wraps the connection, in `environ`.

        The length is a number: `request_heads.normalize_head` has checked it.
        """
        source = environ["wsgi.input"]
        if environ.get("wsgi.input_terminated"):
            body = cls(source.rfile, None)
        else:
            source.remaining = 0
            body = cls(source.rfile, int(environ.get("CONTENT_LENGTH", 0)))
        environ["wsgi.input"] = body
        return body

    def read(self, size: int = BLOCK_SIZE) -> bytes:
        """Read up to `size` bytes; none at the end of the body.

        Raises
        ------
        IncompleteBody
            If the body ends too early.
        """
        try:
            return self._read(size)
        except OSError as error:
            self.broken = True
            raise IncompleteBody("the connection broke") from error
        except IncompleteBody:
            self.broken = True
            raise

    def _read(self, size: int) -> bytes:
        if self._chunked and not self._left and not self._ended:
            self._next_chunk()
        if self._ended or self.broken:
            return b""
        data: bytes = self._stream.read(min(size, self._left))
        if not data:
            raise IncompleteBody("the body ends too early")
        self._left -= len(data)
        if not self._left:
            if self._chunked:
                self._expect_line_end()
            else:
                self._ended = True
        return data

    def _next_chunk(self) -> None:
        header = _CHUNK_HEADER.fullmatch(self._line())
        if header is None:
            raise MalformedBody("malformed chunk")
        self._left = int(header[1], 16)
        if not self._left:
            self._take_trailer()
            self._ended = True

    def _take_trailer(self) -> None:
        """Read and ignore the trailer section."""
        for _ in range(MAX_FIELDS):
            line = self._line()
            if line == b"\r\n":
                return
            field = FIELD.fullmatch(line.removesuffix(b"\r\n"))
            if field is None or field[1].lower() in FRAMING:
                break
        raise MalformedBody("malformed trailer")

    def _expect_line_end(self) -> None:
        if self._line() != b"\r\n":
            raise MalformedBody("malformed chunk")

    def _line(self) -> bytes:
        line: bytes = self._stream.readline(_LINE_LIMIT)
        if not line.endswith(b"\n") and len(line) < _LINE_LIMIT:
            raise IncompleteBody("the body ends too early")
        return line

    def settle(self) -> bool:
        """Discard the received rest; return whether the connection can be reused.

        It does not wait: a client that got an error may never send the rest.
        """
        if not (self._ended or self._chunked or self.broken):
            with suppress(OSError):  # sending the response will fail too
                self._stream.fill()
            self._left -= len(self._stream.read(min(self._left, len(self._stream))))
            self._ended = not self._left
        return self._ended and not self.broken


@dataclass
class Request:
    """A request.

    Attributes
    ----------
    raw_path : str
        The path as received, still percent-encoded, without the query.
    """

    environ: Environ
    method: str
    raw_path: str
    body: RequestBody

    @classmethod
    def from_environ(cls, environ: Environ, body: RequestBody) -> Request:
        """Create it from cheroot's environment."""
        return cls(environ, environ["REQUEST_METHOD"], raw_path(environ), body)

    @property
    def quoted_path(self) -> str:
        """The raw path in ASCII, for a Location."""
        return quote(self.raw_path.encode("latin-1"), safe="/%")

    def header(self, name: str) -> str | None:
        """Return the value of a header, or None."""
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        value: str | None = self.environ.get(key)
        return value

    def argument(self, name: str) -> str | None:
        """Return the first value of a query argument, or None."""
        values = parse_qs(self.environ.get("QUERY_STRING", ""), encoding="latin-1").get(name)
        return values[0] if values else None


@dataclass
class Response:
    """A response.

    Attributes
    ----------
    reason : str
        Replaces the standard reason phrase.
    close : callable, optional
        Called after the body was sent or abandoned.
    """

    status: int
    body: bytes | Iterable[bytes] = b""
    headers: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    close: Callable[[], object] | None = None

    def start(self, start_response: StartResponse) -> Iterable[bytes]:
        """Send the head; return the body."""
        headers = {"X-Content-Type-Options": "nosniff", **self.headers}
        body = self.body
        if isinstance(body, bytes):
            if self.status != HTTPStatus.NO_CONTENT:
                headers.setdefault("Content-Length", str(len(body)))
            body = [body]
        reason = self.reason or HTTPStatus(self.status).phrase
        start_response(f"{self.status} {reason}", list(headers.items()))
        return body

    def blocks(self) -> Iterator[bytes]:
        """Return the body as an iterator."""
        return iter([self.body] if isinstance(self.body, bytes) else self.body)

    def read(self) -> bytes:
        """Return the whole body, and release its resources."""
        try:
            return b"".join(self.blocks())
        finally:
            self.release()

    def release(self) -> None:
        """Release the resources of the body."""
        if self.close is not None:
            self.close()

    def without_body(self) -> Response:
        """Return the head alone, with the length of the body (RFC 9110, section 9.3.2)."""
        headers = self.headers
        if isinstance(self.body, bytes):
            headers = {"Content-Length": str(len(self.body))} | headers
        return replace(self, body=[], headers=headers)


class ResponseIterator:
    """Sends a response, and then ends the connection if a part of the request body is unread."""

    def __init__(
        self, response: Response, start_response: StartResponse, body: RequestBody
    ) -> None:
        self._release = response.release
        self._last = not body.settle()
        if self._last:
            response.headers["Connection"] = "close"
        self._chunks = response.start(start_response)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        """Release the resources of the response.

        Raises
        ------
        ConnectionResetError
            If the rest of a body would be read as a request; cheroot then ends the connection.
        """
        self._release()
        if self._last:
            raise ConnectionResetError(errno.ECONNRESET, "unread body")


def text_response(status: int, text: str, reason: str = "", **headers: str) -> Response:
    """Return plain text; underscores in the names of headers stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content_type = {"Content-Type": "text/plain; charset=utf-8"}
    return Response(status, text.encode("utf-8", "replace"), content_type | named, reason)


def json_response(status: int, content: object) -> Response:
    """Return JSON."""
    return Response(status, json.dumps(content).encode(), {"Content-Type": "application/json"})


class HTTPError(Exception):
    """Ends a request with an error in plain text; `reason` replaces the standard phrase."""

    def __init__(self, status: int, text: str, *, reason: str = "", **headers: str) -> None:
        super().__init__(text)
        self.response = text_response(status, text, reason, **headers)


class WSGIApplication(ABC):
    """Turns WSGI calls (PEP 3333) into requests, and errors into responses."""

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        response = self.respond(environ)
        if environ["REQUEST_METHOD"] == "HEAD":
            response = response.without_body()
        return ResponseIterator(response, start_response, environ["wsgi.input"])

    def respond(self, environ: Environ) -> Response:
        """Return the response to a request, whatever happens."""
        try:
            return self.answer(Request.from_environ(environ, RequestBody.take(environ)))
        except HTTPError as error:
            return error.response
        except Exception:
            # The query is not logged: it may contain a token.
            _logger.exception("%s %s failed", environ["REQUEST_METHOD"], raw_path(environ))
            return self.internal_error()

    @abstractmethod
    def answer(self, request: Request) -> Response:
        """Return the response to a request."""

    @abstractmethod
    def internal_error(self) -> Response:
        """Return the response after an unexpected exception."""
