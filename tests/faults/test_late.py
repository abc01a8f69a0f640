"""System calls that hang when a transfer is cancelled: it ends in time, and nothing follows.

Each test lets one system call hang, cancels, checks that the transfer ends, lets the call go on,
and checks that it has no effect: no final name, no report, no open file.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import threading
import time

import pytest

from ctadata import APIClient, errors
from ctadata.http import watchdog
from ctadata.transfers import checksum, upload_file
from ctadata.transfers.local import directories, journal, part_file
from ctadata.transfers.local.upload_tree import UploadTree

from .outcome import files
from .storage import MIB, OWN, Fault, content

SMALL, MIDDLE, LARGE = 1000, 4 * MIB, 20 * MIB
# Seconds that a cancelled transfer may take, on a machine that has other things to do.
IN_TIME = 1.25


class Hang:
    """Makes calls of a function hang until they are released."""

    def __init__(self, monkeypatch) -> None:
        self._monkeypatch = monkeypatch
        self.reached = threading.Event()
        self.released = threading.Event()

    def in_calls_of(self, owner, name, when=lambda *given, **named: True) -> None:
        real = getattr(owner, name)

        def hangs(*given, **named):
            if when(*given, **named):
                self.reached.set()
                self.released.wait(30)
            return real(*given, **named)

        self._monkeypatch.setattr(owner, name, hangs)


@pytest.fixture
def hang(monkeypatch):
    hang = Hang(monkeypatch)
    yield hang
    hang.released.set()


def open_below(directory) -> list[str]:
    """Return the files and directories of the test that this process has open."""
    found = []
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            found.append(os.readlink(f"/proc/self/fd/{number}"))
    return [path for path in found if path.startswith(str(directory))]


def threads_of_transfers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("ctadata")]


def cancelled_while_it_hangs(hang, call, where) -> list[tuple]:
    """Cancel a call that hangs; return what was told of it."""
    cancel = threading.Event()
    told, asked = [], []

    def ask():
        assert hang.reached.wait(20)
        asked.append(time.monotonic())
        cancel.set()

    asking = threading.Thread(target=ask)
    asking.start()
    with pytest.raises(errors.TransferCancelled):
        call(
            cancel=cancel,
            on_progress=lambda *step: told.append(step),
            on_result=lambda result: told.append((result.path, result.state)),
        )
    assert time.monotonic() - asked[0] < IN_TIME
    asking.join()
    count = len(told)
    hang.released.set()
    for thread in threads_of_transfers():
        thread.join(10)
        assert not thread.is_alive()
    assert told[count:] == []
    assert open_below(where) == []
    return told


DOWNLOADS = {
    "fsync": (part_file.os, "fsync", None),
    "rename": (part_file.os, "replace", lambda *given, **_: not str(given[1]).endswith("journal")),
    "link": (part_file.os, "link", lambda *given, **_: not str(given[1]).endswith("journal")),
    "open the directory": (directories, "remove_leftovers", None),
    "write": (part_file.os, "pwritev", None),
    "create the part": (part_file.os, "open", lambda *given, **_: str(given[0]).endswith(".part")),
}


@pytest.mark.parametrize("size", [SMALL, MIDDLE, LARGE])
@pytest.mark.parametrize("what", DOWNLOADS)
def test_a_download_that_waits_for_the_disk(storage, work, hang, what, size):
    body = storage.put("lst/d/x", size)
    owner, name, when = DOWNLOADS[what]
    hang.in_calls_of(owner, name, *([when] if when else []))
    overwrite = "never" if what == "link" else "update"

    def call(**options):
        APIClient().fetch_many(["lst/d"], "to", recursive=True, overwrite=overwrite, **options)

    told = cancelled_while_it_hangs(hang, call, work)
    assert "finished" not in {step[-1] for step in told}
    assert not (work / "to/d/x").exists()
    # And the next call brings it.
    call()
    assert files(work / "to") == {"d/x": body}


@pytest.mark.parametrize("what", ["fsync", "rename"])
def test_what_was_there_stays(storage, work, hang, what):
    storage.put("lst/x", SMALL)
    (work / "x").write_bytes(b"before")
    owner, name, when = DOWNLOADS[what]
    hang.in_calls_of(owner, name, *([when] if when else []))
    cancelled_while_it_hangs(
        hang, lambda **options: APIClient().fetch_and_save_file("lst/x", **options), work
    )
    assert (work / "x").read_bytes() == b"before"


def test_a_whole_file_that_has_not_its_name_yet_is_kept(storage, work, hang):
    body = storage.put("lst/x", LARGE)
    hang.in_calls_of(part_file.os, "fsync")
    cancelled_while_it_hangs(
        hang, lambda **options: APIClient().fetch_and_save_file("lst/x", **options), work
    )
    before = storage.sent("lst/x")
    assert APIClient().fetch_and_save_file("lst/x") == LARGE
    assert files(work) == {"x": body}
    assert storage.sent("lst/x") - before <= 2 * MIB


@pytest.mark.parametrize("algorithm", ["md5", "adler32"])
def test_a_download_whose_checksum_takes_long(storage, work, hang, monkeypatch, algorithm):
    """Cancelling is noticed between two blocks, so that no thread hangs."""
    storage.put("lst/x", LARGE)
    storage.digests = (algorithm,)
    read = checksum._read
    blocks = []

    def slow(*given):
        for block in read(*given):
            blocks.append(block)
            hang.reached.set()
            time.sleep(0.2)
            yield block

    # As if nothing of it had been computed while the bytes came.
    monkeypatch.setattr(checksum.Checksum, "feed", lambda *_: None)
    monkeypatch.setattr(checksum, "_read", slow)
    cancelled_while_it_hangs(
        hang, lambda **options: APIClient().fetch_and_save_file("lst/x", **options), work
    )
    assert len(blocks) < 10
    assert "x" not in files(work)


class SlowFile(io.BytesIO):
    """A file on a disk that hangs."""

    def __init__(self, body: bytes, hang: Hang, at: int) -> None:
        super().__init__(body)
        self._hang = hang
        self._at = at

    def read(self, size=-1, /):
        if self.tell() >= self._at:
            self._hang.reached.set()
            self._hang.released.wait(30)
        return super().read(size)


@pytest.mark.parametrize("at", [0, MIB])
def test_an_upload_that_waits_for_the_disk(storage, work, hang, at):
    """The last piece arrives after the end; it is no longer sent."""
    file = SlowFile(content(2 * MIB), hang, at)
    told = cancelled_while_it_hangs(
        hang, lambda **options: APIClient().upload_file(file, "x", **options), work
    )
    assert "finished" not in {step[-1] for step in told}
    stored = storage.files.get(f"{OWN}/x")
    assert stored is None or len(stored.content) < 2 * MIB


def test_an_upload_whose_checksum_takes_long(storage, work, hang):
    storage.digests = ("md5",)
    storage.put(f"{OWN}/x", 4 * MIB, 1)
    file = SlowFile(content(4 * MIB), hang, MIB)
    cancelled_while_it_hangs(
        hang,
        lambda **options: APIClient().upload_file(file, "x", skip_existing=True, **options),
        work,
    )
    assert storage.asked("upload") == []


def test_an_upload_that_waits_for_its_answer(storage, work, hang):
    (work / "x").write_bytes(b"x")
    hold = threading.Event()
    storage.fails("upload", "x", Fault(hold=hold))
    storage.before = lambda served: served.endpoint == "upload" and hang.reached.set()
    try:
        told = cancelled_while_it_hangs(
            hang, lambda **options: APIClient().upload_file("x", "x", **options), work
        )
    finally:
        hold.set()
    assert "finished" not in {step[-1] for step in told}


@pytest.mark.parametrize("what", ["items", "size", "open"])
def test_a_directory_that_is_read_slowly(storage, work, hang, what):
    (work / "d").mkdir()
    for number in range(20):
        (work / f"d/{number}").write_bytes(b"x")
    where = () if what == "items" else ("7",)
    hang.in_calls_of(UploadTree, what, lambda tree, below: below == where)
    cancelled_while_it_hangs(
        hang, lambda **options: APIClient().upload_dir("d", "d", jobs=2, **options), work
    )
    assert f"{OWN}/d/7" not in storage.files


def test_a_callback_that_hangs(storage, work, hang):
    """The callback is the caller's, but cancelling ends the call all the same."""
    for number in range(20):
        storage.put(f"lst/d/{number}", SMALL)

    def call(on_progress, **options):
        def hangs(*step):
            hang.reached.set()
            hang.released.wait(30)

        APIClient().fetch_and_save_file_or_dir("lst/d", True, on_progress=hangs, **options)

    cancelled_while_it_hangs(hang, call, work)
    assert files(work) == {}


def test_a_beat_that_hangs_delays_nothing(storage, work, hang, monkeypatch):
    """The time stamp of the journal only concerns other processes."""
    body = storage.put("lst/x", LARGE)
    monkeypatch.setattr(journal, "BEAT", 0.01)
    monkeypatch.setattr(
        journal.Journal, "_replace", lambda self: setattr(self, "_written", 0) or None
    )
    hang.in_calls_of(journal.os, "utime", lambda *given, **_: str(given[0]).endswith("journal"))
    started = time.monotonic()
    ticks = []
    tick = watchdog.Watchdog.tick
    monkeypatch.setattr(
        watchdog.Watchdog, "tick", lambda *given: (ticks.append(time.monotonic()), tick(*given))
    )
    hold = threading.Event()
    storage.fails("head", "*", Fault(hold=hold))
    threading.Thread(target=lambda: (hang.reached.wait(20), time.sleep(1), hold.set())).start()
    assert APIClient().fetch_and_save_file("lst/x") == LARGE
    assert hang.reached.is_set()
    assert time.monotonic() - started < 10
    # The other work of the watching thread went on.
    assert max(b - a for a, b in itertools.pairwise(ticks)) < 0.8
    assert (work / "x").read_bytes() == body
    hang.released.set()
    for thread in threads_of_transfers():
        thread.join(10)
    assert open_below(work) == []


def test_a_beat_shows_that_the_owner_lives(storage, work, monkeypatch):
    """While its thread waits for the service."""
    storage.put("lst/x", LARGE)
    monkeypatch.setattr(journal, "BEAT", 0.05)
    beaten = threading.Event()
    utime = os.utime

    def beats(path, *given, **named):
        utime(path, *given, **named)
        if str(path).endswith("journal"):
            beaten.set()

    monkeypatch.setattr(journal.os, "utime", beats)
    storage.fails("head", "*", Fault(hold=beaten))
    assert APIClient().fetch_and_save_file("lst/x") == LARGE
    assert beaten.is_set()


def test_sources_are_settled_without_delay(work):
    """The wait for the next tick can be cancelled, too."""
    stopped = watchdog.Watchdog()
    stopped.stop(errors.TransferCancelled("enough"))
    (work / "x").write_bytes(b"x")
    with open(work / "x", "rb") as file:
        os.utime(file.fileno())
        with pytest.raises(errors.TransferCancelled):
            upload_file._stable_state(file, stopped)
