"""Blocks: the body of an answer, read as it comes, with little work and little memory.

This takes the place of what http.client and urllib3 do below an answer's head: they copy each
byte, lose what came before a break, and need several calls for each chunk of 64 KiB, as which
proxies send everything on.
"""

from __future__ import annotations

import re
import time
from collections.abc import Generator
from http.client import HTTPException, HTTPResponse, IncompleteRead
from typing import TYPE_CHECKING, Protocol

from .connections import BLOCK, HEAD
from .watchdog import Watchdog

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

__all__ = ["Block", "read"]

Block = bytes | memoryview

# Bytes per second from which on more is waited for, and bytes that show it.
FAST = 8 << 20
MEASURED = 4 << 20
# What stands before a chunk (RFC 9112, 7.1), of which extensions are left out.
CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;.*)?\r?")
# Bytes: of a line as much is looked at at a time, and none may be longer, nor all of the trailer.
LOOK = 64
LONGEST_LINE = 64 << 10
# Bytes around chunks beside as many as are in them: chunks of one byte cost much time each.
MAX_AROUND = 1 << 20


class _Framing(Protocol):
    """What is the content of the bytes that come.

    Attributes
    ----------
    most : int
        The bytes that may be asked for.
    ended : bool
        Whether the content has come to its end.
    """

    most: int
    ended: bool

    def content(self, raw: Block) -> list[Block]:
        """Return the content of what has come next."""

    def check_end(self) -> None:
        """Raise `IncompleteRead` if nothing may be missing, and something is."""


class _Length:
    """A body of a known length or, without one, up to the connection's end."""

    def __init__(self, length: int | None) -> None:
        self._left = length
        self._count()

    def content(self, raw: Block) -> list[Block]:
        if self._left is not None:
            self._left -= len(raw)
            self._count()
        return [raw]

    def _count(self) -> None:
        self.most = BLOCK if self._left is None else min(self._left, BLOCK)
        self.ended = self._left == 0

    def check_end(self) -> None:
        if self._left:
            raise IncompleteRead(b"", self._left)


class _Chunks:
    """A body that comes in chunks (RFC 9112, 7.1)."""

    most = BLOCK

    def __init__(self) -> None:
        self.ended = False
        self._left = 0
        self._line = b""
        self._trailer_size = 0
        self._around = 0
        self._behind_data = self._trailer = False

    def content(self, raw: Block) -> list[Block]:
        pieces: list[Block] = []
        position, end = 0, len(raw)
        while position < end and not self.ended:
            if self._left:
                piece = raw[position : position + self._left]
                pieces.append(piece)
                position += len(piece)
                self._left -= len(piece)
                self._around -= len(piece)
                self._behind_data = not self._left
                continue
            seen = bytes(raw[position : position + LOOK])
            line, newline, _ = seen.partition(b"\n")
            position += len(line) + len(newline)
            self._line += line
            if newline:
                self._read_line()
            elif len(self._line) > LONGEST_LINE:
                raise HTTPException("a line of a chunk is too long")
        return pieces

    def _read_line(self) -> None:
        line, self._line = self._line, b""
        self._around += len(line) + 1
        if self._around > MAX_AROUND:
            raise HTTPException("there is more around the chunks than in them")
        if self._behind_data or self._trailer:
            blank = line in {b"", b"\r"}
            if self._behind_data and not blank:
                raise HTTPException("a chunk is longer than it says")
            self._trailer_size += len(line) if self._trailer else 0
            if self._trailer_size > LONGEST_LINE:
                raise HTTPException("the trailer is too long")
            self.ended = self._trailer and blank
            self._behind_data = False
            return
        size = CHUNK_SIZE.fullmatch(line)
        if size is None:
            raise HTTPException("a chunk does not say its size")
        self._left = int(size[1], 16)
        self._trailer = not self._left

    def check_end(self) -> None:
        if not self.ended:
            raise IncompleteRead(b"")


def read(response: BaseHTTPResponse, watchdog: Watchdog) -> Generator[list[Block]]:
    """Yield the body of a streamed answer, some blocks at a time, up to 1 MiB in all.

    A memoryview among them is only valid until the next ones are asked for.

    Parameters
    ----------
    response : urllib3.BaseHTTPResponse
        The answer, of whose body nothing is read yet; the caller closes or releases it.
    watchdog : Watchdog
        Watches over the speed.

    Raises
    ------
    http.client.IncompleteRead
        If it ends before its end.
    OSError, http.client.HTTPException
        If it breaks off in another way.
    """
    body: HTTPResponse = response._fp  # type: ignore[attr-defined]
    framing: _Framing = _Chunks() if body.chunked else _Length(body.length)
    view = memoryview(b"")
    fast = False
    came, since = 0, time.monotonic()
    error: Exception | None = None
    while not framing.ended and error is None:
        if fast:
            view = view or memoryview(bytearray(BLOCK))
            blocks, error = _fill(view, body, framing, watchdog)
        else:
            watchdog.reading()
            blocks = _content(body.fp.read1(framing.most), framing)
            # Only the content: the sizes of chunks, and what else is around it, are of no use.
            watchdog.handled(sum(map(len, blocks)))
        came += sum(map(len, blocks))
        if came >= MEASURED or fast:
            now = time.monotonic()
            fast = now - since < came / FAST
            came, since = 0, now
        if blocks:
            yield blocks
    if error is not None:
        raise error
    # It is not aware that it has ended.
    body.close()


def _fill(
    view: memoryview, body: HTTPResponse, framing: _Framing, watchdog: Watchdog
) -> tuple[list[Block], Exception | None]:
    """Fill a buffer; return the content, and what broke it off: what came before is of use."""
    blocks: list[Block] = []
    filled = 0
    try:
        # What is left beyond would be read in two steps.
        while filled < len(view) - HEAD and not framing.ended:
            watchdog.reading()
            room = view[filled : filled + framing.most]
            size = body.fp.readinto1(room)
            content = _content(room[:size], framing)
            watchdog.handled(sum(map(len, content)))
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
