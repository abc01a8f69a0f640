"""Faults 7 to 12: no connection, no response, temporary and permanent refusals, error pages."""

from __future__ import annotations

import contextlib
import email.utils
import itertools
import socket
import threading
import time

import pytest

from ctadata import APIClient, errors
from tests.conftest import TOKEN

from .outcome import PER_BREAK, assert_resumed, assert_says, files, leftovers
from .storage import MIB, Fault

NAME = "lst/run.h5"
SIZE = 20 * MIB
STOP = 9 * MIB + 321


def get(**options) -> int:
    return APIClient(**{"timeout": 1, "retries": 2, **options}).fetch_and_save_file(NAME)


@contextlib.contextmanager
def full_port():
    """A port whose queue is full: the system accepts no further connection."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_a_slow_connect(monkeypatch, work):
    """Fault 7: nobody accepts the connection."""
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    with full_port() as port:
        monkeypatch.setenv("CTADS_URL", f"http://127.0.0.1:{port}/")
        started = time.monotonic()
        with pytest.raises(errors.ServiceTimeout) as caught:
            get(timeout=0.3, retries=1)
        assert time.monotonic() - started < 3
    assert_says(caught.value, f"127.0.0.1:{port}")


@pytest.mark.parametrize("endpoint", ["list", "fetch"])
def test_no_headers(storage, wire, work, endpoint):
    """Fault 7: the connection is made, but nothing comes."""
    storage.put(NAME, 1000)
    hold = threading.Event()
    storage.fails(endpoint, NAME, always=Fault(hold=hold))
    started = time.monotonic()
    with pytest.raises(errors.CTADataError) as caught:
        get(timeout=0.3, retries=1)
    assert time.monotonic() - started < 5
    hold.set()
    assert isinstance(caught.value, (errors.ServiceTimeout, errors.TransferError))
    assert_says(caught.value, wire.host, "again")
    assert files(work) == {}


def test_no_headers_once(storage, work):
    """Fault 7, and the next try is answered."""
    body = storage.put(NAME, 1000)
    hold = threading.Event()
    storage.fails("fetch", NAME, Fault(hold=hold))
    assert get(timeout=0.3) == 1000
    hold.set()
    assert files(work) == {"run.h5": body}


def test_a_refused_connection(storage, wire, work):
    """Fault 8: a clear error after a few tries."""
    wire.refuse()
    started = time.monotonic()
    with pytest.raises(errors.ServiceUnreachable) as caught:
        get(retries=2)
    assert time.monotonic() - started < 5
    assert_says(caught.value, f"Cannot connect to {wire.host}", "CTADS_URL")


def test_connections_that_end_at_once_are_counted(storage, wire, work):
    """Fault 8: no more tries than requested."""
    wire.breaks("reset", 0, times=1000)
    with pytest.raises(errors.ServiceUnreachable) as caught:
        get(retries=2)
    assert_says(caught.value, wire.host)
    assert wire.connections == 3


def test_a_service_that_is_restarted_in_the_middle(storage, wire, work):
    """Fault 8 after a break: nobody listens for a while, then the download resumes."""
    body = storage.put(NAME, SIZE)
    wire.breaks("reset", STOP)

    back = threading.Timer(0.5, wire.accept)

    def restart() -> None:
        wire.has_broken.wait(30)
        wire.refuse()
        back.start()

    restarting = threading.Thread(target=restart)
    restarting.start()
    assert get(retries=4) == SIZE
    restarting.join()
    back.join()
    assert files(work) == {"run.h5": body}
    assert wire.passed < SIZE + 2 * PER_BREAK


@pytest.mark.parametrize("status", [502, 503, 504])
@pytest.mark.parametrize("endpoint", ["list", "fetch", "webdav"])
def test_down_for_a_moment(storage, work, endpoint, status):
    """Fault 9 at each request of a download."""
    body = storage.put(NAME, 9 * MIB)
    if endpoint == "webdav":
        storage.fails("fetch", NAME, Fault(stop=MIB))
    storage.fails(endpoint, NAME, Fault(status=status, body=b"<html>down</html>"))
    assert get() == 9 * MIB
    assert files(work) == {"run.h5": body}
    assert len(storage.asked(endpoint, NAME)) >= 2


def test_down_for_good(storage, work):
    """Fault 9, at each try: it ends, with growing pauses in between."""
    storage.put(NAME, 1000)
    storage.fails("list", NAME, always=Fault(status=503, body=b"<html>down</html>"))
    with pytest.raises(errors.ServiceUnreachable) as caught:
        get(retries=3)
    assert_says(caught.value, "127.0.0.1", "503", "again")
    times = [served.when for served in storage.asked("list")]
    pauses = [after - before for before, after in itertools.pairwise(times)]
    assert len(pauses) == 3
    # Chance has a part in each of them, but not so large a one.
    assert pauses[2] > pauses[0] > 0.001
    assert sum(pauses) > 0.5


@pytest.mark.parametrize(
    ("endpoint", "form", "status"),
    [("list", "seconds", 503), ("fetch", "seconds", 429), ("fetch", "date", 503)],
)
def test_retry_after(storage, work, endpoint, form, status):
    """Fault 10: the pause that the service asks for, in both forms of RFC 9110, 10.2.3."""
    storage.put(NAME, 1000)
    # A date has whole seconds: two from now are at least one.
    asks = "1" if form == "seconds" else email.utils.formatdate(time.time() + 2, usegmt=True)
    storage.fails(endpoint, NAME, Fault(status=status, headers={"Retry-After": asks}))
    assert get() == 1000
    first, second = (served.when for served in storage.asked(endpoint, NAME)[:2])
    assert 0.9 < second - first < 3.5


@pytest.mark.parametrize("endpoint", ["list", "fetch"])
@pytest.mark.parametrize(
    "asks", ["1000000000", "Fri, 31 Dec 9999 23:59:59 GMT", "1e9", "-5", "soon", "9" * 5000]
)
def test_absurd_retry_after(storage, work, endpoint, asks, monkeypatch):
    """Fault 10: very long pauses are capped, invalid ones are ignored."""
    from ctadata.http import retry

    monkeypatch.setattr(retry, "RETRY_AFTER_MAX", 0.3)
    body = storage.put(NAME, 1000)
    storage.fails(endpoint, NAME, Fault(status=503, headers={"Retry-After": asks}))
    started = time.monotonic()
    assert get() == 1000
    assert time.monotonic() - started < 3
    assert files(work) == {"run.h5": body}


def test_the_cap_is_half_a_minute():
    """Fault 10: a limit that a user would wait for."""
    from ctadata.http import retry

    assert retry.RETRY_AFTER_MAX == 30


def test_waiting_can_be_cancelled(storage, work):
    """Fault 10: a pause ends at once."""
    storage.put(NAME, 1000)
    storage.fails("fetch", NAME, Fault(status=503, headers={"Retry-After": "30"}))
    cancel = threading.Event()
    timer = threading.Timer(0.3, cancel.set)
    timer.start()
    started = time.monotonic()
    with pytest.raises(errors.TransferCancelled):
        APIClient().fetch_and_save_file(NAME, cancel=cancel)
    assert time.monotonic() - started < 1.3
    timer.join()


def test_a_crowded_service_is_asked_less(storage, work):
    """Fault 10: after 429, half as many at a time."""
    whole = {f"lst/d/{n:03}": storage.put(f"lst/d/{n:03}", 2000, n) for n in range(64)}
    # All of them are there before the first is answered.
    together = threading.Barrier(8)
    storage.fails("fetch", "*", *[Fault(status=429, barrier=together)] * 8)
    client = APIClient(timeout=5, retries=4)
    total = client.fetch_and_save_file_or_dir("lst/d", recursive=True)
    assert total == 64 * 2000
    assert files(work) == whole
    assert storage.busiest == 8
    assert max(served.busy for served in storage.asked("fetch")[16:32]) <= 4


LOGIN = {"Location": "/hub/login?next=x"}
OAUTH = {"Location": "/hub/api/oauth2/authorize?client_id=service-downloadservice"}


@pytest.mark.parametrize(
    ("status", "said", "headers", "kind", "says"),
    [
        (401, b'{"message": "Invalid token"}', {}, errors.AuthenticationError, "new token"),
        (302, b"", LOGIN, errors.AuthenticationError, "new token"),
        (302, b"", OAUTH, errors.AuthenticationError, "new token"),
        (403, b"Access denied, token scopes are insufficient", {}, errors.AuthenticationError,
         "scope"),
        (403, b"Access denied", {}, errors.AccessDenied, "Not allowed"),
        (400, b"Error while retrieving certificate: expired", {}, errors.CertificateNeeded,
         "certificate upload"),
    ],
)  # fmt: skip
def test_refused_in_the_middle(storage, work, status, said, headers, kind, says):
    """Faults 11 and 26: the token or the certificate expires between two requests of one file."""
    body = storage.put(NAME, SIZE)
    refusal = Fault(status=status, body=said, headers=headers)
    storage.fails("fetch", NAME, Fault(stop=STOP), always=refusal)
    storage.fails("webdav", NAME, always=refusal)
    # Asked before the first byte, and refused only after it.
    storage.fails("list", NAME, None, always=refusal)
    storage.fails("head", NAME, None, always=refusal)
    with pytest.raises(kind) as caught:
        get(retries=5)
    assert_says(caught.value, says)
    assert TOKEN not in str(caught.value)
    # The listing before, the stream, and the one that was refused.
    assert len(storage.log) - len(storage.asked("head")) <= 3
    assert files(work) != {"run.h5": body}
    assert leftovers(work)
    storage.heal()
    assert get() == SIZE
    assert files(work) == {"run.h5": body}
    assert storage.sent(NAME) <= SIZE - STOP + PER_BREAK


@pytest.mark.parametrize("status", [401, 302])
def test_a_token_that_ends_ends_a_directory(storage, work, status):
    """Fault 11: everything else would fail in the same way and is not tried."""
    for n in range(50):
        storage.put(f"lst/d/{n}", 1000, n)
    refusal = Fault(status=status, headers=LOGIN)
    storage.fails("fetch", "*", *[None] * 10, always=refusal)
    with pytest.raises(errors.AuthenticationError, match="new token"):
        APIClient(retries=3).fetch_and_save_file_or_dir("lst/d", recursive=True, jobs=4)
    assert len(storage.asked("fetch")) <= 10 + 4
    there = files(work)
    assert {name: storage.files[name].content for name in there} == there
    assert 6 <= len(there) <= 10
    storage.heal()
    APIClient().fetch_and_save_file_or_dir("lst/d", recursive=True)
    assert len(files(work)) == 50
    # As names: a request of the first run may reach the service late.
    again = {served.name for served in storage.asked("fetch")}
    assert again == set(storage.files) - set(there)


ERROR_PAGES = [
    b"Error: 404 <?xml version='1.0'?><error/>",
    b"<html><body>Internal Server Error</body></html>",
    b"",
    b"Error: " + b"x" * 5000,
]


@pytest.mark.parametrize("size", [1000, SIZE])
@pytest.mark.parametrize(
    ("page", "framing"),
    [(page, "chunked") for page in ERROR_PAGES]
    + [(ERROR_PAGES[0], f) for f in ("length", "close")],
)
def test_an_error_page_in_place_of_the_file(storage, work, framing, page, size):
    """Fault 12: with status 200, as the service sends them, also for ranges."""
    storage.put(NAME, size)
    fault = Fault(body=page, framing=framing)
    storage.fails("fetch", NAME, always=fault)
    storage.fails("webdav", NAME, always=Fault(body=page, status=200, framing=framing))
    with pytest.raises(errors.CTADataError) as caught:
        get(retries=0)
    assert_says(caught.value, NAME)
    assert files(work) == {}


@pytest.mark.parametrize("page", ERROR_PAGES)
def test_an_error_page_is_never_the_beginning_of_a_file(storage, work, page):
    """Fault 12, once: it looks like a stream that was interrupted after a few bytes."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(body=page))
    assert get() == SIZE
    assert files(work) == {"run.h5": body}


@pytest.mark.parametrize("breaks", [1, 2])
@pytest.mark.parametrize(
    "broken",
    [Fault(stop=0), Fault(stop=100, then="reset"), Fault(stop=2047, framing="chunked")],
    ids=["at once", "in the middle", "near the end"],
)
def test_an_error_page_whose_proof_breaks_off(storage, work, broken, breaks):
    """Bytes that are not verified to be the file stay in doubt until they are."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(body=b"Error: " + b"x" * 5000))
    storage.fails("webdav", NAME, *[broken] * breaks)
    assert get(retries=4) == SIZE
    assert files(work) == {"run.h5": body}


@pytest.mark.parametrize("page", ERROR_PAGES)
def test_an_error_page_is_never_the_middle_of_a_file(storage, work, page):
    """Fault 12 after a break."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(stop=STOP))
    storage.fails("webdav", NAME, Fault(body=page, status=200))
    assert get() == SIZE
    assert files(work) == {"run.h5": body}


def test_a_login_page_in_place_of_the_file(storage, work):
    """Fault 12, or 11: an HTML page is no data."""
    storage.put(NAME, 1000)
    page = Fault(body=b"<html>login", headers={"Content-Type": "text/html"})
    storage.fails("fetch", NAME, always=page)
    with pytest.raises(errors.AuthenticationError) as caught:
        get()
    assert_says(caught.value, NAME, "token")
    assert files(work) == {}


def test_a_file_that_is_gone(storage, work):
    """Fault 12: listed, but removed meanwhile, while the service says 200."""
    storage.put("lst/d/a", 100)
    storage.put("lst/d/b", 100, 1)
    storage.fails("fetch", "lst/d/a", always=Fault(body=b"Error: 404 "))
    storage.fails("webdav", "lst/d/a", always=Fault(status=404))
    with pytest.raises(errors.TransferError) as caught:
        APIClient(retries=1).fetch_and_save_file_or_dir("lst/d", recursive=True)
    assert [failure.path for failure in caught.value.failures] == ["lst/d/a"]
    assert list(files(work)) == ["lst/d/b"]


def test_a_resumed_file_is_asked_for_only_where_it_is_missing(storage, work):
    """Faults 9 and 1 together, as after a restart of the service."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(stop=STOP, then="reset"))
    storage.fails("webdav", NAME, Fault(status=503), Fault(status=502), Fault(stop=MIB))
    assert get(retries=3) == SIZE
    assert files(work) == {"run.h5": body}
    assert_resumed(storage, NAME, breaks=2)
