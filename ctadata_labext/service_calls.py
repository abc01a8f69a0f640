"""Calls of the services: each has a deadline, and stops when the browser has gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urlsplit

from ctadata._local_errors import local_errors
from ctadata.errors import CTADataError, ServiceTimeout

from .errors import Abandoned

if TYPE_CHECKING:
    from ctadata.api import APIClient
    from ctadata.http.watchdog import Watchdog

    from .threads import DaemonExecutor

__all__ = ["ServiceCalls", "Watchdogs"]

# Seconds between two checks for calls that take too long.
TICK = 0.1
# Seconds after which a call that has no thread yet is refused: all threads hang.
PATIENCE = 10.0

P = ParamSpec("P")
T = TypeVar("T")


class Watchdogs:
    """The watchdogs of all running calls; one thread runs their checks."""

    def __init__(self) -> None:
        self._watchdogs: set[Watchdog] = set()
        self._changed = threading.Condition()
        self._closed = threading.Event()
        threading.Thread(target=self._watch, name="ctadata-watchdogs", daemon=True).start()

    @contextmanager
    def watching(self, watchdog: Watchdog) -> Iterator[None]:
        """Keep a watchdog active during a call."""
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
        """Stop all calls, and all further ones."""
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
        The client to call.
    threads : DaemonExecutor
        The threads for this kind of calls.
    seconds : float
        Seconds that one call may take, including the wait for a thread.
    watchdogs : Watchdogs
        Watch the calls.
    address : callable, optional
        Returns the URL of the called service, given the client.
    remedy : str, optional
        What the user can do if the service does not answer in time.
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
        """Run ``call(client, ...)`` in a thread, and wait for it unless the browser goes.

        Parameters
        ----------
        left : asyncio.Future
            Done when the browser has gone; the call is stopped then.
        call : callable
            Called with a client and the other arguments.

        Raises
        ------
        ServiceTimeout
            If it takes too long. A thread that hangs in a system call continues.
        Abandoned
            If the browser goes.
        LocalFileError
            If the server's disk causes an error.
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
        """Do the same as `run`, but let a call that has begun finish even if the browser goes."""

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
        """Apply the deadline to the calls that this thread makes now."""
        watchdog.set_deadline(self.seconds, self._too_late())
        with self._watchdogs.watching(watchdog):
            yield

    def too_busy(self) -> CTADataError:
        """Return the error for a call that could not get a thread."""
        return ServiceTimeout(
            f"{self._host()} has not answered earlier requests yet, so this one was not sent; "
            "try again later"
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
