"""Requests and responses of the embedded service: the little of HTTP that WSGI leaves to do.

A request's body is taken from cheroot at once: left to itself, cheroot reads what a handler has not
read in one piece, however large, and holds a whole chunk of a chunked body in memory.
"""

from __future__ import annotations

import errno
import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from .request_heads import FIELD, FRAMING, MAX_FIELDS

BLOCK_SIZE = 64 * 1024
"""Bytes that are read or sent at a time; larger ones are slower, since malloc returns them."""

# Without white space, which parsers do not read alike.
_CHUNK_HEADER = re.compile(rb"([0-9A-Fa-f]{1,15})(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")
_LINE_LIMIT = 8192

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


def raw_path(environ: Environ) -> str:
    """Return the path as it was sent, without the query.

    PATH_INFO is of no use here: it is decoded once already, but for encoded slashes.
    """
    path: str = environ["REQUEST_URI"].partition("?")[0]
    return path


class IncompleteBody(Exception):
    """The client went away or fell silent before the body's end."""


class MalformedBody(IncompleteBody):
    """The client broke the framing."""


class RequestBody:
    """The body of a request, read in constant memory.

    Parameters
    ----------
    stream : file-like
        The connection.
    length : int or None
        Bytes announced by Content-Length; None for the chunked coding (RFC 9112, section 7.1).
    """

    def __init__(self, stream: Any, length: int | None) -> None:
        self._stream = stream
        self._chunked = length is None
        self._left = length or 0
        self._ended = length == 0
        self.broken = False

    @classmethod
    def take(cls, environ: Environ) -> RequestBody:
        """Take the body from cheroot, whose input wraps the connection; `environ` then has it.

        The length is a number: `framing.checked` has seen to it.
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
        """Read up to `size` bytes; an empty answer means that the body has come whole.

        Raises
        ------
        IncompleteBody
            When the body ends before its announced end.
        """
        try:
            return self._read(size)
        except OSError as error:
            self.broken = True
            raise IncompleteBody("the connection broke") from error
        except IncompleteBody:
            self.broken = True
            raise

    def read_all(self, limit: int) -> bytes:
        """Read the whole body.

        Raises
        ------
        Refusal
            413 where it is longer than `limit` bytes.
        IncompleteBody
            When the body ends before its announced end.
        """
        received = b""
        while block := self.read(limit):
            received += block
            if len(received) > limit:
                raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too large")
        return received

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
        """Read the trailer's fields, which mean nothing to us."""
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
        """Tell whether the connection's next byte begins a request, once what has come is read.

        Nothing is waited for, since who was refused may never send what was announced.
        """
        if not (self._ended or self._chunked or self.broken):
            with suppress(OSError):  # the answer will find out
                self._stream.gather()
            self._left -= len(self._stream.read(min(self._left, len(self._stream))))
            self._ended = not self._left
        return self._ended and not self.broken


@dataclass
class Request:
    """One request.

    Attributes
    ----------
    raw_path : str
        The path as it was sent, still percent-encoded, without the query.
    """

    environ: Environ
    method: str
    raw_path: str
    body: RequestBody

    @classmethod
    def from_environ(cls, environ: Environ, body: RequestBody) -> Request:
        """Make it from cheroot's environment."""
        return cls(environ, environ["REQUEST_METHOD"], raw_path(environ), body)

    def header(self, name: str) -> str | None:
        """Return a header's value, or None."""
        key = name.upper().replace("-", "_")
        if key not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            key = f"HTTP_{key}"
        value: str | None = self.environ.get(key)
        return value

    def argument(self, name: str) -> str | None:
        """Return the query's first value of this name, or None."""
        values = parse_qs(self.environ.get("QUERY_STRING", ""), encoding="latin-1").get(name)
        return values[0] if values else None


@dataclass
class Response:
    """One response.

    Attributes
    ----------
    reason : str
        Replaces the status' usual phrase.
    close : callable, optional
        Called when the body was sent, or will not be.
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

    def without_body(self) -> Response:
        """Return the head alone, with the body's length (RFC 9110, section 9.3.2)."""
        headers = self.headers
        if isinstance(self.body, bytes):
            headers = {"Content-Length": str(len(self.body))} | headers
        return replace(self, body=[], headers=headers)


class Answer:
    """A response that is sent; the connection ends with it where not all of a body was read.

    Parameters
    ----------
    response : Response
        What is sent.
    start_response : callable
        The server's (PEP 3333).
    body : RequestBody
        The request's body.
    """

    def __init__(
        self, response: Response, start_response: StartResponse, body: RequestBody
    ) -> None:
        self._close = response.close
        self._last = not body.settle()
        if self._last:
            response.headers["Connection"] = "close"
        self._chunks = response.start(start_response)

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._chunks)

    def close(self) -> None:
        """Free what the response holds.

        Raises
        ------
        ConnectionResetError
            Where the rest of a body would be taken for a request; cheroot ends the connection then.
        """
        if self._close is not None:
            self._close()
        if self._last:
            raise ConnectionResetError(errno.ECONNRESET, "unread body")


def text_response(status: int, text: str, reason: str = "", **headers: str) -> Response:
    """Return a plain text; a header's name is written with underscores."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    content_type = {"Content-Type": "text/plain; charset=utf-8"}
    return Response(status, text.encode("utf-8", "replace"), content_type | named, reason)


def json_response(status: int, content: object) -> Response:
    """Return JSON."""
    return Response(status, json.dumps(content).encode(), {"Content-Type": "application/json"})


class Refusal(Exception):
    """A request that is answered with an error.

    Parameters
    ----------
    status : int
        The status code.
    text : str
        The body, plain text.
    reason : str, optional
        The reason phrase, where it is not the usual one.
    """

    def __init__(self, status: int, text: str, *, reason: str = "", **headers: str) -> None:
        super().__init__(text)
        self.response = text_response(status, text, reason, **headers)
