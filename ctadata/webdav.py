"""A webdav4 client for the service: its root, its token, its quoting, its refusals.

The services speak WebDAV (RFC 4918) below ``webdav`` with the habits that docs/protocol.md
describes; webdav4 does the rest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from typing import IO, Any, BinaryIO
from urllib.parse import quote, unquote, urlsplit

import httpx
from webdav4.client import Client as WebDAVClient
from webdav4.http import Client as WebDAVHttp

from . import _own_directory
from ._connections import proxy_for, ssl_context
from ._http import BEGINNING, NEW_TOKEN, Answer, error_of
from ._local import local_path
from ._protocol import DownloadService
from .config import DOWNLOADSERVICE_VARIABLE
from .errors import InvalidPath, NotFound, NoToken, ServiceUnreachable

__all__ = ["Client"]

# Paths that begin with one of these are paths from the storage's root.
ROOTS = ("lst", "cta")


class _Token(httpx.Auth):
    def __init__(self, value: Callable[[], str | None]) -> None:
        self.value = value

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = self.value()
        if token is None:
            raise NoToken(f"There is no hub token: {NEW_TOKEN}")
        request.headers["Authorization"] = f"Bearer {token}"
        yield request


class _Http(WebDAVHttp):  # type: ignore[misc]  # webdav4 is not typed
    """Sends all of webdav4's requests: those of its methods, and those of its streams.

    Each path is quoted as the service decodes it, no redirect is followed with the token, and what
    the service refuses becomes an error of ctadata.
    """

    def __init__(self, service: DownloadService, token: _Token, **options: Any) -> None:
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
        if path is not None:
            try:
                request.url = self._quoted(request, path)
            except NotFound:
                # For webdav4 to say, or to take as an answer.
                return httpx.Response(404, request=request)
        body = "application/octet-stream" if request.method == "PUT" else "application/json"
        # Without a body, only this type lets the service answer 401 rather than a login page.
        request.headers.setdefault("Content-Type", body)
        options["follow_redirects"] = False
        try:
            response: httpx.Response = super().send(request, **options)
        except httpx.TransportError as error:
            raise ServiceUnreachable(
                f"{self._service.url} cannot be reached: {error}; try again", path=path
            ) from error
        if response.is_redirect or response.status_code in {400, 401, 403, 503, 504}:
            self._refuse(response, path or "")
        return response

    def _path(self, url: httpx.URL) -> str | None:
        """Return the remote path that an address is about; None for what is no path.

        Raises
        ------
        InvalidPath
            If the address lies outside of the service.
        """
        raw = urlsplit(str(url))
        below = raw.path.removeprefix(self._root.path)
        if raw[:2] != self._root[:2] or below == raw.path or below[:1] not in {"", "/"}:
            raise InvalidPath(f"{raw.netloc}{raw.path} is not below {self._root.geturl()}")
        return unquote(below.strip("/")) or None

    def _quoted(self, request: httpx.Request, path: str) -> httpx.URL:
        service = self._service
        reads = request.method in {"GET", "HEAD", "OPTIONS", "PROPFIND"}
        quoted = service.quoted(path) if reads else service.quoted_for_writing(path)
        slash = "/" if request.url.path.endswith("/") else ""
        query = b"?" + request.url.query if request.url.query else b""
        return request.url.copy_with(raw_path=f"{self._root.path}/{quoted}{slash}".encode() + query)

    def _refuse(self, response: httpx.Response, path: str) -> None:
        try:
            body = response.read()[:BEGINNING]
        finally:
            response.close()
        location = response.headers.get("Location", "")
        answer = Answer(response.status_code, response.reason_phrase, location, body)
        url = self._service.url
        raise error_of(answer, url, path, DOWNLOADSERVICE_VARIABLE, self._token.value())


class Client(WebDAVClient):  # type: ignore[misc]
    """`webdav4.client.Client`, configured for the service.

    Paths are relative to the storage's root. Only where something is uploaded, a path that
    begins with neither ``/`` nor ``lst`` nor ``cta`` is relative to the user's own directory,
    which is the one place where the service lets one write.

    Parameters
    ----------
    service : DownloadService
        The service.
    token : callable
        Gives the token at each request.
    """

    def __init__(self, service: DownloadService, token: Callable[[], str | None]) -> None:
        self._service = service
        self._token = token
        # The root has no trailing slash (docs/protocol.md, "WebDAV").
        url = f"{service.url}webdav"
        http = _Http(
            service,
            _Token(token),
            base_url=url,
            timeout=httpx.Timeout(service.http.timeout),
            verify=ssl_context(),
            proxy=proxy_for(service.url),
            trust_env=False,
        )
        super().__init__(url, http_client=http)

    def join_url(self, path: str, add_trailing_slash: bool = False) -> httpx.URL:
        """Return the address of a path, with every special character quoted."""
        base = self.base_url.path.rstrip("/")
        inner = quote("/".join(part for part in path.split("/") if part), safe="/")
        joined = f"{base}/{inner}" if inner else base
        base_url: httpx.URL = self.base_url
        return base_url.copy_with(raw_path=(joined + "/" * add_trailing_slash).encode())

    def options(self, path: str = "") -> set[str]:
        """Return the WebDAV classes that the service says it complies with (RFC 4918, 18)."""
        found: set[str] = super().options(self.join_url(path))
        return found

    def upload_fileobj(self, file_obj: BinaryIO | IO[bytes], to_path: str, **options: Any) -> None:
        """Upload an open file; see `upload_file`."""
        target = self._own(to_path)
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
            Where to: ``lst/users/<user>/…``, or relative to the user's own directory, in which
            case missing directories are made.
        overwrite : bool, optional
            Whether a file that is there already is replaced.
        **options
            As `webdav4.client.Client.upload_file` takes them.

        Raises
        ------
        AccessDenied
            If the path lies outside of the user's own directory.
        """
        super().upload_file(local_path(from_path), to_path, overwrite, **options)

    #: The spelling of the service's own documentation.
    uploadFile = upload_file

    def _own(self, path: str) -> str:
        parts = [part for part in path.split("/") if part]
        if path.startswith("/") or (parts and parts[0] in ROOTS):
            return path
        own = _own_directory.find(self._service, self._token())
        for end in range(1, len(parts)):
            self._service.make_collection("/".join([own, *parts[:end]]))
        return "/".join([own, *parts])
