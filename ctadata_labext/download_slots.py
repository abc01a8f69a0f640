"""Few downloads by the browser run at a time; one that hardly moves makes way for others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

__all__ = ["DownloadSlot", "DownloadSlots"]

# Seconds that a download keeps its slot while it waits for the service or the browser.
SERVICE_PATIENCE = 2.0
BROWSER_PATIENCE = 5.0

T = TypeVar("T")


class DownloadSlots:
    """The slots of all downloads.

    Parameters
    ----------
    running : int
        Downloads that may run at a time.
    waiting : int
        Downloads that may wait for the service without a slot: each takes a thread.
    """

    def __init__(self, running: int, waiting: int) -> None:
        self.free = asyncio.Semaphore(running)
        self.waiting = waiting


class DownloadSlot:
    """The slot of one download; a context manager that waits until one is free."""

    def __init__(self, slots: DownloadSlots) -> None:
        self._slots = slots
        self._held = False

    async def __aenter__(self) -> DownloadSlot:
        await self._take()
        return self

    async def __aexit__(self, *error: object) -> None:
        self._release()

    async def wait_for_service(self, step: Awaitable[T]) -> T:
        """Wait for the service, which is asked in a thread."""
        step = asyncio.ensure_future(step)
        if await _ends_within(SERVICE_PATIENCE, step) or not self._slots.waiting:
            return await step
        self._slots.waiting -= 1
        try:
            return await self._without_slot(step)
        finally:
            self._slots.waiting += 1

    async def wait_for_browser(self, step: Awaitable[T]) -> T:
        """Wait until the browser has taken what was sent."""
        step = asyncio.ensure_future(step)
        if await _ends_within(BROWSER_PATIENCE, step):
            return await step
        return await self._without_slot(step)

    async def _without_slot(self, step: Awaitable[T]) -> T:
        self._release()
        result = await step
        await self._take()
        return result

    async def _take(self) -> None:
        await self._slots.free.acquire()
        self._held = True

    def _release(self) -> None:
        if self._held:
            self._held = False
            self._slots.free.release()


async def _ends_within(seconds: float, step: asyncio.Future[T]) -> bool:
    done, _ = await asyncio.wait([step], timeout=seconds)
    return bool(done)
