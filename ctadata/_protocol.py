"""What the download service speaks: its addresses, its answers, its quirks (docs/protocol.md)."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from ._guard import Guard
from ._http import Body, BrokenOff, Http, Redirected
from ._listing import Listing, SpooledListing, json_answer, parse_listing
from ._paths import check_remote_path, join_quoted
from .errors import (
    AlreadyExists,
    AuthenticationError,
    CTADataError,
    IntegrityError,
    NotFound,
    StorageException,
)

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from ._blocks import Block

__all__ = ["Content", "DownloadService", "RangesUnusable", "TooLarge"]

# The service waits until a block is full before it forwards it, so blocks should be small.
FETCH_BLOCK = 1 << 20

# How often a service wants names to be quoted, by its address; twice where nothing is known.
_quoting: dict[str, int] = {}
_quoting_lock = threading.Lock()


class TooLarge(StorageException):
    """A body of this length is refused."""


class RangesUnusable(IntegrityError):
    """The storage does not send the part of the file that was asked for, and nothing else."""


class Content(NamedTuple):
    """A file, or a part of it, that is on its way.

    Attributes
    ----------
    headers : mapping
        What the service said before it.
    blocks : generator of lists of bytes or memoryview
        What comes, up to 1 MiB at a time; to be read to the end, or closed. A memoryview is
        only valid until the next blocks are asked for.
    """

    headers: Mapping[str, str]
    blocks: Generator[list[Block]]


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

    def guarded(self, guard: Guard) -> DownloadService:
        """Return the same service, asked under the eyes of `guard`."""
        return DownloadService(self.http.guarded(guard), self.url)

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

    def spooled_listing(self, path: str) -> SpooledListing:
        """List a directory that may be too large to be held as entries.

        Parameters
        ----------
        path : str
            A file or directory.

        Raises
        ------
        NotFound, StorageException
            As `listing`.
        """
        segments = check_remote_path(path)
        retry = None
        while True:
            response = self._ask("list", segments, stream=True)
            blocks = self.http.read_blocks(response, self.url, "/".join(segments))
            try:
                return SpooledListing(blocks, response.headers.get("Content-Type", ""), segments)
            except BrokenOff as error:
                retry = self.http.again(error, retry)
            finally:
                response.close()

    def fetch(
        self,
        path: str,
        chunk_size: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Content:
        """Ask for a whole file (``GET /fetch/<path>``).

        The service answers 200 also where there is no such file: whoever calls compares
        the number of bytes with the listing's size.

        Parameters
        ----------
        path : str
            A file.
        chunk_size : int, optional
            Bytes that the service gathers before it sends them on.
        headers : mapping, optional
            What else is asked, such as ``Want-Digest``.
        """
        segments = check_remote_path(path)
        name = "/".join(segments)
        query = f"?chunk_size={chunk_size or FETCH_BLOCK}"
        response = self._ask("fetch", segments, query=query, stream=True, headers=headers)
        blocks = self.http.read_blocks(response, self.url, name)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            blocks.close()
            response.close()
            raise AuthenticationError(
                f"The service sends a page instead of {name!r}: the hub token may have ended",
                path=name,
            )
        return Content(response.headers, blocks)

    def read_range(self, path: str, start: int, stop: int) -> Content:
        """Ask for a part of a file (``GET /webdav/<path>`` with a closed range).

        Parameters
        ----------
        path : str
            A file.
        start, stop : int
            The bytes ``[start, stop)``; not more than 16 MiB, since the service
            holds them in memory.

        Returns
        -------
        Content
            Exactly ``stop - start`` bytes; reading them raises otherwise.

        Raises
        ------
        RangesUnusable
            If the storage does not send the range that was asked for.
        """
        segments = check_remote_path(path)
        name = "/".join(segments)
        unusable = f"The storage does not send parts of {name!r}"
        try:
            response = self._ask(
                "webdav",
                segments,
                stream=True,
                headers={"Range": f"bytes={start}-{stop - 1}"},
                accept=(200, 206, 416),
            )
        except (Redirected, StorageException) as error:
            raise RangesUnusable(unusable, path=name) from error
        answered = response.headers.get("Content-Range", "")
        length = response.headers.get("Content-Length", str(stop - start))
        if (
            response.status == 206
            and answered.startswith(f"bytes {start}-{stop - 1}/")
            and length == str(stop - start)
        ):
            blocks = self.http.read_blocks(response, self.url, name)
            return Content(response.headers, self._exactly(blocks, name, stop - start, unusable))
        self.http.guard.detach()
        response.close()
        raise RangesUnusable(unusable, path=name)

    def _exactly(
        self, content: Generator[list[Block]], name: str, length: int, unusable: str
    ) -> Generator[list[Block]]:
        received = 0
        try:
            for blocks in content:
                received += sum(map(len, blocks))
                if received > length:
                    break
                yield blocks
        finally:
            content.close()
        if received != length:
            raise RangesUnusable(
                f"{unusable}: {received} bytes came instead of {length}", path=name
            )

    def describe(self, path: str, headers: Mapping[str, str]) -> Mapping[str, str]:
        """Ask what the storage says of a file beside its listing (``HEAD /webdav/<path>``).

        Parameters
        ----------
        path : str
            A file.
        headers : mapping
            What is asked, such as ``Want-Digest``.

        Returns
        -------
        mapping
            The headers of the answer; none where the storage refuses.
        """
        segments = check_remote_path(path)
        try:
            response = self._ask("webdav", segments, method="HEAD", headers=headers)
        except (StorageException, Redirected):
            return {}
        return response.headers

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

    def upload(self, path: str, body: bytes | Body, size: int | None) -> dict[str, Any] | None:
        """Store a file below the user's own directory (``POST /upload/<path>``).

        Parameters
        ----------
        path : str
            Relative to the user's own directory.
        body : bytes or binary file
            The content.
        size : int or None
            Its length in bytes; without it the body is sent in chunks.

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
        TooLarge
            If a body of this length is refused.
        """
        segments = check_remote_path(path)
        url = f"{self.url}upload/{join_quoted(segments, quoting_times(self.url))}"
        headers = {"Content-Type": "application/octet-stream"}
        if size is None:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Content-Length"] = str(size)
        response = self.http.send(
            "POST",
            url,
            path=path,
            body=body,
            headers=headers,
            accept=(200, 201, 204, 405, 409, 413),
        )
        if response.status == 413:
            raise TooLarge(f"A proxy on the way refuses files as large as {path!r}", path=path)
        if response.status == 409:
            raise NotFound(f"The directory that should hold {path!r} does not exist", path=path)
        if response.status == 405:
            raise AlreadyExists(f"{path!r} is a directory; name the file to write", path=path)
        if response.status == 204 or not response.data:
            return None
        answer = json_answer(response.data, response.headers.get("Content-Type", ""), path)
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
        method: str = "GET",
        stream: bool = False,
        headers: Mapping[str, str] | None = None,
        accept: tuple[int, ...] = (200, 206),
    ) -> BaseHTTPResponse:
        """GET an endpoint for a path, quoted as this service wants it.

        A name with special characters that is not found when quoted one way is tried the
        other way, and what worked is remembered (docs/protocol.md, "Quoting").
        """
        name = "/".join(segments)
        known = quoting_times(self.url)
        missing: CTADataError | None = None
        for times in (known, 3 - known):
            # The root of the listing has no trailing slash.
            url = f"{self.url}{endpoint}/{join_quoted(segments, times)}".rstrip("/") + query
            try:
                response = self.http.send(
                    method, url, path=name, stream=stream, headers=headers, accept=accept
                )
            except NotFound as error:
                missing = missing or error
                if join_quoted(segments, 1) == name:
                    # A name without special characters is the same either way.
                    break
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
