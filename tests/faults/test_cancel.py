"""Cancelling: from another thread, while a read is stalled, before any answer, by Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from ctadata import APIClient, errors

from .outcome import PER_BREAK, files, leftovers
from .storage import DRIPS, MIB, Fault, content

NAME = "lst/run.h5"
SIZE = 20 * MIB
STOP = 9 * MIB


def cancelled_within_a_second(call, cancel, ready) -> None:
    """Call, cancel from another thread once it is `ready`, and check that it ends in time."""
    asked: list[float] = []

    def ask():
        assert ready.wait(20)
        asked.append(time.monotonic())
        cancel()

    asking = threading.Thread(target=ask)
    asking.start()
    with pytest.raises(errors.TransferCancelled):
        call()
    assert time.monotonic() - asked[0] < 1
    asking.join()


@pytest.fixture
def ready(storage) -> threading.Event:
    """Set a moment after a request that is not answered completely."""
    event = threading.Event()
    storage.before = lambda served: served.endpoint != "list" and event.set()
    return event


@pytest.fixture(params=["event", "callback"])
def cancel(request):
    """The `cancel` argument, and a function that cancels."""
    event = threading.Event()
    return (event if request.param == "event" else event.is_set), event.set


def test_while_a_read_is_stalled(storage, work, cancel, ready):
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(stop=STOP, then="stall"))
    given, do = cancel
    client = APIClient(timeout=60)
    reached = threading.Event()

    def on_progress(path, done, total, state):
        # The last megabyte may not be written yet.
        if done >= STOP - MIB:
            reached.set()

    cancelled_within_a_second(
        lambda: client.fetch_and_save_file(NAME, cancel=given, on_progress=on_progress), do, reached
    )
    assert "run.h5" not in files(work)
    # And it can be resumed.
    storage.heal()
    assert client.fetch_and_save_file(NAME) == SIZE
    assert files(work) == {"run.h5": body}
    assert storage.sent(NAME) <= SIZE - STOP + PER_BREAK


@pytest.mark.parametrize("endpoint", ["list", "head", "fetch", "webdav"])
def test_while_no_headers_come(storage, work, cancel, endpoint):
    storage.put(NAME, SIZE)
    hold, ready = threading.Event(), threading.Event()
    storage.fails("fetch", NAME, *[Fault(stop=MIB)] * (endpoint == "webdav"))
    storage.fails(endpoint, NAME, always=Fault(hold=hold))
    storage.before = lambda served: served.endpoint == endpoint and ready.set()
    given, do = cancel
    client = APIClient(timeout=60)
    try:
        cancelled_within_a_second(lambda: client.fetch_and_save_file(NAME, cancel=given), do, ready)
    finally:
        hold.set()
    assert "run.h5" not in files(work)


@pytest.mark.parametrize("kind", DRIPS)
@pytest.mark.parametrize("endpoint", ["list", "fetch"])
def test_while_an_answer_drips(storage, work, endpoint, kind):
    storage.put(NAME, SIZE)
    ready, cancel = threading.Event(), threading.Event()
    storage.fails(endpoint, NAME, always=Fault(drip=DRIPS[kind]))
    storage.before = lambda served: served.endpoint == endpoint and ready.set()
    client = APIClient(timeout=60)
    cancelled_within_a_second(
        lambda: client.fetch_and_save_file(NAME, cancel=cancel), cancel.set, ready
    )
    assert "run.h5" not in files(work)


@pytest.mark.parametrize("kind", ["status line", "header", "interim answers"])
def test_a_head_that_drips_ends(storage, work, kind):
    storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, always=Fault(drip=DRIPS[kind]))
    with pytest.raises(errors.ServiceTimeout, match="beginning of its answer"):
        APIClient(timeout=0.4, retries=0).fetch_and_save_file(NAME)


def test_an_error_page_that_drips_ends(storage, work):
    storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(drip=DRIPS["error page"]))
    storage.fails("list", "lst/d", Fault(drip=DRIPS["error page"]))
    storage.put("lst/d/x", 10)
    client = APIClient(timeout=0.4, retries=0)
    for path in (NAME, "lst/d"):
        with pytest.raises(errors.CTADataError, match="500 Oops"):
            client.fetch_and_save_file_or_dir(path, recursive=True)
    assert client.fetch_and_save_file_or_dir("lst/d", recursive=True) == 10


@pytest.mark.parametrize("through", ["a proxy", "nothing"])
def test_while_shaking_hands(work, monkeypatch, through):
    """The server accepts the connection but never answers, neither to TLS nor as a proxy."""
    ready, cancel = threading.Event(), threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        host = f"127.0.0.1:{silent.getsockname()[1]}"
        if through == "a proxy":
            monkeypatch.setenv("https_proxy", f"http://{host}")
            host = "service.invalid"
        monkeypatch.setenv("CTADS_URL", f"https://{host}/services/downloadservice/")
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "a-token")

        def accept():
            connection, _ = silent.accept()
            with connection:
                # It has begun to speak.
                connection.recv(1)
                ready.set()
                while connection.recv(1000):
                    pass

        accepting = threading.Thread(target=accept)
        accepting.start()
        cancelled_within_a_second(
            lambda: APIClient(timeout=60).fetch_and_save_file(NAME, cancel=cancel),
            cancel.set,
            ready,
        )
        accepting.join(10)


def test_a_directory_of_many(storage, work, cancel, ready):
    """All transfers stop, no new one begins, and small parts are removed."""
    for n in range(100):
        storage.put(f"lst/d/{n}", 1000, n)
    hold = threading.Event()
    storage.fails("fetch", "*", *[None] * 10, always=Fault(hold=hold))
    given, do = cancel
    client = APIClient(timeout=60)
    try:
        cancelled_within_a_second(
            lambda: client.fetch_and_save_file_or_dir("lst/d", recursive=True, cancel=given),
            do,
            ready,
        )
        asked = len(storage.asked("fetch"))
    finally:
        hold.set()
    assert asked <= 10 + 8
    assert not leftovers(work)
    there = files(work)
    assert {name: storage.files[name].content for name in there} == there


def test_a_listing_of_a_directory(storage, work, cancel):
    storage.put("lst/d/sub/x", 10)
    hold, ready = threading.Event(), threading.Event()
    storage.fails("list", "lst/d/sub", always=Fault(hold=hold))
    storage.before = lambda served: served.name == "lst/d/sub" and ready.set()
    given, do = cancel
    client = APIClient(timeout=60)
    try:
        cancelled_within_a_second(
            lambda: client.fetch_and_save_file_or_dir("lst/d", recursive=True, cancel=given),
            do,
            ready,
        )
    finally:
        hold.set()


@pytest.mark.parametrize("fault", [Fault(stop=MIB, then="stall"), Fault(stop=4 * MIB)])
def test_an_upload(storage, work, cancel, fault):
    """While the service stops reading the body, or sends no response."""
    (work / "local").write_bytes(content(4 * MIB))
    hold, ready = threading.Event(), threading.Event()
    if fault.stop == 4 * MIB:
        fault = Fault(hold=hold)
    storage.fails("upload", "x", always=fault)
    storage.before = lambda served: served.endpoint == "upload" and ready.set()
    given, do = cancel
    client = APIClient(timeout=60)
    try:
        cancelled_within_a_second(lambda: client.upload_file("local", "x", cancel=given), do, ready)
    finally:
        hold.set()


def test_before_it_begins(storage, work):
    storage.put(NAME, 1000)
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(errors.TransferCancelled):
        APIClient().fetch_and_save_file(NAME, cancel=cancel)
    assert storage.asked("fetch") == []
    assert files(work) == {}


def test_a_callback_that_fails(storage, work):
    """What on_progress raises reaches the caller, and no thread is left behind."""
    storage.put(NAME, SIZE)

    def fail(path, done, total, state):
        if done > MIB:
            raise LookupError("of the caller's own")

    with pytest.raises(LookupError, match="own"):
        APIClient(timeout=5).fetch_and_save_file(NAME, on_progress=fail)
    assert "run.h5" not in files(work)


ERRORS = [
    OSError(5, "of the caller's own"),
    BrokenPipeError(32, "of the caller's own"),
    ConnectionResetError("of the caller's own"),
    TimeoutError("of the caller's own"),
    errors.NotFound("of the caller's own"),
    errors.ServiceUnreachable("of the caller's own"),
    StopIteration("of the caller's own"),
    SystemExit(3),
]


@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("state", ["waiting", "running", "finished", "result", "notice"])
@pytest.mark.parametrize("what", ["download", "listed", "upload", "upload_dir"])
def test_whatever_a_callback_raises_is_raised(storage, work, error, state, what):
    """It is not taken for an error of the disk, the network, or a single file."""
    storage.put("lst/d/one", 1000)
    storage.put("lst/d/two", 3 * MIB)
    (work / "d").mkdir()
    for name in ("three", "four"):
        (work / "d" / name).write_bytes(content(3 * MIB))
    for endpoint in ("list", "fetch", "upload"):
        storage.fails(endpoint, "*", Fault(status=503, stop=0) if state == "notice" else None)
    called = []

    def fail():
        called.append(state)
        raise error

    told = {
        "on_progress": lambda path, done, total, now: now == state and fail(),
        "on_result": lambda result: state == "result" and fail(),
        "on_notice": lambda path, text: state == "notice" and fail(),
    }
    client = APIClient(timeout=5)
    found = [entry for entry in client.list_dir("lst/d") if not entry.is_directory]
    calls = {
        "download": lambda: client.fetch_and_save_file_or_dir("lst/d", recursive=True, **told),
        "listed": lambda: client.fetch_many(found, work / "into", **told),
        "upload": lambda: client.upload_file(work / "d/four", "x/four", **told),
        "upload_dir": lambda: client.upload_dir(work / "d", "x", **told),
    }
    with pytest.raises(type(error)) as caught:
        calls[what]()
    assert caught.value is error
    assert called


def interrupted(command, ready) -> tuple[int, str]:
    """Run a command, press Ctrl-C once it is `ready`, and return its status and output."""
    with subprocess.Popen(
        [sys.executable, "-m", "ctadata", *command], stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert ready(20)
            process.send_signal(signal.SIGINT)
            started = time.monotonic()
            _, said = process.communicate(timeout=20)
            assert time.monotonic() - started < 2
        finally:
            process.kill()
    return process.returncode, said


def test_ctrl_c_leaves_what_can_be_resumed(storage, wire, work):
    body = storage.put(NAME, SIZE)
    wire.breaks("stall", STOP)
    status, said = interrupted(["get", NAME], wire.has_broken.wait)
    assert status in {1, 130}, said
    assert "Traceback" not in said
    assert "again" in said
    assert "run.h5" not in files(work)
    assert leftovers(work)
    before = wire.passed
    done = subprocess.run([sys.executable, "-m", "ctadata", "get", NAME], timeout=30)
    assert done.returncode == 0
    assert files(work) == {"run.h5": body}
    assert wire.passed - before <= SIZE - STOP + PER_BREAK


def test_ctrl_c_in_a_directory(storage, wire, work):
    whole = {f"d/{n}": storage.put(f"lst/d/{n}", 100_000, n) for n in range(60)}
    wire.rate = 2_000_000
    command = ["get", "-r", "lst/d", "-o", "."]
    status, said = interrupted(command, lambda timeout: wire.wait_for(2 * MIB, timeout))
    assert status in {1, 130}, said
    assert "Traceback" not in said
    assert "again" in said
    there = files(work)
    assert 0 < len(there) < 60
    assert {name: whole[name] for name in there} == there
    wire.rate = None
    storage.heal()
    done = subprocess.run([sys.executable, "-m", "ctadata", *command], timeout=30)
    assert done.returncode == 0
    assert files(work) == whole
    assert len(storage.asked("fetch")) == 60 - len(there)


def test_ctrl_c_in_a_notebook(storage, work):
    """KeyboardInterrupt in the calling thread, while others wait for the network."""
    storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, always=Fault(stop=STOP, then="stall"))
    sent: list[float] = []

    def on_progress(path, done, total, state):
        if done >= STOP - MIB and not sent:
            sent.append(time.monotonic())
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        APIClient(timeout=60).fetch_and_save_file(NAME, on_progress=on_progress)
    assert time.monotonic() - sent[0] < 1
    assert leftovers(work)
    storage.heal()
    assert APIClient().fetch_and_save_file(NAME) == SIZE
    assert storage.sent(NAME) <= SIZE - STOP + PER_BREAK
