"""Answers in JSON, compressed where the browser takes that."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Sequence

__all__ = ["accepts_gzip", "column", "compress"]

# Bytes from which an answer is compressed; a fifth is left of a listing, at the fastest level too.
MIN_GZIP = 1024
GZIP_LEVEL = 1
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


def compress(pieces: Iterator[str], *, allowed: bool) -> tuple[bytes, str | None]:
    """Return an answer as it is sent, and how it is encoded.

    Parameters
    ----------
    pieces : iterator of str
        The answer.
    allowed : bool
        Whether it may be compressed.
    """
    answer = b"".join(piece.encode() for piece in pieces)
    if allowed and len(answer) >= MIN_GZIP:
        return gzip.compress(answer, GZIP_LEVEL, mtime=0), "gzip"
    return answer, None


def column(name: str, values: Sequence[object]) -> Iterator[str]:
    """Yield ``"name": [values]`` as JSON, in pieces."""
    yield f'"{name}": ['
    for start in range(0, len(values), TOGETHER):
        items = json.dumps(values[start : start + TOGETHER], separators=(",", ":"))
        yield ("," if start else "") + items[1:-1]
    yield "]"
