"""Walks through the storage: breadth first, a few listings at a time, beside the event loop."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from ctadata._paths import check_remote_path
from ctadata.errors import AuthenticationError, CTADataError
from ctadata.transfers.loops import Ancestors, below

if TYPE_CHECKING:
    from ctadata._listing import Listing
    from ctadata.api import APIClient

__all__ = ["WALK_THREADS", "Walk"]

T = TypeVar("T")

# Listings that all walks together ask for at a time: those of the panel must not wait for them,
# and the service has ten threads for all its users.
WALK_THREADS = 4
# Failures after which a walk is given up: so many are no accident.
MAX_FAILURES = 100


@dataclass(frozen=True)
class _Place:
    path: str
    ancestors: Ancestors


class Walk(Generic[T]):
    """One walk.

    Parameters
    ----------
    client : APIClient
        Lists the directories.
    threads : Executor
        In which it does so.
    paths : sequence of str
        Where the walk begins; what is named twice, or lies below another one, is visited once.
    look : callable
        Is given each `Listing`, in one of the threads; what it returns is collected.

    Attributes
    ----------
    directories : int
        Those that have been listed.
    failures : list of CTADataError
        Directories that could not be listed, and names that the service must not send.
    complete : bool
        Whether nothing was left out but the failures.
    """

    def __init__(
        self,
        client: APIClient,
        threads: Executor,
        paths: Sequence[str],
        look: Callable[[Listing], T],
    ) -> None:
        self._client = client
        self._threads = threads
        self._look = look
        self._waiting = deque(_Place(path, ()) for path in distinct(paths))
        self._listed = 0
        self.directories = 0
        self.failures: list[CTADataError] = []
        self.complete = True

    async def findings(self, interval: float) -> AsyncGenerator[list[T]]:
        """Walk, and yield from time to time what was collected since the last time.

        Parameters
        ----------
        interval : float
            Seconds between two lists; the first one comes after the first listing, so that an
            error at the beginning is seen before anything else.

        Raises
        ------
        CTADataError
            The first failure, if nothing at all could be listed.
        """
        loop = asyncio.get_running_loop()
        running: set[asyncio.Future[T | None]] = set()
        found: list[T] = []
        due = time.monotonic() + interval
        try:
            while running or self._waiting:
                while self._waiting and len(running) < WALK_THREADS:
                    place = self._waiting.popleft()
                    running.add(loop.run_in_executor(self._threads, self._visit, place))
                timeout = max(0.0, due - time.monotonic())
                done, running = await asyncio.wait(
                    running, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
                )
                found += [seen for future in done if (seen := future.result()) is not None]
                if self._given_up():
                    break
                if time.monotonic() >= due:
                    due = time.monotonic() + interval
                    if self._listed:
                        yield found
                        found = []
            if self.failures and not self._listed:
                raise self.failures[0]
            yield found
        finally:
            self.complete = self.complete and not running and not self._waiting
            for future in running:
                future.cancel()

    def _visit(self, place: _Place) -> T | None:
        try:
            listing = self._client.listing(place.path)
            ancestors = below(place.path, place.ancestors, listing.fingerprint)
        except CTADataError as error:
            error.path = error.path or place.path
            self.failures.append(error)
            return None
        self._listed += 1
        self.directories += listing.own.is_directory
        self.failures += listing.refused
        self._waiting += [
            _Place(entry.path, ancestors) for entry in listing.children if entry.is_directory
        ]
        return self._look(listing)

    def _given_up(self) -> bool:
        refused = any(isinstance(error, AuthenticationError) for error in self.failures)
        if refused or len(self.failures) >= MAX_FAILURES:
            self.complete = False
        return not self.complete
