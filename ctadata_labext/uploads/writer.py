"""Writes one piece of an upload from the connection to the disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor

from tornado.http1connection import HTTP1Connection

from .spool import Piece

__all__ = ["UploadWriter"]

# Bytes that are written at once: few switches between threads, little memory.
BLOCK = 1 << 20
# Seconds that the disk may take to write the rest, once the connection is closed.
PATIENCE = 5.0
# Bytes per second: a slower connection blocks an upload without finishing it.
MIN_SPEED = 256


class UploadWriter:
    """Writes received data in blocks, in a thread; the sender waits meanwhile.

    The connection is closed if the sender stops sending, or sends almost nothing.

    Parameters
    ----------
    piece : Piece
        The piece to write to.
    connection : HTTP1Connection
        The connection that the data come from.
    threads : Executor
        The threads that write.
    writers : dict
        All writers, by the ids of their uploads; contains this one until it is closed.
    timeout : float
        Seconds between two checks of the speed.
    """

    def __init__(
        self,
        piece: Piece,
        connection: HTTP1Connection,
        threads: Executor,
        writers: dict[str, UploadWriter],
        timeout: float,
    ) -> None:
        self.piece = piece
        self._connection = connection
        self._threads = threads
        self._writers = writers
        self._buffer = bytearray()
        self._lock = asyncio.Lock()
        self._heard = time.monotonic()
        self._closing: asyncio.Task[None] | None = None
        self._timeout = timeout
        # Bytes since the last check.
        self._received = 0
        self._timer = self._schedule_check()
        writers[piece.upload.id] = self

    async def receive(self, data: bytes) -> None:
        """Add received data; raises a `CTADataError` if they cannot be written."""
        if self._closing is None:
            self._heard = time.monotonic()
            self._received += len(data)
            self._buffer += data
            if len(self._buffer) >= BLOCK:
                await self._write()

    def close(self) -> asyncio.Task[None]:
        """Start a task that writes the rest and lets other requests add to the upload."""
        if self._closing is None:
            self._timer.cancel()
            self._closing = asyncio.ensure_future(self._close())
        return self._closing

    def has_ended(self, silence: float) -> bool:
        """Whether it is ending, or no data have come for `silence` seconds."""
        return self._closing is not None or time.monotonic() - self._heard >= silence

    async def disconnect(self) -> None:
        """Close the connection, unless it is ending; the received data are kept."""
        if self._closing is None:
            self._connection.close()
        await asyncio.wait({self.close()}, timeout=PATIENCE)

    def _schedule_check(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._timeout, self._check_speed)

    def _check_speed(self) -> None:
        # During a write the sender waits for the disk.
        if self._received < MIN_SPEED * self._timeout and not self._lock.locked():
            self._connection.close()
            # Data that could not be written are lost; the next HEAD tells the offset.
            self.close().add_done_callback(lambda task: task.exception())
        else:
            self._received = 0
            self._timer = self._schedule_check()

    async def _write(self) -> None:
        async with self._lock:
            data, self._buffer = self._buffer, bytearray()
            if data:
                await self._in_thread(self.piece.write, data)

    async def _close(self) -> None:
        try:
            await self._write()
        finally:
            # On a network file system this may take as long as a write.
            await self._in_thread(self.piece.close)
            if self._writers.get(self.piece.upload.id) is self:
                del self._writers[self.piece.upload.id]

    async def _in_thread(self, call: Callable[..., None], *args: object) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)
