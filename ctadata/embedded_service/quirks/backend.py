"""The storage behind the front: a WebDAV server that is asked by address."""

from __future__ import annotations

import html
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import NoReturn

from urllib3.util import parse_url

from ..dav_storage import DAV
from ..served_directory import Missing, ServedDirectory
from ..url_paths import decode_path, encode_path
from ..wsgi import Environ, Refusal, Response
from .html_pages import html as html_response

BASE = "/pnfs/cta.cscs.ch"
"""The storage's path of the served directory."""

_ORIGIN = "https://storage.invalid:2880"
# The environment of the front's request that is not the storage's.
_NOT_PASSED = ("CONTENT_LENGTH", "HTTP_AUTHORIZATION", "HTTP_HOST", "HTTP_TRANSFER_ENCODING")


class Blocks:
    """A request's body that the front sends on, block by block."""

    def __init__(self, blocks: Iterable[bytes] = ()) -> None:
        self._blocks = iter(blocks)

    def read(self, size: int = -1) -> bytes:
        """Return the next block, of any size; an empty one at the end."""
        return next(self._blocks, b"")

    def read_all(self, limit: int) -> bytes:
        """Return all of it.

        Raises
        ------
        Refusal
            413 where it is longer than `limit` bytes.
        """
        received = b""
        for block in self._blocks:
            received += block
            if len(received) > limit:
                raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the request is too large")
        return received


@dataclass
class Answer:
    """What the storage answers; `content` is to be read or closed."""

    status: int
    reason: str
    headers: dict[str, str]
    content: Content

    def read(self) -> bytes:
        """Return the whole content."""
        with self.content:
            return b"".join(self.content)


class Content:
    """The content of an answer, a context manager."""

    def __init__(self, response: Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        body = self._response.body
        return iter([body] if isinstance(body, bytes) else body)

    def __enter__(self) -> Content:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Free what it holds."""
        if self._response.close is not None:
            self._response.close()


class Storage:
    """The storage.

    Parameters
    ----------
    tree : Tree
        What is served.
    """

    def __init__(self, tree: ServedDirectory) -> None:
        self._tree = tree
        self._dav = DAV(tree, BASE)

    def ask(
        self,
        environ: Environ,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: Blocks | None = None,
        follow: bool = False,
    ) -> Answer:
        """Send a request to the storage.

        Parameters
        ----------
        environ : dict
            The front's request (PEP 3333).
        method : str
            The method.
        path : str
            What is pasted into the address behind the base, unquoted. So it ends at `#` or `?`,
            and is decoded here (again).
        headers : mapping, optional
            The headers; by default those of the front's request.
        body : Blocks, optional
            The body.
        follow : bool
            Whether redirects are followed.
        """
        environ = {k: v for k, v in environ.items() if k not in _NOT_PASSED}
        if headers is not None:
            environ = {k: v for k, v in environ.items() if not k.startswith("HTTP_")}
            environ |= {f"HTTP_{k.upper().replace('-', '_')}": v for k, v in headers.items()}
        environ |= {"REQUEST_METHOD": method, "QUERY_STRING": ""}
        try:
            response = self._response(environ, path, body or Blocks(), follow)
        except Refusal as refusal:
            response = refusal.response
        reason = response.reason or HTTPStatus(response.status).phrase
        return Answer(response.status, reason, response.headers, Content(response))

    def _response(self, environ: Environ, path: str, body: Blocks, follow: bool) -> Response:
        if ".." in path.split("/"):
            _refuse()
        address = f"{_ORIGIN}{BASE}/{path.strip('/')}".rstrip("/")
        # As every HTTP client does it: parts that are no address are quoted, dots are resolved.
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
        """Return a directory as a page, as storages do it for browsers."""
        if moved:
            location = "/".join(["", encode_path(names)]).rstrip("/") + "/"
            return html_response(HTTPStatus.MOVED_PERMANENTLY, "", Location=location)
        lines = [f"<li>{html.escape(name)}" for name, _ in self._tree.scan(names)]
        title = html.escape(f"Index of /{'/'.join(names)}")
        text = "\n".join(["<!DOCTYPE html>", f"<title>{title}</title>", "<ul>", *lines, "</ul>\n"])
        return html_response(HTTPStatus.OK, text)


def _refuse() -> NoReturn:
    raise Refusal(HTTPStatus.BAD_REQUEST, "this path leads out of the storage")
