"""Faults 13 to 16: ranges that are ignored, wrong, empty, past the end; files that change."""

from __future__ import annotations

import re
import threading

import pytest

from ctadata import APIClient, errors
from tests.support.scripted import Scripted, sends

from .outcome import PER_BREAK, assert_closed_ranges, assert_says, files, leftovers
from .storage import LATER, MIB, Fault, Remote, content

NAME = "lst/run.h5"
SIZE = 20 * MIB
STOP = 7 * MIB + 12345
NOTHING = Fault(stop=0)


def get(**options) -> int:
    return APIClient(**{"timeout": 1, "retries": 2, **options}).fetch_and_save_file(NAME)


def break_off(storage, work) -> None:
    """A run that leaves STOP bytes."""
    storage.fails("fetch", NAME, Fault(stop=STOP), always=NOTHING)
    storage.fails("webdav", NAME, always=NOTHING)
    with pytest.raises(errors.CTADataError):
        get(retries=0)
    assert leftovers(work)
    storage.heal()


@pytest.mark.parametrize("always", [False, True])
def test_ranges_that_are_ignored(storage, work, always):
    """Fault 13: 200 with the whole file, once or always: the download starts over."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(stop=STOP))
    ignores = Fault(ranges=False)
    storage.fails("webdav", NAME, ignores, always=ignores if always else None)
    assert get() == SIZE
    assert files(work) == {"run.h5": body}
    # Not more than twice the whole of it.
    assert storage.sent(NAME) <= 2 * SIZE + STOP
    assert_closed_ranges(storage, NAME)


def test_ranges_that_are_ignored_in_the_next_run(storage, work):
    """Fault 13 with an existing part."""
    body = storage.put(NAME, SIZE)
    break_off(storage, work)
    storage.fails("webdav", NAME, always=Fault(ranges=False))
    assert get() == SIZE
    assert files(work) == {"run.h5": body}


WRONG = {
    "shifted forwards": Fault(shift=4096),
    "shifted back": Fault(shift=-4096),
    "shifted, said to be right": Fault(shift=1, headers={"Content-Range": None}),
    "empty": Fault(body=b""),
    "empty, as open ranges are": Fault(body=b"", headers={"Content-Range": None}),
    "short": Fault(stop=1000, then="end", framing="chunked"),
    "long": Fault(body=b"x" * (17 * MIB)),
    "nonsense": Fault(headers={"Content-Range": "bytes nonsense"}),
    "no digits": Fault(headers={"Content-Range": "bytes -5--1/x"}),
    "another length": Fault(headers={"Content-Range": f"bytes 0-{SIZE - 1}/{SIZE}"}),
    "an error page": Fault(status=206, body=b"<html>Error</html>"),
    "several parts": Fault(headers={"Content-Type": "multipart/byteranges; boundary=x",
                                    "Content-Range": None}),
    "404": Fault(status=404),
    "405": Fault(status=405),
    "501": Fault(status=501),
    "500": Fault(status=500, body=b"<html>Internal</html>"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_wrong_ranges_as_a_habit(storage, work, name):
    """Fault 14: wrong ranges are refused, and the whole file is fetched again."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(stop=STOP))
    storage.fails("webdav", NAME, always=WRONG[name])
    assert get(retries=3) == SIZE
    assert files(work) == {"run.h5": body}
    assert_closed_ranges(storage, NAME)
    # It is noticed soon.
    assert len(storage.asked("webdav", NAME)) <= 8


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_range_once(storage, work, name):
    """Fault 14 among correct ranges."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(stop=STOP))
    storage.fails("webdav", NAME, WRONG[name])
    assert get(retries=3) == SIZE
    assert files(work) == {"run.h5": body}
    assert_closed_ranges(storage, NAME)


def test_a_range_with_a_replaced_text(storage, work):
    """Fault 14: the service replaces a text in bodies, which makes them longer or shorter."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(stop=STOP))
    longer = body[STOP : STOP + 4 * MIB] + b":href>/services/downloadservice/webdav/" * 3
    storage.fails("webdav", NAME, Fault(body=longer))
    assert get() == SIZE
    assert files(work) == {"run.h5": body}


def test_a_part_is_refused_where_it_is_read_alone(storage):
    """Fault 14 with iter_bytes: an error and no wrong bytes."""
    body = storage.put(NAME, SIZE)
    client = APIClient(timeout=1, retries=1)
    assert b"".join(client.iter_bytes(NAME, 10, 5000)) == body[10:5000]
    storage.fails("webdav", NAME, always=Fault(shift=10))
    with pytest.raises(errors.CTADataError) as caught:
        list(client.iter_bytes(NAME, 10, 5000))
    assert_says(caught.value, NAME)


def test_redirects_are_not_followed_with_the_token(storage, work):
    """A storage that redirects reads: the stream is used, and the token is not sent elsewhere."""
    body = storage.put(NAME, SIZE)
    with Scripted() as elsewhere:
        elsewhere.default = sends(b"x" * SIZE)
        to = {"Location": f"{elsewhere.origin}/{NAME}"}
        storage.fails("fetch", NAME, Fault(stop=STOP))
        storage.fails("webdav", NAME, always=Fault(status=307, headers=to))
        assert get() == SIZE
        assert elsewhere.requests == []
    assert files(work) == {"run.h5": body}


def test_a_file_that_has_become_shorter(storage, work):
    """Fault 15: only the range past the end (416) shows it, and the size is listed again."""
    storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(stop=STOP))

    def shorten(served):
        # The first is the look at what is there.
        if len(storage.asked("webdav")) == 2:
            storage.put(NAME, 3 * MIB, seed=9, modified=LATER)

    storage.before = shorten
    assert get(retries=3) == 3 * MIB
    assert files(work) == {"run.h5": content(3 * MIB, 9)}
    assert 416 in [served.status for served in storage.asked("webdav")]


def test_a_range_past_the_end_without_a_reason(storage, work):
    """Fault 15: the size is as before, so that ranges are not usable."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(stop=STOP))
    storage.fails("webdav", NAME, always=Fault(status=416, headers={"Content-Range": "bytes */0"}))
    assert get(retries=3) == SIZE
    assert files(work) == {"run.h5": body}


CHANGES = {
    "size": (SIZE - 5, {"modified": LATER}),
    "only size": (SIZE + 5, {}),
    "date": (SIZE, {"modified": LATER}),
    "smaller than what is there": (1000, {"modified": LATER}),
    "empty": (0, {"modified": LATER}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_file_that_changes_between_two_runs(storage, work, what):
    """Fault 16: the part is discarded."""
    storage.put(NAME, SIZE)
    break_off(storage, work)
    size, fields = CHANGES[what]
    body = storage.put(NAME, size, seed=9, **fields)
    assert get() == size
    assert files(work) == {"run.h5": body}


@pytest.mark.parametrize("what", CHANGES)
def test_a_file_that_changes_between_two_tries(storage, work, what):
    """Fault 16 in one run: after the break it is another file."""
    storage.put(NAME, SIZE)
    size, fields = CHANGES[what]
    storage.fails("fetch", NAME, Fault(stop=STOP))

    def change(served):
        if served.endpoint != "fetch" and storage.asked("fetch"):
            storage.put(NAME, size, seed=9, **fields)

    storage.before = change
    assert get() == size
    assert files(work) == {"run.h5": content(size, 9)}


def test_a_file_that_changes_between_two_runs_and_keeps_size_and_date(storage, work):
    """Fault 16, as by ``cp -p``: no listing shows it."""
    size = 40 * MIB
    storage.put(NAME, size)
    storage.fails("fetch", NAME, Fault(stop=30 * MIB))
    storage.fails("webdav", NAME, always=Fault(stop=0))
    with pytest.raises(errors.CTADataError):
        get(retries=0)
    assert leftovers(work)
    storage.heal()
    body = storage.put(NAME, size, seed=9)
    assert get() == size
    assert files(work) == {"run.h5": body}


@pytest.mark.parametrize("surplus", [1, MIB])
def test_more_than_the_listing_says(storage, work, surplus):
    """The earlier bytes are not the file either, neither in this run nor in the next."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, *[Fault(body=content(SIZE + surplus, 9))] * 2)
    with pytest.raises(errors.IntegrityError, match="More bytes"):
        get(retries=0)
    assert files(work) == {}
    assert get() == SIZE
    assert files(work) == {"run.h5": body}


@pytest.mark.parametrize("size", [0, 1000, 3 * MIB])
def test_more_is_never_counted(storage, work, size):
    """Progress never exceeds the total."""
    body = storage.put(NAME, size)
    storage.fails("fetch", NAME, Fault(body=content(size + 2 * MIB, 9)))
    told = []
    client = APIClient(timeout=1)
    assert client.fetch_and_save_file(NAME, on_progress=lambda *fields: told.append(fields)) == size
    assert all(0 <= done <= total for _, done, total, _ in told)
    assert told[-1] == (NAME, size, size, "finished")
    assert files(work) == {"run.h5": body}


def test_a_file_that_changes_between_two_ranges(storage, work):
    """Fault 16: size and date are the same, but the ETag is not."""
    size = 48 * MIB
    storage.put(NAME, size, etag='"one"')
    body = content(size, 9)
    storage.fails("fetch", NAME, Fault(stop=MIB))

    def change(served):
        if len(storage.asked("webdav", NAME)) == 2:
            storage.files[NAME] = Remote(body, etag='"two"')

    storage.before = change
    assert get(retries=3) == size
    assert files(work) == {"run.h5": body}


def test_an_etag_that_changes_at_each_answer(storage, work):
    """Fault 16 always, as with servers behind a balancer: it ends, complete or with an error."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(stop=MIB))
    tags = [Fault(headers={"ETag": f'"{n}"'}) for n in range(100)]
    storage.fails("webdav", NAME, *tags)
    assert get(retries=2) == SIZE
    assert files(work) == {"run.h5": body}


def test_a_file_without_a_date(storage, work):
    """Fault 16 where only the size can be compared: the download is resumed."""
    body = storage.put(NAME, SIZE, modified=None)
    break_off(storage, work)
    assert get() == SIZE
    assert files(work) == {"run.h5": body}
    assert storage.sent(NAME) <= SIZE - STOP + PER_BREAK


def test_another_source_for_the_same_name(storage, work):
    """Fault 16: a part of one file is never the beginning of another."""
    storage.put(NAME, SIZE)
    other = storage.put("lst/other/run.h5", SIZE, seed=9)
    break_off(storage, work)
    assert APIClient(timeout=1).fetch_and_save_file("lst/other/run.h5") == SIZE
    assert files(work) == {"run.h5": other}


def test_streams_side_by_side(storage, work):
    """Additional range streams from the start, some of them interrupted."""
    body = storage.put(NAME, 64 * MIB)
    beside = threading.Event()
    storage.fails("fetch", NAME, Fault(hold=beside))
    storage.fails("webdav", NAME, *[Fault(stop=2 * MIB, then="reset"), None] * 2)

    def release(served):
        if len(storage.asked("webdav")) == 3:
            beside.set()

    storage.before = release
    client = APIClient(timeout=10, retries=3)
    assert client.fetch_and_save_file(NAME, streams=4) == len(body)
    assert beside.is_set()
    assert files(work) == {"run.h5": body}
    assert storage.busiest >= 3
    assert_closed_ranges(storage, NAME)
    # Each stream is ended where the others have begun, except for what is in buffers by then: it
    # would bring three quarters of the file once more.
    assert storage.sent(NAME) <= 1.5 * len(body)


def test_an_error_page_before_what_other_streams_have_brought(storage, work):
    """Fault 12: the file looks complete before its first bytes are in doubt."""
    body = storage.put(NAME, SIZE)
    beside, whole = threading.Event(), threading.Event()
    storage.fails("fetch", NAME, Fault(body=b"Error: 404 ", hold=beside))
    # What is looked at again after the page.
    storage.fails("list", NAME, None, Fault(hold=whole))
    storage.before = lambda served: served.endpoint == "webdav" and beside.set()

    def on_progress(path, done, total, state):
        if done == total:
            whole.set()

    client = APIClient(timeout=10, retries=3)
    assert client.fetch_and_save_file(NAME, streams=4, on_progress=on_progress) == SIZE
    assert files(work) == {"run.h5": body}


def test_streams_where_ranges_are_ignored(storage, work):
    """Fault 13 with several streams."""
    body = storage.put(NAME, SIZE)
    storage.fails("webdav", NAME, always=Fault(ranges=False))
    assert APIClient(timeout=1).fetch_and_save_file(NAME, streams=4) == SIZE
    assert files(work) == {"run.h5": body}


def test_all_ranges_are_closed_and_small(storage, work):
    """Fault 14: the service holds each range in memory, and answers open ones wrongly."""
    storage.put(NAME, 64 * MIB)
    storage.fails("fetch", NAME, Fault(stop=MIB))
    assert get() == 64 * MIB
    lengths = []
    for served in storage.asked("webdav", NAME):
        start, stop = re.fullmatch(r"bytes=(\d+)-(\d+)", served.range).groups()
        lengths.append(int(stop) + 1 - int(start))
    assert max(lengths) <= 16 * MIB
    # A few large ones, not many small ones: beside the look at what is there, and the last.
    assert sorted(lengths)[2] >= 4 * MIB
