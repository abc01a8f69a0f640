"""The threads of one transfer: as many as the service can bear, and stopped within a second."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Protocol

from .._arguments import callback, count
from ..config import MAX_JOBS
from ..errors import CTADataError, LocalFileError, TransferCancelled
from ..http.client import HTTPClient
from ..http.watchdog import Watchdog
from .options import TransferOptions
from .progress import CallbackFailed

__all__ = ["LARGE", "Assisted", "Pool", "Task"]

# Files of at least so many bytes are large; few of them are transferred at a time.
LARGE = 16 << 20
LARGE_STREAMS = 4
# So many tasks are queued at most, the others stay in their listing; and so many are taken from it
# at a time, so that no thread waits for long.
MAX_QUEUED = 4000
PREFETCH = 50
# Seconds between two checks whether anything has to be stopped.
TICK = 0.1
# Seconds that threads have to clean up once they are stopped.
GRACE = 0.5
# Seconds after which the number of jobs grows again by one, and in which it is halved only once.
RECOVERY = 10.0
HALVING_INTERVAL = 2.0

Task = Callable[[Watchdog], None]


class Assisted(Protocol):
    """A large file in transfer, of which other streams may transfer a part."""

    def wants_help(self) -> bool:
        """Whether another stream would be of use now."""

    def help(self, watchdog: Watchdog) -> None:
        """Transfer a part."""


class Pool:
    """Runs tasks in threads of its own; tasks may add tasks.

    Parameters
    ----------
    options : TransferOptions
        The most tasks at a time (``jobs``), the most streams of large files (``streams``), and what
        tells when to stop (``cancel``).
    http : HTTPClient
        Its time-out and minimum speed hold for the transfer.
    """

    def __init__(self, options: TransferOptions, http: HTTPClient) -> None:
        jobs, streams, cancel = options.jobs, options.streams, options.cancel
        jobs = count(jobs, "jobs", 1, MAX_JOBS)
        if streams is not None:
            streams = count(streams, "streams", 1, MAX_JOBS)
        self._jobs = self._limit = max(jobs, streams or 1)
        self._large_limit = max(LARGE_STREAMS, streams or 1)
        self._timeout = http.timeout
        self._min_speed = http.min_speed
        # The events of other libraries, such as multiprocessing, have the same method.
        self._cancelled = callback(getattr(cancel, "is_set", cancel), "cancel")
        self._lock = threading.RLock()
        # Two conditions, so that the thread that waits for the end is not woken by each file.
        self._work_added = threading.Condition(self._lock)
        self._ended = threading.Condition(self._lock)
        self._listings: list[Task] = []
        self._sources: list[Iterator[tuple[int, Task]]] = []
        self._small: deque[Task] = deque()
        self._large: deque[Task] = deque()
        self._assisted: list[Assisted] = []
        self._watchdogs: set[Watchdog] = set()
        self._threads = 0
        self._prefetching = self._prefetched = False
        self._running = 0
        self._listing = 0
        self._streaming = 0
        self._error: BaseException | None = None
        self._limited_at = 0.0

    def add_listing(self, task: Task) -> None:
        """Add a task that adds other tasks; the last one added runs first."""
        with self._lock:
            self._listings.append(task)
            self._work_added.notify()

    def add(self, size: int, task: Task) -> None:
        """Add a task that transfers `size` bytes."""
        with self._lock:
            self._queue(size, task)
            self._work_added.notify()

    def add_all(self, tasks: Iterator[tuple[int, Task]]) -> None:
        """Add tasks with their sizes; the iterator is read as tasks are needed."""
        with self._lock:
            self._sources.append(tasks)
            self._work_added.notify_all()

    def assist(self, file: Assisted) -> None:
        """Let idle threads help with a large file, until `unassist`."""
        with self._lock:
            self._assisted.append(file)

    def wake(self) -> None:
        """Wake idle threads, so that they help at once."""
        with self._lock:
            self._start_threads()
            self._work_added.notify_all()

    def unassist(self, file: Assisted) -> None:
        """End what `assist` began."""
        with self._lock:
            self._assisted.remove(file)

    def congested(self) -> None:
        """Halve the number of tasks at a time, because the service cannot bear so many."""
        now = time.monotonic()
        with self._lock:
            if now - self._limited_at > HALVING_INTERVAL:
                self._limit = max(1, min(self._limit, self._running) // 2)
                self._limited_at = now

    def stop(self, error: BaseException) -> None:
        """Stop everything; `run` raises the first error that was passed here."""
        reason = error if isinstance(error, CTADataError) else _cancelled()
        if isinstance(error, CallbackFailed):
            error = error.error
        with self._lock:
            if self._error is None:
                self._error = error
            watchdogs = list(self._watchdogs)
            self._work_added.notify_all()
            self._ended.notify_all()
        for watchdog in watchdogs:
            watchdog.stop(reason)

    def run(self) -> None:
        """Run all tasks in other threads, while this thread watches over them.

        Raises
        ------
        TransferCancelled
            If it was cancelled.
        BaseException
            What a task raised, or what was raised in this thread, such as KeyboardInterrupt.
        """
        try:
            self._check_cancelled()
            with self._lock:
                self._start_threads()
                while not self._finished():
                    self._ended.wait(TICK)
                    self._tick()
        except KeyboardInterrupt:
            self.stop(KeyboardInterrupt("What was received is kept; run it again to resume"))
        except BaseException as error:
            self.stop(error)
        if self._error is not None:
            self._wait_for_threads()
            raise self._error

    def _tick(self) -> None:
        """Do the regular checks; called with the lock held."""
        self._check_cancelled()
        now = time.monotonic()
        if self._limit < self._jobs and now - self._limited_at > RECOVERY:
            self._limit += 1
            self._limited_at = now
            self._work_added.notify_all()
        watchdogs = list(self._watchdogs)
        self._lock.release()
        try:
            for watchdog in watchdogs:
                watchdog.tick(now)
        finally:
            self._lock.acquire()
        if self._assisted or self._limit > self._threads:
            self._work_added.notify_all()
            self._start_threads()

    def _check_cancelled(self) -> None:
        if self._cancelled is not None and self._cancelled():
            raise _cancelled()

    def _wait_for_threads(self) -> None:
        """Give the threads a moment to end; one that hangs in a system call ends by itself."""
        deadline = time.monotonic() + GRACE
        with self._lock:
            while self._running and (left := deadline - time.monotonic()) > 0:
                self._ended.wait(left)

    def _finished(self) -> bool:
        return self._error is not None or not (self._running or self._has_work())

    def _has_work(self) -> bool:
        return bool(self._small or self._large or self._listings or self._sources)

    def _start_threads(self) -> None:
        """Start as many threads as have something to do."""
        waiting = len(self._small) + len(self._large) + len(self._listings) + len(self._sources)
        if self._assisted:
            waiting += self._large_limit
        wanted = min(self._jobs, self._running + waiting)
        while self._threads < wanted:
            thread = threading.Thread(target=self._work, name="ctadata", daemon=True)
            # Counted first: the thread may end before this one goes on.
            self._threads += 1
            try:
                thread.start()
            except RuntimeError as error:
                self._threads -= 1
                if self._threads:
                    # The running threads do the rest.
                    return
                raise LocalFileError(
                    "This machine starts no more threads; end other programs, or raise the limit "
                    "(ulimit -u)"
                ) from error

    def _work(self) -> None:
        try:
            while (taken := self._take()) is not None:
                kind, task, watchdog = taken
                try:
                    try:
                        task(watchdog)
                    finally:
                        watchdog.clear_notice()
                except BaseException as error:
                    # Before the task counts as done, or `run` might miss the error.
                    self.stop(error)
                finally:
                    self._done(kind, watchdog)
        except BaseException as error:
            self.stop(error)
        finally:
            with self._lock:
                self._threads -= 1

    def _take(self) -> tuple[str, Task, Watchdog] | None:
        """Return the next task and its kind; None if there will be no more."""
        with self._lock:
            while True:
                if self._finished():
                    self._ended.notify_all()
                    return None
                if self._running < self._limit and (taken := self._choose()) is not None:
                    self._running += 1
                    self._listing += taken[0] == "listing"
                    self._streaming += taken[0] == "large"
                    self._start_threads()
                    watchdog = Watchdog(self._timeout, self._min_speed, self.congested)
                    self._watchdogs.add(watchdog)
                    return *taken, watchdog
                self._work_added.wait()

    def _choose(self) -> tuple[str, Task] | None:
        files = len(self._small) + len(self._large)
        may_prefetch = bool(self._sources) and not self._prefetching and files < MAX_QUEUED
        # Not twice in a row: known files are transferred in between.
        if may_prefetch and not (files and self._prefetched):
            self._prefetching = self._prefetched = True
            return "prefetch", self._prefetch
        self._prefetched = False
        # A quarter of the threads list while the others transfer.
        enough = self._listing >= max(1, self._limit // 4)
        if self._listings and not self._sources and not (files and enough) and files < MAX_QUEUED:
            return "listing", self._listings.pop()
        if self._large and self._streaming < self._large_limit:
            return "large", self._large.popleft()
        if self._small:
            return "small", self._small.popleft()
        if self._streaming < self._large_limit:
            for file in self._assisted:
                if file.wants_help():
                    return "large", file.help
        if may_prefetch:
            self._prefetching = True
            return "prefetch", self._prefetch
        return None

    def _prefetch(self, watchdog: Watchdog) -> None:
        """Queue the next tasks; without the lock, since their iterator may wait for a disk."""
        with self._lock:
            source = self._sources[-1]
            room = MAX_QUEUED - len(self._small) - len(self._large)
        found = list(islice(source, min(PREFETCH, room)))
        with self._lock:
            if len(found) < min(PREFETCH, room):
                self._sources.remove(source)
            for size, task in found:
                self._queue(size, task)
            self._prefetching = False
            self._start_threads()
            self._work_added.notify_all()

    def _queue(self, size: int, task: Task) -> None:
        (self._large if size >= LARGE else self._small).append(task)

    def _done(self, kind: str, watchdog: Watchdog) -> None:
        with self._lock:
            self._watchdogs.discard(watchdog)
            self._running -= 1
            self._listing -= kind == "listing"
            self._streaming -= kind == "large"
            # One waiting thread may go on, or all of them if nothing is left.
            if self._running and (self._small or self._large):
                self._work_added.notify()
            else:
                self._work_added.notify_all()
            if not self._running:
                self._ended.notify_all()


def _cancelled() -> TransferCancelled:
    return TransferCancelled("The transfer was cancelled; run it again to resume")
