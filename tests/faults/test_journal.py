"""No journal or part beside a target, whatever it contains, leads to a wrong file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ctadata import APIClient, errors
from ctadata.transfers.local import process_owner
from ctadata.transfers.local.process_owner import ProcessOwner
from tests.conftest import TOKEN

from .outcome import PER_BREAK, files, leftovers
from .storage import LATER, MIB, MODIFIED, Fault, Storage, content

NAME = "lst/run.h5"
JOURNAL = ".run.h5.ctadata-journal"
# Just so large that there is a journal.
SIZE = 8 * MIB + 1
STOP = 5 * MIB

slow = settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def served():
    with Storage() as storage:
        storage.put(NAME, SIZE)
        yield storage


def download(storage: Storage, directory: Path, **options) -> int:
    client = APIClient(downloadservice=storage.url, token=TOKEN, timeout=2, retries=1)
    return client.fetch_and_save_file(NAME, directory / "run.h5", **options)


def stale(storage: Storage, directory: Path) -> dict:
    """The journal of an interrupted run, with its part; and the content of the file."""
    nothing = Fault(stop=0)
    storage.fails("fetch", NAME, Fault(stop=STOP), always=nothing)
    storage.fails("webdav", NAME, always=nothing)
    with pytest.raises(errors.CTADataError):
        download(storage, directory)
    storage.heal()
    return json.loads((directory / JOURNAL).read_bytes())


def assert_whole(storage: Storage, directory: Path) -> None:
    assert download(storage, directory) == SIZE
    assert (directory / "run.h5").read_bytes() == storage.files[NAME].content


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=12,
)


@slow
@given(raw=st.binary(max_size=200) | anything.map(lambda value: json.dumps(value).encode()))
@example(raw=b"")
@example(raw=b"{")
@example(raw=b"[" * 100_000)
@example(raw=b'{"ranges": ' + b"9" * 5000 + b"}")
@example(raw=b'{"owner": {"pid": 1}}')
@example(raw=bytes(2 << 20))
def test_any_bytes_as_a_journal(served, raw):
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / JOURNAL).write_bytes(raw)
        assert_whole(served, Path(directory))
        assert not leftovers(Path(directory))


ranges = st.lists(
    st.lists(st.integers(-(2**70), 2**70) | st.integers(-5, SIZE + 5), max_size=3), max_size=5
)


@slow
@given(found=ranges, synced=ranges)
@example(found=[[0, SIZE]], synced=[])
@example(found=[[0, SIZE + 1]], synced=[])
@example(found=[[-5, SIZE]], synced=[])
@example(found=[[0, STOP], [STOP - 100, STOP]], synced=[])
@example(found=[[5, 3]], synced=[])
@example(found=[[0, 2**70]], synced=[])
def test_any_ranges_without_a_part(served, found, synced):
    """The part that the journal names is missing, too short, or a link."""
    with tempfile.TemporaryDirectory() as directory:
        journal = journal_of(served, Path(directory))
        (Path(directory) / journal["part"]).unlink()
        journal |= {"ranges": found, "synced": synced}
        (Path(directory) / JOURNAL).write_text(json.dumps(journal))
        assert_whole(served, Path(directory))
        assert not leftovers(Path(directory))


_true: dict = {}


def journal_of(storage: Storage, directory: Path) -> dict:
    """A journal and its part as an interrupted run leaves them; made once, then copied."""
    if not _true:
        with tempfile.TemporaryDirectory() as first:
            journal = stale(storage, Path(first))
            part = (Path(first) / journal["part"]).read_bytes()
            _true.update(journal=journal, part=part)
    (directory / _true["journal"]["part"]).write_bytes(_true["part"])
    (directory / JOURNAL).write_text(json.dumps(_true["journal"]))
    return dict(_true["journal"])


# Ranges that the part does not have: what a crash of the machine may make of a journal. Only
# a checksum can tell those from the truth, so that the ranges here stay within what is there.
true_ranges = st.lists(st.tuples(st.integers(0, STOP), st.integers(0, STOP)).map(list), max_size=6)


@slow
@given(found=true_ranges)
def test_any_ranges_of_what_is_there(served, found):
    """Overlapping, reversed, empty ranges: the missing bytes are fetched."""
    with tempfile.TemporaryDirectory() as directory:
        journal = journal_of(served, Path(directory)) | {"ranges": found, "synced": found}
        (Path(directory) / JOURNAL).write_text(json.dumps(journal))
        assert_whole(served, Path(directory))
        assert not leftovers(Path(directory))


def test_a_true_journal_is_used(served, tmp_path):
    journal_of(served, tmp_path)
    served.heal()
    assert_whole(served, tmp_path)
    assert 0 < served.sent(NAME) <= SIZE - STOP + PER_BREAK
    assert list(files(tmp_path)) == ["run.h5"]


STALE = {
    "size": {"size": SIZE - 1},
    "date": {"mtime": LATER},
    "path": {"path": "lst/other.h5"},
    "service": {"service": "http://other.example/"},
    "nothing": None,
    "a text": "lst/run.h5",
}


@pytest.mark.parametrize("what", STALE)
def test_a_journal_of_another_source(served, tmp_path, what):
    """Its part has other bytes, and is not used."""
    journal = journal_of(served, tmp_path)
    (tmp_path / journal["part"]).write_bytes(content(SIZE, 77))
    changed = STALE[what]
    source = journal["source"] | changed if isinstance(changed, dict) else changed
    (tmp_path / JOURNAL).write_text(json.dumps(journal | {"source": source}))
    assert_whole(served, tmp_path)
    assert not leftovers(tmp_path)


PARTS = ["../secret", "/etc/passwd", "secret", "run.h5", "", ".", "a/b", 5, None, [], "x\0y"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_is_none(served, tmp_path, part):
    """No journal causes another file to be written or removed."""
    where = tmp_path / "to"
    where.mkdir()
    journal = journal_of(served, where)
    for secret in (tmp_path / "secret", where / "secret"):
        secret.write_bytes(b"secret")
    (where / JOURNAL).write_text(json.dumps(journal | {"part": part}))
    assert_whole(served, where)
    assert (tmp_path / "secret").read_bytes() == (where / "secret").read_bytes() == b"secret"


@pytest.mark.parametrize("kind", ["link", "directory", "short", "pipe"])
def test_a_part_that_is_something_else(served, tmp_path, kind):
    """A link is not followed, and a part that is too short is not complete."""
    where = tmp_path / "to"
    where.mkdir()
    part = where / journal_of(served, where)["part"]
    body = part.read_bytes()
    part.unlink()
    if kind == "link":
        (tmp_path / "secret").write_bytes(body)
        part.symlink_to(tmp_path / "secret")
    elif kind == "directory":
        part.mkdir()
    elif kind == "pipe":
        os.mkfifo(part)
    else:
        part.write_bytes(body[:1000])
    assert_whole(served, where)
    if kind == "link":
        assert (tmp_path / "secret").read_bytes() == body


@pytest.mark.parametrize("kind", ["link", "directory", "pipe"])
def test_a_journal_that_is_something_else(served, tmp_path, kind):
    """The download completes, or fails with an error that names it; links are not followed."""
    where = tmp_path / "to"
    where.mkdir()
    (tmp_path / "secret").write_bytes(b"{}")
    if kind == "link":
        (where / JOURNAL).symlink_to(tmp_path / "secret")
    elif kind == "pipe":
        os.mkfifo(where / JOURNAL)
    else:
        (where / JOURNAL).mkdir()
    code = f"import ctadata; ctadata.fetch_and_save_file({NAME!r}, 'run.h5', progress=False)"
    environment = os.environ | {"CTADS_URL": served.url, "JUPYTERHUB_API_TOKEN": TOKEN}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=where,
        env=environment,
        capture_output=True,
        text=True,
        timeout=10,
    )
    assert (tmp_path / "secret").read_bytes() == b"{}"
    if done.returncode == 0:
        assert (where / "run.h5").read_bytes() == served.files[NAME].content
    else:
        assert JOURNAL in done.stderr.splitlines()[-1]
        assert not (where / "run.h5").exists()


def test_parts_of_the_dead_are_cleared_away(storage, wire, work):
    """A killed process leaves parts of small files; the next run in that directory removes them."""
    for n in range(8):
        storage.put(f"lst/d/{n}", 2 * MIB, n)
    wire.rate = 4 * MIB
    command = [sys.executable, "-m", "ctadata", "get", "-q", "-r", "lst/d", "-o", "."]
    with subprocess.Popen(command) as process:
        try:
            assert wire.wait_for(4 * MIB, 20)
        finally:
            process.kill()
    assert leftovers(work)
    wire.rate = None
    assert subprocess.run(command, timeout=30).returncode == 0
    assert not leftovers(work)
    assert len(files(work)) == 8


KILLED_IN_THE_MIDDLE = """
import os, signal
import ctadata
from ctadata.transfers.local import partial_download

def on_progress(path, done, total, state):
    if done > total // 2:
        os.kill(os.getpid(), signal.SIGKILL)

partial_download.NOTE = 0
ctadata.fetch_and_save_file_or_dir("lst/d", recursive=True, dest=".", on_progress=on_progress)
"""


@pytest.mark.parametrize("name", ["n" * 240, "n" * 255, "ü" * 127 + "y"])
def test_what_is_there_of_a_long_name_is_used(storage, work, name):
    """Fault 20: part and journal have only the beginning of the name, and not the same one."""
    body = storage.put(f"lst/d/{name}", SIZE)
    killed = subprocess.run([sys.executable, "-c", KILLED_IN_THE_MIDDLE], timeout=30)
    assert killed.returncode == -signal.SIGKILL
    assert [part for part in leftovers(work) if part.endswith(".part")]
    storage.heal()
    get = [sys.executable, "-m", "ctadata", "get", "-q", "-r", "lst/d", "-o", "."]
    assert subprocess.run(get, timeout=30).returncode == 0
    assert files(work) == {f"d/{name}": body}
    assert storage.sent(f"lst/d/{name}") < SIZE


KILLED_WITH_A_NEW_PART = """
import os, signal
from ctadata.cli.main import main
from ctadata.transfers.local import part_file

part_file._reserve = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
main()
"""


def test_a_part_has_its_journal_from_the_first_moment(storage, work):
    """Killed just after the part was made: the next run in that directory removes it."""
    storage.put("lst/d/run.h5", SIZE)
    get = ["get", "-q", "-r", "lst/d", "-o", "."]
    killed = subprocess.run([sys.executable, "-c", KILLED_WITH_A_NEW_PART, *get], timeout=30)
    assert killed.returncode == -signal.SIGKILL
    assert [name for name in leftovers(work) if name.endswith(".part")]
    assert subprocess.run([sys.executable, "-m", "ctadata", *get], timeout=30).returncode == 0
    assert not leftovers(work)
    assert len(files(work)) == 1


def test_a_foreign_date_does_not_matter(served, tmp_path):
    """Fault 26: clocks that differ between the disk, this machine and the storage."""
    journal_of(served, tmp_path)
    for age in (0, 2**31 - 1):
        os.utime(tmp_path / JOURNAL, (age, age))
        assert (tmp_path / JOURNAL).stat().st_mtime == age
    assert_whole(served, tmp_path)
    assert (tmp_path / "run.h5").stat().st_mtime == 1795328886
    assert MODIFIED.endswith("06:28:06 GMT")


def elsewhere() -> dict:
    return {**ProcessOwner().describe(), "host": "0123abcd"}


def alive() -> dict:
    """The process is alive, but has nothing to do with the download."""
    return {
        **ProcessOwner().describe(),
        "pid": os.getppid(),
        "started": process_owner._started(os.getppid()),
    }


# The year 2099, the last one of 32 bits, the last one of this disk, and before 1970.
@pytest.mark.parametrize("age", [4_070_908_800, 2**32 - 1, 2**33, -(2**31), 0])
@pytest.mark.parametrize("described", [elsewhere, alive])
def test_a_journal_of_any_date_is_not_waited_for(served, tmp_path, age, described):
    journal = journal_of(served, tmp_path) | {"owner": described()}
    (tmp_path / JOURNAL).write_text(json.dumps(journal))
    os.utime(tmp_path / JOURNAL, (age, age))
    served.heal()
    assert_whole(served, tmp_path)
    assert not leftovers(tmp_path)


@pytest.mark.parametrize("pid", [0, -1, True, 2**31, 2**64, 10**30, 1.5, float("nan"), "1", None])
def test_a_journal_of_a_process_that_is_none(served, tmp_path, pid):
    journal = journal_of(served, tmp_path) | {"owner": {**ProcessOwner().describe(), "pid": pid}}
    (tmp_path / JOURNAL).write_text(json.dumps(journal))
    served.heal()
    assert_whole(served, tmp_path)
