"""Checks the addresses of services and proxies before anything is sent.

Addresses may contain passwords and tokens, so no error repeats a part of one.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

__all__ = ["host_of", "path_of", "problem_of"]

# Without "\\", which servers and clients interpret differently.
_VISIBLE_ASCII = re.compile(r"[!-\[\]-~]+")
# A name as in RFC 1123, also with "_" as in container networks; or an IPv6 address.
_HOST = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62}))(?:\.[A-Za-z0-9_-]{1,63})*\.?")
_IPV6 = re.compile(r"[0-9A-Fa-f:]+[0-9.]*(?:%[A-Za-z0-9._~%-]+)?")


def problem_of(url: str, schemes: tuple[str, ...] = ("http", "https")) -> str | None:
    """Return what is wrong with an address, without repeating any of it; None if it is valid.

    Parameters
    ----------
    url : str
        An address with its scheme.
    schemes : tuple of str, optional
        The schemes that are allowed.
    """
    if _VISIBLE_ASCII.fullmatch(url) is None:
        return "it contains a space or another character that no address has"
    parts = _split(url)
    if parts is None:
        return "its host is malformed"
    if parts.scheme not in schemes:
        return f"it does not begin with {' or '.join(f'{scheme}://' for scheme in schemes)}"
    try:
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        return "its port is not a number from 1 to 65535"
    host = parts.hostname
    if not host:
        return "it has no host"
    bracketed = parts.netloc.rpartition("@")[2].startswith("[")
    if not (_IPV6 if bracketed else _HOST).fullmatch(host) or len(host) > 253:
        return "its host is malformed"
    return None


def host_of(url: str) -> str:
    """Return the host of an address; empty if there is none."""
    parts = _split(url)
    return (parts.hostname or "") if parts is not None else ""


def path_of(url: str) -> str:
    """Return the path of an address; empty if it is malformed."""
    parts = _split(url)
    return parts.path if parts is not None else ""


def _split(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        # Not chained: the exception repeats the address.
        return None
