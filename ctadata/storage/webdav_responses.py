"""Reads WebDAV responses within limits, and checks their XML before a library parses it."""

from __future__ import annotations

from typing import NoReturn
from xml.parsers import expat

import httpx

from ..config import DOWNLOADSERVICE_VARIABLE
from ..errors import ServiceUnreachable, StorageException

__all__ = ["check_encoding", "read_beginning", "read_whole"]

# Bytes of a listing (207), and of every other response.
MAX_LISTING = 64 << 20
MAX_RESPONSE = 1 << 20
# The number of elements and attributes, about fifteen for each entry; and the depth of elements.
MAX_NODES = 1_500_000
MAX_DEPTH = 100

_REMEDY = "use ctadata.list_dir for large directories"


def check_encoding(response: httpx.Response, path: str) -> None:
    """Refuse a compressed response, which might expand to any length.

    Raises
    ------
    ServiceUnreachable
        If the response is compressed, though that was not requested.
    """
    encoding = response.headers.get("Content-Encoding", "")
    if encoding.strip().lower() not in {"", "identity"}:
        response.close()
        raise ServiceUnreachable(
            f"The response for {path or '/'!r} is compressed, which was not requested; is "
            f"{DOWNLOADSERVICE_VARIABLE} the address of a download service?",
            path=path,
        )


def read_whole(response: httpx.Response, path: str) -> httpx.Response:
    """Return a streamed response with its body.

    Raises
    ------
    StorageException
        If the body is too long, or if it should be a listing but is not well-formed, has a DTD, or
        too many or too deep elements.
    """
    listing = response.status_code == httpx.codes.MULTI_STATUS
    most = MAX_LISTING if listing else MAX_RESPONSE
    check = _Check(path) if listing else None
    content = bytearray()
    try:
        for piece in response.iter_raw():
            content += piece
            if len(content) > most:
                raise StorageException(
                    f"The response for {path or '/'!r} is longer than {most >> 20} MiB; {_REMEDY}",
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


def read_beginning(response: httpx.Response, length: int) -> bytes:
    """Return the beginning of a response's body, and close the response."""
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
    """Checks XML while it arrives: entities may expand, and nested elements take much memory."""

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
            f"The listing of {self._path or '/'!r} is damaged, or too long; {_REMEDY}",
            path=self._path,
        )
