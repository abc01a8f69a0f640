"""Entry: a path in the storage with what its listing says about it; and lists of entries."""

from __future__ import annotations

import copy
import threading
import zlib
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, SupportsIndex, overload

from ._printable import printable
from .storage.dates import seconds_of

if TYPE_CHECKING:
    from datetime import datetime

    from .errors import StorageException

__all__ = ["Entries", "Entry", "Href", "ManyEntries"]


class Href(str):
    """An entry's path as its listing spells it: percent-encoded once.

    It is a string like any other, but ctadata reads it as the path of its entry. The spelling
    alone does not tell whether ``a%20b`` is a name or stands for ``a b``.

    Attributes
    ----------
    path : str
        The decoded path.
    """

    path: str

    def __new__(cls, href: str, path: str) -> Href:  # noqa: D102
        self = super().__new__(cls, href)
        self.path = path
        return self

    def __getnewargs__(self) -> tuple[str, str]:  # type: ignore[override]
        return str(self), self.path


class Entry(str):
    """A path in the storage, with what its listing says about it.

    It is a string, so that everything that works on paths works on it
    (``'x' in entry``, ``entry.split('/')``, ``h5py.File(entry)``), and it has
    the keys of the service's listing (``entry['href']``), which older notebooks use.

    Parameters
    ----------
    path : str
        The path relative to the storage's root, decoded; directories end in ``/``.
    facts : mapping of str to str
        The entry as the service sent it (docs/protocol.md, "Listings"): ``href``,
        ``type``, and where present ``size``, ``mtime``, ``url``.

    Attributes
    ----------
    facts : mapping of str to str
        As given.
    """

    __slots__ = ("facts",)

    facts: Mapping[str, str]

    def __new__(cls, path: str, facts: Mapping[str, str]) -> Entry:  # noqa: D102
        entry = super().__new__(cls, path)
        entry.facts = facts
        return entry

    def __getnewargs__(self) -> tuple[str, dict[str, str]]:  # type: ignore[override]
        return str(self), dict(self.facts)

    def __repr__(self) -> str:
        # Notebooks show it; no character of it is hidden.
        return printable(super().__repr__())

    def __getitem__(self, key: SupportsIndex | slice | str) -> str:
        if isinstance(key, str):
            return self._value(key, self.facts[key])
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key of the service's listing, as a dictionary does.

        Parameters
        ----------
        key : str
            ``href``, ``type``, ``size``, ``mtime`` or ``url``.
        default : object, optional
            Returned where the service did not send the key.

        Returns
        -------
        str or object
            The value as the service sent it, or `default`.
        """
        return self._value(key, self.facts[key]) if key in self.facts else default

    def _value(self, key: str, value: str) -> str:
        return Href(value, self.path) if key == "href" else value

    def keys(self) -> list[str]:
        """Return the keys that the service sent for this entry."""
        return list(self.facts)

    @property
    def path(self) -> str:
        """The path without a trailing slash."""
        return self.rstrip("/")

    @property
    def name(self) -> str:
        """The last component of the path."""
        return self.path.rpartition("/")[2]

    @property
    def type(self) -> str:
        """``'file'`` or ``'directory'``."""
        return "directory" if self.is_directory else "file"

    @property
    def is_directory(self) -> bool:
        """Whether this is a directory; the root's path is the empty string."""
        return not self or self.endswith("/")

    @property
    def size(self) -> int | None:
        """The size in bytes; None for directories, and where the service does not say."""
        size = "" if self.is_directory else str(self.facts.get("size", ""))
        # No file's size needs more than 63 bits.
        if not (size.isdecimal() and len(size) < 20):
            return None
        number = int(size)
        return number if number < 1 << 63 else None

    @property
    def modified(self) -> datetime | None:
        """The time of the last change, in UTC; None where the service does not say."""
        seconds = seconds_of(self.facts.get("mtime"))
        if seconds is None:
            return None
        from datetime import datetime, timezone

        return datetime.fromtimestamp(seconds, timezone.utc)

    @property
    def url(self) -> str | None:
        """The address that the service sent; do not rely on it."""
        return self.facts.get("url")

    def to_dict(self) -> dict[str, str | int | None]:
        """Return what is known about the entry, as ``ctadata list --json`` prints it.

        Returns
        -------
        dict
            ``path`` (a directory's ends in ``/``), ``type``, ``size`` (bytes), and ``modified``
            (UTC, such as ``2026-11-22T06:28:06Z``). The last two are None if they are not known.
        """
        modified = self.modified
        return {
            "path": str(self),
            "type": self.type,
            "size": self.size,
            "modified": modified.isoformat().replace("+00:00", "Z") if modified else None,
        }


class Entries(list[Entry]):
    """A list of entries that says whether it is complete.

    Attributes
    ----------
    cut : StorageException or None
        Why these are not all entries of the directory; None if they are.
    """

    cut: StorageException | None = None

    @property
    def truncated(self) -> bool:
        """Whether the directory has more entries than were read."""
        return self.cut is not None


class Memory:
    """The memory that long listings may take, each and all together, in bytes."""

    def __init__(self, each: int, together: int) -> None:
        self.each = each
        self._together = together
        self._taken = 0
        # Bytes given back. Objects are deleted at any moment, so this takes no lock.
        self.returned: deque[int] = deque()
        self._lock = threading.Lock()

    def take(self, size: int) -> bool:
        """Take so many bytes; return whether there was room."""
        with self._lock:
            while self.returned:
                self._taken -= self.returned.popleft()
            if self._taken + size > self._together:
                return False
            self._taken += size
        return True


class _Share:
    """One listing's share of the memory, which is given back when the share is deleted."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._taken = 0

    def take(self, size: int) -> bool:
        """Take so many bytes more; return whether there was room."""
        if self._taken + size > self._memory.each or not self._memory.take(size):
            return False
        self._taken += size
        return True

    def __del__(self) -> None:
        self._memory.returned.append(self._taken)


_memory = Memory(each=64 << 20, together=256 << 20)


class ManyEntries(Sequence[Entry]):
    """The entries of a very long directory, compressed; each is made when it is asked for.

    They take about 30 bytes of memory each; in a list they would take 800. They can be iterated,
    sliced, compared, concatenated and sorted (with `sorted`) like a list, but not changed;
    ``list(entries)`` makes a list.

    Parameters
    ----------
    expand : callable
        Makes entries of their text.

    Attributes
    ----------
    cut : StorageException or None
        Why these are not all entries of the directory; None if they are.
    """

    def __init__(self, expand: Callable[[bytes], list[Entry]]) -> None:
        self.cut: StorageException | None = None
        self._expand = expand
        self._only_files = False
        self._share: _Share | None = _Share(_memory)
        self._blocks: list[tuple[bytes, int]] = []
        self._ends: list[int] = []
        # The block that was asked for last: its number, and its entries.
        self._last: tuple[int, list[Entry]] = -1, []

    def append(self, raw: bytes, length: int) -> bool:
        """Add the first entries of a text; return whether there was room.

        Parameters
        ----------
        raw : bytes
            The text, for `expand`.
        length : int
            How many of its entries are added.
        """
        compressed = zlib.compress(raw, 1)
        if self._share is None or not self._share.take(len(compressed)):
            return False
        self._blocks.append((compressed, length))
        self._ends.append(len(self) + length)
        return True

    def split(self) -> tuple[list[Entry], ManyEntries]:
        """Return the directories, and the files; their compressed text is shared, not copied."""
        directories: list[Entry] = []
        files = copy.copy(self)
        files._only_files, files._ends, files._last = True, [], (-1, [])
        for number in range(len(self._blocks)):
            entries = self._block(number)
            found = [entry for entry in entries if entry.is_directory]
            directories += found
            files._ends.append(len(files) + len(entries) - len(found))
        return directories, files

    @property
    def truncated(self) -> bool:
        """Whether the directory has more entries than were read."""
        return self.cut is not None

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[Entry]:
        for number in range(len(self._blocks)):
            yield from self._block(number)

    @overload
    def __getitem__(self, index: SupportsIndex) -> Entry: ...

    @overload
    def __getitem__(self, index: slice) -> list[Entry]: ...

    def __getitem__(self, index: SupportsIndex | slice) -> Entry | list[Entry]:
        if isinstance(index, slice):
            return [self[place] for place in range(len(self))[index]]
        place = range(len(self))[index]
        number = bisect_right(self._ends, place)
        last, entries = self._last
        if number != last:
            entries = self._block(number)
            self._last = number, entries
        return entries[place - self._ends[number]]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (list, ManyEntries)):
            return NotImplemented
        return len(self) == len(other) and all(
            mine == theirs for mine, theirs in zip(self, other, strict=True)
        )

    __hash__ = None  # type: ignore[assignment]

    def __add__(self, other: Iterable[Entry]) -> list[Entry]:
        return [*self, *other]

    def __radd__(self, other: Iterable[Entry]) -> list[Entry]:
        return [*other, *self]

    def __repr__(self) -> str:
        first = ", ".join(map(repr, islice(self, 3)))
        return f"<{len(self)} entries: {first}, …>"

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_last": (-1, []), "_share": None}

    def _block(self, number: int) -> list[Entry]:
        compressed, length = self._blocks[number]
        entries = self._expand(zlib.decompress(compressed))[:length]
        if self._only_files:
            return [entry for entry in entries if not entry.is_directory]
        return entries
