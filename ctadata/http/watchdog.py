"""Stops a request from another thread, whether it connects, waits, reads, sends or pauses."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from ..errors import CTADataError, ServiceTimeout

__all__ = ["Watchdog"]

# After so many time-outs the head of a response counts as stalled, even if a byte comes now and
# then. Silence ends earlier, by the socket's own time-out, and is retried.
HEAD_TIMEOUTS = 2


class Watchdog:
    """Watches over the requests of one thread.

    A blocking read waits for its socket and for nothing else. To stop it, another thread shuts the
    socket down, and what the read then raises is replaced by the reason.

    Parameters
    ----------
    timeout : float
        Seconds over which the speed is measured.
    min_speed : float
        Bytes per second below which a body counts as stalled.
    on_congestion : callable, optional
        Called when the service asks for fewer requests or does not respond in time.
    """

    def __init__(
        self,
        timeout: float = 60.0,
        min_speed: float = 0.0,
        on_congestion: Callable[[], None] = lambda: None,
    ) -> None:
        self.timeout = timeout
        self.min_speed = min_speed
        self.congested = on_congestion
        #: Called with the reason why the work waits, and with None once it goes on.
        self.on_notice: Callable[[str | None], None] = lambda text: None
        self._deadline: tuple[float, CTADataError] | None = None
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._socket: Any = None
        self._stopped: CTADataError | None = None
        self._interruption: CTADataError | None = None
        self._waiting = False
        self._head_since: float | None = None
        self._noticed = False
        self._received = 0
        self._measured: tuple[float, int] | None = None

    def stop(self, error: CTADataError) -> None:
        """Let the current request and all later ones raise `error`."""
        with self._lock:
            if self._stopped is None:
                self._stopped = error
            self._shut()
        self._woken.set()

    @property
    def stopped(self) -> bool:
        """Whether the work was stopped."""
        return self._stopped is not None

    def interrupt(self, error: CTADataError) -> None:
        """Let the current response raise `error`."""
        with self._lock:
            if self._socket is not None:
                self._interruption = error
                self._shut()

    def set_deadline(self, seconds: float, error: CTADataError) -> None:
        """Stop with `error` what is still under way after so many seconds."""
        self._deadline = time.monotonic() + seconds, error

    def check(self) -> None:
        """Raise the error with which the work was stopped or interrupted."""
        with self._lock:
            interruption, self._interruption = self._interruption, None
            error = self._stopped or interruption
        if error is not None:
            raise error

    def pause(self, seconds: float) -> None:
        """Wait, unless the work is stopped."""
        self._woken.wait(seconds)
        self.check()

    def notice(self, text: str) -> None:
        """Report why the work waits, until bytes are received or sent again."""
        self._noticed = True
        self.on_notice(text)

    def clear_notice(self) -> None:
        """Report that the work no longer waits."""
        if self._noticed:
            self._noticed = False
            self.on_notice(None)

    def attach(self, connection: Any) -> None:
        """Watch over the socket of a request."""
        with self._lock:
            self._socket = connection
            self._head_since = None
            if self._stopped is not None:
                self._shut()

    def detach(self) -> None:
        """Forget the socket, which others may use now, and an interruption of its response."""
        with self._lock:
            self._socket = None
            self._measured = None
            self._waiting = False
            self._head_since = None
            self._interruption = None

    def waiting_for_head(self) -> None:
        """Begin to wait for the head of a response."""
        self._head_since = time.monotonic()

    def head_received(self) -> None:
        """Stop waiting for the head; the body is read later."""
        self._head_since = None

    def waiting_for_data(self) -> None:
        """Begin to wait for bytes."""
        self._waiting = True

    def data_received(self, size: int) -> None:
        """Count received bytes, and stop waiting until `waiting_for_data`."""
        self._received += size
        self._waiting = False
        if size:
            self.clear_notice()

    def tick(self, now: float | None = None) -> None:
        """Interrupt a response that comes too slowly; another thread calls this regularly."""
        now = time.monotonic() if now is None else now
        if self._deadline is not None and now > self._deadline[0]:
            self.stop(self._deadline[1])
        head_since = self._head_since
        if head_since is not None and now - head_since > HEAD_TIMEOUTS * self.timeout:
            self._head_since = None
            self.congested()
            self.interrupt(
                ServiceTimeout(
                    "The service has not finished the beginning of its answer in "
                    f"{now - head_since:.0f} s; try again"
                )
            )
        if not self._waiting:
            # The time is spent by the local disk, or by the caller.
            self._measured = None
            return
        if self._measured is None:
            self._measured = now, self._received
            return
        since, before = self._measured
        if now - since < self.timeout:
            return
        size = self._received - before
        self._measured = now, self._received
        if size < self.min_speed * (now - since):
            self.congested()
            what = f"only {size} bytes came in" if size else "no data for"
            self.interrupt(ServiceTimeout(f"{what} {now - since:.0f} s; try again"))

    def _shut(self) -> None:
        # Not the shutdown of TLS, which is not meant for two threads, but of the TCP socket below.
        connection = getattr(self._socket, "socket", self._socket)
        if isinstance(connection, socket.socket):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
