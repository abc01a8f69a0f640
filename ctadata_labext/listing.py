"""``ctadata/resources/<path>``: what a directory contains, or what a file is."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado import web

from ctadata._dates import seconds_of
from ctadata._paths import check_remote_path

from .base import AUTH_RESOURCE, CTADataHandler
from .natural import natural_order

if TYPE_CHECKING:
    from ctadata.api import APIClient
    from ctadata.entries import Entry

__all__ = ["ResourcesHandler", "accepts_gzip"]

# Bytes from which an answer is compressed; a fifth is left of a listing, at the fastest level too.
MIN_GZIP = 1024
GZIP_LEVEL = 1
# Items that become JSON at once: the event loop waits for each step of a thread.
TOGETHER = 10_000

GZIP = re.compile(r"(?:x-)?gzip|\*", re.IGNORECASE)
NO_WEIGHT = re.compile(r"q=0(\.0{0,3})?", re.IGNORECASE)


class ResourcesHandler(CTADataHandler):
    """Lists the storage."""

    auth_resource = AUTH_RESOURCE

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Answer openapi.yaml's ``Resource``, compressed where the browser takes that."""
        extension = self.extension
        compressed = accepts_gzip(self.request.headers.get("Accept-Encoding", ""))
        reply, encoding = await self.in_thread(
            _reply, extension.client, path, extension.max_entries, compressed
        )
        self.set_header("Vary", "Accept-Encoding")
        if encoding:
            self.set_header("Content-Encoding", encoding)
        self.finish(reply)


def accepts_gzip(header: str) -> bool:
    """Whether an ``Accept-Encoding`` (RFC 9110, 12.5.3) lets an answer be compressed with gzip."""
    accepted = {}
    for item in header.split(","):
        coding, *parameters = (part.strip() for part in item.split(";"))
        if GZIP.fullmatch(coding):
            refused = any(NO_WEIGHT.fullmatch(parameter) for parameter in parameters)
            accepted[coding.lower()] = not refused
    # What is said of gzip itself counts more than what is said of all others.
    return accepted.get("gzip", accepted.get("x-gzip", accepted.get("*", False)))


def _reply(
    client: APIClient, path: str, max_entries: int, compressed: bool
) -> tuple[bytes, str | None]:
    """Return the answer as it is sent, and how it is encoded."""
    reply = b"".join(piece.encode() for piece in _resource(client, path, max_entries))
    if compressed and len(reply) >= MIN_GZIP:
        return gzip.compress(reply, GZIP_LEVEL, mtime=0), "gzip"
    return reply, None


def _resource(client: APIClient, path: str, max_entries: int) -> Iterator[str]:
    """Yield the answer in pieces of JSON."""
    segments = check_remote_path(path)
    path = "/".join(segments)
    entries = client.list_dir(path)
    own = None
    # The listing of a file is that file.
    if len(entries) == 1 and entries[0].path == path:
        own = entries.pop()
    facts = {
        "path": path,
        "name": segments[-1] if segments else "",
        "type": "file" if own is not None else "directory",
        "size": own.size if own is not None else None,
        "modified": seconds_of(own.get("mtime")) if own is not None else None,
        "truncated": len(entries) > max_entries,
    }
    directories = _ordered([entry for entry in entries if entry.is_directory])
    ordered = directories + _ordered([entry for entry in entries if not entry.is_directory])
    del ordered[max_entries:]
    yield json.dumps(facts).removesuffix("}")
    yield f', "entries": {{"directories": {min(len(directories), max_entries)}'
    yield from _column("names", [entry.name for entry in ordered])
    yield from _column("sizes", [entry.size for entry in ordered])
    yield from _column("modified", [seconds_of(entry.get("mtime")) for entry in ordered])
    yield "}}"


def _ordered(entries: list[Entry]) -> list[Entry]:
    return [entries[place] for place in natural_order([entry.name for entry in entries])]


def _column(name: str, values: Sequence[object]) -> Iterator[str]:
    yield f', "{name}": ['
    for start in range(0, len(values), TOGETHER):
        items = json.dumps(values[start : start + TOGETHER], separators=(",", ":"))
        yield ("," if start else "") + items[1:-1]
    yield "]"
