"""How a transfer says how far it is, and how it is told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..errors import TransferCancelled

__all__ = ["OnProgress", "Watch"]

#: Called with the remote path, the bytes done, the bytes in all (None if unknown) and the
#: state: ``running``, ``finished`` or ``failed``. It may be called from any thread.
OnProgress = Callable[[str, int, "int | None", str], None]


class Watch:
    """One file's progress.

    Parameters
    ----------
    path : str
        The remote path.
    total : int or None
        Its size in bytes.
    on_progress : OnProgress, optional
        Is told of each step.
    cancel : threading.Event, optional
        Once set, the next step raises.
    """

    def __init__(
        self,
        path: str,
        total: int | None,
        on_progress: OnProgress | None = None,
        cancel: threading.Event | None = None,
    ) -> None:
        self.path = path
        self.total = total
        self.done = 0
        self._on_progress = on_progress
        self._cancel = cancel

    def step(self, size: int) -> None:
        """Count `size` more bytes.

        Raises
        ------
        TransferCancelled
            If the transfer was cancelled meanwhile.
        """
        if self._cancel is not None and self._cancel.is_set():
            raise TransferCancelled(f"The transfer of {self.path!r} was cancelled", path=self.path)
        self.done += size
        self.tell("running")

    def tell(self, state: str) -> None:
        """Say the state that the file is in now."""
        if self._on_progress is not None:
            self._on_progress(self.path, self.done, self.total, state)
