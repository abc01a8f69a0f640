"""What the download service speaks: its addresses, its answers, its quirks (docs/protocol.md)."""

from __future__ import annotations

import contextlib
import copy
import re
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import unquote

from .._printable import logger_of
from ..config import DEFAULT_LIMITS, ListingLimits
from ..entries import Entry
from ..errors import (
    AlreadyExists,
    AuthenticationError,
    IntegrityError,
    InvalidPath,
    NotFound,
    StorageException,
)
from ..http.client import HTTPClient, RequestBody
from ..http.errors import Redirected, StreamInterrupted
from ..http.watchdog import Watchdog
from .item_classifier import OtherResource
from .json_items import json_answer
from .listing import FEW, EntryBuffer, EntrySink, Listing, read_listing, read_own
from .paths import check_remote_path, join_quoted
from .quoting import is_plain
from .service_state import ServiceState

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse

    from ..http.body import Block

__all__ = ["Content", "DownloadService", "RangesUnusable", "TooLarge"]

# The service waits until a block is full before it forwards it, so blocks should be small.
FETCH_BLOCK = 1 << 20

# Such as lst/users/alice.
HOME_DIRECTORY = re.compile(r"\w[\w.-]*/users/\w[\w.-]*")

logger = logger_of(__name__)


Listed = TypeVar("Listed")
Sink = TypeVar("Sink", bound=EntrySink)


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
    http : HTTPClient
        Sends the requests.
    url : str
        The service's address, with trailing slash.
    state : ServiceState, optional
        What is known of this service.
    limits : ListingLimits, optional
        Where long listings are cut.
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
        """Return the same service, asked under the eyes of `watchdog`."""
        return DownloadService(self.http.watched_by(watchdog), self.url, self.state, self.limits)

    def health(self) -> str:
        """Return what the service says of itself; needs no token."""
        response = self.http.send("GET", self.url + "health", authenticate=False)
        return response.data.decode("utf-8", "replace").strip()

    def listing(self, path: str, few: int = FEW) -> Listing:
        """List a path (``GET /list/<path>``).

        Parameters
        ----------
        path : str
            A file or directory.
        few : int, optional
            Entries up to which they are a list; more are held such that they take little memory.

        Returns
        -------
        Listing
            The resource itself and what is in it.

        Raises
        ------
        NotFound
            If there is nothing, or the service answers about another path.
        StorageException
            If the answer is not a listing.
        """
        # An Entry splits as a string, but should not travel further as one.
        own, buffer, refused = self.read_listing(
            path, lambda: EntryBuffer("/".join(check_remote_path(path)), few)
        )
        return Listing(own, buffer.entries, refused)

    def read_listing(
        self, path: str, make_sink: Callable[[], Sink]
    ) -> tuple[Entry, Sink, list[InvalidPath]]:
        """List a path, and let its entries be taken while they come.

        Parameters
        ----------
        path : str
            A file or directory.
        make_sink : callable
            Returns what takes the entries: a new one for each try.

        Returns
        -------
        own : Entry
            The resource itself.
        sink : EntrySink
            What has taken the entries.
        refused : list of InvalidPath
            What the service listed but nobody should ask for.

        Raises
        ------
        NotFound, StorageException
            As `listing`.
        """
        return self._list(
            path,
            lambda blocks, kind, segments: read_listing(
                blocks, kind, segments, make_sink(), self.limits
            ),
        )

    def stat(self, path: str) -> Entry:
        """Return what the service says of one path, without what is in it.

        Parameters
        ----------
        path : str
            A file or directory.

        Raises
        ------
        NotFound, StorageException
            As `listing`.
        """
        return self._list(
            path, lambda blocks, kind, segments: read_own(blocks, kind, segments, self.limits)
        )

    def _list(
        self, path: str, read: Callable[[Iterator[list[Block]], str, list[str]], Listed]
    ) -> Listed:
        """Let `read` take a listing, again where it broke off."""
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
                # What is refused by its type alone was not even begun to be read.
                self.http.close(response)

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
        self.http.watchdog.detach()
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
        # The user's own root is only let through with a trailing slash.
        url = f"{self.url}webdav/{self.quoted_for_writing(path)}/"
        response = self.http.send("MKCOL", url, path=path, accept=(201, 405, 409))
        if response.status == 409:
            raise NotFound(f"The directory above {path!r} does not exist", path=path)
        return response.status == 201

    def quoted(self, path: str) -> str:
        """Return a path as it stands in the address of a request that reads.

        What is fetched does not say which file it is, a listing does. So the first name that is
        not a plain one is listed, to see that the service takes it for what it is.

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
        """Return a path as it stands in the address of a request that writes.

        A service that misreads a name would overwrite another file. So each name that is not a
        plain one is listed before: the service has to answer about it, or that there is none.

        Raises
        ------
        StorageException
            If the service answers about another path.
        """
        segments = check_remote_path(path)
        # What this listing proves must not be changed by other requests meanwhile.
        state = replace(self.state, quoting=copy.copy(self.state.quoting))
        if not is_plain(segments):
            try:
                DownloadService(self.http, self.url, state, self.limits).stat(path)
            except OtherResource as error:
                raise StorageException(
                    f"Nothing was written at {path!r}: the service takes this name for another one "
                    "and would overwrite that. Use only letters, digits, '-', '_' and '.'",
                    path=path,
                ) from error
            except NotFound:
                logger.debug("%r is a new name", path)
        return join_quoted(segments, state.quoting.times)

    def upload(
        self, path: str, body: bytes | RequestBody, size: int | None, *, own: str
    ) -> dict[str, Any] | None:
        """Store a file below the user's own directory (``POST /upload/<path>``).

        Parameters
        ----------
        path : str
            Relative to the user's own directory.
        body : bytes or binary file
            The content.
        size : int or None
            Its length in bytes; without it the body is sent in chunks.
        own : str
            The user's own directory.

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
        below = len(check_remote_path(own))
        quoted = self.quoted_for_writing(f"{own}/{path}").split("/", below)[below]
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
        return {**answer, "path": _stored(answer["path"], segments)}

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
        """Ask an endpoint about a path, quoted as this service decodes it."""
        name = "/".join(segments)
        if endpoint != "list":
            self.quoted(name)
        for _ in range(2):
            times = self.state.quoting.times
            # The root of the listing has no trailing slash.
            url = f"{self.url}{endpoint}/{join_quoted(segments, times)}".rstrip("/") + query
            response = self.http.send(
                method, url, path=name, stream=stream, headers=headers, accept=(*accept, 404)
            )
            if self.state.quoting.fits(response.headers, times) or is_plain(segments):
                break
            self.http.close(response)
        else:
            raise StorageException(f"The service reads {name!r} now in one way, now in another")
        if response.status == 404:
            raise self.http.refused(response, url, name)
        return response


def _stored(answered: str, segments: list[str]) -> str:
    """Return where the service says that it has stored an upload.

    It repeats the name as it has decoded it, which may be once less than it was quoted.

    Raises
    ------
    StorageException
        If it speaks of another name.
    """
    name = "/" + "/".join(segments)
    for stored in (unquote(answered), answered):
        if stored.endswith(name) and HOME_DIRECTORY.fullmatch(stored.removesuffix(name)):
            return stored
    raise StorageException(
        f"The service has stored {name[1:]!r} under another name, {answered!r}: look there, and "
        "use only letters, digits, '-', '_' and '.' in names",
        path=answered,
    )
