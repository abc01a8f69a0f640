"""Answers of WebDAV: read within limits, and looked at before an XML library holds them."""

from __future__ import annotations

from typing import NoReturn
from xml.parsers import expat

import httpx

from ..errors import ServiceUnreachable, StorageException

__all__ = ["beginning", "check_encoding", "whole"]

# Bytes of a listing (207), and of all other answers.
MAX_LISTING = 64 << 20
MAX_ANSWER = 1 << 20
# Elements and attributes, of which a listing has about fifteen for an entry; and how deep they lie.
MAX_NODES = 1_500_000
MAX_DEPTH = 100


def check_encoding(response: httpx.Response, path: str) -> None:
    """Refuse what is compressed although that was not asked for: it might have any length.

    Raises
    ------
    ServiceUnreachable
        If it is.
    """
    encoding = response.headers.get("Content-Encoding", "")
    if encoding.strip().lower() not in {"", "identity"}:
        response.close()
        raise ServiceUnreachable(
            f"The service's answer for {path or '/'!r} is compressed, which was not asked for; is "
            "CTADS_URL the address of a download service?",
            path=path,
        )


def whole(response: httpx.Response, path: str) -> httpx.Response:
    """Return an answer with its body, which was not read yet.

    Raises
    ------
    StorageException
        If it is too long, or no XML that should be, or XML of a kind that no listing is.
    """
    listing = response.status_code == httpx.codes.MULTI_STATUS
    most = MAX_LISTING if listing else MAX_ANSWER
    check = _Check(path) if listing else None
    content = bytearray()
    try:
        for piece in response.iter_raw():
            content += piece
            if len(content) > most:
                raise StorageException(
                    f"The service's answer for {path or '/'!r} is longer than {most >> 20} MiB; "
                    "use ctadata.list_dir for large directories",
                    path=path,
                )
            if check is not None:
                check.feed(piece)
        if check is not None:
            check.end()
    finally:
        response.close()
    return httpx.Response(
        response.status_code,
        headers=response.headers,
        content=bytes(content),
        request=response.request,
        extensions=response.extensions,
    )


def beginning(response: httpx.Response, length: int) -> bytes:
    """Return the beginning of an answer's body, and close it."""
    content = bytearray()
    try:
        for piece in response.iter_raw():
            content += piece
            if len(content) >= length:
                break
    finally:
        response.close()
    return bytes(content[:length])


class _Check:
    """Looks at XML while it comes: entities may grow, and nested elements take much memory."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._depth = self._nodes = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse

    def feed(self, piece: bytes) -> None:
        try:
            self._parser.Parse(piece, False)
        except expat.ExpatError as error:
            raise self._damaged() from error

    def end(self) -> None:
        try:
            self._parser.Parse(b"", True)
        except expat.ExpatError as error:
            raise self._damaged() from error

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._nodes += 1 + len(attributes)
        if self._depth > MAX_DEPTH or self._nodes > MAX_NODES:
            self._refuse()

    def _end(self, name: str) -> None:
        self._depth -= 1

    def _refuse(self, *declaration: object) -> NoReturn:
        raise self._damaged()

    def _damaged(self) -> StorageException:
        return StorageException(
            f"The listing of {self._path or '/'!r} is damaged, or too long; use ctadata.list_dir "
            "for large directories",
            path=self._path,
        )
