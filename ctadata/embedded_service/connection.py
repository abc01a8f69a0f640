"""A connection of the embedded service: no thread waits for a head, or for what nobody reads.

The selector's thread gathers what comes until a head is whole, and throws away what comes after
the last answer; only requests take a thread.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from http import HTTPStatus
from typing import Any

from cheroot import server
from cheroot.makefile import MakeFile

from .request_heads import BadHead, checked, extent

__all__ = ["Connection", "Received"]

HEAD_TIMEOUT = 10.0
"""Seconds from a head's first byte to its last."""

_LINGER_TIMEOUT = 30.0
_GATHERED = 64 * 1024


class Received:
    """What has come on a connection; takes the place of cheroot's reader.

    Parameters
    ----------
    connection : socket
        The connection.
    waiting : callable
        Returns a context manager for the time in which a thread waits for what has not come.

    Attributes
    ----------
    bytes_read : int
        How many bytes have come.
    closed : bool
        Whether `close` was called.
    ended : bool
        Whether the other side sends nothing more.
    """

    def __init__(
        self, connection: socket.socket, waiting: Callable[[], AbstractContextManager[None]]
    ) -> None:
        self._socket = connection
        self._waiting = waiting
        self._buffer = bytearray()
        self._head: int | None = None
        self._known = 0
        self.bytes_read = 0
        self.closed = False
        self.ended = False

    def __len__(self) -> int:
        return len(self._buffer)

    def gather(self) -> None:
        """Take what has come without waiting for more.

        Raises
        ------
        OSError
            If the connection broke.
        """
        timeout = self._socket.gettimeout()
        self._socket.settimeout(0)
        with suppress(BlockingIOError):
            self._receive(_GATHERED)
        self._socket.settimeout(timeout)

    def has_data(self) -> bool:
        """Tell whether a head is whole, or can be refused."""
        if self._head is None and self._buffer:
            # One empty line may precede a request (RFC 9112, section 2.2).
            if self._buffer.startswith(b"\r\n"):
                del self._buffer[:2]
            self._head = extent(self._buffer, self._known)
            self._known = len(self._buffer)
        return self._head is not None

    def take_head(self) -> bytes:
        """Return the head; what follows is of the body."""
        head = self.read(self._head or 0)
        self._head, self._known = None, 0
        return head

    def put_back(self, data: bytes) -> None:
        """Let this be read next."""
        self._buffer[:0] = data

    def clear(self) -> None:
        """Forget what was not read."""
        self._buffer.clear()
        self._head, self._known = None, 0

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes, as many as there are; none at the end."""
        if not self._buffer and size:
            with self._waiting():
                self._receive(size)
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def readline(self, size: int) -> bytes:
        """Return what comes up to the next line feed, but not more than `size` bytes."""
        while (end := self._buffer.find(b"\n", 0, size)) < 0 and len(self._buffer) < size:
            with self._waiting():
                if not self._receive(_GATHERED):
                    break
        return self.read(end + 1 if end >= 0 else min(size, len(self._buffer)))

    def close(self) -> None:
        """Read nothing more; the connection has its own end."""
        self.closed = True

    def _receive(self, size: int) -> int:
        data = self._socket.recv(size)
        self._buffer += data
        self.bytes_read += len(data)
        self.ended = not data
        return len(data)


class _Request(server.HTTPRequest):
    """A request whose head was checked before cheroot reads it."""

    def parse_request(self) -> None:
        received = self.conn.rfile
        try:
            received.put_back(checked(received.take_head()))
        except BadHead as bad:
            self.simple_response(f"{bad.status.value} {bad.status.phrase}", str(bad))
        else:
            super().parse_request()

    def simple_response(self, status: str, msg: str = "") -> None:
        """Answer what no application sees. The connection ends with it, and the answer says so."""
        self.close_connection = True
        fields = [f"HTTP/1.1 {status}", "Content-Type: text/plain", "Connection: close"]
        fields += [f"Content-Length: {len(msg)}", "", msg]
        self.conn.wfile.write("\r\n".join(fields).encode("latin-1"))


class Connection(server.HTTPConnection):
    """A connection that the server can break off while a thread is busy with it."""

    RequestHandlerClass = _Request

    def __init__(
        self, server: Any, sock: socket.socket, makefile: Callable[..., Any] = MakeFile
    ) -> None:
        def made(sock: socket.socket, mode: str, size: int) -> Any:
            return Received(sock, server.receiving) if "r" in mode else makefile(sock, mode, size)

        super().__init__(server, sock, made)
        self._lingering = False
        self._last_used = 0.0
        # When what is being waited for must have come.
        self._deadline: float | None = None

    @property
    def last_used(self) -> float:
        """For cheroot, which closes what was not used for the server's time-out."""
        return self._last_used

    @last_used.setter
    def last_used(self, now: float) -> None:
        deadline = self._deadline or now + self.server.timeout
        self._last_used = deadline - self.server.timeout

    def advance(self) -> bool:
        """Take what has come.

        Returns
        -------
        bool
            Whether there is a request, of which a thread should take care.

        Raises
        ------
        EOFError
            If the other side has ended the connection.
        OSError
            If it broke.
        """
        if not self.rfile.has_data():
            self.rfile.gather()
        if self._lingering:
            self.rfile.clear()
        elif self.rfile.has_data():
            return True
        elif len(self.rfile) and self._deadline is None:
            self._deadline = time.time() + HEAD_TIMEOUT
        if self.rfile.ended:
            raise EOFError
        return False

    def communicate(self) -> bool:
        """Answer a request; return whether the connection is still needed."""
        self._deadline = None
        with self.server.busy_with(self.socket):
            if super().communicate():  # type: ignore[no-untyped-call]
                return True
            # Closed at once, with bytes that nobody has read, it would be reset, and the answer be
            # lost (RFC 9112, section 9.6).
            with suppress(OSError):  # broken: nobody waits for the answer
                self.socket.shutdown(socket.SHUT_WR)
                self._lingering = True
                self.rfile.clear()
                self._deadline = time.time() + _LINGER_TIMEOUT
        return self._lingering

    def close(self) -> None:
        """Close the writer too, which cheroot leaves to the garbage collector."""
        self.server.forget(self)
        with suppress(OSError):  # unsent bytes of a connection that broke
            if self._deadline is not None and not self._lingering:
                status = HTTPStatus.REQUEST_TIMEOUT
                self.RequestHandlerClass(self.server, self).simple_response(
                    f"{status.value} {status.phrase}"
                )
            self.wfile.close()
        super().close()
