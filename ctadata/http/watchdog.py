"""Watchdog: stops work from another thread, while it connects, waits, reads, sends or pauses."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from ..errors import CTADataError, ServiceTimeout

__all__ = ["Watchdog"]

# Time-outs after which the head of an answer counts as stalled, though a byte comes now and then.
# Silence ends earlier, by the socket's own time-out, and is tried again.
HEAD_TIMEOUTS = 2


class Watchdog:
    """Watches over one thread's requests.

    A blocking read knows no event to wait for beside its socket. So whoever wants to stop it
    shuts the socket down, and what the read then raises is replaced by the reason.

    Parameters
    ----------
    timeout : float
        Seconds over which the speed is measured.
    min_speed : float
        Bytes per second below which a body counts as stalled.
    on_congestion : callable, optional
        Called when the service asks for fewer requests, or does not answer in time.
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
        #: Is told why the work waits, and None once it goes on.
        self.on_notice: Callable[[str | None], None] = lambda text: None
        self._deadline: tuple[float, CTADataError] | None = None
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._socket: Any = None
        self._stopped: CTADataError | None = None
        self._interrupted: CTADataError | None = None
        self._reading = False
        self._asked: float | None = None
        self._noticed = False
        self._received = 0
        self._measured: tuple[float, int] | None = None

    def stop(self, error: CTADataError) -> None:
        """Let what is under way, and all that would come after it, raise `error`."""
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
        """Let the body that is being read raise `error`."""
        with self._lock:
            if self._socket is not None:
                self._interrupted = error
                self._shut()

    def limit(self, seconds: float, error: CTADataError) -> None:
        """Stop with `error` what takes longer than so many seconds from now."""
        self._deadline = time.monotonic() + seconds, error

    def check(self) -> None:
        """Raise what the work was stopped or interrupted with."""
        with self._lock:
            interrupted, self._interrupted = self._interrupted, None
            error = self._stopped or interrupted
        if error is not None:
            raise error

    def pause(self, seconds: float) -> None:
        """Wait, unless the work is stopped."""
        self._woken.wait(seconds)
        self.check()

    def notice(self, text: str) -> None:
        """Say why the work waits, until bytes come or are sent again."""
        self._noticed = True
        self.on_notice(text)

    def quiet(self) -> None:
        """Say that it no longer waits."""
        if self._noticed:
            self._noticed = False
            self.on_notice(None)

    def attach(self, connection: Any) -> None:
        """Take note of the socket that a request goes through."""
        with self._lock:
            self._socket = connection
            self._asked = None
            if self._stopped is not None:
                self._shut()

    def detach(self) -> None:
        """Forget the socket, before anybody else may use it, and what interrupted its answer."""
        with self._lock:
            self._socket = None
            self._measured = None
            self._reading = False
            self._asked = None
            self._interrupted = None

    def asked(self) -> None:
        """Take note that the head of an answer is waited for."""
        self._asked = time.monotonic()

    def answered(self) -> None:
        """Take note that the head has come, and that the body is read later."""
        self._asked = None

    def reading(self) -> None:
        """Take note that bytes are waited for."""
        self._reading = True

    def handled(self, size: int) -> None:
        """Take note that so many bytes came, and that nothing is waited for at the moment."""
        self._received += size
        self._reading = False
        if size:
            self.quiet()

    def watch(self, now: float | None = None) -> None:
        """Interrupt an answer that comes too slowly; called from time to time by another thread."""
        now = time.monotonic() if now is None else now
        if self._deadline is not None and now > self._deadline[0]:
            self.stop(self._deadline[1])
        asked = self._asked
        if asked is not None and now - asked > HEAD_TIMEOUTS * self.timeout:
            self._asked = None
            self.congested()
            self.interrupt(
                ServiceTimeout(
                    "The service has not finished the beginning of its answer in "
                    f"{now - asked:.0f} s; try again"
                )
            )
        if not self._reading:
            # What takes time now is the local disk.
            self._measured = None
            return
        if self._measured is None:
            self._measured = now, self._received
            return
        since, before = self._measured
        if now - since < self.timeout:
            return
        came = self._received - before
        self._measured = now, self._received
        if came < self.min_speed * (now - since):
            self.congested()
            what = f"only {came} bytes came in" if came else "no data for"
            self.interrupt(ServiceTimeout(f"{what} {now - since:.0f} s; try again"))

    def _shut(self) -> None:
        # Of TLS only the TCP connection below: its own shutdown is not meant for two threads.
        connection = getattr(self._socket, "socket", self._socket)
        if isinstance(connection, socket.socket):
            with contextlib.suppress(OSError):
                socket.socket.shutdown(connection, socket.SHUT_RDWR)
