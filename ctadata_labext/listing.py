"""``ctadata/resources/<path>``: what a directory contains, or what a file is."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from jupyter_server.auth.decorator import authorized
from tornado import web

from ctadata._paths import check_remote_path

from .base import AUTH_RESOURCE, CTADataHandler

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
        extension = self.extension
        reply = await self.in_thread(_resource, extension.client, path, extension.max_entries)
        self.finish(reply)


def _resource(client: APIClient, path: str, max_entries: int) -> bytes:
    """Return the answer as it is sent: a long one would hold up the event loop."""
    segments = check_remote_path(path)
    path = "/".join(segments)
    entries = client.list_dir(path)
    # The listing of a file is that file.
    if len(entries) == 1 and entries[0].path == path:
        resource = {**_facts(entries[0]), "entries": [], "truncated": False}
    else:
        resource = {
            "path": path,
            "name": segments[-1] if segments else "",
            "type": "directory",
            "size": None,
            "modified": None,
            "entries": [_facts(entry) for entry in entries[:max_entries]],
            "truncated": len(entries) > max_entries,
        }
    return json.dumps(resource).encode()


def _facts(entry: Entry) -> dict[str, Any]:
    return {
        "path": entry.path,
        "name": entry.name,
        "type": "directory" if entry.is_directory else "file",
        "size": entry.size,
        "modified": _iso(entry.modified) if entry.modified else None,
    }


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
