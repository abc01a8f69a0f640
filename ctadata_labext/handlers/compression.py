"""Long JSON answers, compressed if the browser accepts it."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain, islice

__all__ = ["accepts_gzip", "column", "compress"]

# Bytes from which an answer is compressed. Even the fastest level divides a listing by five.
MIN_GZIP = 1024
GZIP_LEVEL = 1
# zlib's window bits for gzip (RFC 1952).
GZIP_FORMAT = 31
# Items that are serialized at once: the event loop waits for each step of a thread.
BATCH = 10_000

GZIP = re.compile(r"(?:x-)?gzip|\*", re.IGNORECASE)
NO_WEIGHT = re.compile(r"q=0(\.0{0,3})?", re.IGNORECASE)


def accepts_gzip(header: str) -> bool:
    """Whether an ``Accept-Encoding`` header (RFC 9110, 12.5.3) allows gzip."""
    accepted = {}
    for item in header.split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        if GZIP.fullmatch(coding):
            refused = any(NO_WEIGHT.fullmatch(parameter) for parameter in parameters)
            accepted[coding.lower()] = not refused
    # An entry for gzip takes precedence over ``*``.
    return accepted.get("gzip", accepted.get("x-gzip", accepted.get("*", False)))


def compress(pieces: Iterable[str], *, allowed: bool) -> tuple[list[bytes], str | None]:
    """Return an answer in pieces, compressed if that is allowed and worth it, and its encoding."""
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
    while some := list(islice(values, BATCH)):
        yield separator + json.dumps(some, separators=(",", ":"))[1:-1]
        separator = ","
    yield "]"
