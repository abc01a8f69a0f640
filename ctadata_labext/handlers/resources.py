"""``ctadata/resources/<path>``: what a directory contains, or what a file is."""

from __future__ import annotations

import json
from array import array
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado import web

from ..browse.listing_rows import Rows, resource
from .base import AUTH_RESOURCE, CTADataHandler
from .compression import column, compress

if TYPE_CHECKING:
    from ctadata.api import APIClient

__all__ = ["ResourcesHandler"]

# What is no size and no time of a file.
UNKNOWN = -(1 << 63)


class ResourcesHandler(CTADataHandler):
    """Lists the storage."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Answer openapi.yaml's ``Resource``."""
        await self.finish_long(
            *await self.ask(_answer, path, self.extension.max_entries, self.takes_gzip)
        )


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
