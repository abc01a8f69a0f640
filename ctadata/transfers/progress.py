"""How transfers say how far they are."""

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


# Seconds that the end of a transfer waits for somebody who is being told something.
PATIENCE = 0.1


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one file.

    Attributes
    ----------
    path : str
        The remote path.
    local : str
        The local path.
    size : int or None
        Its size in bytes; None where it is not known.
    state : str
        ``finished``, ``skipped`` (it was there already), ``failed``, ``planned`` where
        nothing was to be transferred, or, of what is in a directory, ``left out``.
    error : CTADataError, optional
        Why it failed.
    kind : str, optional
        Of what was left out: ``hidden file``, ``hidden directory``, ``link``, ``pipe``,
        ``socket``, ``device``, ``private key``, ``certificate``; of a file that was replaced during
        the transfer, what it is now, or ``file behind a link``, where a directory above it was
        replaced by a link.
    """

    path: str
    local: str
    size: int | None
    state: str
    error: CTADataError | None = None
    kind: str | None = None


#: Called with the remote path, the bytes done, the bytes in all (None if unknown) and the
#: state: ``waiting`` (found, not begun), ``running``, and at the end one of ``finished``,
#: ``skipped``, ``failed``, ``cancelled`` and ``left out`` (what was found is no file any more, and
#: does not count). Called from any thread, but never from two at once.
OnProgress = Callable[[str, int, "int | None", str], None]

#: Called once for each file, at its end, and once for each thing that is left out. Called from any
#: thread, but never from two at once.
OnResult = Callable[[Result], None]

#: Called with the path of a file or directory and a sentence while its transfer waits before it is
#: tried again, such as ``trying again (2 of 4) in 5 s: no data for 60 s``; and with None once it
#: goes on. Called from any thread, but never from two at once.
OnNotice = Callable[[str, "str | None"], None]

#: Set, or returning True, once the transfer is to stop.
Cancel = threading.Event | Callable[[], bool]


class CallbackFailed(BaseException):
    """A callback of the caller has raised an exception.

    It is no `Exception`, so that nobody on the way takes an OSError for one of the disk or the
    network, or a CTADataError for a failure of the file.

    Attributes
    ----------
    error : BaseException
        What the callback has raised.
    """

    def __init__(self, error: BaseException) -> None:
        super().__init__(error)
        self.error = error


class CallbackDispatcher:
    """Passes on what the threads of a transfer have to say, one at a time.

    Parameters
    ----------
    on_progress, on_result, on_notice : optional
        Who is told.
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
        """Whether somebody is told what becomes of each file."""
        return self._on_result is not None

    def progress(self, path: str, done: int, total: int | None, state: str) -> None:
        """Say how far a file is."""
        self._tell(self._on_progress, path, done, total, state)

    def result(self, result: Result) -> None:
        """Say what became of a file."""
        self._tell(self._on_result, result)

    def notice(self, path: str, text: str | None) -> None:
        """Say why a transfer waits, or None: that it goes on."""
        self._tell(self._on_notice, path, text)

    def _tell(self, callback: Callable[..., None] | None, *what: Any) -> None:
        """Call a callback, unless there is none.

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
                    callback(*what)
                except BaseException as error:
                    raise CallbackFailed(error) from error

    def close(self) -> None:
        """Tell nothing any more: the transfer has ended, though a thread of it may still hang."""
        self._closed = True
        # What is being told just now is waited for, but not for ever.
        if self._lock.acquire(timeout=PATIENCE):
            self._lock.release()


class FileProgress:
    """Counts the bytes of one file that are done; several threads may bring some.

    Parameters
    ----------
    dispatcher : CallbackDispatcher
        Is told of each step.
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
        """Count `size` more bytes; fewer, where what had come was of no use."""
        with self._lock:
            self.done += size
        self.tell("running")

    def tell(self, state: str) -> None:
        """Say the state that the file is in now."""
        self._dispatcher.progress(self.path, self.done, self.total, state)
