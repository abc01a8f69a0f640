"""Few downloads run at a time, and what hardly moves makes way for the others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

__all__ = ["DownloadSlot", "DownloadSlots"]

# Seconds after which a step of a download is waited for without its place.
SERVICE_PATIENCE = 2.0
BROWSER_PATIENCE = 5.0

T = TypeVar("T")


class DownloadSlots:
    """The places of all downloads.

    Parameters
    ----------
    places : int
        Downloads that may run at a time.
    aside : int
        Downloads that may wait for the service beside them: each takes a thread.
    """

    def __init__(self, places: int, aside: int) -> None:
        self.free = asyncio.Semaphore(places)
        self.aside = aside


class DownloadSlot:
    """The place of one download; a context manager that waits until there is one."""

    def __init__(self, places: DownloadSlots) -> None:
        self._places = places
        self._held = False

    async def __aenter__(self) -> DownloadSlot:
        await self._take()
        return self

    async def __aexit__(self, *error: object) -> None:
        self._give_up()

    async def service(self, step: Awaitable[T]) -> T:
        """Wait for the service, in a thread."""
        step = asyncio.ensure_future(step)
        if await _ends_within(SERVICE_PATIENCE, step) or not self._places.aside:
            return await step
        self._places.aside -= 1
        try:
            return await self._without(step)
        finally:
            self._places.aside += 1

    async def browser(self, step: Awaitable[T]) -> T:
        """Wait until the browser has taken what is sent."""
        step = asyncio.ensure_future(step)
        if await _ends_within(BROWSER_PATIENCE, step):
            return await step
        return await self._without(step)

    async def _without(self, step: Awaitable[T]) -> T:
        self._give_up()
        result = await step
        await self._take()
        return result

    async def _take(self) -> None:
        await self._places.free.acquire()
        self._held = True

    def _give_up(self) -> None:
        if self._held:
            self._held = False
            self._places.free.release()


async def _ends_within(seconds: float, step: asyncio.Future[T]) -> bool:
    done, _ = await asyncio.wait([step], timeout=seconds)
    return bool(done)
