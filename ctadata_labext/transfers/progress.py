"""Progress of a transfer: bytes, files, a smoothed rate, and the files that were left out."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import NamedTuple

from ctadata.transfers.local.upload_tree import left_out_text
from ctadata.transfers.progress import OnNotice, Result
from ctadata.transfers.transfer_totals import TransferTotals

__all__ = ["Amounts", "LeftOutCount", "Progress"]

# Seconds between two samples of the rate, and the time constant of its smoothing.
SAMPLE_INTERVAL = 0.5
SMOOTHING_TIME = 4.0


class Amounts(NamedTuple):
    """Bytes and files of a transfer; described in openapi.yaml's ``Transfer``."""

    bytes_done: int = 0
    bytes_total: int | None = None
    files_done: int = 0
    files_total: int | None = None


class Progress:
    """The progress of one transfer, from the client's reports about its files.

    Parameters
    ----------
    source : str, optional
        The source of the transfer; a report about this path means that it is a single file.
    files : int, optional
        The number of files, if known in advance.
    before : Amounts, optional
        The amounts of an earlier try; valid until this one reports its first bytes.
    clock : callable, optional
        A monotonic clock, in seconds.

    Attributes
    ----------
    counting : bool
        Whether more files may still be found.
    """

    def __init__(
        self,
        source: str = "",
        *,
        files: int | None = None,
        before: Amounts | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._source = source
        self._files = files
        self._before = before or Amounts()
        self._clock = clock
        self._totals = TransferTotals()
        self._complete = False
        self.counting = files is None
        self._rate: float | None = None
        self._sampled_at = clock()
        self._sampled_bytes = 0

    @property
    def amounts(self) -> Amounts:
        """Bytes and files that are complete, including those of earlier tries."""
        totals = self._totals
        if self._complete:
            size, files = totals.bytes_done, totals.files_done
            return Amounts(size, size, files, files)
        if self._before.bytes_done and not totals.bytes_done:
            return self._before
        sized = totals.files_found and totals.sized
        return Amounts(
            totals.bytes_done,
            totals.bytes_found if sized else None,
            totals.files_done,
            self._files or totals.files_found or None,
        )

    def record(self, path: str, done: int, total: int | None, state: str) -> None:
        """Record a report of the client (`ctadata.transfers.progress.OnProgress`)."""
        if path == self._source:
            self.counting = False
        self._totals.record(path, done, total, state)
        self._sample()

    def rate(self) -> float | None:
        """Return the smoothed rate in bytes per second, None before the first half second."""
        self._sample()
        return self._rate

    def end(self, *, complete: bool) -> None:
        """End the counting; `complete`: with success."""
        self.counting = False
        self._complete = complete

    def _sample(self) -> None:
        elapsed = self._clock() - self._sampled_at
        if elapsed < SAMPLE_INTERVAL:
            return
        moved = self._totals.bytes_moved
        # When a file is started again, its bytes are subtracted.
        now = max(0, moved - self._sampled_bytes) / elapsed
        if self._rate is None:
            self._rate = now
        else:
            self._rate += (1 - math.exp(-elapsed / SMOOTHING_TIME)) * (now - self._rate)
        self._sampled_at += elapsed
        self._sampled_bytes = moved


class LeftOutCount:
    """Counts files that one transfer leaves out, and reports them at the end of a ``with`` block.

    Parameters
    ----------
    on_notice : callable
        Called with a notice about the whole transfer.
    before : mapping of str to int, optional
        How many of each kind were left out before the transfer.
    """

    def __init__(self, on_notice: OnNotice, before: Mapping[str, int] | None = None) -> None:
        self._on_notice = on_notice
        self._counts = Counter(before)

    def take(self, result: Result) -> None:
        """Count the result of a file (`ctadata.transfers.progress.OnResult`)."""
        if result.kind is not None:
            self._counts[result.kind] += 1

    def __enter__(self) -> LeftOutCount:
        """Enter the block."""
        return self

    def __exit__(self, *error: object) -> None:
        """Report the numbers, even if other files failed."""
        if self._counts:
            self._on_notice("", f"{left_out_text(self._counts)} left out")
