"""Searches the storage for files and directories by their names."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from itertools import islice
from typing import TYPE_CHECKING, Any

from ctadata.errors import InvalidPath

from .listing_rows import resource
from .name_filter import name_test
from .walk import ConcurrentWalk

if TYPE_CHECKING:
    from ctadata.storage.listing import Listing

    from ..service_calls import ServiceCalls

__all__ = ["search"]


async def search(
    calls: ServiceCalls, path: str, pattern: str, max_results: int
) -> AsyncGenerator[str | dict[str, Any] | None, None]:
    """Yield what is found (openapi.yaml's ``Found``), or None while there is nothing to tell.

    Raises
    ------
    BadRequest
        If `name_test` refuses the pattern.
    CTADataError
        If the directory cannot be listed.
    """
    matches = name_test(pattern)

    def find(listing: Listing) -> list[str]:
        own = listing.own
        if not own.is_directory:
            raise InvalidPath(f"{own.path!r} is a file; search in a directory", path=own.path)
        found = (json.dumps(resource(entry)) for entry in listing.children if matches(entry.name))
        # One more tells that there are too many.
        return list(islice(found, max_results + 1))

    walk = ConcurrentWalk(calls, [path], find)
    room = max_results
    truncated = False
    async with aclosing(walk.results(room)) as results:
        async for found in results:
            truncated = len(found) > room
            entries = ",".join(found[:room])
            room -= len(found[:room])
            if walk.begun:
                yield f'{{"entries":[{entries}],"directories":{walk.directories}}}'
            else:
                yield None
            if truncated:
                break
    yield {
        "done": True,
        "truncated": truncated or not walk.complete,
        "directories": walk.directories,
        "failures": walk.described_failures(),
    }
