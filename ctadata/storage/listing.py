"""The service's listings turned into entries (docs/protocol.md, "Listings")."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from .._printable import logger_of
from .._secrets import known_tokens
from ..config import DEFAULT_LIMITS, ListingLimits
from ..entries import Entries, Entry, ManyEntries
from ..errors import InvalidPath, StorageException
from .item_classifier import ItemClassifier
from .json_items import Damaged, Items, ItemsReader, NoList, parsed, refuse_page

if TYPE_CHECKING:
    from ..http.body import Block

__all__ = [
    "FEW",
    "EntryBuffer",
    "EntrySink",
    "Listing",
    "ListingCut",
    "read_listing",
    "read_own",
    "warn_of_cut",
]

logger = logger_of(__name__)

# Entries up to which a listing is a list, and the bytes of it up to which it is one.
FEW = 100_000
FEW_BYTES = 16 << 20
# What to do where a listing is cut.
NO_MEMORY = "more would take too much memory; ask for fewer long listings at a time"
MORE_ENTRIES = "raise max_listing_entries (CTADATA_MAX_LISTING_ENTRIES) to read more"
MORE_BYTES = "raise max_listing_bytes (CTADATA_MAX_LISTING_BYTES) to read more"
NO_ENTRIES = "most of what the service sends is no entry of it; tell the platform's support"


class ListingCut(UserWarning):
    """A listing was not read to its end."""


def warn_of_cut(cut: StorageException) -> None:
    """Warn the caller of this package, each time and not only the first."""
    package = __name__.partition(".")[0]
    frame = inspect.currentframe()
    while frame is not None and frame.f_back is not None:
        frame = frame.f_back
        if frame.f_globals.get("__name__", "").partition(".")[0] != package:
            break
    assert frame is not None
    warnings.warn_explicit(str(cut), ListingCut, frame.f_code.co_filename, frame.f_lineno)


class Listing(NamedTuple):
    """What the service says of one path.

    Attributes
    ----------
    own : Entry
        The resource itself.
    children : Entries or ManyEntries
        What is in it, in the service's order, where it is a directory.
    refused : list of InvalidPath
        Errors for listed names that are invalid, such as other hosts and ``..``.
    """

    own: Entry
    children: Entries | ManyEntries
    refused: list[InvalidPath]

    @property
    def cut(self) -> StorageException | None:
        """Why not all entries were read; None where they were."""
        return self.children.cut

    @property
    def directories(self) -> Iterator[Entry]:
        """The directories in it."""
        return (entry for entry in self.children if entry.is_directory)

    @property
    def files(self) -> Iterator[Entry]:
        """The files in it, or the one file that it is."""
        if not self.own.is_directory:
            return iter([self.own])
        return (entry for entry in self.children if not entry.is_directory)

    @property
    def fingerprint(self) -> int:
        """Differs between listings that differ in any name, size or date."""
        fingerprint = 0
        start = len(self.own.path)
        for entry in self.children:
            facts = str(entry)[start:], str(entry.get("size")), str(entry.get("mtime"))
            fingerprint ^= hash(facts)
        return fingerprint


class EntrySink(Protocol):
    """Takes the entries of a directory while they come."""

    #: Is set to the reason why these are not all entries of the directory.
    cut: StorageException | None

    def add(self, raw: bytes, entries: list[Entry], /) -> bool:
        """Take entries, which may be taken again from the text; return whether there is room."""

    def __len__(self) -> int:
        """Return how many were taken."""


Sink = TypeVar("Sink", bound=EntrySink)


def read_listing(
    content: Iterable[list[Block]],
    content_type: str,
    segments: list[str],
    sink: Sink,
    limits: ListingLimits = DEFAULT_LIMITS,
) -> tuple[Entry, Sink, list[InvalidPath]]:
    """Turn the service's listing into entries, while it comes.

    Returns
    -------
    own : Entry
        The resource itself.
    sink : EntrySink
        As given; it has taken what is in the directory.
    refused : list of InvalidPath
        Errors for listed names that are invalid and are never requested.

    Raises
    ------
    OtherResource
        If the listing is about another path.
    NotFound
        If the listing is empty.
    StorageException
        If this is not a listing.
    """
    own, refused = _read(content, content_type, "/".join(segments), sink, limits)
    for refusal in refused:
        logger.warning("%s; it is left out", refusal)
    return own, sink, refused


def read_own(
    content: Iterable[list[Block]],
    content_type: str,
    segments: list[str],
    limits: ListingLimits = DEFAULT_LIMITS,
) -> Entry:
    """Return the resource itself, without what is in it; see `read_listing`.

    Of a long listing, no more is read than is necessary.
    """

    def is_known(items: ItemClassifier) -> bool:
        return items.count > 0 and items.own is not None

    path = "/".join(segments)
    return _read(content, content_type, path, _EntryCount(), limits, is_known)[0]


def _read(
    content: Iterable[list[Block]],
    content_type: str,
    path: str,
    sink: EntrySink,
    limits: ListingLimits,
    is_enough: Callable[[ItemClassifier], bool] = lambda items: False,
) -> tuple[Entry, list[InvalidPath]]:
    refuse_page(content_type, path)
    name = path or "/"
    reader = ItemsReader(content, limits.size)
    classifier = ItemClassifier(path, known_tokens())
    why = None
    try:
        with closing(iter(reader)) as parts:
            for items in parts:
                entries = classifier.entries(items)
                room = limits.entries - len(sink)
                if not sink.add(classifier.text(items, entries), entries[:room]):
                    why = NO_MEMORY
                elif is_enough(classifier):
                    break
                elif len(entries) > room:
                    why = MORE_ENTRIES
                elif classifier.is_wasteful:
                    why = NO_ENTRIES
                if why is not None:
                    break
    except NoList as error:
        raise StorageException(f"The service gives no listing of {name!r}", path=path) from error
    except Damaged as error:
        raise StorageException(f"The listing of {name!r} is damaged", path=path) from error
    if reader.cut and why is None:
        why = MORE_BYTES
    if why is not None:
        sink.cut = StorageException(
            f"The listing of {name!r} is too long; only the first {len(sink):,} entries were read: "
            f"{why}",
            path=path,
        )
    return classifier.resource(sink.cut), classifier.all_refused()


class _EntryCount:
    """Counts entries, and keeps none."""

    def __init__(self) -> None:
        self.cut: StorageException | None = None
        self._count = 0

    def add(self, raw: bytes, entries: list[Entry]) -> bool:
        self._count += len(entries)
        return True

    def __len__(self) -> int:
        return self._count


class EntryBuffer:
    """The ``entries`` of one directory: a list for as long as they are not more than `few`."""

    def __init__(self, path: str, few: int = FEW) -> None:
        self.entries: Entries | ManyEntries = Entries()
        self._expand = partial(_expanded, path)
        self._few = few
        # The texts of a list, for when it becomes too long for one.
        self._texts: list[tuple[bytes, int]] = []
        self._size = 0

    @property
    def cut(self) -> StorageException | None:
        """Why these are not all entries of the directory; None where they are."""
        return self.entries.cut

    @cut.setter
    def cut(self, why: StorageException | None) -> None:
        self.entries.cut = why

    def __len__(self) -> int:
        return len(self.entries)

    def add(self, raw: bytes, entries: list[Entry]) -> bool:
        """Add entries, with the text that has them; return whether there was room for them."""
        if isinstance(self.entries, ManyEntries):
            return self.entries.append(raw, len(entries))
        self.entries += entries
        self._texts.append((raw, len(entries)))
        self._size += len(raw)
        if len(self.entries) <= self._few and self._size <= FEW_BYTES:
            return True
        self.entries = many = ManyEntries(self._expand)
        texts, self._texts = self._texts, []
        return all(many.append(text, length) for text, length in texts)


def _expanded(path: str, raw: bytes) -> list[Entry]:
    """Return the entries that a part of a listing has, which was read before."""
    return ItemClassifier(path).entries(Items(raw, parsed(raw)))
