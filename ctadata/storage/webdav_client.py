"""A webdav4 client configured for the service: its root, token, quoting and errors.

The services speak WebDAV (RFC 4918) below ``webdav``, with the peculiarities that docs/protocol.md
describes. webdav4 does the rest.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import IO, Any, BinaryIO, TextIO, cast
from urllib.parse import quote, unquote, urlsplit

import httpx
from webdav4.client import Client as WebDAVClient
from webdav4.http import Client as WebDAVHttp

from .._arguments import refuse_secret
from .._files import local_path
from .._local_errors import local_errors
from .._printable import WORDS, logger_of, printable
from ..config import DOWNLOADSERVICE_VARIABLE
from ..errors import (
    AccessDenied,
    CTADataError,
    IntegrityError,
    InvalidPath,
    NotFound,
    NoToken,
    ServiceUnreachable,
)
from ..http.connections import ssl_context
from ..http.errors import ERROR_BODY, ErrorResponse, status_error
from ..http.plain_http import check_token
from ..http.proxies import proxy_for
from ..transfers.local.credentials import credential_in, head_of, refused_credential
from ..transfers.local.temp_names import PART, temporary_name
from ..transfers.upload_file import name_of, not_binary
from . import home_directory
from .download_service import DownloadService
from .responses import RangesUnusable
from .webdav_responses import check_encoding, read_beginning, read_whole

__all__ = ["Client"]

# Paths that begin with one of these are paths from the storage's root.
ROOTS = ("lst", "cta")
# The services refuse these to everybody. (COPY and MOVE name their target in a header.)
NOT_OFFERED = {"COPY", "DELETE", "MOVE"}
ERRORS = set(range(400, 600))
OPEN_RANGE = re.compile(r"bytes=([0-9]{1,18})-")

# These log what a service sends; logger_of makes that printable.
for _name in ("httpx", "httpcore.http11", "httpcore.connection"):
    logger_of(_name)


class _TokenAuth(httpx.Auth):
    def __init__(self, value: Callable[[], str | None]) -> None:
        self.value = value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = self.value()
        if token is None:
            raise NoToken.missing()
        check_token(str(request.url), DOWNLOADSERVICE_VARIABLE)
        request.headers["Authorization"] = f"Bearer {token}"
        yield request


class _ServiceHTTPClient(WebDAVHttp):  # type: ignore[misc]  # webdav4 is not typed
    """Sends all requests of webdav4, those of its methods and those of its streams.

    Each path is quoted as the service decodes it, no redirect is followed with the token, and
    refused requests raise ctadata errors.
    """

    def __init__(self, service: DownloadService, token: _TokenAuth, **options: Any) -> None:
        super().__init__(auth=token, **options)
        self._service = service
        self._token = token
        self._root = urlsplit(f"{service.url}webdav")

    def __del__(self) -> None:
        # webdav4's client has no close() of its own.
        self.close()

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request; see `httpx.Client.send`."""
        path = self._path(request.url)
        if request.method in NOT_OFFERED:
            raise AccessDenied(
                f"{path or '/'!r} was not changed: the service lets nobody delete, move or copy "
                "files; upload under another name, or ask the platform's support",
                path=path,
            )
        part = OPEN_RANGE.fullmatch(request.headers.get("Range", ""))
        if path is not None:
            try:
                request.url = self._quoted(request, path)
                if part is not None and not self._close_range(request, path, int(part[1])):
                    return httpx.Response(416, request=request)
            except NotFound:
                # webdav4 raises its own error, or takes this as an answer.
                return httpx.Response(404, request=request)
        if request.method == "PROPFIND":
            # Without a depth, the request would mean everything below, too.
            request.headers.setdefault("Depth", "1")
        body = "application/octet-stream" if request.method == "PUT" else "application/json"
        # Without a body, only JSON lets the service answer 401 and not with a login page.
        request.headers.setdefault("Content-Type", body)
        # A compressed response might expand to any length.
        request.headers["Accept-Encoding"] = "identity"
        options["follow_redirects"] = False
        streamed = options.pop("stream", False)
        failure = None
        try:
            response: httpx.Response = super().send(request, stream=True, **options)
            check_encoding(response, path or "")
            # webdav4 interprets the other statuses; for streams only 416.
            refused = {400, 401, 403, 503, 504} if not streamed else ERRORS - {416}
            if response.is_redirect or response.status_code in refused:
                self._refuse(response, path or "")
            if not streamed:
                response = read_whole(response, path or "")
        except httpx.TransportError as error:
            failure = ServiceUnreachable(
                f"{self._service.url} cannot be reached: {error}; try again", path=path
            ).caused_by(error)
        if failure is not None:
            raise failure
        if reason := response.extensions.get("reason_phrase"):
            # webdav4 repeats it in its own errors.
            words = printable(reason.decode("latin-1"), WORDS)
            response.extensions["reason_phrase"] = words.encode("ascii", "replace")
        if part is not None and response.is_success:
            self._check_part(response, path or "", int(part[1]))
        return response

    def _close_range(self, request: httpx.Request, path: str, start: int) -> bool:
        """Close an open range, which some storages answer wrongly; return whether it has bytes."""
        size = self._service.stat(path).size
        if size is None:
            return True
        request.headers["Range"] = f"bytes={start}-{size - 1}"
        return start < size

    def _check_part(self, response: httpx.Response, path: str, start: int) -> None:
        if response.headers.get("Content-Range", "").startswith(f"bytes {start}-"):
            return
        response.close()
        raise RangesUnusable.at(path, "; read it from its beginning, without seek()")

    def _path(self, url: httpx.URL) -> str | None:
        """Return the remote path in an address, or None for the root.

        Raises
        ------
        InvalidPath
            If the address is not below the service's.
        """
        raw = urlsplit(str(url))
        below = raw.path.removeprefix(self._root.path)
        if raw[:2] != self._root[:2] or below == raw.path or below[:1] not in {"", "/"}:
            raise InvalidPath(f"{raw.netloc}{raw.path} is not below {self._root.geturl()}")
        # Surrogates in place of invalid UTF-8 are refused later.
        return unquote(below.strip("/"), errors="surrogateescape") or None

    def _quoted(self, request: httpx.Request, path: str) -> httpx.URL:
        service = self._service
        reads = request.method in {"GET", "HEAD", "OPTIONS", "PROPFIND"}
        quoted = service.quoted(path) if reads else service.quoted_for_writing(path)
        slash = "/" if request.url.path.endswith("/") else ""
        query = b"?" + request.url.query if request.url.query else b""
        return request.url.copy_with(raw_path=f"{self._root.path}/{quoted}{slash}".encode() + query)

    def _refuse(self, response: httpx.Response, path: str) -> None:
        body = read_beginning(response, ERROR_BODY)
        location = response.headers.get("Location", "")
        answer = ErrorResponse(response.status_code, response.reason_phrase, location, body)
        url = self._service.url
        raise status_error(answer, url, path, DOWNLOADSERVICE_VARIABLE, self._token.value())


class _SizeLimitedFile:
    """A local file that takes no more bytes than the remote file has."""

    def __init__(self, file: BinaryIO | IO[bytes], size: int | None, path: str) -> None:
        self._file = file
        self._size = size
        self._left = math.inf if size is None else size
        self._path = path

    def write(self, data: bytes) -> int:
        """Write bytes."""
        self._left -= len(data)
        if self._left < 0:
            raise IntegrityError.wrong_size(self._path, None, self._size)
        return self._file.write(data)


class _PipeWithHead:
    """A pipe whose beginning has been read already; its size is unknown."""

    def __init__(self, beginning: bytes, rest: BinaryIO | IO[bytes]) -> None:
        self._beginning = beginning
        self._rest = rest

    def read(self, size: int = -1) -> bytes:
        """Return up to `size` bytes; none at the end."""
        if not self._beginning:
            return self._rest.read(size)
        end = len(self._beginning) if size < 0 else size
        block, self._beginning = self._beginning[:end], self._beginning[end:]
        return block


class Client(WebDAVClient):  # type: ignore[misc]
    """`webdav4.client.Client`, configured for the service.

    Paths are relative to the storage's root. For uploads, a path that begins with neither ``/``
    nor ``lst`` nor ``cta`` is relative to the user's home directory, the only place where users
    may write.

    Parameters
    ----------
    service : DownloadService
        The service.
    """

    def __init__(self, service: DownloadService) -> None:
        self._service = service
        # The root has no trailing slash (docs/protocol.md, "WebDAV").
        url = f"{service.url}webdav"
        http = _ServiceHTTPClient(
            service,
            _TokenAuth(service.http.token),
            base_url=url,
            timeout=httpx.Timeout(service.http.timeout),
            verify=ssl_context(),
            proxy=proxy_for(service.url),
            trust_env=False,
        )
        super().__init__(url, http_client=http)

    def join_url(self, path: str, add_trailing_slash: bool = False) -> httpx.URL:
        """Return the address of a path, with every special character quoted."""
        refuse_secret(path, InvalidPath, remote=True)
        base = self.base_url.path.rstrip("/")
        inner = quote(
            "/".join(part for part in path.split("/") if part), safe="/", errors="surrogatepass"
        )
        joined = f"{base}/{inner}" if inner else base
        base_url: httpx.URL = self.base_url
        return base_url.copy_with(raw_path=(joined + "/" * add_trailing_slash).encode())

    def options(self, path: str = "") -> set[str]:
        """Return the WebDAV compliance classes of the service (RFC 4918, 18)."""
        found: set[str] = super().options(self.join_url(path))
        return found

    @contextmanager
    def open(
        self,
        path: str,
        mode: str = "r",
        encoding: str | None = None,
        chunk_size: int | None = None,
    ) -> Iterator[TextIO | BinaryIO]:
        """Open a file for reading.

        Parameters
        ----------
        path : str
            A file.
        mode : {"r", "rt", "rb"}, optional
            Whether to read text or bytes.
        encoding, chunk_size : optional
            See `webdav4.client.Client.open`.
        """
        if mode not in {"r", "rt", "rb"}:
            raise CTADataError(
                f"{path!r} cannot be opened with mode {mode!r}, only for reading; write with "
                "upload_file or upload_fileobj",
                path=path,
            )
        failure = None
        try:
            with super().open(path, mode, encoding, chunk_size) as file:
                yield file
        except httpx.TransportError as error:
            failure = ServiceUnreachable(
                f"{path!r} broke off: {error}; try again", path=path
            ).caused_by(error)
        if failure is not None:
            raise failure

    def download_file(
        self, from_path: str, to_path: str | os.PathLike[str], **options: Any
    ) -> None:
        """Download a file, which gets its final name when it is complete.

        Parameters
        ----------
        from_path : str
            The remote file.
        to_path : str or path
            The local file; an existing one is replaced.
        **options
            See `webdav4.client.Client.download_file`.

        Raises
        ------
        IntegrityError
            If it has another size than the storage lists.
        """
        target = local_path(to_path)
        part = target.with_name(temporary_name(target.name, PART))
        with local_errors(str(target)):
            try:
                expected = self.content_length(from_path)
                with part.open("xb") as file:
                    self.download_fileobj(
                        from_path, _SizeLimitedFile(file, expected, from_path), **options
                    )
                received = part.stat().st_size
                if expected not in {None, received}:
                    raise IntegrityError.wrong_size(from_path, received, expected)
                part.replace(target)
            finally:
                part.unlink(missing_ok=True)

    def upload_fileobj(self, file_obj: BinaryIO | IO[bytes], to_path: str, **options: Any) -> None:
        """Upload an open file; see `upload_file`."""
        # Checked now: an upload begins with emptying an existing file.
        if not isinstance(file_obj.read(0), bytes):
            raise not_binary(name_of(file_obj))
        seekable = hasattr(file_obj, "seekable") and file_obj.seekable()
        start = file_obj.tell() if seekable else 0
        head = head_of(file_obj.read)
        kind = credential_in(head)
        if kind is not None:
            raise refused_credential(name_of(file_obj), kind)
        if seekable:
            file_obj.seek(start)
        else:
            file_obj = cast(IO[bytes], _PipeWithHead(head, file_obj))
        target = self._absolute(to_path)
        super().upload_fileobj(file_obj, target, **options)

    def upload_file(
        self,
        from_path: str | os.PathLike[str],
        to_path: str,
        overwrite: bool = False,
        **options: Any,
    ) -> None:
        """Upload a file.

        Parameters
        ----------
        from_path : str or path
            The local file.
        to_path : str
            The remote path: ``lst/users/<user>/…``, or one relative to the user's home directory,
            in which case missing directories are made.
        overwrite : bool, optional
            Whether an existing file is replaced.
        **options
            See `webdav4.client.Client.upload_file`.

        Raises
        ------
        AccessDenied
            If the path lies outside of the user's home directory.
        TransferError
            If the file contains a private key or a certificate.
        """
        local = local_path(from_path)
        with local_errors(str(local), "read"):
            super().upload_file(local, to_path, overwrite, **options)

    #: The spelling in the service's own documentation.
    uploadFile = upload_file

    def _absolute(self, path: str) -> str:
        parts = [part for part in path.split("/") if part]
        if path.startswith("/") or (parts and parts[0] in ROOTS):
            return path
        home = home_directory.find(self._service)
        for end in range(1, len(parts)):
            self._service.make_collection("/".join([home, *parts[:end]]))
        return "/".join([home, *parts])
