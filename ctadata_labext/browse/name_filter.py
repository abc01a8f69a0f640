"""Matches names as the panel's filter does (src/browser/name-filter.ts)."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate
from unicodedata import normalize

from ..errors import BadRequest

__all__ = ["name_test"]

# Characters; no name in the storage is longer.
MAX_PATTERN = 255


def name_test(pattern: str) -> Callable[[str], bool]:
    """Return a function that tells whether a name matches.

    Parameters
    ----------
    pattern : str
        A part of the name or, with ``*`` (any characters) or ``?`` (one), a pattern for the whole
        name. Case and Unicode's normal form are ignored.

    Raises
    ------
    BadRequest
        If it is empty or too long.
    """
    wanted = _folded(pattern.strip())
    if not wanted or len(pattern) > MAX_PATTERN:
        raise BadRequest(f"Give 1 to {MAX_PATTERN} characters of a name to search for")
    if not {"*", "?"} & set(wanted):
        return lambda name: wanted in _folded(name)
    # What fnmatch makes never backtracks over a '*': at most the product of the lengths is
    # compared. It also knows sets of characters in brackets, which are plain text here.
    matches = re.compile(translate(wanted.replace("[", "[[]"))).match
    return lambda name: matches(_folded(name)) is not None


def _folded(name: str) -> str:
    return normalize("NFC", name).lower()
