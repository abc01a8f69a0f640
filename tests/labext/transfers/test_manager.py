from __future__ import annotations

import errno
import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ctadata.errors import AccessDenied, IntegrityError, NotFound, TransferCancelled, TransferError
from ctadata.transfers.progress import OnNotice, OnProgress
from ctadata_labext.errors import NotEnded, NotResumable, TargetsExist, TooManyTransfers
from ctadata_labext.transfers import manager as manager_module
from ctadata_labext.transfers import store
from ctadata_labext.transfers.job import MAX_FAILURES, Job, Transfer
from ctadata_labext.transfers.manager import TransferManager
from ctadata_labext.transfers.store import TransferStore

LOG = logging.getLogger("test-transfers")


# What is done for a job, by the number in its options: jobs are data.
Work = Callable[[OnProgress, threading.Event], "str | None"]
WORK: list[Work] = []


def job(kind: Any, source: str, target: str, work: Work) -> Job:
    WORK.append(work)
    return Job(kind, source, target, options={"work": len(WORK) - 1})


def do(
    job: Job, on_progress: OnProgress, on_notice: OnNotice, cancel: threading.Event
) -> str | None:
    if "notices" in job.options:
        for path, text in job.options["notices"]:
            on_notice(path, text)
    return WORK[job.options["work"]](on_progress, cancel)


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[..., TransferManager]]:
    """Makes managers of servers at the same workspace."""
    managers = []

    def make(**limits: int) -> TransferManager:
        written = TransferStore(tmp_path / "transfers", tmp_path, LOG)
        limits = {"max_running": 2, "max_queued": 2, "max_ended": 3, **limits}
        managers.append(TransferManager(do, written, **limits, log=LOG))
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
    # Whoever cancels at the moment of the end finds it ended, and not gone.
    assert manager.cancel(started["id"]) == finished
    assert manager.list() == [finished]
    manager.forget(started["id"])
    assert manager.list() == []
    with pytest.raises(NotFound):
        manager.get(started["id"])
    for end in (manager.cancel, manager.forget):
        with pytest.raises(NotFound):
            end(started["id"])
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
    for transfer in transfers:
        with pytest.raises(NotEnded, match="cancel it first"):
            manager.forget(transfer["id"])
    queued = manager.cancel(transfers[2]["id"])
    assert queued["state"] == "cancelled"
    cancelling = manager.cancel(transfers[0]["id"])
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
        (OSError(errno.EACCES, "Permission denied", "/secret/place"), "local-file"),
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


def test_a_later_server_knows_them_and_can_run_them(make: Callable[..., TransferManager]) -> None:
    first = make(max_ended=9)
    finished = ended(first, first.start([quick("a")])[0])
    held = [Held(name) for name in "bcde"]
    running, _, queued, cancelled = first.start([each.job for each in held])
    assert held[0].started.wait(10)
    assert held[1].started.wait(10)
    first.cancel(cancelled["id"])
    assert first.shutdown(10)
    second = make(max_ended=9)
    known = second.list()
    assert known[0] == finished
    assert [each["state"] for each in known[1:]] == ["interrupted"] * 3 + ["cancelled"]
    assert known[1]["error"]["code"] == "interrupted"
    assert (known[1]["bytes_done"], known[1]["bytes_total"]) == (5, 10)
    assert second.active_count() == 0
    for each in held:
        each.released.set()
        each.started.clear()
    for transfer in (running, queued, cancelled):
        again = second.retry(transfer["id"])
        assert (again["id"], again["state"]) == (transfer["id"], "queued")
        assert (again["error"], again["ended"]) == (None, None)
        assert ended(second, again)["state"] == "finished"
    assert held[0].started.is_set()
    assert held[3].started.is_set()
    second.forget(finished["id"])
    assert second.shutdown(10)
    third = make(max_ended=9)
    # In the same order; what was forgotten stays so.
    assert [each["id"] for each in third.list()] == [each["id"] for each in known[1:]]


def test_whoever_runs_a_job_knows_that_it_is_not_the_first_time(tmp_path: Path) -> None:
    tries = []

    def fail(
        job: Job, on_progress: OnProgress, on_notice: OnNotice, cancel: threading.Event
    ) -> None:
        tries.append(job.again)
        raise NotFound("Nothing there")

    written = TransferStore(tmp_path / "transfers", tmp_path, LOG)
    manager = TransferManager(fail, written, max_running=1, max_queued=1, max_ended=1, log=LOG)
    failed = ended(manager, manager.start([Job("download", "lst/a", "a")])[0])
    assert failed["resumable"]
    for _ in range(2):
        failed = ended(manager, manager.retry(failed["id"]))
    assert tries == [False, True, True]
    assert manager.shutdown(10)


def test_a_try_that_finds_nothing_does_not_hide_what_is_there(manager: TransferManager) -> None:
    held = Held("a")
    (transfer,) = manager.start([held.job])
    assert held.started.wait(10)
    manager.cancel(transfer["id"])
    assert ended(manager, transfer)["bytes_done"] == 5
    WORK[held.job.options["work"]] = WORK[failing(NotFound("Nothing there")).options["work"]]
    again = ended(manager, manager.retry(transfer["id"]))
    assert (again["state"], again["bytes_done"], again["bytes_total"]) == ("failed", 5, 10)


def test_retry_is_subject_to_the_same_limits(manager: TransferManager) -> None:
    failed = ended(manager, manager.start([failing(NotFound("Nothing there"))])[0])
    held = Held("a")
    (transfer,) = manager.start([held.job])
    assert held.started.wait(10)
    with pytest.raises(TargetsExist):
        manager.retry(failed["id"])
    with pytest.raises(NotResumable, match="not ended"):
        manager.retry(transfer["id"])
    held.released.set()
    assert ended(manager, transfer)["state"] == "finished"
    with pytest.raises(NotResumable, match="finished"):
        manager.retry(transfer["id"])
    held_ones = [Held(name) for name in "wxyz"]
    manager.start([each.job for each in held_ones])
    with pytest.raises(TooManyTransfers):
        manager.retry(failed["id"])
    assert manager.get(failed["id"]) == failed
    with pytest.raises(NotFound):
        manager.retry("0" * 32)
    for each in held_ones:
        each.released.set()


def test_a_cancelled_one_that_waited_runs_once_when_retried(manager: TransferManager) -> None:
    held = [Held(name) for name in "abc"]
    transfers = manager.start([each.job for each in held])
    assert held[0].started.wait(10)
    assert held[1].started.wait(10)
    for _ in range(2):
        assert manager.cancel(transfers[2]["id"])["state"] == "cancelled"
        assert manager.retry(transfers[2]["id"])["state"] == "queued"
    runs = []
    WORK[held[2].job.options["work"]] = lambda *_: runs.append(1)
    for each in held:
        each.released.set()
    assert ended(manager, transfers[2])["state"] == "finished"
    assert manager.shutdown(10)
    assert runs == [1]


def test_what_a_restart_interrupts_is_not_forgotten_by_it(
    make: Callable[..., TransferManager],
) -> None:
    first = make(max_ended=1)
    ended(first, first.start([quick("done")])[0])
    held = [Held(name) for name in "abcd"]
    started = first.start([each.job for each in held])
    assert held[0].started.wait(10)
    assert first.shutdown(10)
    second = make(max_ended=1)
    assert [each["id"] for each in second.list()[1:]] == [each["id"] for each in started]


def test_two_servers_do_not_mind_each_other(make: Callable[..., TransferManager]) -> None:
    first = make()
    held = Held("a")
    first.start([held.job])
    assert held.started.wait(10)
    second = make()
    assert second.list() == []
    other = ended(second, second.start([quick("b")])[0])
    assert [each["state"] for each in first.list()] == ["running"]
    assert first.shutdown(10)
    assert second.list() == [other]
    assert second.shutdown(10)
    assert [each["state"] for each in make().list()] == ["interrupted", "finished"]


def test_one_elsewhere_that_turns_out_to_be_dead(
    make: Callable[..., TransferManager], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    transfer = Transfer(quick("a"))
    transfer.end(None)
    elsewhere = TransferStore(tmp_path / "transfers", tmp_path, LOG)
    elsewhere.write([transfer.record()])
    (path,) = (tmp_path / "transfers").iterdir()
    content = json.loads(path.read_text())
    content["owner"]["host"] = "0123abcd"
    path.write_text(json.dumps(content))
    monkeypatch.setattr(manager_module, "BEAT", 0.02)
    monkeypatch.setattr(store, "SILENCE", 0.02)
    second = make()
    until = time.monotonic() + 10
    while not (known := second.list()):
        assert time.monotonic() < until
    assert known == [transfer.describe()]


def test_without_a_place_for_the_list_transfers_still_work(
    make: Callable[..., TransferManager], tmp_path: Path, caplog: Any
) -> None:
    (tmp_path / "transfers").write_text("in the way")
    manager = make()
    for name in "abc":
        assert ended(manager, manager.start([quick(name)])[0])["state"] == "finished"
    warnings = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(warnings) == 1
    assert "will not survive" in warnings[0].getMessage()


@pytest.mark.parametrize(
    ("notices", "shown"),
    [
        ([("a", "trying again")], "trying again"),
        ([("a", "first"), ("b", "second")], "second"),
        ([("a", "first"), ("b", "second"), ("b", None)], "first"),
        ([("a", "first"), ("a", None)], None),
        ([("a", None)], None),
    ],
)
def test_a_transfer_says_why_it_waits(
    manager: TransferManager, notices: list[tuple[str, str | None]], shown: str | None
) -> None:
    held = Held("x")
    held.job.options["notices"] = notices
    (transfer,) = manager.start([held.job])
    assert transfer["notice"] is None
    assert held.started.wait(20)
    assert manager.get(str(transfer["id"]))["notice"] == shown
    held.released.set()
    assert ended(manager, transfer)["notice"] is None
