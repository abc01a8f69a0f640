"""Blocks: the body of an answer, read as it comes, with little work and little memory."""

from __future__ import annotations

import time
from collections.abc import Generator
from http.client import HTTPResponse, IncompleteRead
from typing import TYPE_CHECKING

from ._connections import BLOCK
from ._guard import Guard

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

__all__ = ["read"]

# Bytes per second from which on whole blocks are waited for, and bytes that show it.
FAST = 8 << 20
MEASURED = 4 << 20


def read(response: BaseHTTPResponse, guard: Guard, *, reuse: bool) -> Generator[bytes | memoryview]:
    """Yield the body of a streamed answer in blocks of up to 1 MiB.

    What came before a break is of use, so that nothing is waited for that has not come; but
    where a whole block takes no time, fewer of them cost less.

    Parameters
    ----------
    response : urllib3.BaseHTTPResponse
        The answer, of whose body nothing is read yet; the caller closes or releases it.
    guard : Guard
        Watches over the speed.
    reuse : bool
        Whether a block is only valid until the next one is asked for, which saves the memory of
        all others.

    Raises
    ------
    http.client.IncompleteRead
        If it ends before its end.
    OSError, http.client.HTTPException
        If it breaks off in another way.
    """
    # Below urllib3, which has no way to read into memory that is there already.
    body: HTTPResponse = response._fp  # type: ignore[attr-defined]
    view = memoryview(b"")
    fast = False
    came, since = 0, time.monotonic()
    while True:
        guard.reading()
        block: bytes | memoryview
        if fast:
            view = view or memoryview(bytearray(BLOCK))
            block = view[: body.readinto(view)]
        else:
            block = body.read1(BLOCK)
        guard.handled(len(block))
        if not block:
            break
        came += len(block)
        if came >= MEASURED or fast:
            now = time.monotonic()
            fast = now - since < came / FAST
            came, since = 0, now
        yield block if reuse or isinstance(block, bytes) else bytes(block)
    if body.length:
        raise IncompleteRead(b"", body.length)
    # It is not always aware that it has ended.
    body.close()
