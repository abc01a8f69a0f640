"""``ctadata/totals``: how many files and bytes there are below some paths."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..browse.totals import totals
from .streaming import LinesHandler

__all__ = ["TotalsHandler"]


class TotalsHandler(LinesHandler):
    """Counts for as long as the browser listens."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Send what was counted so far (openapi.yaml's ``Totals``), line by line."""
        await self.send_lines(totals(self.services.walk_calls, self.json_paths()))
