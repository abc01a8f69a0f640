"""Pool: the threads of one transfer, as many as the service bears, stopped within a second."""

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

# Bytes from which on a file takes one of the few places for large ones.
LARGE = 16 << 20
LARGE_STREAMS = 4
# Tasks that are known beforehand; what is more stays in its listing. So many are looked up at a
# time, so that nobody has to wait for long.
AHEAD = 4000
STEP = 50
# Seconds between two looks at whether anything has to be stopped.
TICK = 0.1
# Seconds that threads have to put things in order once they are stopped.
GRACE = 0.5
# Seconds after which one more job is tried again, and in which jobs are halved but once.
RECOVERY = 10.0
CALM = 2.0

Task = Callable[[Watchdog], None]


class Assisted(Protocol):
    """A large file under way, of which further streams may bring a part."""

    def wants_help(self) -> bool:
        """Whether another stream would be of use now."""

    def help(self, watchdog: Watchdog) -> None:
        """Bring a part."""


class Pool:
    """Runs tasks in threads of its own; tasks may add tasks.

    Parameters
    ----------
    options : TransferOptions
        How many tasks run at a time (``jobs``), the streams of large files (``streams``), and what
        says when to stop (``cancel``).
    http : HTTPClient
        How patient the transfer is with the service.
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
        # Events of other libraries, such as multiprocessing's, have the same method.
        self._cancelled = callback(getattr(cancel, "is_set", cancel), "cancel")
        self._lock = threading.RLock()
        # Who waits for something to do, and who for the end: it would be woken by each file.
        self._something = threading.Condition(self._lock)
        self._end = threading.Condition(self._lock)
        self._listings: list[Task] = []
        self._sources: list[Iterator[tuple[int, Task]]] = []
        self._small: deque[Task] = deque()
        self._large: deque[Task] = deque()
        self._assisted: list[Assisted] = []
        self._watchdogs: set[Watchdog] = set()
        self._threads = 0
        self._looking = self._looked = False
        self._running = 0
        self._listing = 0
        self._streaming = 0
        self._error: BaseException | None = None
        self._limited_at = 0.0

    def add_listing(self, task: Task) -> None:
        """Add a task that finds others; the last one comes first."""
        with self._lock:
            self._listings.append(task)
            self._something.notify()

    def add(self, size: int, task: Task) -> None:
        """Add a task that transfers so many bytes."""
        with self._lock:
            self._queue(size, task)
            self._something.notify()

    def add_all(self, tasks: Iterator[tuple[int, Task]]) -> None:
        """Add tasks with their sizes, which are asked for as they are needed."""
        with self._lock:
            self._sources.append(tasks)
            self._something.notify_all()

    def assist(self, file: Assisted) -> None:
        """Let idle threads help with a large file, until `unassist`."""
        with self._lock:
            self._assisted.append(file)

    def wake(self) -> None:
        """Let idle threads see at once that they can help."""
        with self._lock:
            self._start_threads()
            self._something.notify_all()

    def unassist(self, file: Assisted) -> None:
        """End what `assist` began."""
        with self._lock:
            self._assisted.remove(file)

    def congested(self) -> None:
        """Halve the number of tasks at a time: the service cannot bear so many."""
        now = time.monotonic()
        with self._lock:
            if now - self._limited_at > CALM:
                self._limit = max(1, min(self._limit, self._running) // 2)
                self._limited_at = now

    def stop(self, error: BaseException) -> None:
        """Stop everything; `run` raises the first error that was given."""
        reason = error if isinstance(error, CTADataError) else _cancelled()
        if isinstance(error, CallbackFailed):
            error = error.error
        with self._lock:
            if self._error is None:
                self._error = error
            watchdogs = list(self._watchdogs)
            self._something.notify_all()
            self._end.notify_all()
        for watchdog in watchdogs:
            watchdog.stop(reason)

    def run(self) -> None:
        """Run all tasks, in other threads; this one looks after them.

        Raises
        ------
        TransferCancelled
            If it was cancelled.
        BaseException
            What a task has raised, or what came to this thread, such as KeyboardInterrupt.
        """
        try:
            self._check_cancelled()
            with self._lock:
                self._start_threads()
                while not self._finished():
                    self._end.wait(TICK)
                    self._look_after()
        except KeyboardInterrupt:
            self.stop(KeyboardInterrupt("What has come is kept: run it again to go on"))
        except BaseException as error:
            self.stop(error)
        if self._error is not None:
            self._let_end()
            raise self._error

    def _look_after(self) -> None:
        """Do what has to be done from time to time; called with the lock held."""
        self._check_cancelled()
        now = time.monotonic()
        if self._limit < self._jobs and now - self._limited_at > RECOVERY:
            self._limit += 1
            self._limited_at = now
            self._something.notify_all()
        watchdogs = list(self._watchdogs)
        self._lock.release()
        try:
            for watchdog in watchdogs:
                watchdog.tick(now)
        finally:
            self._lock.acquire()
        if self._assisted or self._limit > self._threads:
            self._something.notify_all()
            self._start_threads()

    def _check_cancelled(self) -> None:
        if self._cancelled is not None and self._cancelled():
            raise _cancelled()

    def _let_end(self) -> None:
        """Give the threads a moment; what hangs in the system then ends by itself."""
        deadline = time.monotonic() + GRACE
        with self._lock:
            while self._running and (left := deadline - time.monotonic()) > 0:
                self._end.wait(left)

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
            # Counted first: it may end before this one goes on.
            self._threads += 1
            try:
                thread.start()
            except RuntimeError as error:
                self._threads -= 1
                if self._threads:
                    # Those that there are do the rest.
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
                    # Before the task counts as done, or `run` might see the end but no error.
                    self.stop(error)
                finally:
                    self._done(kind, watchdog)
        except BaseException as error:
            self.stop(error)
        finally:
            with self._lock:
                self._threads -= 1

    def _take(self) -> tuple[str, Task, Watchdog] | None:
        """Return the next task and its kind; None where there will be none any more."""
        with self._lock:
            while True:
                if self._finished():
                    self._end.notify_all()
                    return None
                if self._running < self._limit and (taken := self._choose()) is not None:
                    self._running += 1
                    self._listing += taken[0] == "listing"
                    self._streaming += taken[0] == "large"
                    self._start_threads()
                    watchdog = Watchdog(self._timeout, self._min_speed, self.congested)
                    self._watchdogs.add(watchdog)
                    return *taken, watchdog
                self._something.wait()

    def _choose(self) -> tuple[str, Task] | None:
        files = len(self._small) + len(self._large)
        may_look = bool(self._sources) and not self._looking and files < AHEAD
        # Not twice in a row: what was found is to be transferred meanwhile.
        if may_look and not (files and self._looked):
            self._looking = self._looked = True
            return "ahead", self._look_ahead
        self._looked = False
        # Some look further while the others transfer what was found.
        looking = self._listing >= max(1, self._limit // 4)
        if self._listings and not self._sources and not (files and looking) and files < AHEAD:
            return "listing", self._listings.pop()
        if self._large and self._streaming < self._large_limit:
            return "large", self._large.popleft()
        if self._small:
            return "small", self._small.popleft()
        if self._streaming < self._large_limit:
            for file in self._assisted:
                if file.wants_help():
                    return "large", file.help
        if may_look:
            self._looking = True
            return "ahead", self._look_ahead
        return None

    def _look_ahead(self, watchdog: Watchdog) -> None:
        """Ask for the next tasks; without the lock, since this may wait for a disk."""
        with self._lock:
            source = self._sources[-1]
            room = AHEAD - len(self._small) - len(self._large)
        found = list(islice(source, min(STEP, room)))
        with self._lock:
            if len(found) < min(STEP, room):
                self._sources.remove(source)
            for size, task in found:
                self._queue(size, task)
            self._looking = False
            self._start_threads()
            self._something.notify_all()

    def _queue(self, size: int, task: Task) -> None:
        (self._large if size >= LARGE else self._small).append(task)

    def _done(self, kind: str, watchdog: Watchdog) -> None:
        with self._lock:
            self._watchdogs.discard(watchdog)
            self._running -= 1
            self._listing -= kind == "listing"
            self._streaming -= kind == "large"
            # One that waits may now go on; all, where nothing is left.
            if self._running and (self._small or self._large):
                self._something.notify()
            else:
                self._something.notify_all()
            if not self._running:
                self._end.notify_all()


def _cancelled() -> TransferCancelled:
    return TransferCancelled("The transfer was cancelled; run it again to go on")
