"""``ctadata/search/<path>``: files and directories below a directory, by their names."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import aclosing
from itertools import islice
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado import web

from ctadata.errors import InvalidPath

from ..browse.listing_rows import resource
from ..browse.name_filter import name_test
from ..browse.walk import Walk
from .streaming import LinesHandler

if TYPE_CHECKING:
    from ctadata.storage.listing import Listing

__all__ = ["SearchHandler"]

# Seconds between two lines.
INTERVAL = 0.2


class SearchHandler(LinesHandler):
    """Searches for as long as the browser listens."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Send what is found (openapi.yaml's ``Found``), line by line."""
        # Jupyter checks other methods only; but this GET makes the service list whole trees.
        self.check_xsrf_cookie()
        services = self.services
        room = services.max_results
        look = _look(name_test(self.get_query_argument("pattern", "", strip=False)), room + 1)
        walk = Walk(services.walk_calls, [path], look)
        truncated = False
        async with aclosing(walk.findings(INTERVAL, room)) as findings:
            async for found in findings:
                if self.gone:
                    return
                truncated = len(found) > room
                entries = ",".join(found[:room])
                room -= len(found[:room])
                if walk.begun:
                    line = f'{{"entries":[{entries}],"directories":{walk.directories}}}'
                    await self.send_line(line)
                if truncated:
                    break
        await self.send_line(
            {
                "done": True,
                "truncated": truncated or not walk.complete,
                "directories": walk.directories,
                "failures": walk.described_failures(),
            }
        )
        self.end()


def _look(matches: Callable[[str], bool], limit: int) -> Callable[[Listing], list[str]]:
    def look(listing: Listing) -> list[str]:
        path = listing.own.path
        if not listing.own.is_directory:
            raise InvalidPath(f"{path!r} is a file; search in a directory", path=path)
        found = (json.dumps(resource(entry)) for entry in listing.children if matches(entry.name))
        return list(islice(found, limit))

    return look
