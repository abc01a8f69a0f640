from __future__ import annotations

import socket
import threading
import time

import pytest

from ctadata.errors import ServiceTimeout, TransferCancelled, TransferError
from ctadata.http.watchdog import Watchdog


@pytest.fixture
def ends():
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield ours, theirs


def test_a_read_that_blocks_is_stopped(ends):
    ours, _ = ends
    watchdog = Watchdog()
    watchdog.attach(ours)
    threading.Timer(0.05, watchdog.stop, [TransferCancelled("enough")]).start()
    assert ours.recv(1) == b""
    with pytest.raises(TransferCancelled, match="enough"):
        watchdog.check()


def test_what_is_stopped_stays_so(ends):
    watchdog = Watchdog()
    watchdog.stop(TransferCancelled("first"))
    watchdog.stop(TransferCancelled("second"))
    for call in (watchdog.check, lambda: watchdog.pause(60)):
        with pytest.raises(TransferCancelled, match="first"):
            call()
    # Also a connection that is made afterwards.
    watchdog.attach(ends[0])
    assert ends[0].recv(1) == b""


def test_a_pause_is_ended():
    watchdog = Watchdog()
    threading.Timer(0.05, watchdog.stop, [TransferCancelled("enough")]).start()
    before = time.monotonic()
    with pytest.raises(TransferCancelled):
        watchdog.pause(60)
    assert time.monotonic() - before < 5


def test_an_interruption_is_told_once(ends):
    watchdog = Watchdog()
    watchdog.interrupt(ServiceTimeout("nothing is under way"))
    watchdog.check()
    watchdog.attach(ends[0])
    watchdog.interrupt(ServiceTimeout("too slow"))
    with pytest.raises(ServiceTimeout):
        watchdog.check()
    watchdog.check()


def test_a_connection_that_was_given_back_is_left_alone(ends):
    ours, theirs = ends
    watchdog = Watchdog()
    watchdog.attach(ours)
    watchdog.detach()
    watchdog.stop(TransferCancelled("enough"))
    theirs.send(b"x")
    assert ours.recv(1) == b"x"


def test_a_body_that_drips_is_interrupted(ends):
    congested = []
    watchdog = Watchdog(timeout=10, min_speed=100, on_congestion=lambda: congested.append(True))
    watchdog.attach(ends[0])
    watchdog.waiting_for_data()
    watchdog.tick(0)
    watchdog.data_received(999)
    watchdog.waiting_for_data()
    watchdog.tick(9)
    watchdog.check()
    watchdog.tick(10)
    with pytest.raises(ServiceTimeout, match="only 999 bytes came in 10 s"):
        watchdog.check()
    assert congested == [True]


def test_a_body_that_is_fast_enough_goes_on(ends):
    watchdog = Watchdog(timeout=10, min_speed=100)
    watchdog.attach(ends[0])
    watchdog.waiting_for_data()
    for second in range(0, 100, 10):
        watchdog.tick(second)
        watchdog.data_received(1000)
        watchdog.waiting_for_data()
    watchdog.check()


def test_a_head_that_drips_is_interrupted(ends):
    watchdog = Watchdog(timeout=10)
    watchdog.attach(ends[0])
    now = time.monotonic()
    watchdog.waiting_for_head()
    # Silence is the socket's own affair, and comes first.
    watchdog.tick(now + 19)
    watchdog.check()
    watchdog.tick(now + 21)
    with pytest.raises(ServiceTimeout, match="beginning of its answer in 21 s"):
        watchdog.check()


def test_once_the_head_has_come_it_is_not_waited_for(ends):
    watchdog = Watchdog(timeout=10)
    for end in (watchdog.head_received, watchdog.detach, lambda: watchdog.attach(ends[0])):
        watchdog.attach(ends[0])
        watchdog.waiting_for_head()
        end()
        watchdog.tick(time.monotonic() + 100)
        watchdog.check()


def test_the_local_disk_may_take_its_time(ends):
    watchdog = Watchdog(timeout=10, min_speed=100)
    watchdog.attach(ends[0])
    watchdog.waiting_for_data()
    watchdog.tick(0)
    watchdog.data_received(0)
    watchdog.tick(100)
    watchdog.check()


def test_a_budget():
    watchdog = Watchdog()
    watchdog.set_deadline(5, TransferError("takes too long"))
    watchdog.tick(time.monotonic() + 4)
    watchdog.check()
    watchdog.tick(time.monotonic() + 6)
    with pytest.raises(TransferError, match="takes too long"):
        watchdog.check()
