"""How much of a listing is read, and how much memory all long listings together may take."""

from __future__ import annotations

import threading
from collections import deque
from typing import NamedTuple

__all__ = ["DEFAULT", "MAX_LISTING_BYTES", "MAX_LISTING_ENTRIES", "Limits", "Memory", "Share"]

MAX_LISTING_ENTRIES = 1_000_000
# About 250 bytes are sent for an entry.
MAX_LISTING_BYTES = 512 << 20


class Limits(NamedTuple):
    """Where a listing is cut.

    Attributes
    ----------
    entries : int
        The entries that are read.
    size : int
        The bytes of the service's answer that are read.
    """

    entries: int = MAX_LISTING_ENTRIES
    size: int = MAX_LISTING_BYTES


#: The limits where nothing else is set.
DEFAULT = Limits()


class Memory:
    """The memory that objects of one kind may take, each and all together.

    Parameters
    ----------
    each, together : int
        Bytes.
    """

    def __init__(self, each: int, together: int) -> None:
        self.each = each
        self._together = together
        self._taken = 0
        # Bytes given back. Objects are deleted at any moment, so this takes no lock.
        self._returned: deque[int] = deque()
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Take so many bytes; return whether there was room."""
        with self._lock:
            while self._returned:
                self._taken -= self._returned.popleft()
            if self._taken + size > self._together:
                return False
            self._taken += size
        return True

    def give_back(self, size: int) -> None:
        """Give so many bytes back."""
        self._returned.append(size)


class Share:
    """One object's share of a `Memory`; it is given back when the share is deleted."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._taken = 0

    def take(self, size: int) -> bool:
        """Take so many bytes more; return whether there was room."""
        if self._taken + size > self._memory.each or not self._memory.take(size):
            return False
        self._taken += size
        return True

    def __del__(self) -> None:
        self._memory.give_back(self._taken)
