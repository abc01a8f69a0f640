"""What is sent to the browser, in pieces that are worth a step of a thread."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing

__all__ = ["gathered"]

# Bytes that are sent at a time: a service may send them one by one, and files may be short.
TOGETHER = 64 << 10


def gathered(pieces: Generator[bytes]) -> Generator[bytes]:
    """Yield the same bytes in pieces of at least `TOGETHER`, but for the last one."""
    waiting: list[bytes] = []
    length = 0
    with closing(pieces):
        for piece in pieces:
            waiting.append(piece)
            length += len(piece)
            if length >= TOGETHER:
                yield b"".join(waiting)
                waiting, length = [], 0
    if waiting:
        yield b"".join(waiting)
