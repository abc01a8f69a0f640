"""Answers in JSON, compressed where the browser takes that."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain, islice

__all__ = ["accepts_gzip", "column", "compress"]

# Bytes from which an answer is compressed; a fifth is left of a listing, at the fastest level too.
MIN_GZIP = 1024
GZIP_LEVEL = 1
# Of zlib's window bits (RFC 1952).
GZIP_FORMAT = 31
# Items that become JSON at once: the event loop waits for each step of a thread.
TOGETHER = 10_000

GZIP = re.compile(r"(?:x-)?gzip|\*", re.IGNORECASE)
NO_WEIGHT = re.compile(r"q=0(\.0{0,3})?", re.IGNORECASE)


def accepts_gzip(header: str) -> bool:
    """Whether an ``Accept-Encoding`` (RFC 9110, 12.5.3) lets an answer be compressed with gzip."""
    accepted = {}
    for item in header.split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        if GZIP.fullmatch(coding):
            refused = any(NO_WEIGHT.fullmatch(parameter) for parameter in parameters)
            accepted[coding.lower()] = not refused
    # What is said of gzip itself counts more than what is said of all others.
    return accepted.get("gzip", accepted.get("x-gzip", accepted.get("*", False)))


def compress(pieces: Iterable[str], *, allowed: bool) -> tuple[list[bytes], str | None]:
    """Return an answer as it is sent, in pieces, and how it is encoded.

    Parameters
    ----------
    pieces : iterable of str
        The answer.
    allowed : bool
        Whether it may be compressed.
    """
    encoded = (piece.encode() for piece in pieces)
    if not allowed:
        return list(encoded), None
    short: list[bytes] = []
    for piece in encoded:
        short.append(piece)
        if sum(map(len, short)) >= MIN_GZIP:
            break
    else:
        return short, None
    compressor = zlib.compressobj(GZIP_LEVEL, wbits=GZIP_FORMAT)
    compressed = map(compressor.compress, chain(short, encoded))
    return [*filter(None, compressed), compressor.flush()], "gzip"


def column(name: str, values: Iterable[object]) -> Iterator[str]:
    """Yield ``"name": [values]`` as JSON, in pieces."""
    yield f'"{name}": ['
    values, separator = iter(values), ""
    while some := list(islice(values, TOGETHER)):
        yield separator + json.dumps(some, separators=(",", ":"))[1:-1]
        separator = ","
    yield "]"
