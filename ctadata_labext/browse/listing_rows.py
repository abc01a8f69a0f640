"""The rows of a directory in the panel, in natural order; very long ones take little memory."""

from __future__ import annotations

import heapq
import json
import zlib
from collections.abc import Iterator, Sequence
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from ctadata.storage.dates import seconds_of

from .natural_order import natural_keys, natural_order

if TYPE_CHECKING:
    from ctadata.entries import Entry
    from ctadata.errors import StorageException

__all__ = ["Row", "Rows", "resource"]

# An entry: its name, its size (bytes), and the time of its last change (seconds, UTC).
Row = tuple[str, int | None, int | None]

# Entries that are sorted together, and those of them that are compressed together.
RUN = 50_000
PART = 1_000


def resource(entry: Entry) -> dict[str, Any]:
    """Return what the browser is told of a resource (``Resource`` in openapi.yaml)."""
    return {
        **entry.to_dict(),
        "path": entry.path,
        "name": entry.name,
        "modified": seconds_of(entry.get("mtime")),
    }


class Rows:
    """The entries of a directory: its directories, and its files.

    Attributes
    ----------
    cut : StorageException or None
        Why these are not all entries of the directory; None where they are.
    directories : int
        How many directories there are.
    """

    def __init__(self) -> None:
        self.cut: StorageException | None = None
        self.directories = 0
        self._files = 0
        self._pending: tuple[list[Row], list[Row]] = [], []
        # Sorted and compressed: directories, files.
        self._runs: tuple[list[list[bytes]], list[list[bytes]]] = [], []

    def add(self, raw: bytes, entries: list[Entry]) -> bool:
        """Add entries; see `ctadata.storage.listing.EntrySink`."""
        directories, files = self._pending
        for entry in entries:
            modified = seconds_of(entry.get("mtime"))
            if entry.is_directory:
                directories.append((entry.name, None, modified))
                self.directories += 1
            else:
                files.append((entry.name, entry.size, modified))
                self._files += 1
        if len(directories) + len(files) > RUN:
            for rows, runs in zip(self._pending, self._runs, strict=True):
                runs.append([_packed(part) for part in _parts(_ordered(rows))])
            self._pending = [], []
        return True

    def __len__(self) -> int:
        return self.directories + self._files

    def in_order(self) -> Iterator[Row]:
        """Yield the directories in natural order, and then the files."""
        return chain.from_iterable(map(_merged, self._runs, self._pending))


def _ordered(rows: list[Row]) -> list[Row]:
    return [rows[place] for place in natural_order([name for name, _, _ in rows])]


def _parts(rows: list[Row]) -> Iterator[list[Row]]:
    return (rows[start : start + PART] for start in range(0, len(rows), PART))


def _packed(rows: list[Row]) -> bytes:
    return zlib.compress(json.dumps(rows).encode(), 1)


def _merged(runs: Sequence[list[bytes]], pending: list[Row]) -> Iterator[Row]:
    """Merge sorted runs with the rows that are not sorted yet."""
    last = _ordered(pending)
    if not runs:
        return iter(last)
    parts = [map(_unpacked, run) for run in runs]
    keyed = map(chain.from_iterable, (map(_keyed, run) for run in [*parts, _parts(last)]))
    return map(itemgetter(1), heapq.merge(*keyed, key=itemgetter(0)))


def _unpacked(packed: bytes) -> list[Row]:
    rows: list[Row] = json.loads(zlib.decompress(packed))
    return rows


def _keyed(rows: list[Row]) -> Iterator[tuple[str, Row]]:
    return zip(natural_keys([row[0] for row in rows]), rows, strict=True)
