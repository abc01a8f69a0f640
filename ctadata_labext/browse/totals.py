"""Counts the files and bytes below some paths."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from .walk import ConcurrentWalk

if TYPE_CHECKING:
    from ctadata.storage.listing import Listing

    from ..service_calls import ServiceCalls

__all__ = ["totals"]


async def totals(
    calls: ServiceCalls, paths: Sequence[str]
) -> AsyncGenerator[dict[str, Any] | None, None]:
    """Yield what was counted so far (openapi.yaml's ``Totals``), or None before anything was.

    Raises
    ------
    CTADataError
        If none of the paths can be listed.
    """
    walk = ConcurrentWalk(calls, paths, _count)
    files = size = 0

    def counted() -> dict[str, Any]:
        return {"files": files, "bytes": size, "directories": walk.directories}

    async with aclosing(walk.results()) as results:
        async for found in results:
            files += sum(count for count, _ in found)
            size += sum(length for _, length in found)
            yield counted() if walk.begun else None
    yield {**counted(), "done": True, "failures": walk.described_failures()}


def _count(listing: Listing) -> list[tuple[int, int]]:
    """Return the number of files in a directory, and their bytes."""
    sizes = [entry.size or 0 for entry in listing.files]
    return [(len(sizes), sum(sizes))]
