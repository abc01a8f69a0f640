"""How far a transfer is: bytes, files, and a smoothed rate."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

__all__ = ["Progress"]

# Seconds between two samples of the rate, and over which it is smoothed.
SAMPLE_INTERVAL = 0.5
SMOOTHING_TIME = 4.0


class Progress:
    """Adds up what the client reports of the files of one transfer.

    Parameters
    ----------
    source : str, optional
        The path that the transfer is about; a report on it means that it is one file.
    files : int, optional
        The number of files, where it is known beforehand.
    clock : callable, optional
        Seconds of a clock that never goes back.
    """

    def __init__(
        self,
        source: str = "",
        *,
        files: int | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._clock = clock
        self._under_way: dict[str, int] = {}
        self._bytes_of_ended = 0
        self.files_done = 0
        self.files_total = files
        self.bytes_total: int | None = None
        self._rate: float | None = None
        self._sampled_at = clock()
        self._sampled_bytes = 0

    @property
    def bytes_done(self) -> int:
        """Bytes transferred so far."""
        return self._bytes_of_ended + sum(self._under_way.values())

    def record(self, path: str, done: int, total: int | None, state: str) -> None:
        """Take a report of the client (`ctadata.transfers`, ``on_progress``).

        Parameters
        ----------
        path : str
            The remote path of the file.
        done : int
            Bytes of it that are transferred.
        total : int or None
            Its size in bytes.
        state : str
            ``'running'``, ``'finished'`` or ``'failed'``.
        """
        if path == self._source:
            self.files_total = 1
        if self.files_total == 1:
            self.bytes_total = total
        if state == "running":
            self._under_way[path] = done
        else:
            self._under_way.pop(path, None)
            self._bytes_of_ended += done
            self.files_done += state != "failed"
        self._sample()

    def rate(self) -> float | None:
        """Return the smoothed rate in bytes per second, None before the first half second."""
        self._sample()
        return self._rate

    def end(self, *, complete: bool) -> None:
        """Take note that nothing more will come; `complete`: because all of it came."""
        if complete:
            self.files_total = self.files_done
            self.bytes_total = self.bytes_done

    def _sample(self) -> None:
        elapsed = self._clock() - self._sampled_at
        if elapsed < SAMPLE_INTERVAL:
            return
        done = self.bytes_done
        # A file that is started anew takes back what was counted.
        now = max(0, done - self._sampled_bytes) / elapsed
        if self._rate is None:
            self._rate = now
        else:
            self._rate += (1 - math.exp(-elapsed / SMOOTHING_TIME)) * (now - self._rate)
        self._sampled_at += elapsed
        self._sampled_bytes = done
