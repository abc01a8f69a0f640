"""Checksums as the storage offers them (RFC 3230, "Digest"), computed while bytes arrive."""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

try:
    # Optional; several times as fast.
    from zlib_ng.zlib_ng import adler32
except ImportError:
    from zlib import adler32

from ..errors import IntegrityError
from .ranges import merge_ranges

if TYPE_CHECKING:
    from ..http.body import Block

__all__ = ["WANT_DIGEST", "Checksum", "Digest", "parse_digest"]

#: The header that asks for a checksum, the cheapest first.
WANT_DIGEST = {"Want-Digest": "adler32, md5;q=0.8, sha-256;q=0.6"}
BLOCK = 1 << 20
_BASE = 65521
_HASHES = {"md5": "md5", "sha-256": "sha256"}


class Digest(NamedTuple):
    """A checksum that the storage states; `value` is in lower-case hexadecimal digits."""

    algorithm: str
    value: str


def parse_digest(header: str) -> Digest | None:
    """Return the cheapest requested checksum in a ``Digest`` header, or None.

    adler32 is written as eight hexadecimal digits, the others in Base64 (RFC 3230, 4.1.1). Some
    storages write all of them in hexadecimal digits; these are understood, too.
    """
    found: dict[str, str] = {}
    for item in header.split(","):
        algorithm, _, value = item.strip().partition("=")
        digest = _value(algorithm.strip().lower(), value.strip().strip('"'))
        if digest is not None:
            found.setdefault(digest.algorithm, digest.value)
    for algorithm in ("adler32", *_HASHES):
        if algorithm in found:
            return Digest(algorithm, found[algorithm])
    return None


def _value(algorithm: str, value: str) -> Digest | None:
    if algorithm == "adler32":
        digits = 8
        if value:
            # Some storages omit leading zeros.
            value = value.rjust(8, "0")
    elif algorithm in _HASHES:
        digits = hashlib.new(_HASHES[algorithm], usedforsecurity=False).digest_size * 2
    else:
        return None
    if not re.fullmatch(rf"[0-9a-fA-F]{{{digits}}}", value):
        try:
            value = base64.b64decode(value, validate=True).hex()
        except (binascii.Error, ValueError):
            return None
    return Digest(algorithm, value.lower()) if len(value) == digits else None


class Checksum:
    """Computes the checksum of a file whose parts arrive in any order, from several threads.

    Parameters
    ----------
    expected : Digest
        The checksum that the storage states.
    """

    def __init__(self, expected: Digest) -> None:
        self.expected = expected
        self._lock = threading.Lock()
        # adler32 can be computed for single ranges and combined; other algorithms only follow the
        # first range.
        self._adlers: dict[int, tuple[int, int]] = {}
        self._hash: Any = None
        if expected.algorithm in _HASHES:
            self._hash = hashlib.new(_HASHES[expected.algorithm], usedforsecurity=False)
        self._hashed = 0

    def feed(self, offset: int, blocks: Iterable[Block]) -> None:
        """Add the bytes at `offset`, given as consecutive blocks."""
        if self._hash is None:
            self._feed_adler(offset, blocks)
            return
        with self._lock:
            if offset == self._hashed:
                for block in blocks:
                    self._hash.update(block)
                    self._hashed += len(block)

    def value(self, descriptor: int, size: int, check: Callable[[], None] = lambda: None) -> str:
        """Return the checksum of the whole file; bytes that were not fed are read again.

        `check` raises if the work has been stopped.
        """
        if self._hash is None:
            return self._whole_adler(descriptor, size, check)
        for offset, block in _read(descriptor, self._hashed, size, check):
            self.feed(offset, [block])
        return str(self._hash.hexdigest())

    def check(
        self, descriptor: int, size: int, path: str, check: Callable[[], None] = lambda: None
    ) -> None:
        """Compare the checksum of the whole file; see `value`.

        Raises
        ------
        IntegrityError
            If the file differs from the one in the storage.
        """
        value = self.value(descriptor, size, check)
        if value != self.expected.value:
            raise IntegrityError(
                f"The {self.expected.algorithm} of {path!r} is {value} where the storage says "
                f"{self.expected.value}; nothing was saved, try again",
                path=path,
            )

    def _feed_adler(self, offset: int, blocks: Iterable[Block]) -> None:
        with self._lock:
            # No other thread extends the range that ends here.
            start, value = self._adlers.pop(offset, (offset, 1))
        for block in blocks:
            value = adler32(block, value)
            offset += len(block)
        with self._lock:
            self._adlers[offset] = start, value

    def _whole_adler(self, descriptor: int, size: int, check: Callable[[], None]) -> str:
        ranges = sorted((start, stop, value) for stop, (start, value) in self._adlers.items())
        # A repeated stream may have left overlapping ranges; they are read again.
        known = []
        end = 0
        for start, stop, value in ranges:
            if start >= end and stop <= size:
                known.append((start, stop, value))
                end = stop
        gaps = _gaps(merge_ranges((start, stop) for start, stop, _ in known), size)
        for start, stop in gaps:
            value = 1
            for _, block in _read(descriptor, start, stop, check):
                value = adler32(block, value)
            known.append((start, stop, value))
        whole = 1
        for start, stop, value in sorted(known):
            whole = _combined(whole, value, stop - start)
        return f"{whole:08x}"


def _combined(first: int, second: int, length: int) -> int:
    """Return the adler32 (RFC 1950, 8.2) of two adjacent ranges; the second has `length` bytes."""
    a1, b1 = first & 0xFFFF, first >> 16
    a2, b2 = second & 0xFFFF, second >> 16
    a = (a1 + a2 - 1) % _BASE
    b = (b1 + b2 + length * (a1 - 1)) % _BASE
    return b << 16 | a


def _gaps(ranges: list[tuple[int, int]], size: int) -> list[tuple[int, int]]:
    gaps = []
    position = 0
    for start, stop in [*ranges, (size, size)]:
        if position < start:
            gaps.append((position, start))
        position = stop
    return gaps


def _read(
    descriptor: int, start: int, stop: int, check: Callable[[], None]
) -> Iterator[tuple[int, bytes]]:
    while start < stop:
        check()
        block = os.pread(descriptor, min(BLOCK, stop - start), start)
        if not block:
            return
        yield start, block
        start += len(block)
