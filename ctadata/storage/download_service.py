"""Requests to the download service: its endpoints and how it quotes paths (docs/protocol.md)."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

from .._printable import logger_of
from ..config import DEFAULT_LIMITS, ListingLimits
from ..entries import Entry
from ..errors import AuthenticationError, InvalidPath, NotFound, StorageException
from ..http.client import HTTPClient, RequestBody
from ..http.errors import Redirected, StreamInterrupted
from ..http.watchdog import Watchdog
from .item_classifier import OtherResource
from .listing import FEW, EntryBuffer, EntrySink, Listing, read_listing, read_own
from .paths import check_remote_path, join_quoted
from .quoting import is_plain
from .responses import SAFE_NAMES, Content, RangesUnusable, exactly, is_range, upload_answer
from .service_state import ServiceState

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from ..http.body import Block

__all__ = ["DownloadService"]

# Bytes. The service forwards a block only when it is full, so blocks should be small.
FETCH_BLOCK = 1 << 20

logger = logger_of(__name__)

Listed = TypeVar("Listed")
Sink = TypeVar("Sink", bound=EntrySink)


class DownloadService:
    """A download service.

    Parameters
    ----------
    http : HTTPClient
        Sends the requests.
    url : str
        The service's address, with trailing slash.
    state : ServiceState, optional
        What is known about this service.
    limits : ListingLimits, optional
        The limits at which long listings are cut.
    """

    def __init__(
        self,
        http: HTTPClient,
        url: str,
        state: ServiceState | None = None,
        limits: ListingLimits = DEFAULT_LIMITS,
    ) -> None:
        self.http = http
        self.url = url
        self.limits = limits
        self.state = state or ServiceState()

    def watched_by(self, watchdog: Watchdog) -> DownloadService:
        """Return the same service with requests that `watchdog` can stop."""
        return DownloadService(self.http.watched_by(watchdog), self.url, self.state, self.limits)

    def health(self) -> str:
        """Return the text of the health endpoint (``GET /health``), which needs no token."""
        response = self.http.send("GET", self.url + "health", authenticate=False)
        return response.data.decode("utf-8", "replace").strip()

    def listing(self, path: str, few: int = FEW) -> Listing:
        """List a path (``GET /list/<path>``).

        Parameters
        ----------
        few : int, optional
            Up to so many entries are held as a list; more are held compressed.

        Returns
        -------
        Listing
            The resource itself and its children.

        Raises
        ------
        NotFound
            If there is nothing, or the service answers about another path.
        StorageException
            If the response is not a listing.
        """
        # The checked path and not `path`, which may be an Entry.
        own, buffer, refused = self.read_listing(
            path, lambda: EntryBuffer("/".join(check_remote_path(path)), few)
        )
        return Listing(own, buffer.entries, refused)

    def read_listing(
        self, path: str, make_sink: Callable[[], Sink]
    ) -> tuple[Entry, Sink, list[InvalidPath]]:
        """List a path, and collect its entries while they arrive.

        Parameters
        ----------
        make_sink : callable
            Returns a new sink for the entries; called for each try.

        Returns
        -------
        own : Entry
            The resource itself.
        sink : EntrySink
            The sink, with all entries.
        refused : list of InvalidPath
            One error for each listed name that must not be requested.

        Raises
        ------
        NotFound, StorageException
            See `listing`.
        """
        return self._list(
            path,
            lambda blocks, kind, segments: read_listing(
                blocks, kind, segments, make_sink(), self.limits
            ),
        )

    def stat(self, path: str) -> Entry:
        """Return the entry of one path, without its children; raises as `listing` does."""
        return self._list(
            path, lambda blocks, kind, segments: read_own(blocks, kind, segments, self.limits)
        )

    def _list(
        self, path: str, read: Callable[[Iterator[list[Block]], str, list[str]], Listed]
    ) -> Listed:
        """Request a listing and pass it to `read`, again after interruptions."""
        segments = check_remote_path(path)
        name = "/".join(segments)
        retrier = self.http.retrier()
        while True:
            response = self._ask("list", segments, stream=True)
            blocks = self.http.read_blocks(response, self.url, name)
            content_type = response.headers.get("Content-Type", "")
            try:
                with contextlib.closing(blocks):
                    found = read(blocks, content_type, segments)
            except StreamInterrupted as error:
                retrier.wait(error)
            else:
                self.state.quoting.proven |= not is_plain(segments)
                return found
            finally:
                # A response that is refused for its type has not been read at all.
                self.http.close(response)

    def fetch(
        self,
        path: str,
        chunk_size: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Content:
        """Request a whole file (``GET /fetch/<path>``).

        The service answers 200 even if there is no such file, so the caller has to compare the
        number of bytes with the size in the listing.

        Parameters
        ----------
        chunk_size : int, optional
            Bytes that the service collects before it forwards them.
        headers : mapping, optional
            Further headers, such as ``Want-Digest``.
        """
        segments = check_remote_path(path)
        name = "/".join(segments)
        query = f"?chunk_size={chunk_size or FETCH_BLOCK}"
        response = self._ask("fetch", segments, query=query, stream=True, headers=headers)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            self.http.close(response)
            raise AuthenticationError.login_page(name)
        return Content(response.headers, self.http.read_blocks(response, self.url, name))

    def read_range(self, path: str, start: int, stop: int) -> Content:
        """Request a part of a file (``GET /webdav/<path>`` with a closed range).

        Parameters
        ----------
        start, stop : int
            The bytes ``[start, stop)``; 16 MiB at most, since the service holds them in memory.

        Raises
        ------
        RangesUnusable
            If the storage does not send exactly these bytes; also while they are read.
        """
        segments = check_remote_path(path)
        name = "/".join(segments)
        try:
            response = self._ask(
                "webdav",
                segments,
                stream=True,
                headers={"Range": f"bytes={start}-{stop - 1}"},
                accept=(200, 206, 416),
            )
        except (Redirected, StorageException) as error:
            raise RangesUnusable.at(name) from error
        if response.status == 206 and is_range(response.headers, start, stop):
            blocks = self.http.read_blocks(response, self.url, name)
            return Content(response.headers, exactly(blocks, name, stop - start))
        self.http.close(response)
        raise RangesUnusable.at(name)

    def describe(self, path: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Return what the storage says about a file (``HEAD /webdav/<path>``).

        The result are the headers of the response; empty if the storage refuses.
        """
        segments = check_remote_path(path)
        try:
            response = self._ask("webdav", segments, method="HEAD", headers=headers)
        except (StorageException, Redirected):
            return {}
        return response.headers

    def make_collection(self, path: str) -> bool:
        """Make a directory (``MKCOL /webdav/<path>/``); return False if it existed already.

        Raises
        ------
        AccessDenied
            If it lies outside the user's home directory.
        NotFound
            If its parent does not exist.
        """
        # Without a trailing slash the service refuses the user's home directory.
        url = f"{self.url}webdav/{self.quoted_for_writing(path)}/"
        response = self.http.send("MKCOL", url, path=path, accept=(201, 405, 409))
        if response.status == 409:
            raise NotFound(f"The directory above {path!r} does not exist", path=path)
        return response.status == 201

    def quoted(self, path: str) -> str:
        """Return a path quoted for the address of a request that reads.

        A fetched file does not say which file it is, but a listing does. So the first path with
        special characters is listed, to verify that the service decodes it correctly.

        Raises
        ------
        NotFound
            If there is nothing, or the service answers about another path.
        """
        segments = check_remote_path(path)
        if not is_plain(segments) and not self.state.quoting.proven:
            self.stat(path)
        return join_quoted(segments, self.state.quoting.times)

    def quoted_for_writing(self, path: str) -> str:
        """Return a path quoted for the address of a request that writes.

        A service that decodes a name wrongly would overwrite another file. So each path with
        special characters is listed first: the service must answer about it, or with 404.

        Raises
        ------
        StorageException
            If the service answers about another path.
        """
        segments = check_remote_path(path)
        # A copy: other requests must not change what this listing proves.
        state = replace(self.state, quoting=copy.copy(self.state.quoting))
        if not is_plain(segments):
            try:
                DownloadService(self.http, self.url, state, self.limits).stat(path)
            except OtherResource as error:
                raise StorageException(
                    f"Nothing was written at {path!r}: the service takes this name for another one "
                    f"and would overwrite that; use {SAFE_NAMES}",
                    path=path,
                ) from error
            except NotFound:
                logger.debug("%r is a new name", path)
        return join_quoted(segments, state.quoting.times)

    def upload(
        self, path: str, body: bytes | RequestBody, size: int | None, *, home: str
    ) -> dict[str, Any] | None:
        """Store a file in the user's home directory (``POST /upload/<path>``).

        Parameters
        ----------
        path : str
            A path relative to the user's home directory.
        body : bytes or binary file
            The content.
        size : int or None
            Its size in bytes; None sends the body in chunks.
        home : str
            The user's home directory.

        Returns
        -------
        dict or None
            The service's answer; None if it only says that a file was replaced.

        Raises
        ------
        NotFound
            If the directory above does not exist.
        AlreadyExists
            If the path is a directory.
        TooLarge
            If a body of this length is refused.
        """
        segments = check_remote_path(path)
        below = len(check_remote_path(home))
        quoted = self.quoted_for_writing(f"{home}/{path}").split("/", below)[below]
        headers = {"Content-Type": "application/octet-stream"}
        if size is None:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Content-Length"] = str(size)
        response = self.http.send(
            "POST",
            f"{self.url}upload/{quoted}",
            path=path,
            body=body,
            headers=headers,
            accept=(200, 201, 204, 405, 409, 413),
        )
        return upload_answer(response, path, segments)

    def _ask(
        self,
        endpoint: str,
        segments: list[str],
        *,
        query: str = "",
        method: str = "GET",
        stream: bool = False,
        headers: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (200, 206),
    ) -> BaseHTTPResponse:
        """Send a request about a path, quoted as this service decodes it."""
        name = "/".join(segments)
        if endpoint != "list":
            self.quoted(name)
        for _ in range(2):
            times = self.state.quoting.times
            # The listing of the root has no trailing slash.
            url = f"{self.url}{endpoint}/{join_quoted(segments, times)}".rstrip("/") + query
            response = self.http.send(
                method, url, path=name, stream=stream, headers=headers, accept=(*accept, 404)
            )
            if self.state.quoting.fits(response.headers, times) or is_plain(segments):
                break
            self.http.close(response)
        else:
            raise StorageException(
                f"The service decodes {name!r} now in one way, now in another; try again"
            )
        if response.status == 404:
            raise self.http.refused(response, url, name)
        return response
