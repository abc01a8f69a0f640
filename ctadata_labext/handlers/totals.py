"""``ctadata/totals``: how many files and bytes there are below some paths."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..browse.walk import Walk
from .streaming import LinesHandler

if TYPE_CHECKING:
    from ctadata.storage.listing import Listing

__all__ = ["TotalsHandler"]

# Seconds between two lines.
INTERVAL = 0.3


class TotalsHandler(LinesHandler):
    """Counts for as long as the browser listens."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Send what was counted so far (openapi.yaml's ``Totals``), line by line."""
        walk = Walk(self.services.walk_calls, self.json_paths(), _look)
        files = size = 0
        async with aclosing(walk.findings(INTERVAL)) as findings:
            async for found in findings:
                if self.gone:
                    return
                files += sum(count for count, _ in found)
                size += sum(length for _, length in found)
                if walk.begun:
                    await self.send_line(
                        {"files": files, "bytes": size, "directories": walk.directories}
                    )
        await self.send_line(
            {
                "files": files,
                "bytes": size,
                "directories": walk.directories,
                "done": True,
                "failures": walk.described_failures(),
            }
        )
        self.end()


def _look(listing: Listing) -> list[tuple[int, int]]:
    """Return the number of files in a directory, and their bytes."""
    files = size = 0
    for entry in listing.children if listing.own.is_directory else [listing.own]:
        if not entry.is_directory:
            files += 1
            size += entry.size or 0
    return [(files, size)]
