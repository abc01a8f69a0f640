"""No downloaded file gets its final name after its transfer has ended."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ...errors import TransferCancelled

__all__ = ["CommitGate"]

# Seconds that `close` waits for files being renamed, and then for removing late ones.
PATIENCE = 0.1


class CommitGate:
    """Passed by each file when it is renamed; closed when the transfer ends.

    A thread that hangs in a system call cannot be stopped and may continue after the end of the
    transfer. Its file must not appear then.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._open = True
        # For each file that is passing: a function that removes its temporary file.
        self._passing: dict[object, Callable[[], None]] = {}

    @contextmanager
    def passing(self, remove: Callable[[], None]) -> Iterator[None]:
        """Let one file pass; the transfer does not end before it is renamed.

        Parameters
        ----------
        remove : callable
            Removes the temporary file, so that it can no longer be renamed. Called from another
            thread if renaming takes too long at the end of the transfer.

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
        """Let no more files pass; wait for those that are passing, or remove them."""
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
