"""Reports the progress, results and notices of transfers to callbacks."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .._arguments import callback
from ..errors import CTADataError

__all__ = [
    "CallbackDispatcher",
    "CallbackFailed",
    "Cancel",
    "FileProgress",
    "OnNotice",
    "OnProgress",
    "OnResult",
    "Result",
]


# Seconds that the end of a transfer waits for a callback that is still running.
PATIENCE = 0.1


@dataclass(frozen=True, slots=True)
class Result:
    """The result for one file.

    Attributes
    ----------
    path : str
        The remote path.
    local : str
        The local path.
    size : int or None
        Its size in bytes; None if unknown.
    state : str
        ``finished``, ``skipped`` (it existed already), ``failed``, ``planned`` (in a dry run), or,
        for what was found in a directory, ``left out``.
    error : CTADataError, optional
        Why it failed.
    kind : str, optional
        What was left out: ``hidden file``, ``hidden directory``, ``link``, ``pipe``, ``socket``,
        ``device``, ``private key``, ``certificate``. For a file that was replaced during the
        transfer: what it is now, or ``file behind a link`` if a directory above it was replaced by
        a link.
    """

    path: str
    local: str
    size: int | None
    state: str
    error: CTADataError | None = None
    kind: str | None = None


#: Called with the remote path, the bytes done, the total bytes (None if unknown) and the state:
#: ``waiting`` (found, not begun), ``running``, and at the end one of ``finished``, ``skipped``,
#: ``failed``, ``cancelled`` and ``left out`` (no longer a file; not counted). Called from any
#: thread, but never from two at once.
OnProgress = Callable[[str, int, "int | None", str], None]

#: Called once for each file when it ends, and once for each item that is left out. Called from any
#: thread, but never from two at once.
OnResult = Callable[[Result], None]

#: Called with the path of a file or directory and a sentence while its transfer waits for a retry,
#: such as ``trying again (2 of 4) in 5 s: no data for 60 s``, and with None once it goes on. Called
#: from any thread, but never from two at once.
OnNotice = Callable[[str, "str | None"], None]

#: An event that is set, or a function that returns True, once the transfer is to stop.
Cancel = threading.Event | Callable[[], bool]


class CallbackFailed(BaseException):
    """A callback of the caller raised an exception.

    This is not an `Exception`, so that no handler on the way takes the callback's OSError for one
    of the disk or the network, or its CTADataError for a failure of the file.

    Attributes
    ----------
    error : BaseException
        What the callback raised.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class CallbackDispatcher:
    """Calls the callbacks of a transfer for all of its threads, one at a time.

    Parameters
    ----------
    on_progress, on_result, on_notice : callable, optional
        The callbacks.
    """

    def __init__(
        self,
        on_progress: OnProgress | None = None,
        on_result: OnResult | None = None,
        on_notice: OnNotice | None = None,
    ) -> None:
        self._on_progress = callback(on_progress, "on_progress")
        self._on_result = callback(on_result, "on_result")
        self._on_notice = callback(on_notice, "on_notice")
        self._lock = threading.Lock()
        self._closed = False

    @property
    def tells_results(self) -> bool:
        """Whether there is a callback for results."""
        return self._on_result is not None

    def progress(self, path: str, done: int, total: int | None, state: str) -> None:
        """Report the progress of a file."""
        self._tell(self._on_progress, path, done, total, state)

    def result(self, result: Result) -> None:
        """Report the result for a file."""
        self._tell(self._on_result, result)

    def notice(self, path: str, text: str | None) -> None:
        """Report why a transfer waits; None if it goes on."""
        self._tell(self._on_notice, path, text)

    def _tell(self, callback: Callable[..., None] | None, *arguments: Any) -> None:
        """Call a callback, if there is one.

        Raises
        ------
        CallbackFailed
            If the callback raises.
        """
        if callback is None:
            return
        with self._lock:
            if not self._closed:
                try:
                    callback(*arguments)
                except BaseException as error:
                    raise CallbackFailed(error) from error

    def close(self) -> None:
        """Call no more callbacks; the transfer has ended, but a thread of it may still hang."""
        self._closed = True
        # Wait for a running callback, but not forever.
        if self._lock.acquire(timeout=PATIENCE):
            self._lock.release()


class FileProgress:
    """Counts the bytes of one file that are done; can be used from several threads at once.

    Parameters
    ----------
    dispatcher : CallbackDispatcher
        Receives each step.
    path : str
        The remote path.
    total : int or None
        Its size in bytes.
    """

    def __init__(self, dispatcher: CallbackDispatcher, path: str, total: int | None) -> None:
        self._dispatcher = dispatcher
        self._lock = threading.Lock()
        self.path = path
        self.total = total
        self.done = 0

    def step(self, size: int) -> None:
        """Count `size` more bytes; negative for bytes that have to be transferred again."""
        with self._lock:
            self.done += size
        self.tell("running")

    def tell(self, state: str) -> None:
        """Report the current state of the file."""
        self._dispatcher.progress(self.path, self.done, self.total, state)
