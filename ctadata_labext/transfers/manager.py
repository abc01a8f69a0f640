"""The transfers of one server: queued, running and ended.

It knows neither HTTP nor what the jobs do.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from ctadata._local_errors import local_error
from ctadata.errors import CTADataError, NotFound, TransferCancelled
from ctadata.transfers.local.journal import BEAT
from ctadata.transfers.progress import OnNotice, OnProgress
from ctadata.transfers.target_conflicts import normalized

from ..errors import INTERNAL_ERROR, NotEnded, NotResumable, TargetsExist, TooManyTransfers
from ..owners import may_access
from ..threads import DaemonExecutor
from .job import Job, Transfer
from .store import TransferStore

__all__ = ["RunJob", "TransferManager"]

# ``run(job, on_progress, on_notice, cancel)`` runs a job, in a thread, and returns the final target
# if it differs from the planned one. It raises `TransferCancelled` when `cancel` is set.
RunJob = Callable[[Job, OnProgress, OnNotice, threading.Event], str | None]


class TransferManager:
    """Runs a few transfers at a time, and keeps a list that survives a restart of the server.

    Methods that take an id raise `NotFound` if this user has no such transfer, and return the
    transfer's description (openapi.yaml's ``Transfer``). `owner` is the user, as returned by
    `owner_of`; by default the server's owner, who may access all transfers.

    Parameters
    ----------
    run : callable
        Runs a job; see `RunJob`.
    store : TransferStore
        Saves the transfers, and has those of servers that have ended.
    max_running : int
        Transfers that run at the same time, each in its own thread.
    max_queued : int
        Transfers that may wait.
    max_ended : int
        Ended transfers that are kept; the oldest are removed first. In addition, as many
        interrupted ones are kept as can be active.
    log : logging.Logger
        Gets one line when a transfer starts, and one when it ends.
    on_forget : callable, optional
        Called with the job of each transfer that the user removes, to free its uploads.
    """

    def __init__(
        self,
        run: RunJob,
        store: TransferStore,
        *,
        max_running: int,
        max_queued: int,
        max_ended: int,
        log: logging.Logger,
        on_forget: Callable[[Job], None] | None = None,
    ) -> None:
        self._run_job = run
        self._store = store
        self._max_active = max_running + max_queued
        self._max_ended = max_ended
        self._log = log
        self._on_forget = on_forget
        # Protects the transfers. The event loop takes it: never hold it while waiting for a disk.
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._transfers: dict[str, Transfer] = {}
        self._pool = DaemonExecutor(max_running, "ctadata-transfer")
        self._stopping = threading.Event()
        self._restore(store.take_over())
        threading.Thread(target=self._beat, name="ctadata-transfer-store", daemon=True).start()

    def start(self, jobs: Sequence[Job], owner: str | None = None) -> list[dict[str, object]]:
        """Start all jobs, or none.

        Parameters
        ----------
        jobs : sequence of Job
            The jobs; the descriptions of their transfers are returned in the same order.
        owner : str, optional
            The user.

        Raises
        ------
        TargetsExist
            If another transfer, or another of these jobs, writes the same target.
        TooManyTransfers
            If the queue has no room for all of them.
        """
        with self._lock:
            self._admit(jobs)
            transfers = [Transfer(job, owner=owner or "") for job in jobs]
            for transfer in transfers:
                self._transfers[transfer.id] = transfer
                self._pool.submit(self._run, transfer)
            described = [transfer.describe() for transfer in transfers]
        self._save()
        return described

    def retry(self, transfer_id: str, owner: str | None = None) -> dict[str, object]:
        """Queue a transfer again that failed, was cancelled or was interrupted.

        Raises
        ------
        NotResumable
            If it is finished, or has not ended yet.
        TargetsExist, TooManyTransfers
            As in `start`.
        """
        with self._lock:
            transfer = self._find(transfer_id, owner)
            if not transfer.resumable:
                raise NotResumable(
                    "This transfer has not ended yet; wait, or cancel it first"
                    if transfer.active
                    else "This transfer is finished; nothing is left to be done",
                    path=transfer.job.target,
                )
            self._admit([transfer.job])
            transfer.again()
            self._pool.submit(self._run, transfer)
            described = transfer.describe()
        self._save()
        return described

    def list(self, owner: str | None = None) -> list[dict[str, object]]:
        """Describe all transfers, the oldest first."""
        with self._lock:
            return [
                transfer.describe()
                for transfer in self._transfers.values()
                if may_access(owner, transfer.owner)
            ]

    def get(self, transfer_id: str, owner: str | None = None) -> dict[str, object]:
        """Describe one transfer."""
        with self._lock:
            return self._find(transfer_id, owner).describe()

    def same_as(self, job: Job, owner: str | None = None) -> dict[str, object] | None:
        """Describe the transfer with the same job, if there is one; it may have ended."""
        with self._lock:
            for transfer in self._transfers.values():
                same = replace(transfer.job, again=job.again) == job
                if same and may_access(owner, transfer.owner):
                    return transfer.describe()
        return None

    def cancel(self, transfer_id: str, owner: str | None = None) -> dict[str, object]:
        """Cancel a transfer, unless it has ended."""
        with self._lock:
            transfer = self._find(transfer_id, owner)
            if transfer.active:
                transfer.cancelling = True
                self._cancel(transfer)
            described = transfer.describe()
        self._save()
        return described

    def forget(self, transfer_id: str, owner: str | None = None) -> None:
        """Remove a transfer that has ended from the list.

        Raises
        ------
        NotEnded
            If it has not ended; perhaps it was run again.
        """
        with self._lock:
            transfer = self._find(transfer_id, owner)
            if transfer.active:
                raise NotEnded(
                    "This transfer has not ended yet; cancel it first", path=transfer.job.target
                )
            del self._transfers[transfer_id]
        if self._on_forget is not None:
            self._on_forget(transfer.job)
        self._save()

    def active_count(self) -> int:
        """Return the number of transfers that run or wait."""
        with self._lock:
            return sum(transfer.active for transfer in self._transfers.values())

    def shutdown(self, timeout: float) -> bool:
        """Interrupt all transfers, and leave the list to a later server.

        Waits `timeout` seconds for the threads and returns whether all have ended; a thread that
        still hangs then ends with the process.
        """
        self._stopping.set()
        with self._lock:
            for transfer in [*self._transfers.values()]:
                if transfer.active:
                    self._cancel(transfer)
        self._pool.close()
        ended = self._pool.join(timeout)
        with self._lock:
            for transfer in [*self._transfers.values()]:
                if transfer.active:
                    self._end(transfer, TransferCancelled("Cancelled"))
        self._save()
        self._store.close()
        return ended

    def _restore(self, transfers: Sequence[Transfer]) -> None:
        """Add the transfers of servers that have ended."""
        if not transfers:
            return
        self._log.info("ctadata: %d transfers of an earlier server", len(transfers))
        with self._lock:
            known = {transfer.id: transfer for transfer in transfers} | self._transfers
            self._transfers = dict(sorted(known.items(), key=lambda item: item[1].created))
            self._forget_surplus()
        self._save()

    def _beat(self) -> None:
        while not self._stopping.wait(BEAT):
            self._restore(self._store.beat())

    def _save(self) -> None:
        with self._saving:
            with self._lock:
                records = [transfer.record() for transfer in self._transfers.values()]
            self._store.write(records)

    def _find(self, transfer_id: str, owner: str | None) -> Transfer:
        transfer = self._transfers.get(transfer_id)
        if transfer is None or not may_access(owner, transfer.owner):
            raise NotFound("There is no such transfer any more; refresh the list")
        return transfer

    def _admit(self, jobs: Sequence[Job]) -> None:
        """Raise an error if these jobs cannot be queued now."""
        active = [transfer.job for transfer in self._transfers.values() if transfer.active]
        seen = set(map(_target_key, active))
        busy = []
        for job in jobs:
            key = _target_key(job)
            if key in seen:
                busy.append(job.target)
            seen.add(key)
        if busy:
            raise TargetsExist(
                f"Another transfer already writes {busy[0]!r}; wait for it, or cancel it",
                busy,
            )
        if len(active) + len(jobs) > self._max_active:
            raise TooManyTransfers(
                f"{len(active)} transfers are running or waiting and {len(jobs)} more are too "
                "many at once; wait for some to end, or choose the folder instead of its files"
            )

    def _cancel(self, transfer: Transfer) -> None:
        transfer.cancel.set()
        if transfer.state == "queued":
            self._end(transfer, TransferCancelled("Cancelled"))

    def _run(self, transfer: Transfer) -> None:
        job = transfer.job
        with self._lock:
            if transfer.state != "queued":
                return
            transfer.begin()
        self._save()
        self._log.info(
            "ctadata transfer %s: %s of %r to %r starts",
            transfer.id, job.kind, job.source, job.target,
        )  # fmt: skip
        started = time.monotonic()
        target, error = self._run_and_catch(transfer)
        with self._lock:
            # The manager ends it without waiting when the server stops.
            if transfer.active:
                transfer.target = target or ""
                self._end(transfer, error)
            bytes_done = transfer.amounts.bytes_done
        self._log.info(
            "ctadata transfer %s: %s of %r to %r ends: %s, %d bytes in %.1f s",
            transfer.id, job.kind, job.source, job.target,
            error.code if error else "finished", bytes_done, time.monotonic() - started,
        )  # fmt: skip
        self._save()

    def _run_and_catch(self, transfer: Transfer) -> tuple[str | None, CTADataError | None]:
        def on_progress(path: str, done: int, total: int | None, state: str) -> None:
            with self._lock:
                if transfer.progress is not None:
                    transfer.progress.record(path, done, total, state)

        def on_notice(path: str, text: str | None) -> None:
            with self._lock:
                transfer.notice(path, text)

        job = transfer.job
        try:
            return self._run_job(job, on_progress, on_notice, transfer.cancel), None
        except CTADataError as error:
            return None, error
        except OSError as error:
            # From the local disk: the client converts errors of the network.
            return None, local_error(error, job.target, "used")
        except Exception:
            # A bug must not leave a transfer "running" forever.
            self._log.exception("ctadata transfer %s: unexpected error", transfer.id)
            return None, CTADataError(INTERNAL_ERROR[1])

    def _end(self, transfer: Transfer, error: CTADataError | None) -> None:
        transfer.end(error)
        self._forget_surplus()

    def _forget_surplus(self) -> None:
        ended = [transfer for transfer in self._transfers.values() if not transfer.active]
        # A restart must not remove the transfers that it interrupts.
        interrupted = [transfer for transfer in ended if transfer.state == "interrupted"]
        others = [transfer for transfer in ended if transfer.state != "interrupted"]
        for some, limit in (others, self._max_ended), (interrupted, self._max_active):
            some.sort(key=lambda transfer: transfer.ended or transfer.created)
            for transfer in some[: max(0, len(some) - limit)]:
                del self._transfers[transfer.id]


def _target_key(job: Job) -> tuple[str, str]:
    """Return a key of the written path, which two active jobs must not share."""
    return job.kind, normalized(job.target) if job.kind == "upload" else job.target
