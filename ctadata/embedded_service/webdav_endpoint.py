"""The endpoint /webdav: the served directory by WebDAV, with the download service's restrictions.

It has only GET, HEAD, OPTIONS, PROPFIND, PROPPATCH, MKCOL, PUT and TRACE, and writes only in the
home directory (docs/protocol.md, "WebDAV").
"""

from __future__ import annotations

import re
from http import HTTPStatus

from .dav_storage import DAVStorage
from .rights import Rights
from .served_directory import Missing, ServedDirectory
from .url_paths import decode_path, encode_path
from .wsgi import Environ, HTTPError, Request, Response

METHODS = frozenset({"GET", "HEAD", "MKCOL", "OPTIONS", "PROPFIND", "PROPPATCH", "PUT", "TRACE"})

_WRITING = frozenset({"MKCOL", "PROPPATCH", "PUT"})
_RANGE = re.compile(r"bytes=([0-9]+-[0-9]*|-0*[1-9][0-9]*)")
_SECRET_HEADERS = ("HTTP_AUTHORIZATION", "HTTP_COOKIE")


class WebDAVEndpoint:
    """The endpoint; its path, `prefix`, begins every href."""

    def __init__(self, tree: ServedDirectory, rights: Rights, prefix: str) -> None:
        self._rights = rights
        self._storage = DAVStorage(tree, prefix)

    def answer(self, request: Request, raw: str) -> Response:
        """Answer a request."""
        names = decode_path(raw)
        if request.method == "OPTIONS":
            allow = {"Allow": ", ".join(sorted(METHODS)), "DAV": "1"}
            return Response(HTTPStatus.OK, headers=allow)
        if request.method == "TRACE":
            return _trace(request)
        if request.method in _WRITING:
            self._check_rights(names, trailing_slash=raw.endswith("/"))
        if request.method == "MKCOL":
            home = self._rights.home_directory()
            try:
                self._rights.make_directory(home[:2] if names == home else home)
            except Missing:
                raise HTTPError(HTTPStatus.CONFLICT, "the parent is missing") from None
            except PermissionError:
                raise HTTPError(HTTPStatus.FORBIDDEN, "Access denied") from None
        return self._storage.answer(_adapted(request.environ), names, request.body)

    def _check_rights(self, names: list[str], *, trailing_slash: bool) -> None:
        if self._rights.may_write(names, trailing_slash=trailing_slash):
            return
        path = encode_path(names)  # reason phrases are ASCII
        reason = f"Missing rights to write in : {path}, you are not allowed to write in this folder"
        raise HTTPError(HTTPStatus.FORBIDDEN, "Access denied", reason=reason)


def _adapted(environ: Environ) -> Environ:
    """Change requests that WsgiDAV would misunderstand, or answer without limits."""
    environ = environ.copy()
    if environ["REQUEST_METHOD"] == "PROPFIND":
        depth = environ.get("HTTP_DEPTH", "infinity").lower()
        # Limited as in sabre/dav: clients that send no Depth can deal with one level.
        environ["HTTP_DEPTH"] = "1" if depth == "infinity" else depth
    # RFC 9110, section 14.2: anything but a single valid range is ignored.
    wanted = environ.get("HTTP_RANGE", "")
    start, _, end = wanted.removeprefix("bytes=").partition("-")
    if not _RANGE.fullmatch(wanted) or (start and end and int(end) < int(start)):
        environ.pop("HTTP_RANGE", None)
    return environ


def _trace(request: Request) -> Response:
    """Echo the request head without its secrets (RFC 9110, section 9.3.8)."""
    lines = [f"TRACE {request.raw_path} HTTP/1.1"]
    for key, value in request.environ.items():
        if key.startswith("HTTP_") and key not in _SECRET_HEADERS:
            lines.append(f"{key[5:].replace('_', '-').title()}: {value}")
    body = "\r\n".join([*lines, "", ""]).encode("latin-1")
    return Response(HTTPStatus.OK, body, {"Content-Type": "message/http"})
