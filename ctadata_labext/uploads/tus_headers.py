"""The headers of tus 1.0.0, the protocol of resumable uploads.

https://tus.io/protocols/resumable-upload; the handlers are in `ctadata_labext.handlers.uploads`.
"""

from __future__ import annotations

import base64
import re
from email.utils import formatdate

from tornado.httputil import HTTPHeaders

from ctadata.storage.paths import check_name_lengths, check_remote_path

from ..errors import BadRequest, UnsupportedMediaType, UnsupportedVersion
from .spool_files import UploadInfo

__all__ = [
    "EXTENSIONS",
    "VERSION",
    "body_length",
    "check_content_type",
    "check_version",
    "http_date",
    "natural_number",
    "upload_info",
]

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,termination,expiration"
CONTENT_TYPE = "application/offset+octet-stream"
# Maximum length of Upload-Metadata: enough for two paths of PATH_MAX bytes in Base64.
MAX_METADATA = 16 << 10
# As many digits as the largest integers that a browser represents exactly.
NUMBER = re.compile(r"[0-9]{1,16}")
KEY = re.compile(r"[!-+\--~]+")


def check_version(headers: HTTPHeaders) -> None:
    """Raise `UnsupportedVersion` if a request uses another version of tus."""
    if headers.get("Tus-Resumable") != VERSION:
        raise UnsupportedVersion(
            f"This server supports tus {VERSION}; send 'Tus-Resumable: {VERSION}'"
        )


def check_content_type(headers: HTTPHeaders) -> None:
    """Raise `UnsupportedMediaType` if a body is not a piece of a file."""
    if headers.get("Content-Type", "") != CONTENT_TYPE:
        raise UnsupportedMediaType(f"The content type of a piece must be {CONTENT_TYPE!r}")


def natural_number(headers: HTTPHeaders, name: str) -> int:
    """Parse a header that is a number of bytes."""
    value = headers.get(name, "")
    if NUMBER.fullmatch(value) is None:
        raise BadRequest(f"{name} is not a number of bytes")
    return int(value)


def body_length(headers: HTTPHeaders) -> int | None:
    """Return the size of the body in bytes; None if it is not known in advance."""
    if "Transfer-Encoding" in headers:
        return None
    return natural_number(headers, "Content-Length") if "Content-Length" in headers else 0


def upload_info(headers: HTTPHeaders, owner: str) -> UploadInfo:
    """Parse the headers that describe the file of a new upload.

    Parameters
    ----------
    headers : HTTPHeaders
        ``Upload-Length`` and ``Upload-Metadata``, with the keys ``filename`` (its path below
        the destination), ``destination``, ``item`` and ``fingerprint``.
    owner : str
        The user who uploads it.

    Raises
    ------
    BadRequest
        If a header is missing or malformed.
    InvalidPath
        If the path is not allowed.
    """
    if "Upload-Defer-Length" in headers:
        raise BadRequest("Upload-Defer-Length is not supported; send Upload-Length")
    size = natural_number(headers, "Upload-Length")
    metadata = headers.get("Upload-Metadata", "")
    values = _values(metadata)
    path = _path(values, "filename")
    if not path:
        raise BadRequest("Upload-Metadata has no 'filename', the path of the file")
    return UploadInfo(
        path="/".join(path),
        destination="/".join(_path(values, "destination")),
        item="/".join(_path(values, "item") or path[:1]),
        fingerprint=_text(values, "fingerprint"),
        size=size,
        metadata=metadata,
        owner=owner,
    )


def http_date(moment: float) -> str:
    """Format seconds since the epoch as an HTTP date (RFC 9110, 5.6.7)."""
    return formatdate(int(moment), usegmt=True)


def _values(metadata: str) -> dict[str, bytes]:
    values: dict[str, bytes] = {}
    if len(metadata) > MAX_METADATA:
        raise BadRequest(f"Upload-Metadata is longer than {MAX_METADATA} characters")
    for pair in metadata.split(",") if metadata else ():
        key, _, encoded = pair.strip().partition(" ")
        if KEY.fullmatch(key) is None or key in values:
            raise BadRequest("Upload-Metadata has an empty, invalid or duplicate key")
        try:
            values[key] = base64.b64decode(encoded, validate=True)
        except ValueError:
            raise BadRequest(f"{key!r} in Upload-Metadata is not Base64") from None
    return values


def _text(values: dict[str, bytes], key: str) -> str:
    try:
        return values.get(key, b"").decode()
    except UnicodeDecodeError:
        raise BadRequest(f"{key!r} in Upload-Metadata is not UTF-8") from None


def _path(values: dict[str, bytes], key: str) -> list[str]:
    path = _text(values, key)
    segments = check_remote_path(path)
    check_name_lengths(segments, path)
    return segments
