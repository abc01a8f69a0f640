"""Which bytes of a file are there, and which stream brings which of the others."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence

__all__ = ["RangeLease", "RangeMap", "merged"]


def merged(spans: Iterable[Sequence[int]]) -> list[tuple[int, int]]:
    """Return half-open spans sorted, with those that touch or overlap made one."""
    result: list[tuple[int, int]] = []
    for start, stop in sorted((start, stop) for start, stop in spans if start < stop):
        if result and start <= result[-1][1]:
            result[-1] = result[-1][0], max(result[-1][1], stop)
        else:
            result.append((start, stop))
    return result


class RangeLease:
    """The bytes that one stream brings: ``[position, stop)`` are still to come.

    Its end moves towards it when another stream takes over a part.
    """

    def __init__(self, start: int, stop: int) -> None:
        self.start = start
        self.position = start
        self.stop = stop


class RangeMap:
    """The bytes of one file; can be used from several threads at once.

    Parameters
    ----------
    size : int
        The file's size in bytes.
    done : iterable of pairs of int, optional
        What is there already: half-open spans ``[start, stop)``, in bytes.
    """

    def __init__(self, size: int, done: Iterable[Sequence[int]] = ()) -> None:
        self.size = size
        self._done = merged(done)
        self._claims: list[RangeLease] = []
        self._ended = False
        self._changed = threading.Condition()

    def done(self) -> list[tuple[int, int]]:
        """Return what is there: sorted spans that neither touch nor overlap."""
        with self._changed:
            return self._all_done()

    def count(self) -> int:
        """Return the number of bytes that are there."""
        return sum(stop - start for start, stop in self.done())

    def complete(self) -> bool:
        """Whether every byte is there."""
        return self.size == 0 or self.done() == [(0, self.size)]

    def claim(self, length: int, smallest: int) -> RangeLease | None:
        """Lease up to `length` bytes that are missing; none is claimed twice.

        What nobody brings yet comes first; otherwise the end of the longest claim is taken
        over, where its stream has more than twice `smallest` before it.

        Returns
        -------
        RangeLease or None
            To be given back with `release`; None where there is nothing to claim.
        """
        with self._changed:
            if self._ended:
                return None
            taken = merged([*self._done, *((c.start, c.stop) for c in self._claims)])
            start = 0
            for begin, end in [*taken, (self.size, self.size)]:
                if start < begin:
                    return self._add(start, min(begin, start + length))
                start = end
            longest = max(self._claims, key=lambda c: c.stop - c.position, default=None)
            if longest is None or longest.stop - longest.position < 2 * smallest:
                return None
            stop = longest.stop
            longest.stop -= min(length, (stop - longest.position) // 2)
            return self._add(longest.stop, stop)

    def advance(self, claim: RangeLease, size: int) -> None:
        """Take note that the next `size` bytes of a claim are there."""
        with self._changed:
            claim.position += size

    def release(self, claim: RangeLease) -> None:
        """Give a claim back; what it brought stays."""
        with self._changed:
            self._claims.remove(claim)
            self._done = merged([*self._done, (claim.start, claim.position)])
            self._changed.notify_all()

    def end(self) -> None:
        """Let nothing more be claimed, and let each claim end where its stream is."""
        with self._changed:
            self._ended = True
            for claim in self._claims:
                claim.stop = claim.position

    def wait(self, timeout: float) -> bool:
        """Wait until a claim is given back; return whether any is left."""
        with self._changed:
            if self._claims:
                self._changed.wait(timeout)
            return bool(self._claims)

    def longest_claim(self) -> int:
        """Return the bytes that the busiest stream still has before it."""
        with self._changed:
            return max((claim.stop - claim.position for claim in self._claims), default=0)

    def _all_done(self) -> list[tuple[int, int]]:
        return merged([*self._done, *((c.start, c.position) for c in self._claims)])

    def _add(self, start: int, stop: int) -> RangeLease:
        claim = RangeLease(start, stop)
        self._claims.append(claim)
        return claim
