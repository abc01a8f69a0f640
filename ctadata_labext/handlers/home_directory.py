"""``ctadata/own-directory``: where in the storage the user may write."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from ctadata.api import APIClient

from .base import AUTH_RESOURCE, CTADataHandler

__all__ = ["HomeDirectoryHandler"]


class HomeDirectoryHandler(CTADataHandler):
    """Finds the user's own directory."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer its path."""
        self.finish({"path": await self.ask(APIClient.find_home_directory)})
