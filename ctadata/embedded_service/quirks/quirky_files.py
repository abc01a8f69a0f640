"""The endpoints of the download service with the defects of the real one (docs/protocol.md)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from http import HTTPStatus
from urllib.parse import quote, unquote, urlparse
from xml.etree import ElementTree

from ..rights import FOLDERS, user_directory_name
from ..wsgi import IncompleteBody, MalformedBody, Request, RequestBody, Response
from .backend import BASE, Backend, Blocks
from .html_responses import html, page, sorted_json, unsendable

_CHUNK_SIZE = 10 * 1024**2
_FIELDS = {
    "{DAV:}href": "href",
    "{DAV:}getcontentlength": "size",
    "{DAV:}getlastmodified": "mtime",
}
_HOW = "using configured shared certificate"
_READING = frozenset({"GET", "HEAD", "OPTIONS", "PROPFIND", "TRACE"})
# Headers about the transfer of a message, not its content (RFC 2616, section 13.5.1).
_HOP_BY_HOP = {"connection", "content-encoding", "content-length", "transfer-encoding"}
# The longest body with a length that an error report reads.
_MAX_REPORTED = 10_000
# Characters through which a pattern can backtrack in a fraction of a second.
_MAX_TEXT = 4096
_FORM = "application/x-www-form-urlencoded"


class QuirkyFileEndpoints:
    """The endpoints, as methods that take a request and the path, decoded once.

    `prefix` is the path of the service, `user` the owner of the token.
    """

    def __init__(self, backend: Backend, user: str, prefix: str) -> None:
        self._backend = backend
        self._user = user_directory_name(user)
        self._prefix = prefix

    def health(self, request: Request, path: str) -> Response:
        """Answer that the service is running."""
        return html(HTTPStatus.OK, "OK - DownloadService is up and running")

    def storage_status(self, request: Request, path: str) -> Response:
        """Answer whether the storage responds."""
        answer = self._propfind(request, "")
        if answer.status == HTTPStatus.MULTI_STATUS:
            return html(HTTPStatus.OK, f"OK - DCache is accessible {_HOW}")
        text = f"Unhealthy! - DCache is not accessible {_HOW}"
        return html(HTTPStatus.INTERNAL_SERVER_ERROR, text)

    def page(self, request: Request, path: str) -> Response:
        """Answer with a page for people."""
        return html(HTTPStatus.OK, "<!DOCTYPE html><title>DownloadService</title>")

    def list(self, request: Request, path: str) -> Response:
        """List the entries that the storage reports; their URLs result from a wrong replacement."""
        answer = self._propfind(request, path)
        content = answer.read()
        if answer.status != HTTPStatus.MULTI_STATUS:
            return _error(answer.status, content)
        here = f"http://{request.header('Host') or 'localhost'}"
        requested = f"{self._prefix}/list/{path}" if path else f"{self._prefix}/list"
        requested = urlparse(here + _to_iri(requested)).path
        try:
            folder = _remove_pattern(requested, path).strip("/")
        except re.error:  # the path is used as a pattern
            return page(HTTPStatus.INTERNAL_SERVER_ERROR)
        entries = []
        for element in ElementTree.fromstring(content).iter("{DAV:}response"):
            entry = {_FIELDS[e.tag]: e.text or "" for e in element.iter() if e.tag in _FIELDS}
            href = re.sub(f"^/*{BASE[1:]}/", "", entry["href"])
            kind = "directory" if href.endswith("/") else "file"
            entries.append(
                {**entry, "href": href, "type": kind, "url": "/".join([here, folder, href])}
            )
        return sorted_json(entries)

    def fetch(self, request: Request, path: str) -> Response:
        """Stream whatever the storage sends as if it were the file."""
        if ".." in path:
            return html(HTTPStatus.BAD_REQUEST, "Error: path cannot contain '..'")
        name = os.path.basename(path)
        if not _is_latin_1(name):
            return unsendable()
        chunk_size = _chunk_size(request)
        answer = self._backend.request(request.environ, "GET", path, headers={}, follow=True)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Disposition": f"attachment; filename={name}",
        }
        blocks = _regroup(answer.blocks(), chunk_size)
        return Response(HTTPStatus.OK, blocks, headers, close=answer.release)

    def upload(self, request: Request, path: str) -> Response:
        """Forward the body to the storage while it is received."""
        if ".." in path:
            return html(HTTPStatus.BAD_REQUEST, "Error: path cannot contain '..'")
        folder = self._upload_folder(request)
        if folder is None:
            return html(HTTPStatus.FORBIDDEN, "Access denied", "Missing rights to upload files")
        home = f"{folder}/users/{self._user}"
        self._backend.request(request.environ, "MKCOL", home, headers={}).release()
        target = f"{home}/{path.strip('/')}"
        lost = folder != FOLDERS[0] and _is_reported(request)
        body = _ForwardedBody(request, _chunk_size(request), lost=lost)
        answer = self._backend.request(request.environ, "PUT", target, headers={}, body=body)
        content = answer.read()
        if body.failure is not None:
            return page(body.failure)
        if answer.status not in (HTTPStatus.OK, HTTPStatus.CREATED):
            return _error(answer.status, content)
        return sorted_json({"path": target, "status": "uploaded", "total_written": body.size})

    def upload_nothing(self, request: Request, path: str) -> Response:
        """Fail, because there is no name."""
        return page(HTTPStatus.INTERNAL_SERVER_ERROR)

    def webdav(self, request: Request, path: str) -> Response:
        """Forward a request to the storage, and its response, which is held in memory."""
        if request.method not in _READING and not self._may_write(path):
            reason = (
                f"Missing rights to write in : {path}, you are not allowed to write in this folder"
            )
            if not _is_latin_1(reason):
                return unsendable()
            return html(HTTPStatus.FORBIDDEN, "Access denied", reason)
        body = _ForwardedBody(request, _CHUNK_SIZE)
        answer = self._backend.request(request.environ, request.method, path, body=body)
        content = answer.read()
        if body.failure is not None:
            return page(body.failure)
        content = content.replace(
            f":href>{BASE}/".encode(), f":href>{self._prefix}/webdav/".encode()
        )
        headers = {k: v for k, v in answer.headers.items() if k.lower() not in _HOP_BY_HOP}
        headers.setdefault("Content-Type", "text/html; charset=utf-8")
        return Response(answer.status, content, headers, answer.reason)

    def _propfind(self, request: Request, path: str) -> Response:
        return self._backend.request(request.environ, "PROPFIND", path, headers={"Depth": "1"})

    def _upload_folder(self, request: Request) -> str | None:
        """Return the first folder whose ``users`` can be listed."""
        for folder in FOLDERS:
            answer = self._propfind(request, f"{folder}/users")
            answer.release()
            if answer.status == HTTPStatus.MULTI_STATUS:
                return folder
        return None

    def _may_write(self, path: str) -> bool:
        return path.startswith(tuple(f"{folder}/users/{self._user}/" for folder in FOLDERS))


class _ForwardedBody(Blocks):
    """The body of a request, forwarded in full blocks.

    Attributes
    ----------
    size : int
        The forwarded bytes.
    failure : int or None
        The status for a body that did not end.
    """

    def __init__(self, request: Request, chunk_size: int, *, lost: bool = False) -> None:
        super().__init__(self._forward(request.body, chunk_size, lost))
        self._chunked = request.header("Transfer-Encoding") is not None
        self.size = 0
        self.failure: int | None = None

    def _forward(self, body: RequestBody, chunk_size: int, lost: bool) -> Iterator[bytes]:
        if chunk_size < 0:  # the real service waits for more until the connection times out
            self.failure = HTTPStatus.SERVICE_UNAVAILABLE
            return
        for block in _regroup(self._receive(body), chunk_size):
            if not lost:
                self.size += len(block)
                yield block

    def _receive(self, body: RequestBody) -> Iterator[bytes]:
        try:
            while block := body.read():
                yield block
        except IncompleteBody as error:
            if isinstance(error, MalformedBody):
                self.failure = HTTPStatus.BAD_REQUEST
            elif isinstance(error.__cause__, TimeoutError):
                self.failure = HTTPStatus.SERVICE_UNAVAILABLE
            elif self._chunked or error.__cause__ is not None:
                self.failure = HTTPStatus.INTERNAL_SERVER_ERROR
            if self.failure is not None:
                raise
            # Content-Length is ignored: what was received counts as the whole body.


def _regroup(blocks: Iterator[bytes], size: int) -> Iterator[bytes]:
    """Yield blocks of `size` bytes: none for 0, a single one for a negative size."""
    if size == 0:
        return
    gathered = bytearray()
    for block in blocks:
        gathered += block
        while 0 < size <= len(gathered):
            yield bytes(gathered[:size])
            del gathered[:size]
    if gathered:
        yield bytes(gathered)


def _chunk_size(request: Request) -> int:
    try:
        return int(request.argument("chunk_size") or _CHUNK_SIZE)
    except ValueError:
        return _CHUNK_SIZE


def _is_reported(request: Request) -> bool:
    """Whether an error report reads the body, so that nothing of it is left.

    There is an error report if the first of the folders fails. It reads forms, and bodies without
    a content type, if they are short or have no length.
    """
    content_type = request.header("Content-Type")
    length = int(request.header("Content-Length") or 0)
    return content_type in (None, "", _FORM) and length <= _MAX_REPORTED


def _error(status: int, content: bytes) -> Response:
    """Forward a response as an error, even 204, which has no content."""
    if status == HTTPStatus.NO_CONTENT:
        return html(status, "")
    return html(status, f"Error: {status} {content.decode(errors='replace')}")


def _is_latin_1(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True


def _remove_pattern(text: str, pattern: str) -> str:
    """Remove the matches of a pattern.

    Python's regular expressions may backtrack for years while they block the whole process. A
    pattern that could do so is not applied; the result is garbage in any case.

    Raises
    ------
    re.error
        If the pattern is not valid.
    """
    compiled = re.compile(pattern)
    choices = sum(pattern.count(character) for character in "*+?{|")
    quick = choices == 0 or (choices == 1 and len(text) <= _MAX_TEXT)
    return compiled.sub("", text) if quick else text


def _to_iri(path: str) -> str:
    """Return a path in Flask's form of an IRI, in which few characters are quoted."""
    quoted = quote(path, safe="!$&'()*+,/:;=@%")
    kept = re.split("((?:%(?:[01][0-9A-F]|20|23|25|2F|3F|7F))+)", quoted, flags=re.IGNORECASE)
    return "".join(part if i % 2 else unquote(part) for i, part in enumerate(kept))
