"""Faults 19 to 22: a full disk, two processes at one target, a target that is something else."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ctadata import APIClient, errors
from ctadata.transfers.local import temp_names
from ctadata.transfers.local.part_file import PartFile

from .outcome import PER_BREAK, assert_says, files, leftovers
from .storage import MIB, Fault, content

NAME = "lst/run.h5"
GET = [sys.executable, "-m", "ctadata", "get"]
# As an ordinary user, in a namespace of one's own; as root without those, in one for mounts.
WAYS = [["--user", "--map-root-user", "--mount"], ["--mount", "--propagation", "private"]]


@contextlib.contextmanager
def small_disk(where: Path, options: str) -> Iterator[Path]:
    """A tmpfs, mounted without privileges in a namespace of its own, and visible from here."""
    script = 'mount -t tmpfs -o "$1" none "$0" && echo ready && exec cat'
    said = []
    for way in WAYS:
        command = ["unshare", *way, "sh", "-c", script, str(where), options]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as holder:
            try:
                if holder.stdout.readline() == "ready\n":
                    yield Path(f"/proc/{holder.pid}/root{where}")
                    return
                said.append(holder.stderr.read().strip())
            finally:
                # It ends with its input, and the disk with it.
                holder.stdin.close()
    pytest.fail(f"This machine mounts no small disk, neither for a user nor for root: {said}")


@pytest.fixture
def disk(tmp_path) -> Iterator[Path]:
    """A disk of 1 MiB, with room for 32 files."""
    where = tmp_path / "disk"
    where.mkdir()
    with small_disk(where, "size=1m,nr_inodes=32") as mounted:
        assert os.statvfs(mounted).f_blocks * os.statvfs(mounted).f_frsize == MIB
        yield mounted


@contextlib.contextmanager
def downloading() -> Iterator[subprocess.Popen[str]]:
    """Another process that downloads the same file; killed at the end, if it still runs."""
    with subprocess.Popen([*GET, NAME], stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def fill(disk: Path, leave: int) -> Path:
    """Fill a disk except for some bytes."""
    ballast = disk / "ballast"
    free = os.statvfs(disk)
    ballast.write_bytes(bytes(free.f_bavail * free.f_frsize - leave))
    return ballast


def test_a_file_that_does_not_fit(storage, disk):
    """Fault 19, before the first byte: nothing is requested in vain."""
    storage.put(NAME, 3 * MIB)
    (disk / "run.h5").write_bytes(b"the old one")
    with pytest.raises(errors.NoSpace) as caught:
        APIClient().fetch_and_save_file(NAME, disk / "run.h5")
    # The old one takes a page.
    assert_says(caught.value, "run.h5", str(2 * MIB + os.sysconf("SC_PAGESIZE")), "room")
    assert storage.asked("fetch") == []
    assert files(disk) == {"run.h5": b"the old one"}


def test_a_small_file_that_does_not_fit(storage, disk):
    """Fault 19, before the first byte."""
    storage.put(NAME, 100_000)
    fill(disk, 50_000)
    with pytest.raises(errors.NoSpace) as caught:
        APIClient().fetch_and_save_file(NAME, disk / "run.h5")
    assert_says(caught.value, "run.h5", "100000", "room")
    assert storage.asked("fetch") == []
    assert list(files(disk)) == ["ballast"]


def test_a_disk_that_becomes_full_while_it_is_written(storage, disk):
    """Fault 19, at a write: another process fills the disk meanwhile."""
    # Small enough that no place is reserved for it.
    body = storage.put(NAME, 200_000)
    (disk / "run.h5").write_bytes(b"the old one")
    asked, hold = threading.Event(), threading.Event()
    storage.fails("fetch", NAME, Fault(hold=hold))
    storage.before = lambda served: served.endpoint == "fetch" and asked.set()

    def take():
        assert asked.wait(20)
        fill(disk, 100_000)
        hold.set()

    taking = threading.Thread(target=take)
    taking.start()
    with pytest.raises(errors.NoSpace) as caught:
        APIClient().fetch_and_save_file(NAME, disk / "run.h5")
    taking.join()
    assert_says(caught.value, "run.h5", "full", "room")
    (disk / "ballast").unlink()
    assert files(disk) == {"run.h5": b"the old one"}
    assert APIClient().fetch_and_save_file(NAME, disk / "run.h5") == len(body)
    assert files(disk) == {"run.h5": body}


def test_files_that_do_not_fit_together(storage, disk):
    """Fault 19: some files fit and are complete; the rest comes after a clean-up."""
    whole = {str(n): storage.put(f"lst/d/{n}", 300_000, n) for n in range(6)}
    client = APIClient(timeout=2)
    with pytest.raises(errors.NoSpace) as caught:
        client.fetch_and_save_file_or_dir("lst/d", recursive=True, dest=disk, jobs=3)
    assert_says(caught.value, "room")
    there = files(disk / "d")
    assert 1 <= len(there) <= 3
    assert {name: whole[name] for name in there} == there
    assert not leftovers(disk)


def test_no_room_for_a_name(storage, disk):
    """Fault 19, when creating a file: there are bytes left, but no inode."""
    storage.put(NAME, 1000)
    with contextlib.suppress(OSError):
        for number in range(100):
            (disk / f"taken{number}").touch()
    with pytest.raises(errors.NoSpace) as caught:
        APIClient().fetch_and_save_file(NAME, disk / "run.h5")
    assert_says(caught.value, "run.h5", "full")
    assert not (disk / "run.h5").exists()


def test_a_large_file_on_a_disk_that_becomes_full(storage, tmp_path):
    """Fault 19 with a journal: after the clean-up the next run resumes, or begins again."""
    where = tmp_path / "disk"
    where.mkdir()
    body = storage.put(NAME, 9 * MIB)
    with small_disk(where, "size=12m") as disk:
        ballast = fill(disk, 9 * MIB - 4096)
        with pytest.raises(errors.NoSpace):
            APIClient().fetch_and_save_file(NAME, disk / "run.h5")
        ballast.unlink()
        assert APIClient().fetch_and_save_file(NAME, disk / "run.h5") == len(body)
        assert files(disk) == {"run.h5": body}


@pytest.mark.parametrize("call", ["fsync", "close", "replace"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_disk_that_says_at_the_end_that_it_is_full(storage, work, monkeypatch, call, number):
    """Fault 19 at close and rename, as on network file systems; simulated."""
    body = storage.put(NAME, 5000)
    (work / "run.h5").write_bytes(b"the old one")
    real = getattr(os, call)
    failed = []

    def full(*args, **options):
        if call == "replace":
            ours = Path(args[1]).name == "run.h5"
        else:
            ours = ".part" in os.readlink(f"/proc/self/fd/{args[0]}")
        if not ours:
            return real(*args, **options)
        if call == "close":
            real(*args)
        failed.append(args)
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        with pytest.raises(errors.NoSpace) as caught:
            APIClient().fetch_and_save_file(NAME)
    assert failed
    assert_says(caught.value, "run.h5", "full")
    assert files(work) == {"run.h5": b"the old one"}
    assert APIClient().fetch_and_save_file(NAME) == 5000
    assert files(work) == {"run.h5": body}


@pytest.mark.parametrize("size", [100_000, 30 * MIB])
def test_two_processes_at_one_target(storage, wire, work, size):
    """Fault 21: at the same time, without a lock that could fail."""
    body = storage.put(NAME, size)
    wire.rate = max(size, 10 * MIB) * 2
    with downloading() as one, downloading() as other:
        said = [process.communicate(timeout=30)[1] for process in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0), said
    assert files(work) == {"run.h5": body}
    assert not leftovers(work)


def test_two_threads_at_one_target(storage, wire, work):
    """Fault 21 in one process."""
    body = storage.put(NAME, 30 * MIB)
    wire.rate = 60 * MIB
    client = APIClient(timeout=2)
    sizes: list[int] = []
    both = [
        threading.Thread(target=lambda: sizes.append(client.fetch_and_save_file(NAME)))
        for _ in range(2)
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sizes == [len(body)] * 2
    assert files(work) == {"run.h5": body}
    assert not leftovers(work)


@pytest.mark.parametrize("reaped", [True, False])
def test_the_one_who_waits_goes_on_when_the_owner_dies(storage, wire, work, reaped):
    """Fault 21: an owner that is killed while another one waits for it; it may stay a zombie."""
    body = storage.put(NAME, 30 * MIB)
    wire.rate = 20 * MIB
    with downloading() as owner:
        assert wire.wait_for(8 * MIB, 20)
        with downloading() as waiting:
            assert wire.wait_for(20 * MIB, 20)
            owner.kill()
            if reaped:
                owner.wait()
            _, said = waiting.communicate(timeout=30)
    assert waiting.returncode == 0, said
    assert files(work) == {"run.h5": body}
    assert not leftovers(work)


def test_a_dead_owner(storage, wire, work):
    """Fault 21: its journal is taken over without waiting."""
    body = storage.put(NAME, 30 * MIB)
    wire.rate = 40 * MIB
    with downloading():
        assert wire.wait_for(15 * MIB, 20)
    assert leftovers(work)
    wire.rate = None
    started = time.monotonic()
    assert APIClient().fetch_and_save_file(NAME) == len(body)
    assert time.monotonic() - started < 3
    assert files(work) == {"run.h5": body}
    # What is there is written down after each 8 MiB.
    assert wire.passed < len(body) + 8 * MIB + 2 * PER_BREAK
    assert not leftovers(work)


def test_a_live_owner_is_waited_for(storage, wire, work):
    """Fault 21: the second process downloads nothing that the first one downloads."""
    body = storage.put(NAME, 30 * MIB)
    wire.rate = 30 * MIB
    with downloading() as owner:
        assert wire.wait_for(4 * MIB, 20)
        assert APIClient().fetch_and_save_file(NAME) == len(body)
        _, said = owner.communicate(timeout=30)
    assert owner.returncode == 0, said
    assert files(work) == {"run.h5": body}
    assert wire.passed < len(body) + PER_BREAK
    assert not leftovers(work)


def test_the_wait_for_an_owner_can_be_cancelled(storage, wire, work):
    """Fault 21: a wait, not a trap."""
    storage.put(NAME, 30 * MIB)
    wire.rate = 5 * MIB
    with downloading() as owner:
        assert wire.wait_for(2 * MIB, 20)
        cancel = threading.Event()
        timer = threading.Timer(0.3, cancel.set)
        timer.start()
        started = time.monotonic()
        with pytest.raises(errors.TransferCancelled):
            APIClient().fetch_and_save_file(NAME, cancel=cancel)
        assert time.monotonic() - started < 1.3
        timer.join()
        assert owner.poll() is None


OVERWRITE = ["update", "never", "fail", "skip", "replace"]


def place(work: Path, kind: str) -> Path:
    """Put something where the file should go."""
    target = work / "run.h5"
    elsewhere = work.parent / "elsewhere"
    if kind == "a directory":
        target.mkdir()
        (target / "mine").write_bytes(b"mine")
    elif kind == "a symlink":
        elsewhere.write_bytes(b"mine")
        target.symlink_to(elsewhere)
    elif kind == "a symlink to nothing":
        target.symlink_to(elsewhere)
    elif kind == "a symlink to a directory":
        elsewhere.mkdir()
        target.symlink_to(elsewhere)
    elif kind == "a pipe":
        os.mkfifo(target)
    else:
        target.write_bytes(b"mine")
        if kind == "read-only":
            target.chmod(0o444)
    return target


REFUSED = {
    "another file": {"fail", "never"},
    "read-only": {"fail", "never", "update"},
    "a symlink": {"fail", "never", "update"},
    "a symlink to nothing": {"fail", "never", "update"},
    "a symlink to a directory": {"fail", "never", "update"},
    "a directory": {"fail", "never", "update", "replace"},
}


@pytest.mark.parametrize("overwrite", OVERWRITE)
@pytest.mark.parametrize("kind", REFUSED)
def test_a_target_that_is_there(storage, work, kind, overwrite):
    """Fault 22: refused, left alone, or replaced; a link itself and never what it leads to."""
    body = storage.put(NAME, 5000)
    target = place(work, kind)
    before = files(work.parent)
    what = os.lstat(target)
    client = APIClient()
    if overwrite in REFUSED[kind]:
        with pytest.raises(errors.AlreadyExists) as caught:
            client.fetch_and_save_file(NAME, overwrite=overwrite)
        assert_says(caught.value, "run.h5")
    else:
        assert client.fetch_and_save_file(NAME, overwrite=overwrite) == 5000
    if overwrite in REFUSED[kind] or overwrite == "skip":
        assert os.lstat(target).st_ino == what.st_ino
        assert files(work.parent) == before
        assert storage.asked("fetch") == []
    else:
        assert not target.is_symlink()
        assert target.read_bytes() == body
        elsewhere = work.parent / "elsewhere"
        assert not elsewhere.is_file() or elsewhere.read_bytes() == b"mine"
    assert not leftovers(work)


@pytest.mark.parametrize("overwrite", ["update", "replace"])
def test_a_target_that_becomes_something_else_meanwhile(storage, work, overwrite):
    """Fault 22 at the last moment: a directory stays one."""
    storage.put(NAME, 5000)

    def take(served):
        if served.endpoint == "fetch":
            place(work, "a directory")

    storage.before = take
    with pytest.raises(errors.AlreadyExists) as caught:
        APIClient().fetch_and_save_file(NAME, overwrite=overwrite)
    assert_says(caught.value, "run.h5")
    assert files(work) == {"run.h5/mine": b"mine"}


@pytest.mark.parametrize("overwrite", ["update", "never", "fail"])
def test_a_link_that_comes_meanwhile_is_not_replaced(storage, work, overwrite):
    """Fault 22 at the last moment."""
    storage.put(NAME, 5000)
    storage.before = lambda served: served.endpoint == "fetch" and place(work, "a symlink")
    with pytest.raises(errors.AlreadyExists):
        APIClient().fetch_and_save_file(NAME, overwrite=overwrite)
    assert (work / "run.h5").is_symlink()
    assert (work.parent / "elsewhere").read_bytes() == b"mine"


def test_a_directory_of_the_tree_that_is_a_file_or_a_link(storage, work):
    """Fault 22 for the directories in between: the other files are downloaded."""
    storage.put("lst/d/file/x", 10)
    storage.put("lst/d/link/y", 10)
    storage.put("lst/d/good", 10)
    outside = work.parent / "outside"
    outside.mkdir()
    (work / "d").mkdir()
    (work / "d/file").write_bytes(b"mine")
    (work / "d/link").symlink_to(outside)
    with pytest.raises(errors.TransferError) as caught:
        APIClient().fetch_and_save_file_or_dir("lst/d", recursive=True, dest=work)
    assert len(caught.value.failures) == 2
    assert files(work) == {"d/file": b"mine", "d/good": content(10)}
    assert list(outside.iterdir()) == []


def test_an_unknown_way_to_overwrite(storage, work):
    with pytest.raises(errors.CTADataError, match=r"update.*never.*fail.*skip.*replace"):
        APIClient().fetch_and_save_file(NAME, overwrite="maybe")
    assert storage.log == []


def test_a_temporary_name_that_is_taken(work, monkeypatch):
    """By another thread: each writes a part of its own."""
    numbers = iter([1, 1, 2])
    monkeypatch.setattr(temp_names.random, "getrandbits", lambda bits: next(numbers))
    directory = os.open(work, os.O_RDONLY)
    parts = [PartFile(directory, "f", display_path="f", size=1) for _ in range(2)]
    for part, byte in zip(parts, (b"a", b"b"), strict=True):
        part.write(0, [byte])
        part.finish(None, replace=True)
        assert (work / "f").read_bytes() == byte
    os.close(directory)
    assert os.listdir(work) == ["f"]


@pytest.mark.parametrize("count", [0, 1, 1024, 1025, 5000])
def test_more_blocks_than_the_system_takes_at_once(work, count):
    """Small chunks over a fast connection produce many blocks."""
    blocks = [bytes([n % 251]) * (n % 7) for n in range(count)]
    body = b"".join(blocks)
    directory = os.open(work, os.O_RDONLY)
    part = PartFile(directory, "f", display_path="f", size=3 + len(body))
    part.write(0, [b"abc"])
    part.write(3, blocks)
    part.finish(None, replace=True)
    os.close(directory)
    assert (work / "f").read_bytes() == b"abc" + body


@pytest.mark.parametrize("size", [1, 3])
def test_a_body_in_tiny_chunks(storage, work, size):
    """The sender, a proxy or a hostile service, decides how long a chunk is."""
    body = storage.put(NAME, 300_000)
    storage.fails("fetch", NAME, Fault(chunk=size))
    assert APIClient().fetch_and_save_file(NAME) == len(body)
    assert files(work) == {"run.h5": body}


def test_what_is_there_is_not_fetched_again(storage, work):
    """Fault 22, by size and date: the default leaves an identical file alone."""
    body = storage.put(NAME, 5000)
    client = APIClient()
    states = []
    assert client.fetch_and_save_file(NAME) == 5000
    assert client.fetch_and_save_file(NAME, on_progress=lambda *s: states.append(s[3])) == 5000
    assert states[-1] == "skipped"
    assert len(storage.asked("fetch")) == 1
    assert client.fetch_and_save_file(NAME, overwrite="never") == 5000
    assert len(storage.asked("fetch")) == 1
    assert client.fetch_and_save_file(NAME, overwrite="replace") == 5000
    assert len(storage.asked("fetch")) == 2
    os.utime(work / "run.h5")
    (work / "run.h5").write_bytes(body[::-1])
    assert client.fetch_and_save_file(NAME) == 5000
    assert files(work) == {"run.h5": body}
    assert len(storage.asked("fetch")) == 3


@pytest.mark.parametrize("mask", [0o022, 0o077])
def test_mode_and_date(storage, work, mask):
    """The remote date, and the mode that any new file gets."""
    storage.put(NAME, 5000)
    before = os.umask(mask)
    try:
        APIClient().fetch_and_save_file(NAME)
    finally:
        os.umask(before)
    fields = (work / "run.h5").stat()
    assert fields.st_mode & 0o777 == 0o666 & ~mask
    assert fields.st_mtime == 1795328886
