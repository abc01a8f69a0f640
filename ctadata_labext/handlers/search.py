"""``ctadata/search/<path>``: files and directories below a directory, by their names."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..browse.search import search
from .streaming import LinesHandler

__all__ = ["SearchHandler"]


class SearchHandler(LinesHandler):
    """Searches for as long as the browser listens."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Send what is found (openapi.yaml's ``Found``), line by line."""
        # Jupyter checks other methods only; but this GET makes the service list whole trees.
        self.check_xsrf_cookie()
        pattern = self.get_query_argument("pattern", "", strip=False)
        services = self.services
        await self.send_lines(search(services.walk_calls, path, pattern, services.max_results))
