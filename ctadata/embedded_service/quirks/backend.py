"""The storage behind the front: a WebDAV server that is addressed by URL."""

from __future__ import annotations

import html
import re
import stat
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import NoReturn

from urllib3.util import parse_url

from ..dav_storage import DAVStorage
from ..served_directory import Missing, ServedDirectory
from ..url_paths import decode_path, encode_path
from ..wsgi import Body, Environ, HTTPError, Response
from .html_responses import html as html_response

BASE = "/pnfs/cta.cscs.ch"
"""The storage's path of the served directory."""

_ORIGIN = "https://storage.invalid:2880"
# Parts of the front's request that are not forwarded.
_NOT_FORWARDED = ("CONTENT_LENGTH", "HTTP_AUTHORIZATION", "HTTP_HOST", "HTTP_TRANSFER_ENCODING")


class Blocks(Body):
    """The body of a request that the front forwards block by block."""

    def __init__(self, blocks: Iterable[bytes] = ()) -> None:
        self._blocks = iter(blocks)

    def read(self, size: int = -1) -> bytes:
        """Return the next block, of any size; an empty one at the end."""
        return next(self._blocks, b"")


class Backend:
    """The storage."""

    def __init__(self, tree: ServedDirectory) -> None:
        self._tree = tree
        self._dav = DAVStorage(tree, BASE)

    def request(
        self,
        environ: Environ,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Blocks | None = None,
        follow: bool = False,
    ) -> Response:
        """Send a request to the storage; the response must be read or released.

        Parameters
        ----------
        environ : dict
            The front's request (PEP 3333).
        method, headers, body
            Those of the request; the headers are by default those of the front's request.
        path : str
            Appended to the base URL without quoting. It therefore ends at ``#`` or ``?``, and is
            decoded here (again).
        follow : bool
            Whether to follow redirects.
        """
        environ = {k: v for k, v in environ.items() if k not in _NOT_FORWARDED}
        if headers is not None:
            environ = {k: v for k, v in environ.items() if not k.startswith("HTTP_")}
            environ |= {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in headers.items()}
        environ |= {"REQUEST_METHOD": method, "QUERY_STRING": ""}
        try:
            return self._response(environ, path, body or Blocks(), follow)
        except HTTPError as refusal:
            return refusal.response

    def _response(self, environ: Environ, path: str, body: Blocks, follow: bool) -> Response:
        if ".." in path.split("/"):
            _refuse()
        address = f"{_ORIGIN}{BASE}/{path.strip('/')}".rstrip("/")
        # Like any HTTP client: invalid characters are quoted, dot segments are resolved.
        received = parse_url(address).path or ""
        if not f"{received}/".startswith(f"{BASE}/"):
            _refuse()
        received = re.sub("/{2,}", "/", received.removeprefix(BASE))
        names = decode_path(received)
        if environ["REQUEST_METHOD"] in ("GET", "HEAD") and self._is_directory(names):
            if environ["REQUEST_METHOD"] == "HEAD":
                return html_response(HTTPStatus.OK, "")
            return self._index(names, moved=not (follow or received.endswith("/")))
        return self._dav.answer(environ, names, body)

    def _is_directory(self, names: list[str]) -> bool:
        try:
            return stat.S_ISDIR(self._tree.stat(names).st_mode)
        except Missing:
            return False

    def _index(self, names: list[str], *, moved: bool) -> Response:
        """Return a directory as a page, as storages do for browsers."""
        if moved:
            location = "/".join(["", encode_path(names)]).rstrip("/") + "/"
            return html_response(HTTPStatus.MOVED_PERMANENTLY, "", Location=location)
        lines = [f"<li>{html.escape(name)}" for name, _ in self._tree.scan(names)]
        title = html.escape(f"Index of /{'/'.join(names)}")
        text = "\n".join(["<!DOCTYPE html>", f"<title>{title}</title>", "<ul>", *lines, "</ul>\n"])
        return html_response(HTTPStatus.OK, text)


def _refuse() -> NoReturn:
    raise HTTPError(HTTPStatus.BAD_REQUEST, "this path leads out of the storage")
