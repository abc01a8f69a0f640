"""Convert the raw path of a URL into names, and names into a URL.

A path is percent-decoded exactly once (RFC 3986, section 2.4), as WebDAV clients expect. The header
`DECODING` tells this to our client (docs/protocol.md, "Quoting").
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import quote, unquote_to_bytes

from .wsgi import HTTPError

DECODING = {"CTAData-Path-Decoding": "once"}
"""A header of every response: clients that see it quote paths once."""

UPLOAD_PREFIX = ".ctadata-upload-"
"""The beginning of the names of unfinished uploads, which are hidden and reserved."""


def is_usable_name(name: str) -> bool:
    """Whether a name is allowed in a path.

    Not allowed are ``.``, ``..``, slashes, backslashes, control characters, names that are not
    UTF-8, and those of unfinished uploads. Listings omit them: clients could not send them, and
    XML could not contain them.
    """
    if name in ("", ".", "..") or name.startswith(UPLOAD_PREFIX) or "/" in name or "\\" in name:
        return False
    return name.isprintable() or not any(_is_unusable(character) for character in name)


def _is_unusable(character: str) -> bool:
    code = ord(character)
    return code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code in (0xFFFE, 0xFFFF)


def decode_path(raw: str) -> list[str]:
    """Split a raw path into names; each segment is percent-decoded once.

    Parameters
    ----------
    raw : str
        The path below the endpoint as received, with or without slashes at its ends.

    Returns
    -------
    list of str
        The names; empty for the root.

    Raises
    ------
    HTTPError
        400 if a segment decodes to a name that is not allowed (`is_usable_name`).
    """
    path = raw.strip("/")
    names = []
    for segment in path.split("/") if path else []:
        try:
            name = unquote_to_bytes(segment.encode("latin-1")).decode()
        except UnicodeDecodeError:
            raise _refused() from None
        if not is_usable_name(name):
            raise _refused()
        names.append(name)
    return names


def _refused() -> HTTPError:
    return HTTPError(HTTPStatus.BAD_REQUEST, "Error: 400 this path is not allowed")


def encode_path(names: Iterable[str]) -> str:
    """Join names, each percent-encoded once."""
    return "/".join(quote(name, safe="") for name in names)
