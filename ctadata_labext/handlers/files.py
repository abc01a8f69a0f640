"""``ctadata/files/<path>``: a file, streamed to the browser as a download."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jupyter_server.auth.decorator import authorized
from tornado import web

from ctadata.errors import InvalidPath, StorageException
from ctadata.storage.paths import check_remote_path

from .streaming import DownloadHandler

if TYPE_CHECKING:
    from ctadata.api import APIClient
    from ctadata.entries import Entry

__all__ = ["FilesHandler", "parse_range"]

ONE_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.IGNORECASE)


class FilesHandler(DownloadHandler):
    """A file of the storage."""

    @web.authenticated
    @authorized
    async def get(self, path: str) -> None:
        """Send the file, or a range of it (RFC 9110, 14.2)."""
        # Jupyter does not check GET, but this one makes the server fetch gigabytes.
        self.check_xsrf_cookie()
        entry, size = await self.ask(_stat, path)
        requested = None
        # Without an ETag the condition of If-Range is never true.
        if "If-Range" not in self.request.headers:
            requested = parse_range(self.request.headers.get("Range", ""), size)
        if requested is not None and requested[0] >= size:
            self.set_status(416)
            self.set_header("Content-Range", f"bytes */{size}")
            self.finish(
                {
                    "code": "range",
                    "message": f"The range begins after the end of the file ({size} bytes)",
                }
            )
            return
        start, stop = requested or (0, size)
        if (start, stop) != (0, size):
            self.set_status(206)
            self.set_header("Content-Range", f"bytes {start}-{stop - 1}/{size}")
        self.set_header("Accept-Ranges", "bytes")
        self.set_download_headers(entry.name, stop - start)
        await self.stream(
            entry.path, lambda client: client.iter_bytes(entry.path, start, stop, entry=entry)
        )


def _stat(client: APIClient, path: str) -> tuple[Entry, int]:
    entry = client.stat("/".join(check_remote_path(path)))
    if entry.is_directory:
        raise InvalidPath(
            f"{entry.path!r} is a directory; download it to the workspace", path=entry.path
        )
    if entry.size is None:
        raise StorageException(
            f"The storage does not say how long {entry.path!r} is, so that a complete download "
            "cannot be told from a broken one",
            path=entry.path,
        )
    return entry, entry.size


def parse_range(header: str, size: int) -> tuple[int, int] | None:
    """Parse a ``Range`` header (RFC 9110, 14.1.2 and 14.2).

    Parameters
    ----------
    header : str
        The header's value; empty if there is none.
    size : int
        The size of the file, in bytes.

    Returns
    -------
    tuple of int or None
        ``(start, stop)``, with `stop` excluded, and ``start >= size`` if the range cannot be
        satisfied. None if the whole file is to be sent: without a range, or if it is malformed or
        there are several.
    """
    match = ONE_RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if not first:
        length = int(last)
        if length == 0:
            return size, size
        # The headers cannot express a range of an empty file.
        return (max(0, size - length), size) if size else None
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, size) if last else size
