"""Remote paths: from the raw URL to names, and from names to URLs.

A path is percent-decoded exactly once (RFC 3986, section 2.4), as WebDAV clients expect. The header
`DECODING` tells our client so (docs/protocol.md, "Quoting").
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import quote, unquote_to_bytes

from .wsgi import Refusal

DECODING = {"CTAData-Path-Decoding": "once"}
"""The header of every answer: a client that sees it quotes paths once."""

UPLOAD_PREFIX = ".ctadata-upload-"
"""How the names of unfinished uploads begin; nobody sees them or may use them."""


def is_usable_name(name: str) -> bool:
    """Tell whether a name can be asked for.

    Not so are `.`, `..`, slashes, backslashes, control characters, names that are not UTF-8, and
    those of unfinished uploads. A listing leaves them out: no client could send them, and XML
    could not hold them.
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
        The path below the endpoint as it was sent, with or without slashes at its ends.

    Returns
    -------
    list of str
        The names; empty for the root.

    Raises
    ------
    Refusal
        400 for a segment that decodes to a name that cannot be asked for (`is_usable_name`).
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


def _refused() -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, "Error: 400 this path is not allowed")


def encode_path(names: Iterable[str]) -> str:
    """Join names, each percent-encoded once."""
    return "/".join(quote(name, safe="") for name in names)
