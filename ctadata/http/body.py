"""Reads the body of a response as it comes, with little work and little memory.

This replaces the readers of http.client and urllib3, which copy each byte, lose the bytes that
came before an interruption, and need several calls for each chunk. Proxies forward everything in
chunks of 64 KiB.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import TYPE_CHECKING

from .connections import BLOCK, HEAD_BUFFER
from .watchdog import Watchdog

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

__all__ = ["Block", "read_body"]

Block = bytes | memoryview

# A link of so many bytes per second counts as fast, measured over so many bytes. From a fast link
# whole buffers are filled.
FAST_LINK = 8 << 20
MEASURED = 4 << 20
# The chunk-size line (RFC 9112, 7.1); chunk extensions are ignored.
CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?\r?")
# Bytes of a line that are searched for its end at a time.
LINE_PIECE = 64
# Bytes of the longest line, and of the whole trailer section.
MAX_LINE = 64 << 10
# Bytes by which the framing may exceed the content: chunks of one byte cost much time each.
MAX_OVERHEAD = 1 << 20


class _Length:
    """A body of known length, or one that lasts until the connection ends.

    At most `max_read` bytes may be read next; `ended` tells whether the content is complete.
    """

    def __init__(self, length: int | None) -> None:
        self._left = length
        self._count()

    def content(self, raw: Block) -> list[Block]:
        """Return the content of the next bytes, without the framing."""
        if self._left is not None:
            self._left -= len(raw)
            self._count()
        return [raw]

    def _count(self) -> None:
        self.max_read = BLOCK if self._left is None else min(self._left, BLOCK)
        self.ended = self._left == 0

    def check_end(self) -> None:
        """Raise `IncompleteRead` if the connection must not end here."""
        if self._left:
            raise IncompleteRead(b"", self._left)


class _Chunks:
    """A chunked body (RFC 9112, 7.1)."""

    max_read = BLOCK

    def __init__(self) -> None:
        self.ended = False
        self._left = 0
        self._line = b""
        self._trailer_size = 0
        self._overhead = 0
        self._after_data = self._trailer = False

    def content(self, raw: Block) -> list[Block]:
        pieces: list[Block] = []
        position, end = 0, len(raw)
        while position < end and not self.ended:
            if self._left:
                piece = raw[position : position + self._left]
                pieces.append(piece)
                position += len(piece)
                self._left -= len(piece)
                self._overhead -= len(piece)
                self._after_data = not self._left
                continue
            seen = bytes(raw[position : position + LINE_PIECE])
            line, newline, _ = seen.partition(b"\n")
            position += len(line) + len(newline)
            self._line += line
            if newline:
                self._read_line()
            elif len(self._line) > MAX_LINE:
                raise HTTPException("a line between chunks is too long")
        return pieces

    def _read_line(self) -> None:
        line, self._line = self._line, b""
        self._overhead += len(line) + 1
        if self._overhead > MAX_OVERHEAD:
            raise HTTPException("the chunks have more framing than content")
        if self._after_data or self._trailer:
            blank = line in {b"", b"\r"}
            if self._after_data and not blank:
                raise HTTPException("a chunk is longer than its size")
            self._trailer_size += len(line) if self._trailer else 0
            if self._trailer_size > MAX_LINE:
                raise HTTPException("the trailer is too long")
            self.ended = self._trailer and blank
            self._after_data = False
            return
        size = CHUNK_SIZE.fullmatch(line)
        if size is None:
            raise HTTPException("a chunk has no valid size")
        self._left = int(size[1], 16)
        self._trailer = not self._left

    def check_end(self) -> None:
        if not self.ended:
            raise IncompleteRead(b"")


_Framing = _Length | _Chunks


def read_body(response: BaseHTTPResponse, watchdog: Watchdog) -> Generator[list[Block]]:
    """Yield the body of a streamed response as lists of blocks, each of up to 1 MiB in all.

    A memoryview among the blocks is only valid until the next ones are asked for.

    Parameters
    ----------
    response : urllib3.BaseHTTPResponse
        A response whose body has not been read; the caller closes or releases it.
    watchdog : Watchdog
        Watches over the speed.

    Raises
    ------
    http.client.IncompleteRead
        If the body ends early.
    OSError, http.client.HTTPException
        If it is interrupted in another way.
    """
    body: HTTPResponse = response._fp  # type: ignore[attr-defined]
    framing: _Framing = _Chunks() if body.chunked else _Length(body.length)
    view = memoryview(b"")
    fast = False
    received, since = 0, time.monotonic()
    error: Exception | None = None
    while not framing.ended and error is None:
        if fast:
            view = view or memoryview(bytearray(BLOCK))
            blocks, error = _fill(view, body, framing, watchdog)
        else:
            watchdog.waiting_for_data()
            blocks = _content(body.fp.read1(framing.max_read), framing)
            # Only content counts as progress, not the framing.
            watchdog.data_received(sum(map(len, blocks)))
        received += sum(map(len, blocks))
        if received >= MEASURED or fast:
            now = time.monotonic()
            fast = now - since < received / FAST_LINK
            received, since = 0, now
        if blocks:
            yield blocks
    if error is not None:
        raise error
    # http.client has not noticed the end.
    body.close()


def _fill(
    view: memoryview, body: HTTPResponse, framing: _Framing, watchdog: Watchdog
) -> tuple[list[Block], Exception | None]:
    """Fill a buffer; return its content, and the error that ended it, if any."""
    blocks: list[Block] = []
    filled = 0
    try:
        # The last bytes of the buffer are left: they would need two reads.
        while filled < len(view) - HEAD_BUFFER and not framing.ended:
            watchdog.waiting_for_data()
            room = view[filled : filled + framing.max_read]
            size = body.fp.readinto1(room)
            content = _content(room[:size], framing)
            watchdog.data_received(sum(map(len, content)))
            blocks += content
            filled += size
    except (OSError, HTTPException) as error:
        return blocks, error
    return blocks, None


def _content(raw: Block, framing: _Framing) -> list[Block]:
    if not raw:
        framing.check_end()
        framing.ended = True
        return []
    return framing.content(raw)
