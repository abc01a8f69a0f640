"""A piece of an upload on its way from the connection to the disk."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Executor

from tornado.http1connection import HTTP1Connection

from .spool import Piece

__all__ = ["UploadWriter"]

# Bytes that are held until they are written: few calls of threads, little memory.
BLOCK = 1 << 20
# Seconds that a disk may take for what has come, once its sender is gone.
PATIENCE = 5.0
# Bytes per second: what comes more slowly holds an upload without bringing it to its end.
MIN_SPEED = 256


class UploadWriter:
    """Writes what comes in blocks, in a thread; the sender waits meanwhile.

    A sender that falls silent, or sends next to nothing, is cut off.

    Parameters
    ----------
    piece : Piece
        Where the bytes go.
    connection : HTTP1Connection
        Where they come from.
    threads : Executor
        Where they are written.
    writers : dict
        All writers by the ids of their uploads; this one is in it until it is closed.
    timeout : float
        Seconds between two looks at whether something comes.

    Attributes
    ----------
    piece : Piece
        As above.
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
        # Bytes since the last look.
        self._came = 0
        self._timer = self._look_later()
        writers[piece.upload.id] = self

    async def receive(self, data: bytes) -> None:
        """Take some bytes.

        Raises
        ------
        CTADataError
            If they cannot be written.
        """
        if self._closing is None:
            self._heard = time.monotonic()
            self._came += len(data)
            self._buffer += data
            if len(self._buffer) >= BLOCK:
                await self._write()

    def close(self) -> asyncio.Task[None]:
        """Write what has come, and let others add to the upload.

        Returns
        -------
        asyncio.Task
            Ends when that is done; raises what `receive` raises.
        """
        if self._closing is None:
            self._timer.cancel()
            self._closing = asyncio.ensure_future(self._close())
        return self._closing

    def has_ended(self, silence: float) -> bool:
        """Whether it ends, or its sender has said nothing for `silence` seconds."""
        return self._closing is not None or time.monotonic() - self._heard >= silence

    async def cut(self) -> None:
        """Break the connection off, unless it ends anyway; what came is kept."""
        if self._closing is None:
            self._connection.close()
        await asyncio.wait({self.close()}, timeout=PATIENCE)

    def _look_later(self) -> asyncio.TimerHandle:
        return asyncio.get_running_loop().call_later(self._timeout, self._look)

    def _look(self) -> None:
        # While it is written, the sender waits for the disk.
        if self._came < MIN_SPEED * self._timeout and not self._lock.locked():
            self._connection.close()
            # What the disk has not taken is not there; the next HEAD tells.
            self.close().add_done_callback(lambda task: task.exception())
        else:
            self._came = 0
            self._timer = self._look_later()

    async def _write(self) -> None:
        async with self._lock:
            data, self._buffer = self._buffer, bytearray()
            if data:
                await self._in_thread(self.piece.write, data)

    async def _close(self) -> None:
        try:
            await self._write()
        finally:
            # On a network file system this may take as long as writing.
            await self._in_thread(self.piece.close)
            if self._writers.get(self.piece.upload.id) is self:
                del self._writers[self.piece.upload.id]

    async def _in_thread(self, call: Callable[..., None], *args: object) -> None:
        await asyncio.get_running_loop().run_in_executor(self._threads, call, *args)
