from __future__ import annotations

import socket
import threading
import time

import pytest

from ctadata.errors import ServiceTimeout, TransferCancelled, TransferError
from ctadata.http.watchdog import Guard


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_read_that_blocks_is_stopped(ends):
    ours, _ = ends
    guard = Guard()
    guard.attach(ours)
    threading.Timer(0.05, guard.stop, [TransferCancelled("enough")]).start()
    assert ours.recv(1) == b""
    with pytest.raises(TransferCancelled, match="enough"):
        guard.check()


def test_what_is_stopped_stays_so(ends):
    guard = Guard()
    guard.stop(TransferCancelled("first"))
    guard.stop(TransferCancelled("second"))
    for call in (guard.check, lambda: guard.pause(60)):
        with pytest.raises(TransferCancelled, match="first"):
            call()
    # Also a connection that is made afterwards.
    guard.attach(ends[0])
    assert ends[0].recv(1) == b""


def test_a_pause_is_ended():
    guard = Guard()
    threading.Timer(0.05, guard.stop, [TransferCancelled("enough")]).start()
    before = time.monotonic()
    with pytest.raises(TransferCancelled):
        guard.pause(60)
    assert time.monotonic() - before < 5


def test_an_interruption_is_told_once(ends):
    guard = Guard()
    guard.interrupt(ServiceTimeout("nothing is under way"))
    guard.check()
    guard.attach(ends[0])
    guard.interrupt(ServiceTimeout("too slow"))
    with pytest.raises(ServiceTimeout):
        guard.check()
    guard.check()


def test_a_connection_that_was_given_back_is_left_alone(ends):
    ours, theirs = ends
    guard = Guard()
    guard.attach(ours)
    guard.detach()
    guard.stop(TransferCancelled("enough"))
    theirs.send(b"x")
    assert ours.recv(1) == b"x"


def test_a_body_that_drips_is_interrupted(ends):
    congested = []
    guard = Guard(timeout=10, min_speed=100, on_congestion=lambda: congested.append(True))
    guard.attach(ends[0])
    guard.reading()
    guard.watch(0)
    guard.handled(999)
    guard.reading()
    guard.watch(9)
    guard.check()
    guard.watch(10)
    with pytest.raises(ServiceTimeout, match="only 999 bytes came in 10 s"):
        guard.check()
    assert congested == [True]


def test_a_body_that_is_fast_enough_goes_on(ends):
    guard = Guard(timeout=10, min_speed=100)
    guard.attach(ends[0])
    guard.reading()
    for second in range(0, 100, 10):
        guard.watch(second)
        guard.handled(1000)
        guard.reading()
    guard.check()


def test_a_head_that_drips_is_interrupted(ends):
    guard = Guard(timeout=10)
    guard.attach(ends[0])
    now = time.monotonic()
    guard.asked()
    # Silence is the socket's own affair, and comes first.
    guard.watch(now + 19)
    guard.check()
    guard.watch(now + 21)
    with pytest.raises(ServiceTimeout, match="beginning of its answer in 21 s"):
        guard.check()


def test_once_the_head_has_come_it_is_not_waited_for(ends):
    guard = Guard(timeout=10)
    for end in (guard.answered, guard.detach, lambda: guard.attach(ends[0])):
        guard.attach(ends[0])
        guard.asked()
        end()
        guard.watch(time.monotonic() + 100)
        guard.check()


def test_the_local_disk_may_take_its_time(ends):
    guard = Guard(timeout=10, min_speed=100)
    guard.attach(ends[0])
    guard.reading()
    guard.watch(0)
    guard.handled(0)
    guard.watch(100)
    guard.check()


def test_a_budget():
    guard = Guard()
    guard.limit(5, TransferError("takes too long"))
    guard.watch(time.monotonic() + 4)
    guard.check()
    guard.watch(time.monotonic() + 6)
    with pytest.raises(TransferError, match="takes too long"):
        guard.check()
