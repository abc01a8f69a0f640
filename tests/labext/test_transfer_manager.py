from __future__ import annotations

import errno
import logging
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ctadata.errors import AccessDenied, IntegrityError, NotFound, TransferCancelled, TransferError
from ctadata.transfers.progress import OnProgress
from ctadata_labext.errors import TargetsExist, TooManyTransfers
from ctadata_labext.ledger import Ledger
from ctadata_labext.transfer import MAX_FAILURES, Job
from ctadata_labext.transfer_manager import TransferManager

LOG = logging.getLogger("test-transfers")


# What is done for a job, by the number in its options: jobs are data.
Work = Callable[[OnProgress, threading.Event], "str | None"]
WORK: list[Work] = []


def job(kind: Any, source: str, target: str, work: Work) -> Job:
    WORK.append(work)
    return Job(kind, source, target, options={"work": len(WORK) - 1})


def do(job: Job, on_progress: OnProgress, cancel: threading.Event) -> str | None:
    return WORK[job.options["work"]](on_progress, cancel)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., TransferManager]]:
    """Makes managers of servers at the same workspace."""
    managers = []

    def make(**limits: int) -> TransferManager:
        ledger = Ledger(tmp_path / "ledger", tmp_path, LOG)
        limits = {"max_running": 2, "max_queued": 2, "max_ended": 3, **limits}
        managers.append(TransferManager(do, ledger, **limits, log=LOG))
        return managers[-1]

    yield make
    for manager in managers:
        assert manager.shutdown(10)


@pytest.fixture
def manager(make: Callable[..., TransferManager]) -> TransferManager:
    return make()


class Held:
    """A job that waits, once started, until it is let go or cancelled."""

    def __init__(self, target: str) -> None:
        self.started = threading.Event()
        self.released = threading.Event()
        self.ended = threading.Event()
        self.job = job("download", f"lst/{target}", target, self._run)

    def _run(self, on_progress: OnProgress, cancel: threading.Event) -> None:
        on_progress(self.job.source, 5, 10, "running")
        self.started.set()
        try:
            while not self.released.wait(0.01):
                if cancel.is_set():
                    raise TransferCancelled("Cancelled")
            on_progress(self.job.source, 10, 10, "finished")
        finally:
            self.ended.set()


def ended(manager: TransferManager, transfer: dict[str, Any]) -> dict[str, Any]:
    while transfer["state"] in {"queued", "running", "cancelling"}:
        transfer = manager.get(transfer["id"])
    return transfer


def failing(error: BaseException) -> Job:
    def run(on_progress: OnProgress, cancel: threading.Event) -> None:
        raise error

    return job("download", "lst/a", "a", run)


def quick(target: str, run: Work = lambda *_: None) -> Job:
    return job("upload", "local", target, run)


def test_a_transfer_from_start_to_end(manager: TransferManager, caplog: Any) -> None:
    caplog.set_level(logging.INFO, "test-transfers")
    held = Held("a.h5")
    (started,) = manager.start([held.job])
    assert started["state"] in {"queued", "running"}
    assert held.started.wait(10)
    running = manager.get(started["id"])
    assert (running["state"], running["bytes_done"], running["bytes_total"]) == ("running", 5, 10)
    assert manager.active_count() == 1
    held.released.set()
    finished = ended(manager, running)
    assert finished["state"] == "finished"
    assert (finished["bytes_done"], finished["files_done"], finished["files_total"]) == (10, 1, 1)
    assert finished["ended"] >= finished["created"]
    assert finished["error"] is None
    assert manager.active_count() == 0
    assert manager.cancel_or_forget(started["id"]) is None
    assert manager.list() == []
    with pytest.raises(NotFound):
        manager.get(started["id"])
    with pytest.raises(NotFound):
        manager.cancel_or_forget(started["id"])
    assert manager.shutdown(10)
    lines = [record.getMessage() for record in caplog.records]
    assert [line.split()[-1] == "starts" for line in lines] == [True, False]
    assert "finished, 10 bytes in" in lines[1]


def test_further_ones_wait_for_their_turn(manager: TransferManager) -> None:
    held = [Held(name) for name in "abc"]
    transfers = manager.start([each.job for each in held])
    assert held[0].started.wait(10)
    assert held[1].started.wait(10)
    assert manager.get(transfers[2]["id"])["state"] == "queued"
    assert not held[2].started.is_set()
    held[0].released.set()
    assert held[2].started.wait(10)
    for each in held:
        each.released.set()
    assert [ended(manager, transfer)["state"] for transfer in transfers] == ["finished"] * 3


def test_cancel_running_and_queued(manager: TransferManager) -> None:
    held = [Held(name) for name in "abc"]
    transfers = manager.start([each.job for each in held])
    assert held[0].started.wait(10)
    queued = manager.cancel_or_forget(transfers[2]["id"])
    assert queued is not None
    assert queued["state"] == "cancelled"
    cancelling = manager.cancel_or_forget(transfers[0]["id"])
    assert cancelling is not None
    assert cancelling["state"] == "cancelling"
    cancelled = ended(manager, transfers[0])
    assert (cancelled["state"], cancelled["error"]["code"]) == ("cancelled", "cancelled")
    held[1].released.set()
    assert ended(manager, transfers[1])["state"] == "finished"
    assert not held[2].started.is_set()


def test_one_target_one_transfer(manager: TransferManager) -> None:
    held = Held("a")
    (first,) = manager.start([held.job])
    for jobs in ([Held("a").job], [Held("b").job, Held("b").job]):
        with pytest.raises(TargetsExist) as caught:
            manager.start(jobs)
        assert caught.value.paths == [jobs[-1].target]
    assert len(manager.list()) == 1
    # An upload to a remote path of the same name is another place.
    assert ended(manager, manager.start([quick("a")])[0])["state"] == "finished"
    held.released.set()
    ended(manager, first)
    assert ended(manager, manager.start([quick("a")])[0])["state"] == "finished"


def test_the_queue_is_bounded(manager: TransferManager) -> None:
    held = [Held(name) for name in "abcde"]
    with pytest.raises(TooManyTransfers):
        manager.start([each.job for each in held])
    assert manager.list() == []
    manager.start([each.job for each in held[:4]])
    with pytest.raises(TooManyTransfers):
        manager.start([held[4].job])
    assert len(manager.list()) == 4


def test_only_the_latest_ended_ones_are_remembered(manager: TransferManager) -> None:
    transfers = [ended(manager, manager.start([quick(name)])[0]) for name in "abcde"]
    assert [t["id"] for t in manager.list()] == [t["id"] for t in transfers[-3:]]


def test_the_job_may_know_its_target_better(manager: TransferManager) -> None:
    (transfer,) = manager.start([quick("dir/file", lambda *_: "lst/users/alice/dir/file")])
    assert transfer["target"] == "dir/file"
    assert ended(manager, transfer)["target"] == "lst/users/alice/dir/file"


def test_failures_of_a_directory(manager: TransferManager) -> None:
    failures = [NotFound("Nothing there", path=f"lst/a/{n}") for n in range(MAX_FAILURES + 5)]
    error = TransferError("Some failed", path="lst/a", failures=failures)
    failed = ended(manager, manager.start([failing(error)])[0])
    assert failed["state"] == "failed"
    assert failed["error"] == {"code": "transfer-failed", "message": "Some failed"}
    assert len(failed["failures"]) == MAX_FAILURES
    assert failed["failures"][0] == {
        "path": "lst/a/0", "code": "not-found", "message": "Nothing there",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (IntegrityError("Too short"), "integrity-error"),
        (AccessDenied("Not yours"), "access-denied"),
        (OSError(errno.EACCES, "Permission denied", "/secret/place"), "transfer-failed"),
    ],
)
def test_errors(manager: TransferManager, error: Exception, code: str) -> None:
    failed = ended(manager, manager.start([failing(error)])[0])
    assert (failed["state"], failed["error"]["code"]) == ("failed", code)
    assert "/secret/place" not in failed["error"]["message"]


def test_a_fault_of_the_program_is_logged_and_not_shown(
    manager: TransferManager, caplog: Any
) -> None:
    failed = ended(manager, manager.start([failing(ValueError("inner details"))])[0])
    assert failed["state"] == "failed"
    assert "inner details" not in str(failed)
    assert "inner details" in caplog.text


def test_shutdown_interrupts_everything(manager: TransferManager) -> None:
    held = [Held(name) for name in "abcd"]
    manager.start([each.job for each in held])
    assert held[0].started.wait(10)
    assert held[1].started.wait(10)
    assert manager.shutdown(10)
    assert {transfer["state"] for transfer in manager.list()} == {"interrupted"}
    assert held[0].ended.is_set()
    assert not held[2].started.is_set()


def test_shutdown_does_not_wait_for_ever(manager: TransferManager) -> None:
    started, release = threading.Event(), threading.Event()

    def deaf(on_progress: OnProgress, cancel: threading.Event) -> None:
        started.set()
        release.wait(30)

    manager.start([quick("a", deaf)])
    assert started.wait(10)
    assert not manager.shutdown(0.01)
    assert [transfer["state"] for transfer in manager.list()] == ["interrupted"]
    release.set()
    assert manager.shutdown(10)
