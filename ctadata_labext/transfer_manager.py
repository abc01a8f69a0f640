"""The transfers of one server: queued, running and ended. It knows nothing of HTTP."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Literal

from ctadata.errors import CTADataError, NotFound, TransferCancelled, TransferError
from ctadata.transfers.progress import OnProgress

from .errors import TargetsExist, TooManyTransfers, describe
from .progress import Progress
from .threads import DaemonExecutor

__all__ = ["Job", "OnProgress", "Transfer", "TransferManager"]

Kind = Literal["download", "upload"]
State = Literal["queued", "running", "finished", "failed", "cancelled"]

# Of the files that failed in a directory, so many are named.
MAX_FAILURES = 100


@dataclass(frozen=True)
class Job:
    """What a transfer is to do.

    Parameters
    ----------
    kind : str
        ``'download'`` or ``'upload'``.
    source : str
        The path that is read: in the storage, or in the workspace.
    target : str
        The path that is written: in the workspace, or below the user's remote directory.
    run : callable
        ``run(on_progress, cancel)`` does it, in a thread, and returns the target if it
        knows that better now. It raises `TransferCancelled` when `cancel` is set.
    files : int, optional
        The number of files, where it is known beforehand.
    """

    kind: Kind
    source: str
    target: str
    run: Callable[[OnProgress, threading.Event], str | None]
    files: int | None = None


@dataclass
class Transfer:
    """A job and how far it is; the manager's lock guards all of it."""

    job: Job
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    state: State = "queued"
    target: str = ""
    error: CTADataError | None = None
    cancel: threading.Event = field(default_factory=threading.Event)
    created: datetime = field(default_factory=lambda: datetime.now(timezone.utc))
    ended: datetime | None = None
    progress: Progress = field(default_factory=Progress)

    @property
    def active(self) -> bool:
        """Whether it has not ended."""
        return self.state in {"queued", "running"}

    def describe(self) -> dict[str, object]:
        """Return it as openapi.yaml's ``Transfer``."""
        progress = self.progress
        failures = self.error.failures if isinstance(self.error, TransferError) else []
        return {
            "id": self.id,
            "kind": self.job.kind,
            "source": self.job.source,
            "target": self.target or self.job.target,
            "state": "cancelling" if self.active and self.cancel.is_set() else self.state,
            "bytes_done": progress.bytes_done,
            "bytes_total": progress.bytes_total,
            "files_done": progress.files_done,
            "files_total": progress.files_total,
            "counting": self.state == "running" and progress.counting,
            "rate": progress.rate() if self.state == "running" else None,
            "error": describe(self.error) if self.error else None,
            "failures": [
                {"path": failure.path or "", **describe(failure)}
                for failure in failures[:MAX_FAILURES]
            ],
            "created": _iso(self.created),
            "ended": _iso(self.ended) if self.ended else None,
        }


class TransferManager:
    """Runs transfers, a few at a time, and remembers the ended ones for a while.

    Parameters
    ----------
    max_running : int
        Transfers that run at once, each in a thread of the manager's own.
    max_queued : int
        Transfers that may wait.
    max_ended : int
        Ended transfers that are remembered; the oldest are forgotten first.
    log : logging.Logger
        Gets one line for the start and one for the end of each transfer.
    """

    def __init__(
        self, *, max_running: int, max_queued: int, max_ended: int, log: logging.Logger
    ) -> None:
        self._max_running = max_running
        self._max_queued = max_queued
        self._max_ended = max_ended
        self._log = log
        self._lock = threading.Lock()
        self._transfers: dict[str, Transfer] = {}
        self._pool = DaemonExecutor(max_running, "ctadata-transfer")

    def start(self, jobs: Sequence[Job]) -> list[dict[str, object]]:
        """Start all of these jobs, or none.

        Returns
        -------
        list of dict
            A description of each transfer, in the order of `jobs`.

        Raises
        ------
        TargetsExist
            If another transfer, or another of these jobs, writes the same target.
        TooManyTransfers
            If not all of them have room in the queue.
        """
        with self._lock:
            active = [transfer.job for transfer in self._transfers.values() if transfer.active]
            self._check_targets(active, jobs)
            if len(active) + len(jobs) > self._max_running + self._max_queued:
                raise TooManyTransfers(
                    f"{len(active)} transfers are running or waiting and {len(jobs)} more are too "
                    "many at once; wait for some to end, or choose the folder instead of its files"
                )
            transfers = [
                Transfer(job, progress=Progress(job.source, files=job.files)) for job in jobs
            ]
            for transfer in transfers:
                self._transfers[transfer.id] = transfer
                self._pool.submit(self._run, transfer)
            return [transfer.describe() for transfer in transfers]

    def list(self) -> list[dict[str, object]]:
        """Describe all transfers, the oldest first."""
        with self._lock:
            return [transfer.describe() for transfer in self._transfers.values()]

    def get(self, transfer_id: str) -> dict[str, object]:
        """Describe one transfer.

        Raises
        ------
        NotFound
            If there is none of this id.
        """
        with self._lock:
            return self._find(transfer_id).describe()

    def cancel_or_forget(self, transfer_id: str) -> dict[str, object] | None:
        """Cancel a transfer that has not ended; forget one that has.

        Returns
        -------
        dict or None
            The description of the transfer that is being cancelled, None of one forgotten.

        Raises
        ------
        NotFound
            If there is none of this id.
        """
        with self._lock:
            transfer = self._find(transfer_id)
            if not transfer.active:
                del self._transfers[transfer_id]
                return None
            self._cancel(transfer)
            return transfer.describe()

    def active_count(self) -> int:
        """Return the number of transfers that run or wait."""
        with self._lock:
            return sum(transfer.active for transfer in self._transfers.values())

    def shutdown(self, timeout: float) -> bool:
        """Cancel everything and wait for the threads.

        Parameters
        ----------
        timeout : float
            Seconds to wait; a thread that hangs after that dies with the process.

        Returns
        -------
        bool
            Whether all threads have ended.
        """
        with self._lock:
            for transfer in self._transfers.values():
                if transfer.active:
                    self._cancel(transfer)
        self._pool.close()
        return self._pool.join(timeout)

    def _find(self, transfer_id: str) -> Transfer:
        try:
            return self._transfers[transfer_id]
        except KeyError:
            raise NotFound("There is no such transfer any more; refresh the list") from None

    def _check_targets(self, active: Sequence[Job], jobs: Sequence[Job]) -> None:
        seen = {(job.kind, job.target) for job in active}
        busy = []
        for job in jobs:
            place = (job.kind, job.target)
            if place in seen:
                busy.append(job.target)
            seen.add(place)
        if busy:
            raise TargetsExist(
                f"Another transfer already writes {busy[0]!r}; wait for its end, or cancel it", busy
            )

    def _cancel(self, transfer: Transfer) -> None:
        transfer.cancel.set()
        if transfer.state == "queued":
            self._end(transfer, "cancelled")

    def _run(self, transfer: Transfer) -> None:
        job = transfer.job
        with self._lock:
            if transfer.state != "queued":
                return
            transfer.state = "running"
        self._log.info(
            "ctadata transfer %s: %s of %r to %r starts",
            transfer.id, job.kind, job.source, job.target,
        )  # fmt: skip
        started = time.monotonic()
        target, error = self._outcome(transfer)
        with self._lock:
            transfer.target = target or job.target
            transfer.error = error
            cancelled = isinstance(error, TransferCancelled)
            self._end(transfer, "cancelled" if cancelled else "failed" if error else "finished")
            bytes_done = transfer.progress.bytes_done
        self._log.info(
            "ctadata transfer %s: %s of %r to %r ends: %s, %d bytes in %.1f s",
            transfer.id, job.kind, job.source, job.target,
            error.code if error else "finished", bytes_done, time.monotonic() - started,
        )  # fmt: skip

    def _outcome(self, transfer: Transfer) -> tuple[str | None, CTADataError | None]:
        def on_progress(path: str, done: int, total: int | None, state: str) -> None:
            with self._lock:
                transfer.progress.record(path, done, total, state)

        try:
            return transfer.job.run(on_progress, transfer.cancel), None
        except CTADataError as error:
            return None, error
        except OSError as error:
            # Of the local disk: the client turns those of the network into errors of its own.
            why = error.strerror or "the local disk refuses it"
            return None, TransferError(f"{transfer.job.target!r}: {why}", path=transfer.job.target)
        except Exception:
            # A transfer must not stay "running" for ever because of a fault in the program.
            self._log.exception("ctadata transfer %s: unexpected error", transfer.id)
            return None, CTADataError("Something unexpected went wrong; the server's log says more")

    def _end(self, transfer: Transfer, state: State) -> None:
        transfer.state = state
        transfer.ended = datetime.now(timezone.utc)
        transfer.progress.end(complete=state == "finished")
        ended = [t.id for t in self._transfers.values() if not t.active]
        for transfer_id in ended[: max(0, len(ended) - self._max_ended)]:
            del self._transfers[transfer_id]


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
