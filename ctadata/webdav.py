"""A webdav4 client for the service: its root, its token, its quoting, its refusals.

The services speak WebDAV (RFC 4918) below ``webdav`` with the habits that docs/protocol.md
describes; webdav4 does the rest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from typing import IO, Any, BinaryIO
from urllib.parse import quote

import httpx
from webdav4.client import Client as WebDAVClient
from webdav4.http import Client as WebDAVHttp

from . import _own_directory
from ._connections import proxy_for, ssl_context
from ._http import NEW_TOKEN
from ._protocol import DownloadService, quoting_times
from .errors import AccessDenied, AuthenticationError, NoToken, ServiceUnreachable

__all__ = ["Client"]

# Paths that begin with one of these are paths from the storage's root.
ROOTS = ("lst", "cta")


class _Token(httpx.Auth):
    def __init__(self, token: Callable[[], str | None]) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        token = self._token()
        if token is None:
            raise NoToken(f"There is no hub token: {NEW_TOKEN}")
        request.headers["Authorization"] = f"Bearer {token}"
        yield request


class _Http(WebDAVHttp):  # type: ignore[misc]  # webdav4 is not typed
    """Never follows a redirect with the token, and quotes as the service wants it."""

    def __init__(self, service: str, **options: Any) -> None:
        super().__init__(**options)
        self._service = service

    def __del__(self) -> None:
        # webdav4's client has no close() of its own.
        self.close()

    def request(self, method: str, url: Any, **options: Any) -> httpx.Response:
        if quoting_times(self._service) == 2:
            url = httpx.URL(url)
            url = url.copy_with(raw_path=url.raw_path.replace(b"%", b"%25"))
        headers = dict(options.pop("headers", None) or {})
        if options.get("content") is None:
            # Only with this type does the service answer 401 rather than with a login page.
            headers.setdefault("Content-Type", "application/json")
        else:
            headers.setdefault("Content-Type", "application/octet-stream")
        options["follow_redirects"] = False
        try:
            response: httpx.Response = super().request(method, url, headers=headers, **options)
        except httpx.TransportError as error:
            raise ServiceUnreachable(f"{self._service} cannot be reached: {error}") from error
        self._refuse(response)
        return response

    def _refuse(self, response: httpx.Response) -> None:
        if response.status_code == 401 or response.is_redirect:
            raise AuthenticationError(f"{self._service} refuses the hub token: {NEW_TOKEN}")
        if response.status_code == 403:
            raise AccessDenied(f"The service refuses: {response.reason_phrase or response.text}")


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
            service.url,
            base_url=url,
            auth=_Token(token),
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
        super().upload_file(from_path, to_path, overwrite, **options)

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
