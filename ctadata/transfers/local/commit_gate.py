"""Lets files get their final names until the transfer ends, and none afterwards."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...errors import TransferCancelled

__all__ = ["CommitGate"]

# Seconds that the end waits for a disk that does not rename, and then for one that does not remove.
PATIENCE = 0.1


class CommitGate:
    """Passed by each file that gets its final name; closed when the transfer ends.

    A thread that hangs in the system cannot be ended, and goes on some time after the transfer
    has ended. What it brings then must not appear.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = True
        # Those that are passing, and what removes their temporary files.
        self._passing: dict[object, Callable[[], None]] = {}

    @contextmanager
    def passing(self, remove: Callable[[], None]) -> Iterator[None]:
        """Keep the transfer from ending while a file is renamed.

        Parameters
        ----------
        remove : callable
            Removes the temporary file, so that it cannot be renamed any more. It is called from
            another thread where renaming takes too long when the transfer ends.

        Raises
        ------
        TransferCancelled
            If the transfer has ended.
        """
        me = object()
        with self._changed:
            if not self._open:
                raise TransferCancelled("The transfer has ended")
            self._passing[me] = remove
        try:
            yield
        finally:
            with self._changed:
                del self._passing[me]
                self._changed.notify_all()

    def close(self) -> None:
        """Let no file pass any more; those that are passing are waited for, or stopped."""
        with self._changed:
            self._open = False
            self._changed.wait_for(lambda: not self._passing, PATIENCE)
            late = list(self._passing.values())
        if late:
            removing = threading.Thread(
                target=lambda: [remove() for remove in late], name="ctadata-gate", daemon=True
            )
            removing.start()
            removing.join(PATIENCE)
