from __future__ import annotations

import threading
import time

import pytest

from ctadata.errors import CTADataError, NoSpace, TransferCancelled
from ctadata.http.client import HTTPClient
from ctadata.transfers.options import TransferOptions
from ctadata.transfers.pool import LARGE, LARGE_STREAMS, MAX_QUEUED, Pool


def pool(**options) -> Pool:
    return Pool(TransferOptions(**options), HTTPClient(lambda: None, timeout=5, min_speed=0))


class Together:
    """Counts how many tasks run at a time."""

    def __init__(self, expected: int) -> None:
        self.most = self._running = 0
        self._lock = threading.Lock()
        self._expected = expected
        self._reached = threading.Event()

    def __call__(self, watchdog) -> None:
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
            if self._running == self._expected:
                self._reached.set()
        self._reached.wait(5)
        with self._lock:
            self._running -= 1


def test_tasks_run_side_by_side_but_not_more_than_jobs():
    work = pool(jobs=3)
    task = Together(3)
    for _ in range(12):
        work.add(1, task)
    work.run()
    assert task.most == 3


def test_large_files_have_a_few_places_only():
    work = pool(jobs=16)
    task = Together(LARGE_STREAMS)
    for _ in range(8):
        work.add(LARGE, task)
    work.run()
    assert task.most == LARGE_STREAMS


def test_tasks_find_tasks():
    work = pool()
    done = []

    def find(watchdog):
        work.add_listing(lambda watchdog: work.add(1, lambda watchdog: done.append("below")))
        work.add_all((1, lambda watchdog, n=n: done.append(n)) for n in range(10))

    work.add_listing(find)
    work.run()
    assert sorted(map(str, done)) == sorted([*map(str, range(10)), "below"])


def test_a_long_listing_is_not_read_further_than_necessary():
    work = pool(jobs=1)
    read = done = 0

    def tasks():
        nonlocal read
        for _ in range(3 * MAX_QUEUED):
            read += 1
            yield 1, task

    def task(watchdog):
        nonlocal done
        done += 1
        assert read <= done + MAX_QUEUED + 1

    work.add_all(tasks())
    work.run()
    assert done == 3 * MAX_QUEUED


def test_an_error_ends_everything_and_is_raised():
    work = pool(jobs=2)
    stopped = threading.Event()

    def waits(watchdog):
        try:
            watchdog.pause(60)
        except NoSpace:
            stopped.set()
            raise

    def fails(watchdog):
        raise NoSpace("full")

    work.add(1, waits)
    work.add(1, fails)
    for _ in range(100):
        work.add(1, lambda watchdog: pytest.fail("went on"))
    with pytest.raises(NoSpace):
        work.run()
    assert stopped.is_set()


@pytest.mark.parametrize("kind", ["event", "callable"])
def test_a_task_that_hangs_does_not_delay_cancelling(kind):
    event, released = threading.Event(), threading.Event()
    work = pool(cancel=event if kind == "event" else event.is_set)
    begun = threading.Event()

    def hangs(watchdog):
        # As what waits in the system, which no watchdog can wake.
        begun.set()
        released.wait(30)

    def cancel():
        begun.wait(30)
        event.set()

    threading.Thread(target=cancel).start()
    work.add(1, hangs)
    before = time.monotonic()
    try:
        with pytest.raises(TransferCancelled):
            work.run()
        assert time.monotonic() - before < 1
    finally:
        released.set()


def test_a_crowded_service_gets_fewer_requests():
    work = pool(jobs=8)
    after = Together(9)
    task = Together(8)

    def crowded(watchdog):
        task(watchdog)
        watchdog.congested()
        # Those who are told at the same time count once.
        watchdog.congested()

    for _ in range(8):
        work.add(1, crowded)
    work.run()
    after._reached.set()
    for _ in range(40):
        work.add(1, after)
    work.run()
    assert after.most <= 4


@pytest.mark.parametrize("options", [{"jobs": 0}, {"jobs": 65}, {"streams": 0}, {"streams": 65}])
def test_numbers_that_make_no_sense(options):
    (name,) = options
    with pytest.raises(CTADataError, match=f"{name}=.* 1 to 64"):
        pool(**options)
