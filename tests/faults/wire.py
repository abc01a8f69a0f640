"""A TCP proxy that breaks connections as a test tells it: cut, reset, stall, drip, refuse."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
import struct
import termios
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

BUFFER = 1 << 16


@dataclass
class Break:
    """What happens to a connection after `after` bytes in one direction, `times` times in all.

    ``cut`` ends it regularly (FIN), ``reset`` by RST, ``stall`` leaves it open and passes nothing
    more, ``drip`` passes a byte every tenth of a second.
    """

    how: str
    after: int
    times: int = 1
    upwards: bool = False


class Wire:
    """Forwards connections to `upstream`, and counts.

    Attributes
    ----------
    url : str
        The address to use in place of the upstream's.
    connections : int
        How many connections were accepted.
    passed : int
        Bytes passed to the clients, of all connections.
    rate : float or None
        Bytes per second and connection to the clients.
    broken, has_broken : int, Event
        How many connections were broken, and whether any was.
    flowing : Event
        While it is cleared, connections are accepted but nothing is passed.
    """

    def __init__(self, upstream: str) -> None:
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname, parts.port)
        self._path = parts.path
        self.rate: float | None = None
        self.connections = 0
        self.passed = 0
        self.broken = 0
        self.has_broken = threading.Event()
        self.flowing = threading.Event()
        self.flowing.set()
        self._breaks: list[Break] = []
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._listener: socket.socket | None = None
        self.port = 0
        self.accept()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}{self._path}"

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *error: object) -> None:
        self._closing.set()
        self.refuse()
        for thread in self._threads:
            thread.join()

    def breaks(self, how: str, after: int, times: int = 1, *, upwards: bool = False) -> None:
        """Break the next `times` connections that pass `after` bytes from now on."""
        with self._lock:
            self._breaks.append(Break(how, after, times, upwards))

    def heal(self) -> None:
        """Break no further connection."""
        with self._lock:
            self._breaks.clear()

    def refuse(self) -> None:
        """Close the port: new connections are refused, existing ones go on."""
        listener, self._listener = self._listener, None
        if listener is not None:
            # Closing alone would not wake the thread that accepts.
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def accept(self) -> None:
        """Open the same port again."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        self.port = listener.getsockname()[1]
        self._listener = listener
        self._start(self._accept, listener)

    def wait_for(self, passed: int, timeout: float) -> bool:
        """Wait until so many bytes have been passed to the clients in all."""
        with self._changed:
            return self._changed.wait_for(lambda: self.passed >= passed, timeout)

    def _start(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            with self._lock:
                self.connections += 1
            self._start(self._serve, client)

    def _serve(self, client: socket.socket) -> None:
        # Small, so that nearly all passed bytes have arrived.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with client, contextlib.suppress(OSError):
            while not self.flowing.wait(0.02):
                if self._closing.is_set() or _gone(client):
                    return
            with socket.create_connection(self._upstream) as server:
                self._pass(client, server)

    def _pass(self, client: socket.socket, server: socket.socket) -> None:
        counts = {client: 0, server: 0}
        while not self._closing.is_set():
            ready, _, _ = select.select([client, server], [], [], 0.05)
            for source in ready:
                target = server if source is client else client
                if not self._wait_flowing(client):
                    return
                due, room = self._due(counts[target], upwards=target is server)
                if due is not None and room <= 0:
                    self._break(due, source, target, client)
                    return
                # Small pieces: a slow link does not pause for long.
                data = source.recv(min(BUFFER, room, self._at_once()))
                if not data:
                    return
                target.sendall(data)
                counts[target] += len(data)
                if target is client:
                    self._count(len(data))

    def _at_once(self) -> int:
        return int(self.rate * 0.02) if self.rate else BUFFER

    def _wait_flowing(self, client: socket.socket) -> bool:
        while not self.flowing.wait(0.02):
            if self._closing.is_set() or _gone(client):
                return False
        return True

    def _due(self, count: int, *, upwards: bool) -> tuple[Break | None, int]:
        """Return the next break, and how many bytes may pass before it."""
        with self._lock:
            due = [b for b in self._breaks if b.upwards == upwards and b.times > 0]
            if not due:
                return None, BUFFER
            first = min(due, key=lambda b: b.after)
            if first.after <= count:
                first.times -= 1
                self.broken += 1
                self.has_broken.set()
            return first, first.after - count

    def _count(self, size: int) -> None:
        with self._changed:
            self.passed += size
            self._changed.notify_all()
        if self.rate:
            self._closing.wait(size / self.rate)

    def _break(
        self, due: Break, source: socket.socket, target: socket.socket, client: socket.socket
    ) -> None:
        if due.how == "reset":
            reset(client)
        elif due.how == "stall":
            while not self._closing.is_set() and not _gone(client):
                self._closing.wait(0.02)
        elif due.how == "drip":
            while not self._closing.wait(0.1) and (byte := source.recv(1)):
                target.sendall(byte)
                if target is client:
                    self._count(1)


def reset(connection: socket.socket) -> None:
    """End a connection by RST, once the other side has received everything."""
    until = time.monotonic() + 5
    while _unacknowledged(connection) and time.monotonic() < until:
        select.select([], [], [], 0.001)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # Not close(), which would wait for the files made from the socket.
    os.close(connection.detach())


def _unacknowledged(connection: socket.socket) -> int:
    return struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, b"\0" * 4))[0]


def _gone(connection: socket.socket) -> bool:
    """Whether the other side has hung up."""
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b""
    except BlockingIOError:
        return False
    except OSError:
        return True
