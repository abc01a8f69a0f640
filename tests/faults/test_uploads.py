"""Fault 27: uploads that are cut, whose source changes, whose response is lost; refusals."""

from __future__ import annotations

import io
import os
import threading
import time

import pytest

from ctadata import APIClient, errors

from .outcome import assert_says
from .storage import LATER, MIB, OWN, Fault, content

SIZE = 4 * MIB
# Long before and long after what the storage says of what it has.
OLD, NEW = 1_000_000_000, 3_000_000_000
STORED = f"{OWN}/x"


@pytest.fixture
def local(work):
    (work / "local").write_bytes(content(SIZE))
    return "local"


def put(local, **options) -> dict:
    return APIClient(**{"timeout": 1, "retries": 2, **options}).upload_file(local, "x")


@pytest.mark.parametrize("how", ["cut", "reset"])
@pytest.mark.parametrize("after", [0, 100, 2 * MIB])
def test_an_upload_that_is_cut_once(storage, local, how, after):
    """Sent again from the start: the service cannot resume uploads."""
    storage.fails("upload", "x", Fault(stop=after, then=how))
    answer = put(local)
    assert answer["path"] == STORED
    assert answer["total_written"] == SIZE
    assert storage.files[STORED].content == content(SIZE)
    assert len(storage.asked("upload")) == 2


def test_a_wire_that_is_cut_once(storage, wire, local):
    wire.breaks("reset", 2 * MIB, upwards=True)
    assert put(local)["total_written"] == SIZE
    assert wire.broken == 1
    assert storage.files[STORED].content == content(SIZE)


@pytest.mark.parametrize("how", ["cut", "reset", "stall"])
def test_an_upload_that_is_always_cut(storage, local, how):
    """An error that says what is left behind, and where; the next run replaces it."""
    storage.fails("upload", "x", always=Fault(stop=MIB, then=how))
    started = time.monotonic()
    with pytest.raises((errors.TransferError, errors.ServiceUnreachable)) as caught:
        put(local, timeout=0.5, retries=1)
    assert time.monotonic() - started < 6
    assert_says(caught.value, "'local'", STORED, "again", f"{MIB} bytes is left")
    assert len(storage.asked("upload")) == 2
    storage.heal()
    assert put(local)["total_written"] == SIZE
    assert storage.files[STORED].content == content(SIZE)


def test_an_upload_of_which_nothing_arrives(storage, local):
    """The error says that nothing is left behind."""
    storage.fails("upload", "x", always=Fault(status=503, body=b"<html>down</html>"))
    with pytest.raises(errors.ServiceUnreachable) as caught:
        put(local, retries=1)
    assert_says(caught.value, "'local'", "nothing is there")
    assert STORED not in storage.files


def test_an_answer_that_is_lost(storage, local):
    """The body was stored before the connection ended: not an error in the end."""
    storage.fails("upload", "x", Fault(stop=SIZE))
    assert put(local) == {"path": STORED, "status": "uploaded", "total_written": SIZE}
    assert storage.files[STORED].content == content(SIZE)


def test_answers_that_are_always_lost(storage, local):
    """The error says what is stored: the whole file."""
    storage.fails("upload", "x", always=Fault(stop=SIZE))
    try:
        answer = put(local, retries=1)
    except (errors.TransferError, errors.ServiceUnreachable) as error:
        left = str(error)
    else:
        left = str(answer)
    assert f"{SIZE}" in left
    assert STORED in left
    assert storage.files[STORED].content == content(SIZE)


def test_an_answer_that_never_comes(storage, local):
    """The body was sent, the service is silent: a time-out that says what is left behind."""
    storage.fails("upload", "x", always=Fault(stop=SIZE, then="stall"))
    started = time.monotonic()
    with pytest.raises((errors.TransferError, errors.ServiceUnreachable)) as caught:
        put(local, timeout=0.4, retries=1)
    assert time.monotonic() - started < 5
    assert_says(caught.value, STORED, f"{SIZE} bytes")


@pytest.mark.parametrize("keep", [0, MIB, SIZE - 1])
@pytest.mark.parametrize("said", [None, SIZE])
def test_a_service_that_stores_less(storage, local, keep, said):
    """The size is verified afterwards, whatever the response says (protocol: an empty 200)."""
    body = None
    if said is not None:
        body = b'{"path": "%s", "status": "uploaded", "total_written": %d}' % (
            STORED.encode(),
            said,
        )
    storage.fails("upload", "x", Fault(keep=keep, body=body))
    with pytest.raises(errors.IntegrityError) as caught:
        put(local)
    assert_says(caught.value, "'local'", STORED, f"a file of {keep} bytes is left", "again")
    assert put(local)["total_written"] == SIZE


@pytest.mark.parametrize("answer", [b"", b"{}", b"[]", b"<html>login", b'{"path": 5}', b"\xff"])
def test_an_answer_that_is_none(storage, local, answer):
    """200 with another body than the protocol says: not taken for success without a check."""
    storage.fails("upload", "x", always=Fault(body=answer, keep=5))
    with pytest.raises(errors.CTADataError) as caught:
        put(local, retries=0)
    assert_says(caught.value, "x")


def change_in_the_middle(storage, change) -> None:
    """Change the source when about a quarter of it has been read."""
    done = threading.Event()

    def before(served):
        if served.endpoint == "upload" and not done.is_set():
            change()
            done.set()

    storage.before = before


def write(mode: str) -> None:
    with open("local", mode) as file:
        file.write(b"another")


CHANGES = {
    "grows": lambda: write("ab"),
    "shrinks": lambda: os.truncate("local", 1000),
    "becomes empty": lambda: os.truncate("local", 0),
    "is written over": lambda: write("r+b"),
}


@pytest.mark.parametrize("how", CHANGES)
def test_a_source_that_changes(storage, work, how):
    """An error that says what may be left behind. Larger than the socket buffers."""
    (work / "local").write_bytes(content(24 * MIB))
    hold = threading.Event()
    storage.fails("upload", "x", Fault(hold=hold))

    def change():
        CHANGES[how]()
        hold.set()

    change_in_the_middle(storage, change)
    with pytest.raises(errors.TransferError) as caught:
        put("local", timeout=5)
    assert_says(caught.value, "'local'", "again", "changed|shorter")
    storage.heal()
    size = os.path.getsize("local")
    assert put("local", timeout=5)["total_written"] == size
    assert len(storage.files[STORED].content) == size


def test_a_source_that_vanishes(storage, local):
    """The file is open: its former content arrives, or there is an error."""
    change_in_the_middle(storage, lambda: os.unlink("local"))
    assert put(local)["total_written"] == SIZE
    assert storage.files[STORED].content == content(SIZE)


def test_one_that_fails_among_many(storage, work):
    """The other files arrive; the error names this one, and --skip-existing resumes there."""
    (work / "d/sub").mkdir(parents=True)
    for n in range(12):
        (work / f"d/sub/{n}").write_bytes(content(1000 + n, n))
        os.utime(work / f"d/sub/{n}", (OLD, OLD))
    storage.fails("upload", "to/sub/5", always=Fault(stop=10))
    client = APIClient(timeout=1, retries=0)
    with pytest.raises(errors.TransferError) as caught:
        client.upload_dir("d", "to")
    assert [failure.path for failure in caught.value.failures] == [f"{OWN}/to/sub/5"]
    assert_says(caught.value.failures[0], "10 bytes is left")
    stored = {n: storage.files[f"{OWN}/to/sub/{n}"].content for n in range(12) if n != 5}
    assert stored == {n: content(1000 + n, n) for n in range(12) if n != 5}
    storage.heal()
    assert len(client.upload_dir("d", "to", skip_existing=True)) == 12
    assert [served.name for served in storage.asked("upload")] == ["to/sub/5"]


@pytest.mark.parametrize("into", ["x", "", "d/"])
@pytest.mark.parametrize(
    ("digests", "changed", "same", "skipped"),
    [
        # It might be another one: dates of two clocks say nothing.
        ((), OLD, True, False),
        ((), NEW, True, False),
        # The checksum knows better than the dates.
        (("adler32",), NEW, True, True),
        (("md5",), OLD, False, False),
    ],
)
def test_what_is_there_already(storage, local, into, digests, changed, same, skipped):
    storage.digests = digests
    storage.directories.add(f"{OWN}/d")
    there = f"{OWN}/{into}{'' if into == 'x' else 'local'}"
    storage.put(there, SIZE, 0 if same else 1, modified=LATER)
    os.utime(local, (changed, changed))
    found = []
    APIClient().upload_file(local, into, skip_existing=True, on_result=found.append)
    assert [result.state for result in found] == ["skipped" if skipped else "finished"]
    assert len(storage.asked("upload")) == (not skipped)
    assert storage.files[there].content == content(SIZE)


def test_a_refusal_of_the_token_ends_a_directory(storage, work):
    """Fault 11 for uploads: nothing else could succeed."""
    (work / "d").mkdir()
    for n in range(50):
        (work / f"d/{n}").write_bytes(b"x")
    storage.fails("upload", "*", *[None] * 5, always=Fault(status=401))
    with pytest.raises(errors.AuthenticationError, match="new token"):
        APIClient(timeout=1).upload_dir("d", "to", jobs=4)
    assert len(storage.asked("upload")) <= 5 + 4


def test_a_proxy_that_refuses_large_lengths(storage, local):
    """413: sent once more in chunks, without an announced length."""
    storage.fails("upload", "x", Fault(status=413, stop=0))
    assert put(local)["total_written"] == SIZE
    first, second = storage.asked("upload")
    assert first.headers["Content-Length"] == str(SIZE)
    assert second.headers["Transfer-Encoding"] == "chunked"
    assert storage.files[STORED].content == content(SIZE)


def test_a_pipe(storage, work):
    """A body that cannot be read twice is not sent twice; its length is unknown."""
    reader, writer = os.pipe()
    with open(writer, "wb") as into:
        into.write(b"from a pipe")
    with open(reader, "rb", buffering=0) as source:
        assert APIClient(timeout=1).upload_file(source, "x")["total_written"] == 11
    assert storage.files[STORED].content == b"from a pipe"


def test_a_named_pipe(storage, work):
    """Its times change while it is read, but not its content."""
    os.mkfifo("pipe")
    feeding = threading.Thread(target=lambda: (work / "pipe").write_bytes(content(SIZE)))
    feeding.start()
    assert put("pipe")["total_written"] == SIZE
    feeding.join()
    assert storage.files[STORED].content == content(SIZE)


class Sparing(io.BytesIO):
    """A file that returns fewer bytes than requested, as unbuffered ones may."""

    def read(self, length=-1):
        return super().read(min(length, 100_000) if length >= 0 else -1)


def test_reads_that_bring_fewer_bytes(storage, work):
    assert put(Sparing(content(SIZE)))["total_written"] == SIZE
    assert storage.files[STORED].content == content(SIZE)


def test_a_pipe_that_is_cut(storage, work):
    storage.fails("upload", "x", always=Fault(stop=3))
    reader, writer = os.pipe()
    with open(writer, "wb") as into:
        into.write(b"from a pipe")
    with open(reader, "rb", buffering=0) as source, pytest.raises(errors.CTADataError) as caught:
        APIClient(timeout=1, retries=3).upload_file(source, "x")
    assert_says(caught.value, STORED, "3 bytes is left")
    assert len(storage.asked("upload")) == 1


class Failing(io.BytesIO):
    """A source that the disk can no longer read."""

    name = "local"

    def read(self, length: int | None = -1, /) -> bytes:
        if self.tell():
            raise OSError(5, "Input/output error")
        return super().read(length)


def test_a_source_that_cannot_be_read(storage, work):
    """An error that names the local file, not the network."""
    with pytest.raises(errors.LocalFileError) as caught:
        APIClient(timeout=1, retries=1).upload_file(Failing(content(SIZE)), "x")
    assert_says(caught.value, "local", "Input/output error")
    assert len(storage.asked("upload")) <= 1
