"""How far a transfer is: bytes, files, and a smoothed rate; and what it has left out."""

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

# Seconds between two samples of the rate, and over which it is smoothed.
SAMPLE_INTERVAL = 0.5
SMOOTHING_TIME = 4.0


class Amounts(NamedTuple):
    """How much is there; openapi.yaml's ``Transfer`` says what each of them is."""

    bytes_done: int = 0
    bytes_total: int | None = None
    files_done: int = 0
    files_total: int | None = None


class Progress:
    """How far one transfer is, from what the client dispatcher of its files.

    Parameters
    ----------
    source : str, optional
        The path that the transfer is about; a report on it means that it is one file.
    files : int, optional
        The number of files, where it is known beforehand.
    before : Amounts, optional
        What an earlier try has left; it holds until this one has found its first bytes.
    clock : callable, optional
        Seconds of a clock that never goes back.

    Attributes
    ----------
    counting : bool
        Whether there may be more files than were found so far.
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
        self._tally = TransferTotals()
        self._complete = False
        self.counting = files is None
        self._rate: float | None = None
        self._sampled_at = clock()
        self._sampled_bytes = 0

    @property
    def amounts(self) -> Amounts:
        """How much is there now, also of what was there before."""
        tally = self._tally
        if self._complete:
            return Amounts(tally.bytes_done, tally.bytes_done, tally.files_done, tally.files_done)
        if self._before.bytes_done and not tally.bytes_done:
            return self._before
        sized = tally.files_found and tally.sized
        return Amounts(
            tally.bytes_done,
            tally.bytes_found if sized else None,
            tally.files_done,
            self._files or tally.files_found or None,
        )

    def record(self, path: str, done: int, total: int | None, state: str) -> None:
        """Take a report of the client (`ctadata.transfers.progress.OnProgress`)."""
        if path == self._source:
            self.counting = False
        self._tally.record(path, done, total, state)
        self._sample()

    def rate(self) -> float | None:
        """Return the smoothed rate in bytes per second, None before the first half second."""
        self._sample()
        return self._rate

    def end(self, *, complete: bool) -> None:
        """Take note that nothing more will come; `complete`: because all of it came."""
        self.counting = False
        self._complete = complete

    def _sample(self) -> None:
        elapsed = self._clock() - self._sampled_at
        if elapsed < SAMPLE_INTERVAL:
            return
        moved = self._tally.bytes_moved
        # A file that is started anew takes back what was counted.
        now = max(0, moved - self._sampled_bytes) / elapsed
        if self._rate is None:
            self._rate = now
        else:
            self._rate += (1 - math.exp(-elapsed / SMOOTHING_TIME)) * (now - self._rate)
        self._sampled_at += elapsed
        self._sampled_bytes = moved


class LeftOutCount:
    """Counts what one transfer leaves out, and tells it at the end of a ``with`` block.

    Parameters
    ----------
    on_notice : callable
        Is told of it, as something about the whole transfer.
    before : mapping of str to int, optional
        How much of each kind was left out before the transfer.
    """

    def __init__(self, on_notice: OnNotice, before: Mapping[str, int] | None = None) -> None:
        self._on_notice = on_notice
        self._counts = Counter(before)

    def take(self, result: Result) -> None:
        """Take what became of a file (`ctadata.transfers.progress.OnResult`)."""
        if result.kind is not None:
            self._counts[result.kind] += 1

    def __enter__(self) -> LeftOutCount:
        """Begin."""
        return self

    def __exit__(self, *error: object) -> None:
        """Say how much was left out, also where other files failed."""
        if self._counts:
            self._on_notice("", f"{left_out_text(self._counts)} left out")
