"""Remote paths: from the raw URL to names, and from names to URLs.

The service decodes a path once and its storage decodes it again (docs/protocol.md, "Quoting"), so
that clients quote twice; browsers and older clients quote once. Both are understood.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from urllib.parse import quote, unquote, unquote_to_bytes

from .wire import Refusal

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


def decode_path(raw: str, *, dots_inside: bool = True) -> list[str]:
    """Split a raw path into names.

    Each segment is decoded once; one that is then still exactly in quoted form, with a percent
    sign in it, was quoted twice and is decoded again. Any other is meant literally, so that
    `#`, `?` and `%` arrive also when they were quoted once.

    Parameters
    ----------
    raw : str
        The path below the endpoint as it was sent, with or without slashes at its ends.
    dots_inside : bool
        Whether a once decoded path may have two dots in a row, as in ``a..b``.

    Returns
    -------
    list of str
        The names; empty for the root.

    Raises
    ------
    Refusal
        400 for a path that climbs, or has slashes, backslashes, NUL or control characters hidden
        in a segment.
    """
    names = []
    for segment in raw.strip("/").split("/") if raw.strip("/") else []:
        try:
            once = unquote_to_bytes(segment.encode("latin-1")).decode()
        except UnicodeDecodeError:
            raise _refused() from None
        if ".." in once and not dots_inside:
            raise _refused()
        twice = unquote(once)
        for decoded in (once, twice):
            if not is_usable_name(decoded):
                raise _refused()
        # '%2E' is never made by quoting, but is how two dots inside a name get past the service.
        doubled = "%" in once and quote(twice, safe="") == once.replace("%2E", ".")
        names.append(twice if doubled else once)
    return names


def _refused() -> Refusal:
    return Refusal(HTTPStatus.BAD_REQUEST, "Error: 400 this path is not allowed")


def encode_path(names: Iterable[str]) -> str:
    """Join names, each percent-encoded once."""
    return "/".join(quote(name, safe="") for name in names)
