"""Uploads are public: hidden files, links and special files in a directory are left out."""

from __future__ import annotations

import contextlib
import json
import os
import re
import socket
import stat
import sys
import threading
from collections import Counter
from unicodedata import normalize

import pytest
from click.testing import CliRunner

from ctadata import APIClient
from ctadata.cli.main import cli
from ctadata.transfers.transfer_totals import TransferTotals
from tests.support.terminal import run_in_terminal

from .storage import OWN, Fault, content

SECRET = b"for nobody"


@pytest.fixture
def secret(work):
    """A directory beside the uploaded one, with a file that must not be uploaded."""
    outside = work.parent / "outside"
    (outside / "sub").mkdir(parents=True)
    for name in ("file", "other", "sub/file"):
        (outside / name).write_bytes(SECRET)
    return outside


@pytest.fixture
def tree(work, secret):
    """A directory with every kind of content."""
    d = work / "d"
    for name in ("sub/.git", "sub/deep", ".cache/in"):
        (d / name).mkdir(parents=True)
    for name in ("file", "sub/deep/file", ".env", "sub/.env", "sub/.git/config", ".cache/in/file"):
        (d / name).write_bytes(b"content")
    (d / "to-file").symlink_to(secret / "file")
    (d / "sub/to-directory").symlink_to(secret)
    (d / "sub/inside").symlink_to("deep/file")
    (d / ".hidden-link").symlink_to(secret / "file")
    (d / "dangling").symlink_to("nowhere")
    (d / "loop").symlink_to("loop")
    make("pipe", d / "pipe", secret)
    make("socket", d / "sub/socket", secret)
    # Only root may make one.
    with contextlib.suppress(PermissionError):
        os.mknod(d / "device", stat.S_IFCHR | 0o600, os.makedev(1, 5))
    return d


def make(kind, path, secret):
    """Make something that must not be uploaded."""
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            # A whole path may be too long for one.
            bound.bind(os.path.relpath(path))
    elif kind == "directory":
        path.mkdir()
    else:
        path.symlink_to({"link": secret / "file", "link to a device": "/dev/zero"}[kind])


def stored(storage):
    """Return the stored files, by their paths in the user's home directory."""
    return {name.removeprefix(f"{OWN}/"): remote.content for name, remote in storage.files.items()}


def assert_no_secret(storage):
    assert SECRET not in stored(storage).values()


OPEN = {"d/file", "d/sub/deep/file"}
HIDDEN = {"d/.env", "d/sub/.env", "d/sub/.git/config", "d/.cache/in/file"}
KINDS = {
    ".env": "hidden file", "sub/.env": "hidden file", "sub/.git": "hidden directory",
    ".cache": "hidden directory", "to-file": "link", "sub/to-directory": "link",
    "sub/inside": "link", ".hidden-link": "link", "dangling": "link", "loop": "link",
    "pipe": "pipe", "sub/socket": "socket",
}  # fmt: skip


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("many", [False, True])
def test_what_is_left_out_is_told(storage, tree, hidden, dry_run, many):
    found, totals = [], TransferTotals()
    options = {
        "hidden": hidden, "dry_run": dry_run, "on_result": found.append,
        "on_progress": totals.record,
    }  # fmt: skip
    if many:
        answers = APIClient().upload_many(["d"], "", recursive=True, **options)
    else:
        answers = APIClient().upload_dir("d", "d", **options)
    expected = OPEN | HIDDEN if hidden else OPEN
    assert {answer["path"] for answer in answers} == {f"{OWN}/{name}" for name in expected}
    assert set(stored(storage)) == (set() if dry_run else expected)
    assert totals.files_found == len(expected)
    assert totals.bytes_found == len(expected) * len(b"content")
    left_out = [result for result in found if result.state == "left out"]
    kinds = {name: kind for name, kind in KINDS.items() if not (hidden and "hidden" in kind)}
    if os.path.lexists("d/device"):
        kinds["device"] = "device"
    assert {result.local: result.kind for result in left_out} == {
        f"d/{name}": kind for name, kind in kinds.items()
    }
    assert len(left_out) == len(kinds)
    assert all(result.path == f"{OWN}/{result.local}" for result in left_out)
    assert all(result.error is None and result.size is None for result in left_out)
    assert {result.kind for result in found if result.state != "left out"} == {None}
    assert not [name for name in storage.directories if ".git" in name] or hidden


def test_one_warning_where_nobody_else_is_told(storage, tree, caplog):
    (tree / "device").unlink(missing_ok=True)
    APIClient().upload_dir("d", "d")
    (record,) = [record for record in caplog.records if "left out" in record.getMessage()]
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith(
        "2 hidden directories, 2 hidden files, 6 links, 1 pipe and 1 socket left out of 'd' ("
    )
    caplog.clear()
    APIClient().upload_dir("d/sub/deep", "d")
    assert "left out" not in caplog.text


def test_globs(storage, tree):
    """Excluded items are not counted; including a name does not make it a file."""
    found = []
    APIClient().upload_dir(
        "d", "d", on_result=found.append,
        include=["file", ".env", "*/config"], exclude=[".git/", "to-*", "sub/inside", "loop"],
    )  # fmt: skip
    assert set(stored(storage)) == OPEN
    assert sorted(result.local for result in found if result.state == "left out") == [
        "d/.cache", "d/.env", "d/.hidden-link", "d/dangling", "d/sub/.env",
    ]  # fmt: skip
    storage.files.clear()
    APIClient().upload_dir("d", "d", include=".env", exclude="sub/", hidden=True)
    assert set(stored(storage)) == {"d/.env"}


def test_what_is_named_is_sent(storage, work, secret):
    (work / ".env").write_bytes(b"env")
    (work / ".d").mkdir()
    for name in ("file", ".hidden"):
        (work / ".d" / name).write_bytes(b"content")
    (work / "link.txt").symlink_to(secret / "file")
    (work / "to-directory").symlink_to(secret)
    run = CliRunner().invoke
    for arguments in (
        [".env", "one/"], ["link.txt", "one/"], [".env", "link.txt", "more/"], ["-r", ".d", "d"],
        ["-r", "to-directory", "linked"], ["-r", ".d", "to-directory", "two/"],
    ):  # fmt: skip
        assert run(cli, ["put", *arguments]).exit_code == 0
    APIClient().upload_file(".env", "python/.env")
    APIClient().upload_files({"files/.env": ".env", "files/link": "link.txt"})
    assert set(stored(storage)) == {
        "one/.env", "one/link.txt", "more/.env", "more/link.txt", "d/file",
        "linked/file", "linked/other", "linked/sub/file", "two/.d/file",
        "two/outside/file", "two/outside/other", "two/outside/sub/file",
        "python/.env", "files/.env", "files/link",
    }  # fmt: skip


SWAPS = ["link", "link to a device", "pipe", "socket", "directory"]


@pytest.mark.parametrize("kind", SWAPS)
def test_a_file_that_is_swapped_after_it_was_found(storage, tree, secret, kind):
    found, totals = [], TransferTotals()

    def swap(path, done, total, state):
        totals.record(path, done, total, state)
        if (path, state) == ("d/file", "waiting"):
            (tree / "file").unlink()
            make(kind, tree / "file", secret)

    APIClient().upload_dir("d", "d", on_progress=swap, on_result=found.append)
    assert set(stored(storage)) == OPEN - {"d/file"}
    assert_no_secret(storage)
    (swapped,) = [result for result in found if result.local == "d/file"]
    assert (swapped.state, swapped.path) == ("left out", f"{OWN}/d/file")
    assert swapped.kind == ("link" if "link" in kind else kind)
    assert (totals.files_found, totals.files_done, totals.files_failed) == (1, 1, 0)
    assert totals.bytes_found == totals.bytes_done == len(b"content")


@pytest.mark.parametrize("kind", SWAPS)
def test_a_file_that_is_swapped_right_before_it_is_opened(storage, tree, secret, kind, monkeypatch):
    """Between two system calls: after the check that it is a file."""
    found = []
    os_open, swapped = os.open, []

    def swap_and_open(path, flags, *arguments, **options):
        if path == "file" and not swapped:
            swapped.append(path)
            (tree / "file").unlink()
            make(kind, tree / "file", secret)
        return os_open(path, flags, *arguments, **options)

    monkeypatch.setattr(os, "open", swap_and_open)
    APIClient().upload_dir("d", "d", exclude="sub/", on_result=found.append)
    monkeypatch.undo()
    assert stored(storage) == {}
    (result,) = [result for result in found if result.local == "d/file"]
    assert (result.state, result.kind) == ("left out", "link" if "link" in kind else kind)


def test_a_directory_that_is_swapped_after_its_files_were_found(storage, work, secret):
    (work / "d/sub").mkdir(parents=True)
    for name in ("file", "other"):
        (work / "d/sub" / name).write_bytes(b"content")
    found = []

    def swap(path, done, total, state):
        if state == "waiting" and not (work / "d/sub").is_symlink():
            (work / "d/sub").rename(work / "away")
            (work / "d/sub").symlink_to(secret)

    APIClient().upload_dir("d", "d", on_progress=swap, on_result=found.append)
    assert stored(storage) == {}
    assert Counter((result.state, result.kind) for result in found) == {
        ("left out", "file behind a link"): 2
    }


@pytest.mark.parametrize("which", ["sub", "sub/deep"])
def test_a_directory_that_is_swapped_before_it_is_listed(storage, tree, secret, which):
    (secret / "deep").mkdir()
    (secret / "deep/file").write_bytes(SECRET)
    found = []

    def swap(served):
        if (served.method, served.name) == ("MKCOL", os.path.dirname(f"{OWN}/d/{which}")):
            (tree / which).rename(tree.parent / "away")
            (tree / which).symlink_to(secret)

    storage.before = swap
    APIClient().upload_dir("d", "d", on_result=found.append)
    assert set(stored(storage)) == {"d/file"}
    (swapped,) = [result for result in found if result.local == f"d/{which}"]
    assert (swapped.state, swapped.kind) == ("left out", "link")
    assert f"{OWN}/d/{which}" not in storage.directories


@pytest.mark.parametrize("above", [False, True])
def test_the_directory_itself_is_swapped(storage, work, secret, above):
    """The file as opened at the start is uploaded, not what its name leads to later."""
    (work / "up/d").mkdir(parents=True)
    (work / "up/d/file").write_bytes(b"content")
    swapped = work / ("up" if above else "up/d")
    (secret / "d").mkdir()
    (secret / "d/file").write_bytes(SECRET)
    found = []

    def swap(path, done, total, state):
        if state == "waiting":
            swapped.rename(work / "away")
            swapped.symlink_to(secret)

    APIClient().upload_dir("up/d", "d", on_progress=swap, on_result=found.append)
    assert stored(storage) == {}
    assert [(result.state, result.kind) for result in found] == [("left out", "file behind a link")]


def test_swapping_all_the_time(storage, work, secret):
    """Files and directories become links and files again while they are uploaded."""
    for directory in ("d/a", "d/b"):
        (work / directory).mkdir(parents=True)
        for number in range(60):
            (work / directory / f"{number:02}").write_bytes(b"content")
            (secret / f"{number:02}").write_bytes(SECRET)
    stop = threading.Event()

    def swap():
        for place in ("d/a", "d/b/30"):
            (work / "link").symlink_to(secret / "30" if "30" in place else secret)
            os.rename(work / place, work / "away")
            os.rename(work / "link", work / place)
            os.rename(work / place, work / "link")
            os.rename(work / "away", work / place)
            (work / "link").unlink()

    def keep_swapping():
        while not stop.is_set():
            swap()

    swapper = threading.Thread(target=keep_swapping)
    swapper.start()
    found = []
    try:
        for number in range(5):
            # A file that is away for a moment is one that failed.
            with contextlib.suppress(Exception):
                APIClient().upload_dir("d", f"d{number}", on_result=found.append)
    finally:
        stop.set()
        swapper.join()
    assert_no_secret(storage)
    assert {result.state for result in found} >= {"finished"}


def test_few_descriptors(storage, work):
    """No more than files are uploaded at a time, however deep and wide the tree is."""
    deep = work / "d" / "/".join("n" * 60)
    deep.mkdir(parents=True)
    (deep / "file").write_bytes(b"content")
    for number in range(200):
        (work / "d" / f"s{number}").mkdir()
        (work / "d" / f"s{number}" / "file").write_bytes(b"content")

    def descriptors():
        """Without connections, some of which belong to the storage in this process."""
        links = []
        for name in os.listdir("/dev/fd"):
            with contextlib.suppress(OSError):
                links.append(os.fstat(int(name)).st_mode)
        return sum(stat.S_ISDIR(mode) or stat.S_ISREG(mode) for mode in links)

    before = descriptors()
    most = []
    storage.before = lambda served: most.append(descriptors())
    APIClient().upload_dir("d", "d", jobs=4)
    assert len(stored(storage)) == 201
    # For each job a file, or two directories on the way to one; and the listing of /dev/fd.
    assert max(most) - before <= 4 * 2 + 2
    assert descriptors() == before


def test_names_that_would_meet_if_they_took_part(storage, work, secret):
    nfc, nfd = normalize("NFC", "é"), normalize("NFD", "é")
    (work / "d").mkdir()
    (work / "d" / nfc).write_bytes(b"content")
    (work / "d" / nfd).symlink_to(secret)
    for name in (f".{nfc}", f".{nfd}"):
        (work / "d" / name).write_bytes(b"content")
    APIClient().upload_dir("d", "d")
    assert set(stored(storage)) == {f"d/{nfc}"}
    with pytest.raises(Exception, match="accents"):
        APIClient().upload_dir("d", "d", hidden=True)


def test_what_was_left_out_is_sent_later(storage, work):
    (work / "d").mkdir()
    for name in ("file", ".env"):
        (work / "d" / name).write_bytes(content(100))
    states = []

    def upload(**options):
        found = []
        APIClient().upload_dir("d", "d", skip_existing=True, on_result=found.append, **options)
        states.append({os.path.basename(result.local): result.state for result in found})

    upload()
    upload(hidden=True)
    upload()
    assert states == [
        {"file": "finished", ".env": "left out"},
        {"file": "skipped", ".env": "finished"},
        {"file": "skipped", ".env": "left out"},
    ]


def test_the_command_says_it_and_succeeds(storage, tree):
    (tree / "device").unlink(missing_ok=True)
    run = CliRunner().invoke
    done = run(cli, ["put", "-r", "d", "d"])
    assert done.exit_code == 0
    assert sorted(done.stdout.splitlines()) == sorted(f"{OWN}/{name}" for name in OPEN)
    told, summary = done.stderr.splitlines()
    assert told == (
        "2 hidden directories, 2 hidden files, 6 links, 1 pipe and 1 socket left out "
        "(--hidden includes hidden files)"
    )
    assert summary.endswith("0 skipped, 0 failed")
    assert "left out" not in run(cli, ["put", "-r", "-q", "d", "d"]).stderr
    done = run(cli, ["put", "-r", "--hidden", "d", "d"])
    assert done.stderr.splitlines()[0] == "6 links, 1 pipe and 1 socket left out"
    assert set(stored(storage)) == OPEN | HIDDEN


@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
def test_the_command_says_it_as_json(storage, tree, dry_run):
    done = CliRunner().invoke(cli, ["put", "-r", "--json", *dry_run, "d/sub", "d"])
    assert done.exit_code == 0
    told = {line["local"]: line for line in map(json.loads, done.stdout.splitlines())}
    assert told["d/sub/.git"] == {
        "path": f"{OWN}/d/.git", "local": "d/sub/.git", "size": None, "state": "left out",
        "error": None, "kind": "hidden directory",
    }  # fmt: skip
    assert told["d/sub/to-directory"]["kind"] == "link"
    assert "kind" not in told["d/sub/deep/file"]
    assert "left out (--hidden" in done.stderr


def test_the_warning_does_not_run_into_a_bar(storage, work):
    (work / "d").mkdir()
    for number in range(100):
        (work / "d" / f"{number:02}").write_bytes(content(1000))
    (work / "d/.env").write_bytes(SECRET)
    # Time for a bar to be drawn before the last file comes.
    storage.fails("upload", "d/99", Fault(hold=(hold := threading.Event())))
    late = threading.Timer(1, hold.set)
    storage.before = lambda served: served.name == "d/99" and late.start()
    code = "import ctadata; ctadata.upload_dir('d', 'd')"
    status, shown = run_in_terminal([sys.executable, "-c", code])
    assert status == 0
    assert re.search("(?:\\A|\n|\x1b\\[J)1 hidden file left out of 'd'[^\r]*\r\n", shown), shown
    assert_no_secret(storage)
