"""Collects the results of one transfer, and decides when to give up the rest."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .._local_errors import local_errors
from ..errors import (
    AuthenticationError,
    CTADataError,
    NoSpace,
    ServiceUnreachable,
    TransferCancelled,
    TransferError,
)
from .local.part_file import DoesNotFit
from .progress import CallbackDispatcher, FileProgress, Result

__all__ = ["FATAL", "ResultCollector", "budget"]

# After these errors everything else would fail in the same way.
FATAL = (AuthenticationError, NoSpace, TransferCancelled)
# The time limit of a file: so many time-outs, plus its size at this speed in bytes per second.
TIMEOUTS = 10
SLOWEST = 16 << 10


def budget(path: str, size: int | None, timeout: float) -> tuple[float, TransferError]:
    """Return the seconds that a file may take in all, and the error if it takes longer.

    `timeout` are the seconds of silence after which the service counts as stalled.
    """
    seconds = TIMEOUTS * timeout + (1 << 40 if size is None else size) / SLOWEST
    return seconds, TransferError(
        f"{path!r} takes longer than {seconds:.0f} s; run it again to resume", path=path
    )


class ResultCollector:
    """Collects results and failures; can be used from several threads at once.

    Parameters
    ----------
    dispatcher : CallbackDispatcher
        Is told when a file has ended.
    jobs : int
        Files at a time: when more than so many in a row cannot reach the service, it is gone.

    Attributes
    ----------
    bytes : int
        The bytes of all files that are where they should be.
    left_out : collections.Counter
        How much was left out of directories, by its kind.
    single : bool
        Whether a file was asked for by itself, and not as one of a directory.
    """

    def __init__(self, dispatcher: CallbackDispatcher, jobs: int) -> None:
        self._dispatcher = dispatcher
        self._lock = threading.Lock()
        self._failures: list[CTADataError] = []
        self._unreachable = 0
        self._patience = jobs
        self.bytes = 0
        self.left_out: Counter[str] = Counter()
        self.single = False

    @contextmanager
    def for_file(
        self, progress: FileProgress, local: str, remote: str | None = None
    ) -> Iterator[Callable[[str], None]]:
        """Report the result for one file.

        Parameters
        ----------
        progress : FileProgress
            Its progress.
        local : str
            Its local path.
        remote : str, optional
            Its whole remote path, if the path of `progress` is not.

        Yields
        ------
        callable
            Takes the file's final state, such as ``finished``.
        """
        states: list[str] = []
        try:
            with local_errors(local, "used"):
                yield states.append
        except CTADataError as error:
            progress.tell("cancelled" if isinstance(error, TransferCancelled) else "failed")
            self._dispatcher.result(
                Result(remote or progress.path, local, progress.total, "failed", error)
            )
            self.failed(error)
        else:
            (state,) = states
            with self._lock:
                self._unreachable = 0
                self.bytes += progress.total or 0
            if state == "skipped":
                progress.done = progress.total or 0
            if state != "planned":
                progress.tell(state)
            self._dispatcher.result(Result(remote or progress.path, local, progress.total, state))

    def leave_out(self, path: str, local: str, kind: str) -> None:
        """Report something in a directory that is not transferred; `kind` as in `Result`."""
        with self._lock:
            self.left_out[kind] += 1
        self._dispatcher.result(Result(path, local, None, "left out", kind=kind))

    @contextmanager
    def collect(self) -> Iterator[None]:
        """Record failures that do not concern a single file."""
        try:
            with local_errors(doing="read"):
                yield
        except CTADataError as error:
            self.failed(error)

    def failed(self, error: CTADataError) -> None:
        """Record a failure.

        Raises
        ------
        CTADataError
            If everything else would fail in the same way.
        """
        with self._lock:
            self._failures.append(error)
            if isinstance(error, ServiceUnreachable):
                self._unreachable += 1
            gone = self._unreachable > self._patience
        # A smaller file may still fit on the disk.
        if isinstance(error, FATAL) and not isinstance(error, DoesNotFit):
            raise error
        if gone:
            raise TransferError(
                f"{self._unreachable} files in a row failed, the rest was not tried: {error}",
                failures=self._failures,
            ) from error

    def raise_failures(self, path: str | None) -> None:
        """Raise the recorded failures; `path` is the one that was asked for, if there is one."""
        failures = self._failures
        if not failures:
            return
        if path is not None and self.single:
            raise failures[0]
        below = f"files below {path!r}" if path is not None else "files"
        raise TransferError(
            f"{len(failures)} of the {below} failed: {failures[0]}",
            path=path,
            failures=failures,
        )
