"""``skip_existing`` on a storage without checksums: which files count as stored."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from email.utils import formatdate

import pytest

from ctadata import APIClient
from ctadata.transfers import upload_file, upload_history

from . import storage as storage_module
from .storage import OWN, Remote

NAME = f"{OWN}/d/file"


@pytest.fixture(params=[-600, 0, 600], ids=["behind", "right", "ahead"])
def clock(request, storage, monkeypatch):
    """The storage's clock, which stands still: everything happens within one second."""
    monkeypatch.setattr(
        storage_module, "LATER", formatdate(time.time() + request.param, usegmt=True)
    )
    return storage


@pytest.fixture
def local(work):
    path = work / "d/file"
    path.parent.mkdir()
    path.write_bytes(b"first")
    return path


def upload(into="d") -> list[str]:
    """Upload all new files, and return the state of each file."""
    found = []
    APIClient().upload_dir("d", into, skip_existing=True, on_result=found.append)
    return [result.state for result in found]


def rewritten(local):
    local.write_bytes(b"other")


def rewritten_with_its_date(local):
    before = local.stat()
    local.write_bytes(b"other")
    os.utime(local, ns=(before.st_atime_ns, before.st_mtime_ns))


def copied_with_an_older_date(local):
    """As `cp -p` and `tar x` do."""
    older = local.with_name("older")
    older.write_bytes(b"other")
    os.utime(older, (1e9, 1e9))
    shutil.copy2(older, local)
    older.unlink()


def moved_into_its_place(local):
    older = local.with_name("older")
    older.write_bytes(b"other")
    found = local.stat()
    os.utime(older, ns=(found.st_atime_ns, found.st_mtime_ns))
    os.replace(older, local)


@pytest.mark.parametrize(
    "change",
    [rewritten, rewritten_with_its_date, copied_with_an_older_date, moved_into_its_place],
)
def test_whatever_changes_is_sent_again(clock, local, change):
    assert upload() == ["finished"]
    assert upload() == ["skipped"]
    change(local)
    assert upload() == ["finished"]
    assert clock.files[NAME].content == b"other"
    assert upload() == ["skipped"]


def test_what_was_stored_before_is_sent_again(clock, local):
    """It is not known whether it is the same file."""
    clock.files[NAME] = Remote(b"other", storage_module.LATER)
    assert upload() == ["finished"]
    assert clock.files[NAME].content == b"first"


def test_what_changes_in_the_storage_is_sent_again(clock, local):
    assert upload() == ["finished"]
    clock.files[NAME] = Remote(b"other", formatdate(time.time() + 7, usegmt=True))
    assert upload() == ["finished"]
    assert clock.files[NAME].content == b"first"


def test_two_files_that_take_turns_at_one_path(clock, local, work):
    assert upload() == ["finished"]
    (work / "other").write_bytes(b"other")
    APIClient().upload_files({"d/file": work / "other"})
    assert upload() == ["finished"]
    assert clock.files[NAME].content == b"first"


def test_a_storage_that_gives_no_dates(storage, local, monkeypatch):
    monkeypatch.setattr(storage_module, "LATER", None)
    assert upload() == ["finished"]
    assert upload() == ["finished"]


def test_a_failed_upload_is_not_taken_for_stored(clock, local):
    assert upload() == ["finished"]
    rewritten(local)
    clock.fails("list", NAME, storage_module.Fault(body=b"damaged"))
    with pytest.raises(Exception, match="gives no listing"):
        APIClient().upload_dir("d", "d")
    assert upload() == ["finished"]


def test_a_disk_that_knows_whole_seconds_only(clock, local, monkeypatch):
    """A change within the same second could not be seen."""
    from_stat = upload_history.FileState.from_stat
    monkeypatch.setattr(
        upload_history.FileState,
        "from_stat",
        lambda found: from_stat(found)._replace(ctime_ns=10**18, mtime_ns=10**18),
    )
    assert upload() == ["finished"]
    assert upload() == ["finished"]


def test_a_change_right_before_waits_for_the_next_tick(clock, local, monkeypatch):
    pauses = []
    pause = upload_file.Watchdog.pause
    monkeypatch.setattr(
        upload_file.Watchdog, "pause", lambda watchdog, s: (pauses.append(s), pause(watchdog, s))
    )
    local.write_bytes(b"other")
    with open(local, "rb") as file:
        os.utime(local)
        state = upload_file._stable_state(file, upload_file.Watchdog())
    assert pauses == [upload_file.TICK]
    assert time.time_ns() - state.ctime_ns >= upload_file.TICK * 1e9


def test_processes_share_the_record(storage, work):
    """Several clients upload at the same time, and one compares afterwards."""
    code = "import ctadata; ctadata.APIClient().upload_dir('{0}', '{0}')"
    names = [f"d{number}" for number in range(3)]
    for name in names:
        (work / name).mkdir()
        for number in range(30):
            (work / name / str(number)).write_text(name)
    started = [subprocess.Popen([sys.executable, "-c", code.format(name)]) for name in names]
    assert [process.wait(60) for process in started] == [0, 0, 0]
    for name in names:
        found = []
        APIClient().upload_dir(name, name, skip_existing=True, on_result=found.append)
        assert {result.state for result in found} == {"skipped"}


def record(work):
    return work.parent / "jupyter-data/ctadata" / upload_history.NAME


def test_the_record_is_private_and_names_nothing(storage, local, work):
    upload()
    assert record(work).stat().st_mode & 0o777 == 0o600
    assert b"file" not in record(work).read_bytes()


@pytest.mark.parametrize("damage", [b"\0" * 100, b"torn", b"", b"x" * 33 + b"\n"])
def test_a_damaged_record(storage, local, work, damage):
    record(work).parent.mkdir(parents=True)
    record(work).write_bytes(damage)
    assert upload() == ["finished"]
    assert upload() == ["skipped"]


@pytest.mark.parametrize("kind", ["directory", "pipe", "link", "no directory"])
def test_a_record_that_cannot_be_used(storage, local, work, caplog, kind):
    place = record(work)
    if kind == "no directory":
        place.parent.parent.mkdir(parents=True)
        place.parent.write_text("in the way")
    else:
        place.parent.mkdir(parents=True)
    if kind == "directory":
        place.mkdir()
    elif kind == "pipe":
        os.mkfifo(place)
    elif kind == "link":
        place.symlink_to(work / "elsewhere")
    assert upload() == ["finished"]
    assert "cannot be written" in caplog.text
    assert upload() == ["finished"]
    assert not (work / "elsewhere").exists()


def test_the_record_does_not_grow_for_ever(storage, local, work, monkeypatch):
    monkeypatch.setattr(upload_history, "MAX_BYTES", 50 * upload_history.LINE)
    monkeypatch.setattr(upload_history, "KEPT_BYTES", 40 * upload_history.LINE)
    for number in range(200):
        (work / "d" / f"{number:03}").write_bytes(b"x")
    upload()
    assert upload("e").count("finished") == 201
    assert record(work).stat().st_size <= 60 * upload_history.LINE
    assert sorted(os.listdir(record(work).parent)) == [upload_history.NAME]
    # The newest are kept.
    assert 30 <= upload("e").count("skipped") <= 60


def test_a_disk_that_hangs_does_not_delay_the_end(storage, local, monkeypatch):
    released = threading.Event()
    monkeypatch.setattr(upload_history, "_append", lambda *_: released.wait(30) and 0)
    monkeypatch.setattr(upload_history.UploadHistory.close, "__defaults__", (0.2,))
    before = time.monotonic()
    try:
        assert upload() == ["finished"]
        assert time.monotonic() - before < 5
    finally:
        released.set()
