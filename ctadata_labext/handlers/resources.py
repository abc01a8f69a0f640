"""Directories: of the storage, the user's own there, and of the workspace.

``ctadata/resources/<path>``, ``ctadata/home-directory`` and ``ctadata/workspace/<folder>``.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado import web

from ctadata.api import APIClient

from ..browse.listing_rows import Rows, resource
from .base import CTADataHandler
from .compression import column, compress

if TYPE_CHECKING:
    from ..workspace import Workspace

__all__ = ["HomeDirectoryHandler", "ResourcesHandler", "WorkspaceHandler"]

# Stands for a missing size or time in an array of integers.
UNKNOWN = -(1 << 63)


class ResourcesHandler(CTADataHandler):
    """A directory or file of the storage."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Answer openapi.yaml's ``Resource``."""
        await self.finish_long(
            *await self.ask(_answer, path, self.services.max_entries, self.takes_gzip)
        )


class HomeDirectoryHandler(CTADataHandler):
    """The user's home directory in the storage."""

    @web.authenticated
    @authorized
    async def get(self) -> None:
        """Answer openapi.yaml's ``HomeDirectory``."""
        self.finish({"path": await self.ask(APIClient.find_home_directory)})


class WorkspaceHandler(CTADataHandler):
    """A folder of the workspace, as a download finds it."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Answer openapi.yaml's ``Folder``; the folder need not exist yet."""
        pieces = _folder(self.services.workspace(), path)
        await self.finish_long(*await self.in_thread(compress, pieces, allowed=self.takes_gzip))


def _answer(
    client: APIClient, path: str, max_entries: int, gzip: bool
) -> tuple[list[bytes], str | None]:
    return compress(_resource(client, path, max_entries), allowed=gzip)


def _resource(client: APIClient, path: str, max_entries: int) -> Iterator[str]:
    """Yield the answer in pieces of JSON."""
    own, rows, _ = client.read_listing(path, Rows)
    truncated = len(rows) > max_entries or rows.cut is not None
    yield json.dumps({**resource(own), "truncated": truncated}).removesuffix("}")
    yield f', "entries": {{"directories": {min(rows.directories, max_entries)}, '
    sizes, modified = array("q"), array("q")

    def names() -> Iterator[str]:
        for name, size, seconds in islice(rows.in_order(), max_entries):
            sizes.append(UNKNOWN if size is None else size)
            modified.append(UNKNOWN if seconds is None else seconds)
            yield name

    yield from column("names", names())
    yield ", "
    yield from column("sizes", map(_known, sizes))
    yield ", "
    yield from column("modified", map(_known, modified))
    yield "}}"


def _known(number: int) -> int | None:
    return None if number == UNKNOWN else number


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
