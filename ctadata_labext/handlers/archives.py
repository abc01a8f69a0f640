"""``ctadata/archives``: several files, or directories, as a zip file for the user's computer."""

from __future__ import annotations

from contextlib import aclosing

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..browse.archives import MAX_MEMBERS, Archive, content, members_of
from ..browse.walk import Walk
from ..browse.zip_stream import Member
from ..errors import BadRequest
from ..owners import has_servers_token
from .base import CTADataHandler
from .streaming import DownloadHandler

__all__ = ["ArchiveHandler", "ArchivesHandler"]

# Seconds between two looks at whether the browser is still there.
INTERVAL = 0.3


class ArchivesHandler(CTADataHandler):
    """Plans archives."""

    @web.authenticated
    @authorized
    async def post(self) -> None:
        """Answer what will be in an archive, once all of it could be listed."""
        services = self.services
        paths = self.json_paths()
        name, look = members_of(paths)
        walk = Walk(services.walk_calls, paths, look)
        members: list[Member] = []
        async with aclosing(walk.findings(INTERVAL, MAX_MEMBERS)) as findings:
            async for found in findings:
                members += found
                if self.gone:
                    return
                if walk.failures:
                    # An archive without some files would be passed off as whole.
                    raise walk.failures[0]
                if len(members) > MAX_MEMBERS:
                    raise BadRequest(
                        f"These are more than {MAX_MEMBERS} files; choose fewer, or download them "
                        "to the workspace"
                    )
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
