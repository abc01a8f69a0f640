"""Calls of the services: each has a deadline, and ends when nobody waits for it any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

from ctadata._files import local_errors
from ctadata.errors import CTADataError, ServiceTimeout

from .errors import Abandoned

if TYPE_CHECKING:
    from ctadata.api import APIClient
    from ctadata.http.watchdog import Watchdog

    from .threads import DaemonExecutor

__all__ = ["ServiceCalls", "Watchdogs"]

# Seconds between two looks at what takes too long.
TICK = 0.1
# Seconds after which who still waits for a thread is told so: all of them hang.
PATIENCE = 10.0

P = ParamSpec("P")
T = TypeVar("T")


class Watchdogs:
    """The watchdogs of all calls that are under way; a thread lets them watch from time to time."""

    def __init__(self) -> None:
        self._watchdogs: set[Watchdog] = set()
        self._changed = threading.Condition()
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="ctadata-guards", daemon=True).start()

    @contextmanager
    def watching(self, watchdog: Watchdog) -> Iterator[None]:
        """Let a watchdog watch while a call is under way."""
        with self._changed:
            self._watchdogs.add(watchdog)
            self._changed.notify()
        if self._closed.is_set():
            watchdog.stop(Abandoned())
        try:
            yield
        finally:
            with self._changed:
                self._watchdogs.discard(watchdog)

    def close(self) -> None:
        """Stop all calls, and those that come."""
        self._closed.set()
        with self._changed:
            watchdogs = list(self._watchdogs)
            self._changed.notify()
        for watchdog in watchdogs:
            watchdog.stop(Abandoned())

    def _watch(self) -> None:
        while not self._closed.wait(TICK):
            with self._changed:
                self._changed.wait_for(lambda: self._watchdogs or self._closed.is_set())
                watchdogs = list(self._watchdogs)
            for watchdog in watchdogs:
                watchdog.tick()


class ServiceCalls:
    """Calls of one kind.

    Parameters
    ----------
    client : APIClient
        Asks the service.
    threads : DaemonExecutor
        In which it does so: those of another kind do not wait for them.
    seconds : float
        What one call may take in all, waiting for a thread included.
    watchdogs : Watchdogs
        Look after the calls.
    address : callable, optional
        Returns the address of the service that the calls of a client ask.
    remedy : str, optional
        What to do where the service does not answer in time.
    """

    def __init__(
        self,
        client: APIClient,
        threads: DaemonExecutor,
        seconds: float,
        watchdogs: Watchdogs,
        address: Callable[[APIClient], str] = attrgetter("downloadservice_url"),
        remedy: str = "try again",
    ) -> None:
        self.threads = threads
        self._client = client
        self.seconds = seconds
        self._watchdogs = watchdogs
        self._address = address
        self._remedy = remedy

    async def run(
        self,
        left: asyncio.Future[None],
        call: Callable[Concatenate[APIClient, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Call ``call(client, ...)`` in a thread, and wait for it as long as somebody else does.

        Parameters
        ----------
        left : asyncio.Future
            Has a result when nobody waits any more: what is under way is broken off then.
        call : callable
            Is given the client to use, and what follows.

        Raises
        ------
        ServiceTimeout
            If it takes too long. A thread that hangs in the system goes on.
        Abandoned
            If nobody does.
        LocalFileError
            If the disk of the server refuses something.
        """
        client, watchdog = self.guarded()
        queued = self.threads.submit(
            self._watched, watchdog, partial(call, client, *args, **kwargs)
        )
        answer = asyncio.wrap_future(queued)
        either: list[asyncio.Future[Any]] = [answer, left]
        try:
            patience = min(PATIENCE, self.seconds)
            await asyncio.wait(either, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if queued.running():
                rest = self.seconds - patience
                await asyncio.wait(either, timeout=rest, return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                with local_errors(doing="used"):
                    return answer.result()
            if left.done():
                raise Abandoned
            raise self._too_late() if queued.running() else self.too_busy()
        finally:
            if not answer.done():
                watchdog.stop(Abandoned())
                answer.cancel()

    async def complete(
        self,
        left: asyncio.Future[None],
        call: Callable[Concatenate[APIClient, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        """Do what `run` does, but let what has begun come to its end, whoever leaves."""

        def unless_left(client: APIClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
            if left.done():
                raise Abandoned
            return call(client, *args, **kwargs)

        never = asyncio.get_running_loop().create_future()
        return await self.run(never, unless_left, *args, **kwargs)

    def guarded(self) -> tuple[APIClient, Watchdog]:
        """Return a client for one call, and the watchdog that can stop it."""
        return self._client.with_watchdog()

    @contextmanager
    def limited(self, watchdog: Watchdog) -> Iterator[None]:
        """Let what this thread asks now have its deadline."""
        watchdog.set_deadline(self.seconds, self._too_late())
        with self._watchdogs.watching(watchdog):
            yield

    def too_busy(self) -> CTADataError:
        """Return the error of a call that could not get a thread."""
        return ServiceTimeout(
            f"{self._host()} has not answered earlier requests yet, so that this one could not be "
            "sent; try again later"
        )

    def _watched(self, watchdog: Watchdog, call: Callable[[], T]) -> T:
        with self._watchdogs.watching(watchdog):
            return call()

    def _too_late(self) -> CTADataError:
        return ServiceTimeout(
            f"{self._host()} does not answer within {self.seconds:g} seconds; {self._remedy}"
        )

    def _host(self) -> str:
        return urlsplit(self._address(self._client)).netloc
