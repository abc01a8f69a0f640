"""Find the end of a request head, and reject ambiguous heads (RFC 9112).

A proxy and the service behind it must never see different requests in the same bytes. Heads that
another parser could read differently are therefore rejected, and cheroot's parser gets a head that
is rewritten from the values parsed here.
"""

from __future__ import annotations

import re
from http import HTTPStatus

__all__ = [
    "FIELD",
    "FRAMING",
    "MAX_FIELDS",
    "MAX_HEAD",
    "BadRequestHead",
    "head_length",
    "normalize_head",
]

MAX_HEAD = 64 * 1024
"""Maximum bytes of a head; a long path that is quoted twice needs a third of that."""

MAX_FIELDS = 100

FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
"""The name and value of a header or trailer line (RFC 9110, section 5)."""

FRAMING = frozenset({b"content-length", b"host", b"transfer-encoding"})
"""Fields that determine the end or the target of a request; not allowed in trailers."""

_END = b"\r\n\r\n"
# Without a scheme and a host: this service is not a proxy.
_REQUEST_LINE = re.compile(rb"([A-Z]+(?:-[A-Z]+)*) (/[^\x00-\x20\x7f#]*|\*) HTTP/1\.([01])")
_OTHER_VERSION = re.compile(rb"[^\x00-\x20\x7f]+ [^\x00-\x20\x7f]+ HTTP/[0-9](\.[0-9])?")
# Line ends other than CRLF, and characters that are not allowed in a line.
_BROKEN = re.compile(rb"(?<!\r)\n|\r[^\n]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HOST = re.compile(rb"(?:[0-9A-Za-z._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
# Trailing white space is allowed, but parsers disagree on it.
_LENGTH = re.compile(rb"[^:]+: ?[0-9]{1,18}")
_ONCE = FRAMING | {b"authorization", b"content-type", b"expect"}


class BadRequestHead(Exception):
    """The head is rejected; the message gives the reason and repeats no part of the head."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


def head_length(received: bytearray, known: int = 0) -> int | None:
    """Return the length of the head as soon as it is complete or can be rejected.

    Parameters
    ----------
    received : bytearray
        The bytes received so far, possibly with a part of the body.
    known : int, optional
        How many of these bytes were checked before.

    Returns
    -------
    int or None
        None if the head is incomplete.
    """
    since = max(0, known - len(_END) + 1)
    end = received.find(_END, since)
    if _BROKEN.search(received, since, end if end >= 0 else len(received)):
        return len(received)
    if end >= 0:
        return end + len(_END)
    line_end = received.find(b"\r\n")
    malformed = line_end >= 0 and not _REQUEST_LINE.fullmatch(received, 0, line_end)
    return len(received) if malformed or len(received) > MAX_HEAD else None


def normalize_head(head: bytes) -> bytes:
    """Rewrite a head in a form that every parser reads in the same way.

    Fields with an underscore in their names are dropped, because WSGI cannot distinguish them from
    those with a hyphen.

    Raises
    ------
    BadRequestHead
        If the head is rejected.
    """
    line_end = head.find(b"\r\n")
    if len(head) > MAX_HEAD:
        if not 0 <= line_end <= MAX_HEAD:
            raise BadRequestHead(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long")
        raise _too_large()
    request_line, *lines = head.removesuffix(_END).split(b"\r\n")
    version = _check_request_line(request_line)
    if not head.endswith(_END):
        raise _bad("The request head is malformed")
    if len(lines) > MAX_FIELDS:
        raise _too_large()
    fields = [_field(line) for line in lines]
    _check_framing(fields, lines, version)
    written = [request_line]
    for name, value in fields:
        if b"_" in name:
            continue
        if name == b"expect":
            if value.lower() != b"100-continue":
                raise BadRequestHead(
                    HTTPStatus.EXPECTATION_FAILED, "This expectation cannot be met"
                )
            if version == 0:
                continue
            value = value.lower()
        elif name == b"connection" and b"close" in value.lower().replace(b" ", b"").split(b","):
            value = b"close"
        written.append(name + b": " + value)
    return b"\r\n".join(written) + _END


def _check_request_line(line: bytes) -> int:
    """Return the minor version of a request line."""
    found = _REQUEST_LINE.fullmatch(line)
    if found is not None and (found[2] != b"*" or found[1] == b"OPTIONS"):
        return int(found[3])
    if found is None and (other := _OTHER_VERSION.fullmatch(line)) and b"HTTP/1." not in other[0]:
        raise BadRequestHead(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "Only version 1.1 is supported")
    raise _bad("The request line is malformed")


def _field(line: bytes) -> tuple[bytes, bytes]:
    """Return the name, in lower case, and the value of a header line."""
    found = FIELD.fullmatch(line)
    if found is None:
        raise _bad("A header line is malformed")
    return found[1].lower(), found[2].rstrip(b" \t")


def _check_framing(fields: list[tuple[bytes, bytes]], lines: list[bytes], version: int) -> None:
    """Reject heads that are ambiguous about the target of the request or the end of its body."""
    found: dict[bytes, bytes] = {}
    for (name, value), line in zip(fields, lines, strict=True):
        if name in found and name in _ONCE:
            raise _bad(f"{name.decode().title()} is repeated")
        found[name] = value
        if name == b"content-length" and _LENGTH.fullmatch(line) is None:
            raise _bad("Content-Length is malformed")
    host, coding = found.get(b"host"), found.get(b"transfer-encoding")
    if host is None and version == 1:
        raise _bad("Host is missing")
    if host is not None and _HOST.fullmatch(host) is None:
        raise _bad("Host is malformed")
    if coding is not None:
        if b"content-length" in found:
            raise _bad("Transfer-Encoding and Content-Length exclude each other")
        if coding.lower() != b"chunked" or version == 0:
            raise _bad("The only supported Transfer-Encoding is 'chunked'")


def _bad(text: str) -> BadRequestHead:
    return BadRequestHead(HTTPStatus.BAD_REQUEST, text)


def _too_large() -> BadRequestHead:
    return BadRequestHead(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "There are too many headers")
