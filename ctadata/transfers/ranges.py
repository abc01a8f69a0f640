"""Which bytes of a file have been downloaded, and which stream downloads the others."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

__all__ = ["RangeLease", "RangeMap", "merge_ranges"]


def merge_ranges(ranges: Iterable[Sequence[int]]) -> list[tuple[int, int]]:
    """Return half-open ranges sorted, with those that touch or overlap merged."""
    result: list[tuple[int, int]] = []
    for start, stop in sorted((start, stop) for start, stop in ranges if start < stop):
        if result and start <= result[-1][1]:
            result[-1] = result[-1][0], max(result[-1][1], stop)
        else:
            result.append((start, stop))
    return result


class RangeLease:
    """The range that one stream downloads; ``[position, stop)`` is still missing.

    `stop` becomes smaller when another stream takes over the end of the range.
    """

    def __init__(self, start: int, stop: int) -> None:
        self.start = start
        self.position = start
        self.stop = stop


class RangeMap:
    """The ranges of one file; can be used from several threads at once.

    Parameters
    ----------
    size : int
        The file's size in bytes.
    done : iterable of pairs of int, optional
        What has been downloaded already: half-open ranges ``[start, stop)``, in bytes.
    """

    def __init__(self, size: int, done: Iterable[Sequence[int]] = ()) -> None:
        self.size = size
        self._done = merge_ranges(done)
        self._leases: list[RangeLease] = []
        self._ended = False
        self._changed = threading.Condition()

    def done(self) -> list[tuple[int, int]]:
        """Return the downloaded ranges, sorted; they neither touch nor overlap."""
        with self._changed:
            return self._all_done()

    def count(self) -> int:
        """Return the number of downloaded bytes."""
        return sum(stop - start for start, stop in self.done())

    def complete(self) -> bool:
        """Whether every byte has been downloaded."""
        return self.size == 0 or self.done() == [(0, self.size)]

    def lease(self, length: int, smallest: int) -> RangeLease | None:
        """Lease up to `length` missing bytes; no byte is leased twice.

        Bytes that nobody downloads yet come first. Otherwise the end of the longest lease is taken
        over, if its stream still has at least twice `smallest` before it.

        Returns
        -------
        RangeLease or None
            To be given back with `release`; None if there is nothing to lease.
        """
        with self._changed:
            if self._ended:
                return None
            taken = merge_ranges([*self._done, *((one.start, one.stop) for one in self._leases)])
            start = 0
            for begin, end in [*taken, (self.size, self.size)]:
                if start < begin:
                    return self._add(start, min(begin, start + length))
                start = end
            longest = max(self._leases, key=lambda one: one.stop - one.position, default=None)
            if longest is None or longest.stop - longest.position < 2 * smallest:
                return None
            stop = longest.stop
            longest.stop -= min(length, (stop - longest.position) // 2)
            return self._add(longest.stop, stop)

    def advance(self, lease: RangeLease, size: int) -> None:
        """Count the next `size` bytes of a lease as downloaded."""
        with self._changed:
            lease.position += size

    def release(self, lease: RangeLease) -> None:
        """End a lease; its downloaded bytes stay."""
        with self._changed:
            self._leases.remove(lease)
            self._done = merge_ranges([*self._done, (lease.start, lease.position)])
            self._changed.notify_all()

    def end(self) -> None:
        """Grant no more leases, and let each lease end where its stream is."""
        with self._changed:
            self._ended = True
            for lease in self._leases:
                lease.stop = lease.position

    def wait(self, timeout: float) -> bool:
        """Wait until a lease ends; return whether any is left."""
        with self._changed:
            if self._leases:
                self._changed.wait(timeout)
            return bool(self._leases)

    def longest_lease(self) -> int:
        """Return the bytes that are still missing of the longest lease."""
        with self._changed:
            return max((one.stop - one.position for one in self._leases), default=0)

    def _all_done(self) -> list[tuple[int, int]]:
        return merge_ranges([*self._done, *((one.start, one.position) for one in self._leases)])

    def _add(self, start: int, stop: int) -> RangeLease:
        lease = RangeLease(start, stop)
        self._leases.append(lease)
        return lease
