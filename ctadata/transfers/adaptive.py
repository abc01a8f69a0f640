"""Decides how many streams download one file."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

__all__ = ["AdaptiveStreams"]

# Seconds over which the speed is measured before another stream is added.
PATIENCE = 3.0
# Another stream must make the download faster by this factor.
GAIN = 1.2
# After so many interrupted streams no more are added.
FAILURES = 3


class AdaptiveStreams:
    """Decides whether another stream of a file is worth its connection.

    Another stream adds speed if the link limits each connection. If the service or the whole link
    is the limit, it only takes speed from the others, and from other people.

    Parameters
    ----------
    streams : int, optional
        A fixed number of streams; by default as many as make the download faster.
    clock : callable, optional
        Returns the time in seconds.
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
        """Count an additional stream that was interrupted."""
        with self._lock:
            self._failures += 1

    def wants_more(self, done: int, streams: int) -> bool:
        """Whether another stream should be added to these, which have received `done` bytes."""
        with self._lock:
            if self._failures >= FAILURES:
                return False
            if self._streams is not None:
                return streams < self._streams
            now = self._clock()
            if streams != self._number:
                # The effect of one more or less shows only after a while.
                self._number, self._since, self._before = streams, now, done
                return False
            if now - self._since < PATIENCE:
                return False
            speed = (done - self._before) / (now - self._since)
            self._since, self._before = now, done
            if speed < self._speed * GAIN:
                # The last stream did not help.
                self._failures = FAILURES
                return False
            self._speed = speed
            return True
