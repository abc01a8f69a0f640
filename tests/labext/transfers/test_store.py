"""What a server writes down of its transfers, and what the next one makes of it."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest

from ctadata.errors import NotFound, TransferCancelled, TransferError
from ctadata.transfers.local.process_owner import ProcessOwner
from ctadata_labext.transfers import store as module
from ctadata_labext.transfers.job import Job, Transfer
from ctadata_labext.transfers.store import TransferStore

LOG = logging.getLogger("test-store")
JOB = Job("download", "lst/a", "a", options={"overwrite": True})


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "data/ctadata/transfers"


@pytest.fixture
def store(directory: Path) -> Iterator[TransferStore]:
    store = TransferStore(directory, Path("/workspace"), LOG)
    yield store
    store.close()


def later(directory: Path, root: str = "/workspace") -> TransferStore:
    return TransferStore(directory, Path(root), LOG)


def recorded(**changes: Any) -> dict[str, Any]:
    return {**Transfer(JOB).record(), **changes}


def only(directory: Path) -> Path:
    (path,) = directory.iterdir()
    return path


def change(path: Path, **changes: Any) -> None:
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_what_has_ended_is_as_it_was(store: TransferStore, directory: Path) -> None:
    finished, failed, cancelled = Transfer(JOB), Transfer(JOB), Transfer(JOB)
    finished.begin()
    assert finished.progress is not None
    finished.progress.record("lst/a", 7, 7, "finished")
    finished.target = "a better target"
    finished.end(None)
    failures = [NotFound("Nothing there", path="lst/a/1")]
    failed.end(TransferError("Some failed", failures=failures))
    cancelled.cancelling = True
    cancelled.end(TransferCancelled("Cancelled"))
    transfers = [finished, failed, cancelled]
    store.write([transfer.record() for transfer in transfers])
    store.close()
    restored = later(directory).take_over()
    assert [each.describe() for each in restored] == [each.describe() for each in transfers]
    assert [each.job for each in restored] == [replace(JOB, again=True), JOB, JOB]
    assert finished.describe()["bytes_done"] == 7


def test_what_was_active_is_interrupted_or_cancelled(store: TransferStore, directory: Path) -> None:
    queued, running, cancelling = Transfer(JOB), Transfer(JOB), Transfer(JOB)
    running.begin()
    cancelling.begin()
    cancelling.cancelling = True
    store.write([transfer.record() for transfer in (queued, running, cancelling)])
    store.close()
    restored = [each.describe() for each in later(directory).take_over()]
    assert [each["state"] for each in restored] == ["interrupted", "interrupted", "cancelled"]
    assert [each["error"]["code"] for each in restored] == [
        "interrupted", "interrupted", "cancelled",
    ]  # fmt: skip
    assert all(each["resumable"] and each["ended"] for each in restored)
    store = later(directory)
    store.write([queued.record(), running.record()])
    store.close()
    # Where nothing was begun there is nothing to go on with.
    assert [each.job.again for each in later(directory).take_over()] == [False, True]


def test_it_is_for_the_user_alone(store: TransferStore, directory: Path) -> None:
    store.write([recorded()])
    assert only(directory).stat().st_mode & 0o777 == 0o600
    assert directory.stat().st_mode & 0o777 == 0o700
    store.write([])
    assert list(directory.iterdir()) == []


def test_only_of_this_workspace_and_of_the_dead(store: TransferStore, directory: Path) -> None:
    store.write([recorded()])
    other = later(directory)
    assert other.take_over() == []
    other.write([recorded(id="other")])
    assert len(list(directory.iterdir())) == 2
    store.close()
    assert later(directory, "/elsewhere").take_over() == []
    third = later(directory)
    assert len(third.take_over()) == 1
    # It is moved, and nobody else takes it.
    assert len(list(directory.iterdir())) == 2
    assert later(directory).take_over() == []
    third.close()
    other.close()
    assert len(later(directory).take_over()) == 2
    assert len(list(directory.iterdir())) == 1


def test_of_many_that_take_over_one_gets_it(directory: Path, caplog: Any) -> None:
    for number in range(5):
        store = later(directory)
        store.write([recorded(id=f"{number}")])
        store.close()
    stores = [later(directory) for _ in range(4)]
    barrier = threading.Barrier(4)
    taken: list[str] = []

    def take_over(store: TransferStore) -> None:
        barrier.wait(10)
        taken.extend(transfer.id for transfer in store.take_over())

    threads = [threading.Thread(target=take_over, args=[store]) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == list("01234")
    for store in stores:
        store.close()
    assert sorted(each.id for each in later(directory).take_over()) == list("01234")
    assert caplog.records == []


def test_one_elsewhere_lives_as_long_as_it_touches_its_file(
    store: TransferStore, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([recorded()])
    path = only(directory)
    change(path, owner={**ProcessOwner().describe(), "host": "0123abcd"})
    second, third, fourth = later(directory), later(directory), later(directory)
    for each in (second, third, fourth):
        assert each.take_over() == []
    # Not before a while has passed.
    assert second.beat() == []
    monkeypatch.setattr(module, "SILENCE", 0.0)
    assert len(second.beat()) == 1
    assert not path.exists()
    assert third.beat() == []
    second.close()
    path = only(directory)
    change(path, owner={**ProcessOwner().describe(), "host": "0123abcd"})
    fourth = later(directory)
    assert fourth.take_over() == []
    os.utime(path, ns=(1, 1))
    assert fourth.beat() == []
    assert path.exists()


@pytest.mark.parametrize("moment", [4_070_908_800, 2**33, -(2**31)])
@pytest.mark.parametrize("host", ["0123abcd", None])
def test_a_file_of_any_date_is_taken_over(
    store: TransferStore,
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    moment: int,
    host: str | None,
) -> None:
    store.write([recorded()])
    path = only(directory)
    change(path, owner=host and {**ProcessOwner().describe(), "host": host})
    os.utime(path, (moment, moment))
    second = later(directory)
    taken = second.take_over()
    monkeypatch.setattr(module, "SILENCE", 0.0)
    taken += second.beat()
    (transfer,) = taken
    assert transfer.ended is not None
    assert transfer.ended <= datetime.now(timezone.utc)


def test_the_beat_touches_the_file(store: TransferStore, directory: Path) -> None:
    assert store.beat() == []
    store.write([recorded()])
    os.utime(only(directory), ns=(1, 1))
    store.beat()
    assert only(directory).stat().st_mtime > 1


BROKEN: list[Any] = [
    b"", b"{", b"\xff", b"[]", b"null", b"[" * 100_000, b'{"version": 1}',
    {"version": 2}, {"version": "1"}, {"transfers": None}, {"transfers": [None]},
    {"transfers": [{}]}, {"transfers": {"a": 1}},
    *({"transfers": [recorded(**changes)]} for changes in (
        {"job": None}, {"job": {"kind": "download"}}, {"state": "odd"}, {"state": []}, {"id": 1},
        {"target": None}, {"error": "text"}, {"failures": [1]}, {"created": "now"},
        {"created": 1e300}, {"created": float("nan")}, {"ended": None, "state": "failed"},
        {"amounts": {"bytes_done": "7"}}, {"amounts": {"more": 1}}, {"amounts": None},
        {"job": {"kind": "sideways", "source": "a", "target": "b"}},
        {"job": {"kind": "upload", "source": "a", "target": "b", "options": []}},
        {"job": {"kind": "upload", "source": "a", "target": "b", "more": 1}},
        {"job": {"kind": "upload", "source": "a", "target": 1}},
    )),
]  # fmt: skip


@pytest.mark.parametrize("broken", BROKEN)
def test_what_is_damaged_is_set_aside(
    store: TransferStore, directory: Path, caplog: Any, broken: Any
) -> None:
    store.write([recorded()])
    store.close()
    path = only(directory)
    if isinstance(broken, bytes):
        path.write_bytes(broken)
    else:
        change(path, **broken)
    content = path.read_bytes()
    next_one = later(directory)
    assert next_one.take_over() == []
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert str(path) in record.getMessage()
    assert only(directory).read_bytes() == content
    # It is not looked at again, and nothing else suffers.
    next_one.write([recorded()])
    next_one.close()
    assert len(later(directory).take_over()) == 1
    assert len(caplog.records) == 1


def test_what_is_no_file_is_left_alone(store: TransferStore, directory: Path, caplog: Any) -> None:
    store.write([recorded()])
    store.close()
    path = only(directory)
    target = path.rename(directory.parent / "target")
    path.symlink_to(target)
    (directory / path.name.replace("-", "-0")).mkdir()
    os.mkfifo(directory / path.name.replace("-", "-1"))
    assert later(directory).take_over() == []
    assert {record.levelno for record in caplog.records} == {logging.WARNING}
    assert len(caplog.records) == 3
    assert len(list(directory.iterdir())) == 3


def test_a_place_that_cannot_be_written(directory: Path, caplog: Any) -> None:
    directory.parent.parent.mkdir()
    directory.parent.write_text("in the way")
    store = later(directory)
    assert store.take_over() == []
    for _ in range(3):
        store.write([recorded()])
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert str(directory) in record.getMessage()
    directory.parent.unlink()
    store.close()
    assert len(later(directory).take_over()) == 1


def test_what_cannot_be_moved_is_shown(
    store: TransferStore, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write([recorded()])
    store.close()
    path = only(directory)
    next_one = later(directory)
    # What is in the way of its new file.
    next_one._path.mkdir()
    assert len(next_one.take_over()) == 1
    assert path.exists()
