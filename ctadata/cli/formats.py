"""Text for people: aligned columns and sizes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from ..entries import Entry

__all__ = ["aligned", "size_text"]

# How many lines are aligned with one another.
PAGE = 10_000


def aligned(entries: Iterable[Entry], long: bool) -> Iterator[str]:
    """Yield a line for each entry, with size and path in columns.

    The entries are read in pages, because the widest determines the width. With `long`, sizes are
    exact, in bytes, and the times (UTC) are included.
    """
    entries, width = iter(entries), 0
    while page := list(islice(entries, PAGE)):
        rows = [(_size(entry.size, long), _time(entry), str(entry)) for entry in page]
        width = max(width, *(len(size) for size, _, _ in rows))
        for size, time, path in rows:
            yield f"{size:>{width}}  {time}  {path}" if long else f"{size:>{width}}  {path}"


def size_text(size: int) -> str:
    """Return a number of bytes in a unit (powers of 1024), formatted as in the panel."""
    value, units = float(size), ["B", "KB", "MB", "GB", "TB", "PB"]
    while value >= 1023.5 and len(units) > 1:
        value /= 1024
        del units[0]
    digits = 0 if units[0] == "B" or value >= 99.95 else 1
    return f"{value:.{digits}f} {units[0]}"


def _size(size: int | None, exact: bool) -> str:
    if size is None:
        return "-"
    return str(size) if exact else size_text(size)


def _time(entry: Entry) -> str:
    modified = entry.modified
    return modified.strftime("%Y-%m-%d %H:%M:%S") if modified else f"{'-':<19}"
