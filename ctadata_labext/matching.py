"""Which names a search looks for: the same rule as that of the panel's filter (src/filter.ts)."""

from __future__ import annotations

import re
from collections.abc import Callable
from fnmatch import translate

from .errors import BadRequest

__all__ = ["name_test"]

# Characters; no name in the storage is longer.
MAX_PATTERN = 255


def name_test(pattern: str) -> Callable[[str], bool]:
    """Return what tells whether a name is looked for.

    Parameters
    ----------
    pattern : str
        A part of the name or, with ``*`` (any characters) or ``?`` (one), a pattern for all of it;
        case does not matter.

    Raises
    ------
    BadRequest
        If it is empty or too long.
    """
    wanted = pattern.strip().lower()
    if not 0 < len(wanted) <= MAX_PATTERN:
        raise BadRequest(f"Give 1 to {MAX_PATTERN} characters of a name to search for")
    if not {"*", "?"} & set(wanted):
        return lambda name: wanted in name.lower()
    # What fnmatch makes never goes back behind a '*' that was passed: at most the product of the
    # lengths is compared. It also knows sets of characters in brackets, which are text here.
    matches = re.compile(translate(wanted.replace("[", "[[]"))).match
    return lambda name: matches(name.lower()) is not None
