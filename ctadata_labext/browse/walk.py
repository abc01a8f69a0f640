"""Walks through the storage: breadth first, a few listings at a time, beside the event loop."""

from __future__ import annotations

import asyncio
import math
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from ctadata.errors import AuthenticationError, CTADataError, StorageException
from ctadata.storage.paths import check_remote_path
from ctadata.transfers.walk import FEW, Ancestors, LoopDetector

from ..errors import Abandoned, describe

if TYPE_CHECKING:
    from ctadata.api import APIClient
    from ctadata.http.watchdog import Watchdog
    from ctadata.storage.listing import Listing

    from ..service_calls import ServiceCalls

__all__ = ["Walk", "distinct"]

T = TypeVar("T")

# Listings that a walk asks for at a time: the service has ten threads for all its users.
LISTINGS = 4
# Failures after which a walk is given up: so many are no accident.
MAX_FAILURES = 100
# Directories that a walk knows of but has not listed yet.
MAX_WAITING = 100_000


class _Place(NamedTuple):
    path: str
    ancestors: Ancestors


class _Call(NamedTuple):
    queued: Future[Any]
    watchdog: Watchdog


@dataclass(frozen=True)
class _Visit(Generic[T]):
    findings: list[T]
    directory: bool
    below: list[_Place]
    failures: list[CTADataError]
    cut: bool = False


class Walk(Generic[T]):
    """One walk.

    Parameters
    ----------
    calls : ServiceCalls
        List the directories; each may take as long as such a call may.
    paths : sequence of str
        Where the walk begins; nothing is visited twice.
    look : callable
        Is given each `Listing`, in one of the threads; what it returns is collected.

    Attributes
    ----------
    begun : bool
        Whether anything has been listed.
    complete : bool
        Whether the walk came to its end, and all directories were listed to theirs.
    directories : int
        Those that have been listed.
    failures : list of CTADataError
        Directories that could not be listed, and names that the service must not send.
    """

    def __init__(
        self,
        calls: ServiceCalls,
        paths: Sequence[str],
        look: Callable[[Listing], list[T]],
    ) -> None:
        self._calls = calls
        self._look = look
        self._waiting = deque(_Place(path, ()) for path in distinct(paths))
        self._loops = LoopDetector()
        self._cut = False
        self.begun = False
        self.complete = False
        self.directories = 0
        self.failures: list[CTADataError] = []

    async def findings(
        self, interval: float, most: float = math.inf
    ) -> AsyncGenerator[list[T], None]:
        """Walk, and yield from time to time what was found since the last time.

        Parameters
        ----------
        interval : float
            Seconds between two lists; they may be empty.
        most : int, optional
            A list that has more than so many comes at once.

        Raises
        ------
        CTADataError
            The first failure, if nothing at all could be listed, or all threads are taken for too
            long.
        """
        running: dict[asyncio.Future[_Visit[T]], _Call] = {}
        found: list[T] = []
        moved = time.monotonic()
        due = moved + interval
        try:
            while (running or self._waiting) and not self._hopeless():
                while self._waiting and len(running) < LISTINGS:
                    place = self._waiting.popleft()
                    client, watchdog = self._calls.guarded()
                    queued = self._calls.threads.submit(self._visit, place, client, watchdog)
                    running[asyncio.wrap_future(queued)] = _Call(queued, watchdog)
                done, _ = await asyncio.wait(
                    running,
                    timeout=max(0.0, due - time.monotonic()),
                    return_when=asyncio.FIRST_COMPLETED,
                )
                for future in done:
                    del running[future]
                    found += self._take(future.result())
                now = time.monotonic()
                if done or any(call.queued.running() for call in running.values()):
                    moved = now
                elif now - moved > self._calls.seconds:
                    self.failures.append(self._calls.too_busy())
                    break
                if now >= due or len(found) > most:
                    yield found
                    found = []
                    due = time.monotonic() + interval
        finally:
            for future, call in running.items():
                call.watchdog.stop(Abandoned())
                future.cancel()
        self.complete = not (running or self._waiting or self._cut)
        if self.failures and not self.begun:
            raise self.failures[0]
        yield found

    def _visit(self, place: _Place, client: APIClient, watchdog: Watchdog) -> _Visit[T]:
        """List a directory; in one of the threads."""
        try:
            with self._calls.limited(watchdog):
                listing = client.listing(place.path, FEW)
            ancestors = self._loops.check_for_loop(listing, place.ancestors)
            findings = self._look(listing)
        except CTADataError as error:
            error.path = error.path or place.path
            return _Visit([], False, [], [error])
        directories = islice(listing.directories, MAX_WAITING + 1)
        inner = [_Place(entry.path, ancestors) for entry in directories]
        cut = listing.cut
        failures: list[CTADataError] = [*listing.refused, *([] if cut is None else [cut])]
        return _Visit(findings, listing.own.is_directory, inner, failures, cut is not None)

    def _take(self, visit: _Visit[T]) -> list[T]:
        # What was listed without being refused as a whole has findings or is a directory.
        self.begun = self.begun or visit.directory or bool(visit.findings)
        self.directories += visit.directory
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
        return visit.findings

    def _hopeless(self) -> bool:
        """Whether it makes no sense to go on."""
        return len(self.failures) >= MAX_FAILURES or any(
            isinstance(error, AuthenticationError) for error in self.failures
        )

    def described_failures(self) -> list[dict[str, str]]:
        """Return what the browser may know of the first failures."""
        failures = self.failures[:MAX_FAILURES]
        return [{"path": error.path or "", **describe(error)} for error in failures]


def distinct(paths: Sequence[str]) -> list[str]:
    """Return paths without those that are named twice, or lie below another one.

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
