"""A connection of the embedded service; only complete request heads need a thread.

The selector's thread collects received bytes until a head is complete, and discards the bytes
after the last response.
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

from .request_heads import BadRequestHead, head_length, normalize_head

__all__ = ["Connection", "ReceiveBuffer"]

HEAD_TIMEOUT = 10.0
"""Seconds from the first byte of a head to its last."""

_LINGER_TIMEOUT = 30.0
_READ_SIZE = 64 * 1024


class ReceiveBuffer:
    """The received bytes of a connection; replaces cheroot's reader.

    A thread that waits for bytes does so in the context manager that `waiting` returns. `ended`
    becomes true when the client has stopped sending.
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

    def fill(self) -> None:
        """Receive the available bytes without waiting.

        Raises
        ------
        OSError
            If the connection is broken.
        """
        timeout = self._socket.gettimeout()
        self._socket.settimeout(0)
        with suppress(BlockingIOError):
            self._receive(_READ_SIZE)
        self._socket.settimeout(timeout)

    def has_data(self) -> bool:
        """Whether a head is complete, or can be rejected."""
        if self._head is None and self._buffer:
            # An empty line may precede a request (RFC 9112, section 2.2).
            if self._buffer.startswith(b"\r\n"):
                del self._buffer[:2]
            self._head = head_length(self._buffer, self._known)
            self._known = len(self._buffer)
        return self._head is not None

    def take_head(self) -> bytes:
        """Return the head; the bytes after it belong to the body."""
        head = self.read(self._head or 0)
        self._head, self._known = None, 0
        return head

    def put_back(self, data: bytes) -> None:
        """Insert bytes to be read next."""
        self._buffer[:0] = data

    def clear(self) -> None:
        """Discard all unread bytes."""
        self._buffer.clear()
        self._head, self._known = None, 0

    def read(self, size: int) -> bytes:
        """Return up to `size` available bytes; none at the end."""
        if not self._buffer and size:
            with self._waiting():
                self._receive(size)
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        return data

    def readline(self, size: int) -> bytes:
        """Return the bytes up to the next line feed, at most `size` bytes."""
        while (end := self._buffer.find(b"\n", 0, size)) < 0 and len(self._buffer) < size:
            with self._waiting():
                if not self._receive(_READ_SIZE):
                    break
        return self.read(end + 1 if end >= 0 else min(size, len(self._buffer)))

    def close(self) -> None:
        """Stop reading; the connection itself is closed elsewhere."""
        self.closed = True

    def _receive(self, size: int) -> int:
        data = self._socket.recv(size)
        self._buffer += data
        self.bytes_read += len(data)
        self.ended = not data
        return len(data)


class _Request(server.HTTPRequest):
    """A request whose head is checked before cheroot parses it."""

    def parse_request(self) -> None:
        received = self.conn.rfile
        try:
            received.put_back(normalize_head(received.take_head()))
        except BadRequestHead as bad:
            self.simple_response(f"{bad.status.value} {bad.status.phrase}", str(bad))
        else:
            super().parse_request()

    def simple_response(self, status: str, msg: str = "") -> None:
        """Send an error that the application does not see, and end the connection."""
        self.close_connection = True
        fields = [f"HTTP/1.1 {status}", "Content-Type: text/plain", "Connection: close"]
        fields += [f"Content-Length: {len(msg)}", "", msg]
        self.conn.wfile.write("\r\n".join(fields).encode("latin-1"))


class Connection(server.HTTPConnection):
    """A connection that the server can abort while a thread uses it."""

    RequestHandlerClass = _Request

    def __init__(
        self, server: Any, sock: socket.socket, makefile: Callable[..., Any] = MakeFile
    ) -> None:
        def make(sock: socket.socket, mode: str, size: int) -> Any:
            buffer = ReceiveBuffer(sock, server.receiving)
            return buffer if "r" in mode else makefile(sock, mode, size)

        super().__init__(server, sock, make)
        self._lingering = False
        self._last_used = 0.0
        # When the head, or the end of lingering, is due.
        self._deadline: float | None = None

    @property
    def last_used(self) -> float:
        """The time of the last use; cheroot closes connections that were idle for its time-out."""
        return self._last_used

    @last_used.setter
    def last_used(self, now: float) -> None:
        deadline = self._deadline or now + self.server.timeout
        self._last_used = deadline - self.server.timeout

    def poll(self) -> bool:
        """Receive the available bytes.

        Returns
        -------
        bool
            Whether there is a request for a thread.

        Raises
        ------
        EOFError
            If the client has closed the connection.
        OSError
            If the connection is broken.
        """
        if not self.rfile.has_data():
            self.rfile.fill()
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
        """Answer a request; return whether to keep the connection."""
        self._deadline = None
        with self.server.busy_with(self.socket):
            if super().communicate():  # type: ignore[no-untyped-call]
                return True
            # Closing it with unread bytes would reset the connection, and the client would lose
            # the response (RFC 9112, section 9.6).
            with suppress(OSError):  # broken: nobody reads the response
                self.socket.shutdown(socket.SHUT_WR)
                self._lingering = True
                self.rfile.clear()
                self._deadline = time.time() + _LINGER_TIMEOUT
        return self._lingering

    def close(self) -> None:
        """Close the connection, and its writer, which cheroot leaves to the garbage collector."""
        self.server.forget(self)
        with suppress(OSError):  # unsent bytes of a broken connection
            if self._deadline is not None and not self._lingering:
                status = HTTPStatus.REQUEST_TIMEOUT
                self.RequestHandlerClass(self.server, self).simple_response(
                    f"{status.value} {status.phrase}"
                )
            self.wfile.close()
        super().close()
