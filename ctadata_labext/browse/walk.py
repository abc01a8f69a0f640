"""Walks through the storage breadth first, with a few listings at a time, beside the event loop."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from ctadata.errors import AuthenticationError, CTADataError, StorageException
from ctadata.storage.paths import check_remote_path
from ctadata.transfers.walk import FEW, Ancestors, LoopDetector

from ..errors import Abandoned, describe

if TYPE_CHECKING:
    from ctadata.api import APIClient
    from ctadata.http.watchdog import Watchdog
    from ctadata.storage.listing import Listing

    from ..service_calls import ServiceCalls

__all__ = ["ConcurrentWalk", "outermost"]

T = TypeVar("T")

# Listings that a walk asks for at a time: the service has ten threads for all its users.
LISTINGS = 4
# Seconds between two lists of results.
INTERVAL = 0.2
# Failures after which a walk is given up: so many are no accident.
MAX_FAILURES = 100
# Directories that a walk knows of but has not listed yet.
MAX_WAITING = 100_000


class _Waiting(NamedTuple):
    path: str
    ancestors: Ancestors


@dataclass(frozen=True)
class _Visit(Generic[T]):
    """What came of listing one path."""

    results: list[T]
    is_directory: bool
    below: list[_Waiting]
    failures: list[CTADataError]
    cut: bool = False


class ConcurrentWalk(Generic[T]):
    """One walk: `find` is called with each listing, in a thread, and returns results.

    Each listing has the deadline of one of the `calls`.

    Attributes
    ----------
    begun : bool
        Whether anything has been listed.
    complete : bool
        Whether the walk came to its end, and all directories were listed to theirs.
    directories : int
        How many have been listed.
    failures : list of CTADataError
        Directories that could not be listed, and names that the service must not send.
    """

    def __init__(
        self, calls: ServiceCalls, paths: Sequence[str], find: Callable[[Listing], list[T]]
    ) -> None:
        self._calls = calls
        self._find = find
        self._waiting = deque(_Waiting(path, ()) for path in outermost(paths))
        self._loops = LoopDetector()
        self._cut = False
        self.begun = False
        self.complete = False
        self.directories = 0
        self.failures: list[CTADataError] = []

    async def results(self, enough: float = math.inf) -> AsyncGenerator[list[T], None]:
        """Walk, and yield every `INTERVAL` what was found since the last time, also if nothing.

        More than `enough` results are yielded at once.

        Raises
        ------
        CTADataError
            The first failure, if nothing at all could be listed, or all threads are taken for too
            long.
        """
        running: dict[asyncio.Future[_Visit[T]], tuple[Future[_Visit[T]], Watchdog]] = {}
        found: list[T] = []
        moved = time.monotonic()
        due = moved + INTERVAL
        try:
            while (running or self._waiting) and not self._is_hopeless():
                while self._waiting and len(running) < LISTINGS:
                    waiting = self._waiting.popleft()
                    client, watchdog = self._calls.guarded()
                    queued = self._calls.threads.submit(self._visit, waiting, client, watchdog)
                    running[asyncio.wrap_future(queued)] = queued, watchdog
                done, _ = await asyncio.wait(
                    running,
                    timeout=max(0.0, due - time.monotonic()),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for future in done:
                    del running[future]
                    found += self._take(future.result())
                now = time.monotonic()
                if done or any(queued.running() for queued, _ in running.values()):
                    moved = now
                elif now - moved > self._calls.seconds:
                    self.failures.append(self._calls.too_busy())
                    break
                if now >= due or len(found) > enough:
                    yield found
                    found = []
                    due = time.monotonic() + INTERVAL
        finally:
            for future, (_, watchdog) in running.items():
                watchdog.stop(Abandoned())
                future.cancel()
        self.complete = not (running or self._waiting or self._cut)
        if self.failures and not self.begun:
            raise self.failures[0]
        yield found

    def _visit(self, waiting: _Waiting, client: APIClient, watchdog: Watchdog) -> _Visit[T]:
        """List a path, in one of the threads."""
        try:
            with self._calls.limited(watchdog):
                listing = client.listing(waiting.path, FEW)
            ancestors = self._loops.check_for_loop(listing, waiting.ancestors)
            results = self._find(listing)
        except CTADataError as error:
            error.path = error.path or waiting.path
            return _Visit([], False, [], [error])
        directories = islice(listing.directories, MAX_WAITING + 1)
        below = [_Waiting(entry.path, ancestors) for entry in directories]
        cut = listing.cut
        failures: list[CTADataError] = [*listing.refused, *([] if cut is None else [cut])]
        return _Visit(results, listing.own.is_directory, below, failures, cut is not None)

    def _take(self, visit: _Visit[T]) -> list[T]:
        # A path that was listed is a directory or has results.
        self.begun = self.begun or visit.is_directory or bool(visit.results)
        self.directories += visit.is_directory
        self.failures += visit.failures
        self._cut = self._cut or visit.cut
        room = MAX_WAITING - len(self._waiting)
        self._waiting += visit.below[:room]
        if len(visit.below) > room:
            self._cut = True
            path = visit.below[room].path
            self.failures.append(
                StorageException(
                    f"{path!r} and others were left out: more than {MAX_WAITING:,} directories "
                    "wait to be listed; choose some of them by themselves",
                    path=path,
                )
            )
        return visit.results

    def _is_hopeless(self) -> bool:
        """Whether the rest would fail, too."""
        return len(self.failures) >= MAX_FAILURES or any(
            isinstance(error, AuthenticationError) for error in self.failures
        )

    def described_failures(self) -> list[dict[str, str]]:
        """Return the first failures as the browser may see them."""
        failures = self.failures[:MAX_FAILURES]
        return [{"path": error.path or "", **describe(error)} for error in failures]


def outermost(paths: Sequence[str]) -> list[str]:
    """Return paths without duplicates and without those that lie below another one.

    Raises
    ------
    InvalidPath
        If one of them cannot be asked for.
    """
    split = dict.fromkeys(tuple(check_remote_path(path)) for path in paths)
    return [
        "/".join(segments)
        for segments in split
        if not any(segments[:depth] in split for depth in range(len(segments)))
    ]
