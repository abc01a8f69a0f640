"""What the download service speaks: its addresses, its listing, its quirks (docs/protocol.md)."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import unquote

from ._http import Body, Http, read_blocks
from ._paths import check_remote_path, join_quoted
from .entries import Entry
from .errors import (
    AlreadyExists,
    AuthenticationError,
    CTADataError,
    IntegrityError,
    InvalidPath,
    NotFound,
    ServiceUnreachable,
    StorageException,
)

__all__ = ["DownloadService", "Listing", "quoting_times", "remember_quoting"]

logger = logging.getLogger(__name__)

# The service waits until a block is full before it forwards it, so blocks should be small.
FETCH_BLOCK = 1 << 20
# Each ranged answer is held in the service's memory.
RANGE_LENGTH = 8 << 20

# How often a service wants names to be quoted, by its address; twice where nothing is known.
_quoting: dict[str, int] = {}
_quoting_lock = threading.Lock()


class Listing(NamedTuple):
    """What the service says of one path.

    Attributes
    ----------
    own : Entry
        The resource itself.
    children : list of Entry
        What is in it, in the service's order, where it is a directory.
    refused : list of InvalidPath
        What the service listed but nobody should ask for: other hosts, ``..``.
    """

    own: Entry
    children: list[Entry]
    refused: list[InvalidPath]


class DownloadService:
    """One download service, spoken to in its own words.

    Parameters
    ----------
    http : Http
        Sends the requests.
    url : str
        The service's address, with trailing slash.
    """

    def __init__(self, http: Http, url: str) -> None:
        self.http = http
        self.url = url

    def health(self) -> str:
        """Return what the service says of itself; needs no token."""
        response = self.http.send("GET", self.url + "health", authenticate=False)
        return response.data.decode("utf-8", "replace").strip()

    def listing(self, path: str) -> Listing:
        """List a path (``GET /list/<path>``).

        Parameters
        ----------
        path : str
            A file or directory.

        Returns
        -------
        Listing
            The resource itself and what is in it.

        Raises
        ------
        NotFound
            If there is nothing.
        StorageException
            If the answer is not a listing.
        """
        segments = check_remote_path(path)
        response = self._ask("list", segments)
        return parse_listing(response.data, response.headers.get("Content-Type", ""), segments)

    def fetch(self, path: str, chunk_size: int | None = None) -> Iterator[bytes]:
        """Stream a whole file (``GET /fetch/<path>``).

        The service answers 200 also where there is no such file: whoever calls compares
        the number of bytes with the listing's size.

        Parameters
        ----------
        path : str
            A file.
        chunk_size : int, optional
            Bytes that the service gathers before it sends them on.

        Yields
        ------
        bytes
            Blocks of up to 1 MiB.
        """
        segments = check_remote_path(path)
        name = "/".join(segments)
        query = f"?chunk_size={chunk_size or FETCH_BLOCK}"
        response = self._ask("fetch", segments, query=query, stream=True)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            response.close()
            raise AuthenticationError(
                f"The service sends a page instead of {name!r}: the hub token may have ended",
                path=name,
            )
        yield from read_blocks(response, self.url, name)

    def read_range(self, path: str, start: int, stop: int) -> Iterator[bytes]:
        """Stream a part of a file (``GET /webdav/<path>`` with closed ranges).

        Parameters
        ----------
        path : str
            A file.
        start, stop : int
            The bytes ``[start, stop)``.

        Yields
        ------
        bytes
            Blocks of up to 1 MiB, exactly ``stop - start`` bytes in all.

        Raises
        ------
        IntegrityError
            If the storage does not send the range that was asked for.
        """
        segments = check_remote_path(path)
        name = "/".join(segments)
        while start < stop:
            end = min(start + RANGE_LENGTH, stop)
            response = self._ask(
                "webdav", segments, stream=True, headers={"Range": f"bytes={start}-{end - 1}"}
            )
            answered = response.headers.get("Content-Range", "")
            if response.status != 206 or not answered.startswith(f"bytes {start}-{end - 1}/"):
                response.close()
                raise IntegrityError(f"The storage does not send parts of {name!r}", path=name)
            received = 0
            for block in read_blocks(response, self.url, name):
                received += len(block)
                if received > end - start:
                    break
                yield block
            if received != end - start:
                raise IntegrityError(
                    f"The storage sent {received} bytes of {name!r} instead of {end - start}",
                    path=name,
                )
            start = end

    def make_collection(self, path: str) -> bool:
        """Make a directory (``MKCOL /webdav/<path>/``); its parent must exist.

        Returns
        -------
        bool
            True if it was made, False if it was there already.

        Raises
        ------
        AccessDenied
            If it lies outside the user's own directory.
        NotFound
            If its parent does not exist.
        """
        segments = check_remote_path(path)
        # The user's own root is only let through with a trailing slash.
        url = f"{self.url}webdav/{join_quoted(segments, quoting_times(self.url))}/"
        response = self.http.send("MKCOL", url, path=path, accept=(201, 405, 409))
        if response.status == 409:
            raise NotFound(f"The directory above {path!r} does not exist", path=path)
        return response.status == 201

    def upload(self, path: str, body: bytes | Body, size: int) -> dict[str, Any] | None:
        """Store a file below the user's own directory (``POST /upload/<path>``).

        Parameters
        ----------
        path : str
            Relative to the user's own directory.
        body : bytes or binary file
            The content.
        size : int
            Its length in bytes.

        Returns
        -------
        dict or None
            The service's answer; None where it only says that a file was replaced.

        Raises
        ------
        NotFound
            If the directory that should hold it does not exist.
        AlreadyExists
            If the path is a directory.
        """
        segments = check_remote_path(path)
        url = f"{self.url}upload/{join_quoted(segments, quoting_times(self.url))}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        response = self.http.send(
            "POST",
            url,
            path=path,
            body=body,
            headers=headers,
            accept=(200, 201, 204, 405, 409),
        )
        if response.status == 409:
            raise NotFound(f"The directory that should hold {path!r} does not exist", path=path)
        if response.status == 405:
            raise AlreadyExists(f"{path!r} is a directory; name the file to write", path=path)
        if response.status == 204 or not response.data:
            return None
        answer = _json(response.data, response.headers.get("Content-Type", ""), path)
        if not isinstance(answer, dict) or not isinstance(answer.get("path"), str):
            raise StorageException(f"The service gives no usable answer to the upload of {path!r}")
        stored = answer["path"]
        # The service repeats the name as it came, that is still quoted once.
        if not stored.endswith("/" + "/".join(segments)):
            stored = unquote(stored)
        return {**answer, "path": stored}

    def _ask(
        self,
        endpoint: str,
        segments: list[str],
        *,
        query: str = "",
        stream: bool = False,
        headers: dict[str, str] | None = None,
    ) -> Any:
        """GET an endpoint for a path, quoted as this service wants it.

        A name with special characters that is not found when quoted one way is tried the
        other way, and what worked is remembered (docs/protocol.md, "Quoting").
        """
        name = "/".join(segments)
        known = quoting_times(self.url)
        special = join_quoted(segments, 1) != name
        ways = (known, 3 - known) if special else (known,)
        missing: CTADataError | None = None
        for times in ways:
            # The root of the listing has no trailing slash.
            url = f"{self.url}{endpoint}/{join_quoted(segments, times)}".rstrip("/") + query
            try:
                response = self.http.send(
                    "GET", url, path=name, stream=stream, headers=headers, accept=(200, 206)
                )
            except NotFound as error:
                missing = missing or error
            else:
                if times != known:
                    remember_quoting(self.url, times)
                return response
        assert missing is not None
        raise missing


def quoting_times(url: str) -> int:
    """Return how many times the service at `url` wants names to be quoted."""
    return _quoting.get(url, 2)


def remember_quoting(url: str, times: int) -> None:
    """Remember how many times the service at `url` wants names to be quoted."""
    with _quoting_lock:
        _quoting[url] = times


def parse_listing(raw: bytes, content_type: str, segments: list[str]) -> Listing:
    """Turn the service's listing into entries (docs/protocol.md, "Listings").

    Parameters
    ----------
    raw : bytes
        The JSON as the service sent it: a list of objects.
    content_type : str
        Its content type; a page for people is not a listing.
    segments : list of str
        The path that was asked for.

    Raises
    ------
    NotFound
        If the listing does not speak of that path.
    StorageException
        If this is not a listing.
    """
    path = "/".join(segments)
    items = _json(raw, content_type, path)
    if not isinstance(items, list):
        raise StorageException(f"The service gives no listing of {path or '/'!r}", path=path)
    prefix = f"{path}/" if path else ""
    own: dict[str, str] | None = None
    children: list[Entry] = []
    refused: list[InvalidPath] = []
    for item in items:
        if not isinstance(item, dict) or not isinstance(item.get("href"), str):
            raise StorageException(f"The listing of {path or '/'!r} is damaged", path=path)
        href = item["href"]
        name = unquote(href)
        if name.rstrip("/") == path:
            own = item
            continue
        if not _is_child(name, prefix):
            error = InvalidPath(
                f"The listing of {path or '/'!r} has {name!r}, which does not belong there",
                path=name,
            )
            logger.warning("%s and is left out", error)
            refused.append(error)
            continue
        children.append(_entry(name.rstrip("/"), item))
    if own is None and not children and not refused and path:
        raise NotFound(f"There is nothing at {path!r} in the storage", path=path)
    if children or not path:
        own_entry = Entry(prefix, own or {"href": prefix, "type": "directory"})
    else:
        own_entry = _entry(path, own or {"href": prefix, "type": "directory"})
    return Listing(own_entry, children, refused)


def _is_child(name: str, prefix: str) -> bool:
    try:
        segments = check_remote_path(name)
    except InvalidPath:
        return False
    # A leading slash would have been cut off.
    return name.startswith(prefix) and len(segments) == prefix.count("/") + 1 and name[:1] != "/"


def _entry(path: str, facts: dict[str, str]) -> Entry:
    # Some storages leave out the slash of directories, which the service then calls files;
    # what has no size is none.
    directory = facts["href"].endswith("/") or "size" not in facts
    return Entry(f"{path}/" if directory else path, facts)


def _json(raw: bytes, content_type: str, path: str) -> Any:
    at = path or "/"
    if "json" not in content_type:
        raise ServiceUnreachable(
            f"The service sends no data for {at!r} but a page of type {content_type!r}; "
            "is CTADS_URL the address of a download service?",
            path=path,
        )
    try:
        return json.loads(raw)
    except ValueError as error:
        raise StorageException(f"The service's answer for {at!r} is damaged", path=path) from error
