"""``ctadata/workspace/<folder>``: which files are in a folder of the workspace already."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado import web

from .base import AUTH_RESOURCE, CTADataHandler
from .compression import column, compress

if TYPE_CHECKING:
    from ..workspace import Workspace

__all__ = ["FoldersHandler"]


class FoldersHandler(CTADataHandler):
    """Tells what a download into a folder would find there."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Answer openapi.yaml's ``Folder``; the folder need not exist yet."""
        pieces = _folder(self.extension.workspace(), path)
        await self.finish_long(*await self.in_thread(compress, pieces, allowed=self.takes_gzip))


def _folder(workspace: Workspace, path: str) -> Iterator[str]:
    """Yield the answer in pieces of JSON."""
    directory = workspace.directory(path)
    free, files = workspace.look_into(directory)
    yield json.dumps({"path": workspace.relative(directory), "free": free}).removesuffix("}")
    yield ', "files": {'
    yield from column("names", list(files))
    yield ", "
    yield from column("sizes", [facts.st_size for facts in files.values()])
    yield ", "
    yield from column("modified", [facts.st_mtime for facts in files.values()])
    yield "}}"
