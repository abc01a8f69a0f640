"""Whether further streams make a download faster."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["AdaptiveStreams"]

# Seconds of one stream before another is tried, and over which its effect is measured.
PATIENCE = 3.0
# So much faster at least has another stream to make it.
GAIN = 1.2
# Streams that may break off before no more are tried.
FAILURES = 3


class AdaptiveStreams:
    """Decides about further streams of one file.

    Where the link holds each connection back, another one adds its speed; where the service or
    the whole link is the limit it takes from the others, and from other people.

    Parameters
    ----------
    streams : int, optional
        How many there are to be; by default as many as make it faster.
    clock : callable, optional
        Gives the seconds.
    """

    def __init__(self, streams: int | None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._streams = streams
        self._clock = clock
        self._lock = threading.Lock()
        self._since = clock()
        self._before = 0
        self._number = 0
        self._speed = 0.0
        self._failures = 0

    def failed(self) -> None:
        """Take note that a further stream broke off."""
        with self._lock:
            self._failures += 1

    def wants_more(self, done: int, streams: int) -> bool:
        """Whether another stream should be tried.

        Parameters
        ----------
        done : int
            The bytes that have come so far.
        streams : int
            The streams that there are.
        """
        with self._lock:
            if self._failures >= FAILURES:
                return False
            if self._streams is not None:
                return streams < self._streams
            now = self._clock()
            if streams != self._number:
                # What one more or less does is seen only after a while.
                self._number, self._since, self._before = streams, now, done
                return False
            if now - self._since < PATIENCE:
                return False
            speed = (done - self._before) / (now - self._since)
            self._since, self._before = now, done
            if speed < self._speed * GAIN:
                # The last one was of no use.
                self._failures = FAILURES
                return False
            self._speed = speed
            return True
