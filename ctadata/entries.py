"""Entry: a path in the storage, with what its listing says of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, SupportsIndex

from ._dates import seconds_of
from ._printable import printable

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["Entry", "Href"]


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
    """A path in the storage that also carries its facts.

    It is a string, so that everything that works on paths works on it
    (``'x' in entry``, ``entry.split('/')``, ``h5py.File(entry)``), and it answers to
    the keys of the service's listing (``entry['href']``), as older notebooks ask.

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
        What was given.
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
        # A literal in which nothing is hidden, as notebooks show it.
        return printable(super().__repr__())

    def __getitem__(self, key: SupportsIndex | slice | str) -> str:
        if isinstance(key, str):
            return self._value(key, self.facts[key])
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        """Answer a key of the service's listing, as a dictionary would.

        Parameters
        ----------
        key : str
            ``href``, ``type``, ``size``, ``mtime`` or ``url``.
        default : object, optional
            The answer where the service did not send that key.

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
        """The size in bytes; None where the service does not say, as for directories."""
        size = str(self.facts.get("size", ""))
        # No file has as many bytes as do not fit into 63 bits.
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
        """The address that the service gave; it is not to be relied upon."""
        return self.facts.get("url")
