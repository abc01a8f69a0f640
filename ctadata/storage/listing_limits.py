"""Memory: how much all long listings of this process may take together."""

from __future__ import annotations

import threading
from collections import deque

__all__ = ["Memory", "Share"]


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
