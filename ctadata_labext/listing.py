"""``ctadata/resources/<path>``: what a directory contains, or what a file is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado import web

from ctadata._dates import seconds_of
from ctadata._paths import check_remote_path

from .base import AUTH_RESOURCE, CTADataHandler
from .compression import column, compress
from .natural import natural_order

if TYPE_CHECKING:
    from ctadata.api import APIClient
    from ctadata.entries import Entry

__all__ = ["ResourcesHandler"]


class ResourcesHandler(CTADataHandler):
    """Lists the storage."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Answer openapi.yaml's ``Resource``."""
        self.finish_long(
            *await self.ask(_answer, path, self.extension.max_entries, self.takes_gzip)
        )


def _answer(client: APIClient, path: str, max_entries: int, gzip: bool) -> tuple[bytes, str | None]:
    return compress(_resource(client, path, max_entries), allowed=gzip)


def _resource(client: APIClient, path: str, max_entries: int) -> Iterator[str]:
    """Yield the answer in pieces of JSON."""
    segments = check_remote_path(path)
    path = "/".join(segments)
    own, entries, _ = client.listing(path)
    facts = {
        "path": path,
        "name": segments[-1] if segments else "",
        "type": own.type,
        "size": None if own.is_directory else own.size,
        "modified": seconds_of(own.get("mtime")),
        "truncated": len(entries) > max_entries,
    }
    directories = _ordered([entry for entry in entries if entry.is_directory])[:max_entries]
    files = _ordered([entry for entry in entries if not entry.is_directory])
    del files[max_entries - len(directories) :]
    ordered = directories + files
    yield json.dumps(facts).removesuffix("}")
    yield f', "entries": {{"directories": {len(directories)}, '
    yield from column("names", [entry.name for entry in ordered])
    yield ", "
    yield from column("sizes", [None] * len(directories) + [entry.size for entry in files])
    yield ", "
    yield from column("modified", [seconds_of(entry.get("mtime")) for entry in ordered])
    yield "}}"


def _ordered(entries: list[Entry]) -> list[Entry]:
    return [entries[place] for place in natural_order([entry.name for entry in entries])]
