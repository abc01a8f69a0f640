"""The words of tus 1.0.0, the protocol of resumable uploads (https://tus.io/protocols/resumable-upload)."""

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
# Characters of Upload-Metadata: a path of the usual longest kind (PATH_MAX) in Base64, and more.
MAX_METADATA = 16 << 10
# As many digits as numbers have that a browser knows exactly.
NUMBER = re.compile(r"[0-9]{1,16}")
KEY = re.compile(r"[!-+\--~]+")


def check_version(headers: HTTPHeaders) -> None:
    """Refuse a request that speaks another version."""
    if headers.get("Tus-Resumable") != VERSION:
        raise UnsupportedVersion(
            f"This server speaks tus {VERSION}; send 'Tus-Resumable: {VERSION}'"
        )


def check_content_type(headers: HTTPHeaders) -> None:
    """Refuse a body that is no piece of a file."""
    if headers.get("Content-Type", "") != CONTENT_TYPE:
        raise UnsupportedMediaType(f"A piece of a file has the content type {CONTENT_TYPE!r}")


def natural_number(headers: HTTPHeaders, name: str) -> int:
    """Return a header that has to be a number of bytes."""
    value = headers.get(name, "")
    if NUMBER.fullmatch(value) is None:
        raise BadRequest(f"{name} is not a number of bytes")
    return int(value)


def body_length(headers: HTTPHeaders) -> int | None:
    """Return the bytes that the body has; None where only its end will tell."""
    if "Transfer-Encoding" in headers:
        return None
    return natural_number(headers, "Content-Length") if "Content-Length" in headers else 0


def upload_info(headers: HTTPHeaders, owner: str) -> UploadInfo:
    """Read what a request to create an upload says of the file.

    Parameters
    ----------
    headers : HTTPHeaders
        ``Upload-Length`` and ``Upload-Metadata``, with the keys ``filename`` (its path below
        the destination), ``destination``, ``item`` and ``fingerprint``.
    owner : str
        Whose it is to be.

    Raises
    ------
    BadRequest
        If something is missing or malformed.
    InvalidPath
        If the file may not have this path.
    """
    if "Upload-Defer-Length" in headers:
        raise BadRequest("Upload-Defer-Length is not supported; say how long the file is")
    size = natural_number(headers, "Upload-Length")
    metadata = headers.get("Upload-Metadata", "")
    values = _values(metadata)
    path = _path(values, "filename")
    if not path:
        raise BadRequest("Upload-Metadata has no 'filename', the path that the file is to have")
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
    """Write seconds since the epoch as HTTP does (RFC 9110, 5.6.7), whole ones."""
    return formatdate(int(moment), usegmt=True)


def _values(metadata: str) -> dict[str, bytes]:
    values: dict[str, bytes] = {}
    if len(metadata) > MAX_METADATA:
        raise BadRequest(f"Upload-Metadata is longer than {MAX_METADATA} characters")
    for pair in metadata.split(",") if metadata else ():
        key, _, encoded = pair.strip().partition(" ")
        if KEY.fullmatch(key) is None or key in values:
            raise BadRequest("Upload-Metadata has an empty, odd or repeated key")
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
