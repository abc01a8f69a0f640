"""``ctadata/archives``: several files, or directories, as a zip file for the user's computer."""

from __future__ import annotations

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..browse.archives import Archive, content, plan
from ..owners import has_servers_token
from .base import CTADataHandler
from .streaming import DownloadHandler

__all__ = ["ArchiveHandler", "ArchivesHandler"]


class ArchivesHandler(CTADataHandler):
    """Plans archives."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Answer what will be in an archive, once all of it could be listed."""
        services = self.services
        name, members = await plan(services.walk_calls, self.json_paths(), lambda: self.gone)
        archive = await self.in_thread(Archive, name, members, self.current_user.username)
        services.archives.add(archive)
        self.set_status(201)
        self.set_header("Location", f"{self.request.path}/{archive.id}")
        self.finish(
            {
                "id": archive.id,
                "name": archive.name,
                "bytes": archive.length,
                "files": archive.files,
            }
        )


class ArchiveHandler(DownloadHandler):
    """Streams an archive while it is made."""

    @web.authenticated
    @authorized
    async def get(self, archive_id: str) -> None:
        """Send it."""
        # Jupyter checks other methods only; but this GET makes the server fetch gigabytes.
        self.check_xsrf_cookie()
        # Without a login's cookie the server's own token has no name that stays the same.
        owner = None if has_servers_token(self) else self.current_user.username
        archive = self.services.archives.get(archive_id, owner)
        self.set_download_headers(archive.name, archive.length)
        await self.stream(archive.name, lambda client: content(client, archive))
