"""What the download service's responses to requests for bytes mean (docs/protocol.md)."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from ..errors import AlreadyExists, IntegrityError, NotFound, StorageException
from .json_items import json_answer

if TYPE_CHECKING:
    from typing_extensions import Self
    from urllib3 import BaseHTTPResponse

    from ..http.body import Block

__all__ = [
    "SAFE_NAMES",
    "Content",
    "RangesUnusable",
    "TooLarge",
    "exactly",
    "is_range",
    "upload_answer",
]

#: The remedy for a name that the service decodes wrongly.
SAFE_NAMES = "only letters, digits, '-', '_' and '.' in names"

# Such as lst/users/alice.
HOME_DIRECTORY = re.compile(r"\w[\w.-]*/users/\w[\w.-]*")


class TooLarge(StorageException):
    """A body of this length is refused."""


class RangesUnusable(IntegrityError):
    """The storage does not send exactly the requested part of a file."""

    @classmethod
    def at(cls, path: str, detail: str = "") -> Self:
        """Return the error for a file."""
        return cls(f"The storage does not send parts of {path!r}{detail}", path=path)


class Content(NamedTuple):
    """A file, or a part of it, that is being received.

    Attributes
    ----------
    headers : mapping
        The headers of the response.
    blocks : generator of lists of bytes or memoryview
        The body, up to 1 MiB at a time; has to be read to the end, or closed. A memoryview is only
        valid until the next blocks are asked for.
    """

    headers: Mapping[str, str]
    blocks: Generator[list[Block]]


def is_range(headers: Mapping[str, str], start: int, stop: int) -> bool:
    """Return whether a response (206) has the bytes ``[start, stop)`` and no others."""
    length = str(stop - start)
    return headers.get("Content-Length", length) == length and headers.get(
        "Content-Range", ""
    ).startswith(f"bytes {start}-{stop - 1}/")


def exactly(content: Generator[list[Block]], path: str, length: int) -> Generator[list[Block]]:
    """Yield the blocks of a body that must have a certain length.

    Raises
    ------
    RangesUnusable
        If it has another length.
    """
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
        raise RangesUnusable.at(path, f": {received} bytes were received instead of {length}")


def upload_answer(
    response: BaseHTTPResponse, path: str, segments: list[str]
) -> dict[str, Any] | None:
    """Return the service's answer to an upload, or None; see `DownloadService.upload`."""
    if response.status == 413:
        raise TooLarge(f"A proxy on the way refuses files as large as {path!r}", path=path)
    if response.status == 409:
        raise NotFound(f"The directory that should hold {path!r} does not exist", path=path)
    if response.status == 405:
        raise AlreadyExists.directory(path)
    if response.status == 204 or not response.data:
        return None
    answer = json_answer(response.data, response.headers.get("Content-Type", ""), path)
    if not isinstance(answer, dict) or not isinstance(answer.get("path"), str):
        raise StorageException(f"The service gives no usable answer to the upload of {path!r}")
    return {**answer, "path": _stored_path(answer["path"], segments)}


def _stored_path(answered: str, segments: list[str]) -> str:
    """Return the path at which the service says that it has stored an upload.

    It repeats the name as it has decoded it, which may be once less than it was quoted.

    Raises
    ------
    StorageException
        If it names another file.
    """
    name = "/" + "/".join(segments)
    for stored in (unquote(answered), answered):
        if stored.endswith(name) and HOME_DIRECTORY.fullmatch(stored.removesuffix(name)):
            return stored
    raise StorageException(
        f"The service has stored {name[1:]!r} under another name, {answered!r}: look there, and "
        f"use {SAFE_NAMES}",
        path=answered,
    )
