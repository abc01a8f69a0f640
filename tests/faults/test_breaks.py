"""Faults 1 to 6: a body that ends early, is reset, stalls or drips."""

from __future__ import annotations

import itertools
import time

import pytest

from ctadata import APIClient, errors

from .outcome import PER_BREAK, assert_closed_ranges, assert_resumed, assert_says, files, leftovers
from .storage import MIB, Fault

NAME = "lst/run.h5"
SIZE = 20 * MIB
STOP = 7 * MIB + 12345
# What a second run may have to ask for again.
NOTHING = Fault(stop=0)


def get(**options) -> int:
    return APIClient(**{"timeout": 1, "retries": 2, **options}).fetch_and_save_file(NAME)


@pytest.mark.parametrize(
    ("framing", "then"),
    [*itertools.product(["length", "chunked", "close"], ["cut", "reset"]), ("chunked", "end")],
)
def test_a_stream_that_ends_early_goes_on_where_it_broke_off(storage, work, framing, then):
    """Faults 1 to 4; with ``close``, and with ``chunked`` and ``end``, the end looks regular."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(framing=framing, stop=STOP, then=then))
    assert get() == SIZE
    assert files(work) == {"run.h5": body}
    assert_resumed(storage, NAME)
    assert_closed_ranges(storage, NAME)


@pytest.mark.parametrize("how", ["cut", "reset"])
def test_a_wire_that_breaks_again_and_again(storage, wire, work, how):
    """Faults 1 and 2 at any position: each connection ends after some MiB."""
    body = storage.put(NAME, SIZE)
    wire.breaks(how, 3 * MIB, times=5)
    assert get(retries=3) == SIZE
    assert files(work) == {"run.h5": body}
    assert wire.broken == 5
    assert wire.passed < SIZE + 6 * PER_BREAK


@pytest.mark.parametrize("size", [1, 100_000, 3 * MIB])
def test_small_files_survive_a_break_too(storage, work, size):
    body = storage.put(NAME, size)
    storage.fails("fetch", NAME, Fault(stop=size // 2, then="reset"))
    assert get() == size
    assert files(work) == {"run.h5": body}


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
def test_what_breaks_until_the_retries_are_used_up(storage, work, framing):
    """Fault 1: an error, no final file, and a second run resumes."""
    body = storage.put(NAME, SIZE)
    (work / "run.h5").write_bytes(b"the old one")
    storage.fails("fetch", NAME, Fault(framing=framing, stop=STOP), always=NOTHING)
    storage.fails("webdav", NAME, always=NOTHING)
    started = time.monotonic()
    with pytest.raises((errors.TransferError, errors.ServiceUnreachable)) as caught:
        get()
    assert time.monotonic() - started < 10
    assert_says(caught.value, NAME, "again")
    assert len(storage.asked("webdav", NAME)) <= 3
    assert (work / "run.h5").read_bytes() == b"the old one"
    assert leftovers(work)
    storage.heal()
    assert get() == SIZE
    assert files(work) == {"run.h5": body}
    assert storage.sent(NAME) <= SIZE - STOP + PER_BREAK


def test_a_small_file_that_breaks_until_the_retries_are_used_up_leaves_nothing(storage, work):
    """Fault 1: of up to 8 MiB nothing is kept."""
    storage.put(NAME, 100_000)
    storage.fails("fetch", NAME, always=Fault(stop=50_000))
    storage.fails("webdav", NAME, always=NOTHING)
    with pytest.raises((errors.TransferError, errors.ServiceUnreachable)) as caught:
        get()
    assert_says(caught.value, NAME)
    assert files(work) == {}


def test_what_makes_progress_is_not_given_up(storage, work):
    """Faults 1 and 2: more breaks than retries, but each try makes progress."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(stop=2 * MIB))
    storage.fails("webdav", NAME, *[Fault(stop=3 * MIB, then="reset")] * 4)
    assert get(retries=2) == SIZE
    assert files(work) == {"run.h5": body}
    assert_resumed(storage, NAME, breaks=5)


def test_a_stall_ends_within_the_time_out_and_goes_on(storage, wire, work):
    """Fault 5, once."""
    body = storage.put(NAME, SIZE)
    wire.breaks("stall", STOP)
    started = time.monotonic()
    assert get(timeout=0.5) == SIZE
    assert time.monotonic() - started < 5
    assert files(work) == {"run.h5": body}
    assert wire.passed < SIZE + 2 * PER_BREAK


def test_a_stall_for_ever_is_an_error_and_resumable(storage, work):
    """Fault 5, at each try."""
    body = storage.put(NAME, SIZE)
    stalls = Fault(stop=0, then="stall")
    storage.fails("fetch", NAME, Fault(stop=STOP, then="stall"), always=stalls)
    storage.fails("webdav", NAME, always=stalls)
    started = time.monotonic()
    with pytest.raises((errors.TransferError, errors.ServiceUnreachable)) as caught:
        get(timeout=0.5, retries=1)
    assert time.monotonic() - started < 5
    assert_says(caught.value, NAME, "again")
    assert "run.h5" not in files(work)
    storage.heal()
    assert get() == SIZE
    assert files(work) == {"run.h5": body}
    assert storage.sent(NAME) <= SIZE - STOP + PER_BREAK


def test_a_drip_once(storage, wire, work):
    """Fault 6: each byte comes in time, but the stream is as good as stalled."""
    body = storage.put(NAME, SIZE)
    wire.breaks("drip", STOP)
    started = time.monotonic()
    assert get(timeout=0.5) == SIZE
    assert time.monotonic() - started < 6
    assert files(work) == {"run.h5": body}
    assert wire.passed < SIZE + 2 * PER_BREAK


def test_a_drip_for_ever(storage, work):
    """Fault 6, at each try: the minimum speed ends it, and the received bytes are kept."""
    body = storage.put(NAME, SIZE)
    drips = Fault(stop=100, then="drip")
    storage.fails("fetch", NAME, Fault(stop=STOP, then="drip"), always=drips)
    storage.fails("webdav", NAME, always=drips)
    started = time.monotonic()
    with pytest.raises((errors.TransferError, errors.ServiceUnreachable)) as caught:
        get(timeout=0.5, retries=1)
    assert time.monotonic() - started < 10
    assert_says(caught.value, NAME, "again")
    assert "run.h5" not in files(work)
    storage.heal()
    assert get() == SIZE
    assert files(work) == {"run.h5": body}
    assert storage.sent(NAME) <= SIZE - STOP + PER_BREAK


def test_a_minimum_speed_of_ones_own(storage, wire, work):
    """Fault 6: a slow stream is no fault if the caller allows it."""
    body = storage.put(NAME, 100_000)
    wire.rate = 100_000
    assert get(timeout=0.3, min_speed=0) == len(body)
    assert files(work) == {"run.h5": body}
    assert (len(storage.asked("fetch")), len(storage.asked("webdav"))) == (1, 0)


def test_a_large_part_of_a_directory_breaks_and_the_rest_comes(storage, work):
    """Fault 1 in one file of many: the others are downloaded, the error names that one."""
    whole = {f"lst/d/{n}": storage.put(f"lst/d/{n}", 1000 + n, n) for n in range(12)}
    storage.put("lst/d/bad", SIZE)
    storage.fails("fetch", "lst/d/bad", Fault(stop=STOP), always=NOTHING)
    storage.fails("webdav", "lst/d/bad", always=NOTHING)
    client = APIClient(timeout=1, retries=0)
    with pytest.raises(errors.TransferError) as caught:
        client.fetch_and_save_file_or_dir("lst/d", recursive=True)
    assert [failure.path for failure in caught.value.failures] == ["lst/d/bad"]
    assert_says(caught.value, "lst/d/bad")
    assert {name: body for name, body in files(work).items() if name in whole} == whole
    assert not (work / "lst/d/bad").exists()
    storage.heal()
    total = client.fetch_and_save_file_or_dir("lst/d", recursive=True)
    assert total == SIZE + sum(map(len, whole.values()))
    assert [served.name for served in storage.asked("fetch")] == []
    assert storage.sent("lst/d/bad") <= SIZE - STOP + PER_BREAK
    assert files(work)["lst/d/bad"] == storage.files["lst/d/bad"].content
    assert not leftovers(work)


def test_bytes_that_are_not_saved_go_on_too(storage):
    """Faults 1 to 4 with iter_bytes."""
    body = storage.put(NAME, SIZE)
    storage.fails("fetch", NAME, Fault(stop=STOP))
    storage.fails("webdav", NAME, Fault(stop=MIB, then="reset"))
    assert b"".join(APIClient(timeout=1).iter_bytes(NAME)) == body
    assert_resumed(storage, NAME, breaks=2)
    storage.fails("webdav", NAME, Fault(stop=MIB, then="reset"))
    assert b"".join(APIClient(timeout=1).iter_bytes(NAME, 1000, SIZE - 1)) == body[1000 : SIZE - 1]
