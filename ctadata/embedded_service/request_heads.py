"""Heads of requests: where one ends, and whether it can be read in one way only (RFC 9112).

A proxy in front of the service and the service must never see different requests in the same
bytes. So a head that anybody could read in another way is refused, and cheroot's parser gets
one that is written anew from what was read here.
"""

from __future__ import annotations

import re
from http import HTTPStatus

__all__ = ["FIELD", "FRAMING", "MAX_FIELDS", "MAX_HEAD", "BadHead", "checked", "extent"]

MAX_HEAD = 64 * 1024
"""Bytes of a head; a path of many names that is quoted twice needs a third of that."""

MAX_FIELDS = 100

FIELD = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)")
"""A header line, or one of a trailer (RFC 9110, section 5): its name and its value."""

FRAMING = frozenset({b"content-length", b"host", b"transfer-encoding"})
"""What says where a request ends, and whom it is for; it can be in a head only, and once."""

_END = b"\r\n\r\n"
# Without a scheme and a host: this service is no proxy.
_REQUEST_LINE = re.compile(rb"([A-Z]+(?:-[A-Z]+)*) (/[^\x00-\x20\x7f#]*|\*) HTTP/1\.([01])")
_OTHER_VERSION = re.compile(rb"[^\x00-\x20\x7f]+ [^\x00-\x20\x7f]+ HTTP/[0-9](\.[0-9])?")
# Line ends that are no CRLF, and what must not be in a line.
_BROKEN = re.compile(rb"(?<!\r)\n|\r[^\n]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_HOST = re.compile(rb"(?:[0-9A-Za-z._~-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
# White space behind it is legal, but not the same to all parsers.
_LENGTH = re.compile(rb"[^:]+: ?[0-9]{1,18}")
_ONCE = FRAMING | {b"authorization", b"content-type", b"expect"}


class BadHead(Exception):
    """A head that is refused; the text says why, and repeats nothing of it."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        super().__init__(text)
        self.status = status


def extent(received: bytearray, known: int = 0) -> int | None:
    """Return how many bytes a head has, as soon as it is whole or can be refused.

    Parameters
    ----------
    received : bytearray
        What has come of it, and maybe of what follows.
    known : int, optional
        How many of these bytes were looked at before.

    Returns
    -------
    int or None
        None while more is to come.
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


def checked(head: bytes) -> bytes:
    """Return a head as it is given to the parser, written such that it can be read in one way.

    Left out are names with an underscore, which WSGI cannot tell from those with a hyphen.

    Raises
    ------
    BadHead
        If it is refused.
    """
    line_end = head.find(b"\r\n")
    if len(head) > MAX_HEAD:
        if not 0 <= line_end <= MAX_HEAD:
            raise BadHead(HTTPStatus.REQUEST_URI_TOO_LONG, "The address is too long")
        raise _too_large()
    request_line, *lines = head.removesuffix(_END).split(b"\r\n")
    version = _checked_line(request_line)
    if not head.endswith(_END):
        raise _bad("The head is malformed")
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
                raise BadHead(HTTPStatus.EXPECTATION_FAILED, "This expectation cannot be met")
            if version == 0:
                continue
            value = value.lower()
        elif name == b"connection" and b"close" in value.lower().replace(b" ", b"").split(b","):
            value = b"close"
        written.append(name + b": " + value)
    return b"\r\n".join(written) + _END


def _checked_line(line: bytes) -> int:
    """Return the minor version of a request line."""
    found = _REQUEST_LINE.fullmatch(line)
    if found is not None and (found[2] != b"*" or found[1] == b"OPTIONS"):
        return int(found[3])
    if found is None and (other := _OTHER_VERSION.fullmatch(line)) and b"HTTP/1." not in other[0]:
        raise BadHead(HTTPStatus.HTTP_VERSION_NOT_SUPPORTED, "Only version 1.1 is spoken here")
    raise _bad("The request line is malformed")


def _field(line: bytes) -> tuple[bytes, bytes]:
    """Return a header's name, in lower case, and its value."""
    found = FIELD.fullmatch(line)
    if found is None:
        raise _bad("A header line is malformed")
    return found[1].lower(), found[2].rstrip(b" \t")


def _check_framing(fields: list[tuple[bytes, bytes]], lines: list[bytes], version: int) -> None:
    """Refuse what does not say beyond doubt whom a request is for, and where its body ends."""
    found: dict[bytes, bytes] = {}
    for (name, value), line in zip(fields, lines, strict=True):
        if name in found and name in _ONCE:
            raise _bad(f"{name.decode().title()} is there twice")
        found[name] = value
        if name == b"content-length" and _LENGTH.fullmatch(line) is None:
            raise _bad("Content-Length is malformed")
    host, coding = found.get(b"host"), found.get(b"transfer-encoding")
    if host is None and version == 1:
        raise _bad("There is no Host")
    if host is not None and _HOST.fullmatch(host) is None:
        raise _bad("Host is malformed")
    if coding is not None:
        if b"content-length" in found:
            raise _bad("There are both Transfer-Encoding and Content-Length")
        if coding.lower() != b"chunked" or version == 0:
            raise _bad("Only the Transfer-Encoding 'chunked' is taken, alone")


def _bad(text: str) -> BadHead:
    return BadHead(HTTPStatus.BAD_REQUEST, text)


def _too_large() -> BadHead:
    return BadHead(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "There are too many headers")
