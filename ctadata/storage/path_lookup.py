"""Paths that users give as an href of a listing, or slightly wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import unquote

from ..entries import Entry, Href
from ..errors import InvalidPath, NotFound
from .download_service import DownloadService
from .paths import path_text

__all__ = ["resolve_href", "suggest_on_not_found"]

# RFC 3986, 2.3: no href has these characters quoted.
UNRESERVED = re.compile(r"%(?:4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A]|3[0-9]|2[DE]|5F|7E)", re.I)
QUOTED = re.compile(r"%[0-9A-F]{2}", re.I)
# RFC 3986, 3.3, and characters that some storages leave unquoted.
HREF = re.compile(r"(?:[^%#?\s]|%[0-9A-F]{2})*", re.I)


def resolve_href(service: DownloadService, path: str) -> str:
    """Return the path that is resolve_href, which may be given as the href of a listing.

    A name that is there as it stands comes first.

    Parameters
    ----------
    service : DownloadService
        Is asked, where the path looks like an href.
    path : str
        A path as the user gave it.
    """
    path = path_text(path)
    decoded = _decoded(path)
    if (
        decoded is None
        or isinstance(path, Entry | Href)
        or UNRESERVED.search(path)
        or not HREF.fullmatch(path)
        or _exists(service, path)
    ):
        return path
    return decoded if _exists(service, decoded) else path


@contextmanager
def suggest_on_not_found(service: DownloadService, path: str) -> Iterator[None]:
    """Let a `NotFound` name the path that was probably resolve_href, where there is such a one."""
    try:
        yield
    except NotFound as error:
        cut = re.split("[#?]", path)[0]
        for candidate in dict.fromkeys([_decoded(path), cut, _decoded(cut)]):
            if candidate and candidate != path and _exists(service, candidate):
                raise NotFound(f"{error}; did you mean {candidate!r}?", path=error.path) from error
        raise


def _decoded(path: str) -> str | None:
    """Return a path decoded once; None if that changes nothing or gives no text."""
    if not QUOTED.search(path):
        return None
    try:
        return unquote(path, errors="strict")
    except UnicodeDecodeError:
        return None


def _exists(service: DownloadService, path: str) -> bool:
    try:
        service.stat(path)
    except (NotFound, InvalidPath):
        return False
    return True
