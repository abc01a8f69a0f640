"""The service's listings turned into entries (docs/protocol.md, "Listings")."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar
from urllib.parse import unquote

from .._printable import logger_of
from .._secrets import hushed, known_tokens
from ..entries import Entries, Entry, ManyEntries
from ..errors import InvalidPath, NotFound, ServiceUnreachable, StorageException
from .json_items import Damaged, Items, ItemsReader, NoList, parsed
from .listing_limits import DEFAULT, Limits
from .paths import FORBIDDEN

if TYPE_CHECKING:
    from ..http.body import Block

__all__ = [
    "FEW",
    "Gathered",
    "Gathering",
    "Listing",
    "ListingCut",
    "OtherResource",
    "json_answer",
    "read_listing",
    "read_own",
]

logger = logger_of(__name__)

# Entries up to which a listing is a list, and the bytes of it up to which it is one.
FEW = 100_000
FEW_BYTES = 16 << 20
# Characters of a name: the usual file systems store 255 bytes.
LONGEST_NAME = 1024
# What may follow the directory's own path: one segment, and a slash if it is a directory.
CHILD = re.compile(rf"(?!\.{{1,2}}/?\Z)[^/{FORBIDDEN}]{{1,{LONGEST_NAME}}}/?")
# Names of one listing that are refused one by one, and the characters of them that are shown.
MAX_REFUSED = 100
SHOWN = 300
MORE_ENTRIES = "raise max_listing_entries (CTADATA_MAX_LISTING_ENTRIES) to read more"
MORE_BYTES = "raise max_listing_bytes (CTADATA_MAX_LISTING_BYTES) to read more"
# Bytes that are no entries of the directory, and bytes beside them that each entry may have: to
# read on would take minutes, and give nothing.
MAX_WASTE = 8 << 20
LONGEST_ENTRY = 4 << 10
NO_ENTRIES = "most of what the service sends is no entry of it; tell the platform's support"


class OtherResource(NotFound):
    """The service answers about another path than was asked for."""


class ListingCut(UserWarning):
    """A listing was not read to its end."""


class Listing(NamedTuple):
    """What the service says of one path.

    Attributes
    ----------
    own : Entry
        The resource itself.
    children : Entries or ManyEntries
        What is in it, in the service's order, where it is a directory.
    refused : list of InvalidPath
        What the service listed but nobody should ask for: other hosts, ``..``.
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
        for entry in self.children:
            fingerprint ^= _hash(entry, self.own.path)
        return fingerprint


class Gathering(Protocol):
    """Takes the entries of a directory while they come.

    Attributes
    ----------
    cut : StorageException or None
        Is set to the reason why these are not all entries of the directory.
    """

    cut: StorageException | None

    def add(self, raw: bytes, entries: list[Entry], /) -> bool:
        """Take entries, which may be taken again from the text; return whether there is room."""

    def __len__(self) -> int:
        """Return how many were taken."""


G = TypeVar("G", bound=Gathering)


def read_listing(
    content: Iterable[list[Block]],
    content_type: str,
    segments: list[str],
    gathered: G,
    limits: Limits = DEFAULT,
) -> tuple[Entry, G, list[InvalidPath]]:
    """Turn the service's listing into entries, while it comes.

    Parameters
    ----------
    content : iterable of lists of bytes
        The JSON as the service sends it: a list of objects.
    content_type : str
        Its content type; a page for people is not a listing.
    segments : list of str
        The path that was asked for.
    gathered : Gathering
        Takes what is in a directory.
    limits : Limits, optional
        Where a longer listing is cut.

    Returns
    -------
    own : Entry
        The resource itself.
    gathered : Gathering
        What was given.
    refused : list of InvalidPath
        What the service listed but nobody should ask for.

    Raises
    ------
    OtherResource
        If the listing is about another path.
    NotFound
        If the listing is empty.
    StorageException
        If this is not a listing.
    """
    path = "/".join(segments)
    _refuse_page(content_type, path)
    reader = ItemsReader(content, limits.size)
    sorter = _Sorter(path, known_tokens())
    cut = None
    try:
        with closing(iter(reader)) as parts:
            for items in parts:
                children = sorter.children(items)
                room = limits.entries - len(gathered)
                if not gathered.add(sorter.text(items, children), children[:room]):
                    cut = "more would take too much memory; ask for fewer long listings at a time"
                elif len(children) > room:
                    cut = MORE_ENTRIES
                elif sorter.wastes:
                    cut = NO_ENTRIES
                if cut is not None:
                    break
    except NoList as error:
        raise _no_listing(path) from error
    except Damaged as error:
        raise _damaged(path) from error
    if reader.cut and cut is None:
        cut = MORE_BYTES
    refused = sorter.all_refused()
    if cut is not None:
        gathered.cut = _cut(path, len(gathered), cut)
    own = _own(sorter.own, path, len(gathered) > 0, refused, gathered.cut)
    for refusal in refused:
        logger.warning("%s; it is left out", refusal)
    return own, gathered, refused


def read_own(
    content: Iterable[list[Block]],
    content_type: str,
    segments: list[str],
    limits: Limits = DEFAULT,
) -> Entry:
    """Return the resource itself, without what is in it; see `read_listing`.

    Of a long listing, no more is read than is necessary.
    """
    path = "/".join(segments)
    _refuse_page(content_type, path)
    reader = ItemsReader(content, limits.size)
    sorter = _Sorter(path, known_tokens())
    cut = None
    try:
        with closing(iter(reader)) as parts:
            for items in parts:
                sorter.children(items)
                if sorter.found and sorter.own is not None:
                    break
                if sorter.found > limits.entries or sorter.wastes:
                    cut = MORE_ENTRIES if sorter.found > limits.entries else NO_ENTRIES
                    break
    except NoList as error:
        raise _no_listing(path) from error
    except Damaged as error:
        raise _damaged(path) from error
    if reader.cut:
        cut = MORE_BYTES
    failure = None if cut is None else _cut(path, sorter.found, cut)
    return _own(sorter.own, path, sorter.found > 0, sorter.refused, failure)


class _Sorter:
    """Tells apart what a listing has: the directory, what is in it, and what cannot be in it."""

    def __init__(self, path: str, tokens: Sequence[str] = ()) -> None:
        self._path = path
        self._tokens = tokens
        self._found_token = False
        self._prefix = f"{path}/" if path else ""
        self.own: Entry | None = None
        self.refused: list[InvalidPath] = []
        self._more = 0
        self._received = 0
        self.found = 0

    @property
    def wastes(self) -> bool:
        """Whether too much of what has come is no entry of the directory."""
        return self._received > MAX_WASTE + self.found * LONGEST_ENTRY

    def children(self, items: Items) -> list[Entry]:
        """Return those of some items that are in the directory."""
        children = []
        path, prefix = self._path, self._prefix
        start = len(prefix)
        child = CHILD.fullmatch
        tokens = self._tokens
        for item in items.parsed:
            try:
                name = unquote(item["href"])
            except (TypeError, KeyError, AttributeError):
                raise Damaged("an item has no href") from None
            # Some storages leave out the slash of directories, which the service then calls
            # files; what has no size is none.
            entry = Entry(name if "size" in item or name[-1:] == "/" else f"{name}/", item)
            # A name with the token in it would carry that to the browser, or into a file.
            shows_token = False
            for token in tokens:
                shows_token = shows_token or token in name
            self._found_token = self._found_token or shows_token
            if child(name, start) and name.startswith(prefix) and not shows_token:
                children.append(entry)
            elif name.removesuffix("/") == path:
                self.own = entry if self.own is None else self.own
            elif len(self.refused) < MAX_REFUSED:
                self.refused.append(_refused(name, path))
            else:
                self._more += 1
        self._received += len(items.raw)
        self.found += len(children)
        return children

    def text(self, items: Items, children: list[Entry]) -> bytes:
        """Return a text that has these children, for when there may be other tokens."""
        if not self._found_token:
            return items.raw
        return ", ".join(json.dumps(entry.facts) for entry in children).encode()

    def all_refused(self) -> list[InvalidPath]:
        """Return an error for each name that cannot be in it; after many, one for the rest."""
        if not self._more:
            return self.refused
        path = self._path
        rest = InvalidPath(
            f"The listing of {path or '/'!r} has {self._more} more names that cannot be in it",
            path=path,
        )
        return [*self.refused, rest]


class Gathered:
    """The entries of one directory: a list for as long as they are few.

    Parameters
    ----------
    path : str
        The directory.
    few : int
        How many are few.

    Attributes
    ----------
    entries : Entries or ManyEntries
        Those that were added.
    """

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
    return _Sorter(path).children(Items(raw, parsed(raw)))


def _hash(entry: Entry, directory: str) -> int:
    facts = str(entry)[len(directory) :], str(entry.get("size")), str(entry.get("mtime"))
    return hash(facts)


def _own(
    own: Entry | None,
    path: str,
    children: bool,
    refused: list[InvalidPath],
    cut: StorageException | None,
) -> Entry:
    """Return the resource itself; an answer about another one is none (docs/protocol.md)."""
    if own is None and not children and path:
        if cut is not None:
            # It may be in what was not read.
            raise cut
        missing = f"There is nothing at {path!r} in the storage"
        if refused:
            raise OtherResource(
                f"{missing}: the service answers about {refused[0].path!r}", path=path
            )
        raise NotFound(missing, path=path)
    prefix = f"{path}/" if path else ""
    if own is None:
        return Entry(prefix, {"href": prefix, "type": "directory"})
    # What holds others is a directory, whatever the service calls it.
    return Entry(prefix, own.facts) if children or not path else own


def _refused(name: str, path: str) -> InvalidPath:
    if found := re.search(f"[{FORBIDDEN}]", name):
        why = (
            f"it has the character {found[0]!r}, which no name may have here; have it renamed in "
            "the storage"
        )
    elif any(token in name for token in known_tokens()):
        why = "it has your hub token in it"
    elif len(name) > LONGEST_NAME and "/" not in name[len(path) + 1 : -1]:
        why = f"it is longer than {LONGEST_NAME} characters"
    else:
        why = "it does not lie in that directory"
    told = hushed(name)
    if len(told) > SHOWN + len(path):
        told = f"{told[: SHOWN + len(path)]}…"
    return InvalidPath(f"The listing of {path or '/'!r} has {told!r}: {why}", path=told)


def json_answer(raw: bytes, content_type: str, path: str) -> Any:
    """Read an answer of the service that should be JSON.

    Raises
    ------
    ServiceUnreachable
        If it is a page for people.
    StorageException
        If it is damaged.
    """
    _refuse_page(content_type, path)
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise StorageException(
            f"The service's answer for {path or '/'!r} is damaged", path=path
        ) from error


def _refuse_page(content_type: str, path: str) -> None:
    if "json" not in content_type:
        raise ServiceUnreachable(
            f"The service sends no data for {path or '/'!r} but a page of type {content_type!r}; "
            "is CTADS_URL the address of a download service?",
            path=path,
        )


def _no_listing(path: str) -> StorageException:
    return StorageException(f"The service gives no listing of {path or '/'!r}", path=path)


def _damaged(path: str) -> StorageException:
    return StorageException(f"The listing of {path or '/'!r} is damaged", path=path)


def _cut(path: str, count: int, why: str) -> StorageException:
    return StorageException(
        f"The listing of {path or '/'!r} is too long; only the first {count:,} entries were read: "
        f"{why}",
        path=path,
    )
