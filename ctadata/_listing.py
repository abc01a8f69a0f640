"""The service's listings turned into entries (docs/protocol.md, "Listings")."""

from __future__ import annotations

import codecs
import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from ._paths import FORBIDDEN
from ._printable import logger_of
from ._secrets import hushed, known_tokens
from .entries import Entry
from .errors import InvalidPath, NotFound, ServiceUnreachable, StorageException

if TYPE_CHECKING:
    from ._blocks import Block

__all__ = ["Listing", "OtherResource", "SpooledListing", "json_answer", "parse_listing"]

logger = logger_of(__name__)

# The part of a listing that is kept in memory while a large directory is worked through.
SPOOL = 4 << 20
# Characters that are read at a time, and that one item may have.
BLOCK = 256 << 10
LONGEST = 1 << 20
SPACE = re.compile(r"[ \t\n\r]*")
# What may follow the directory's own path: one segment, and a slash if it is a directory.
CHILD = re.compile(rf"(?!\.{{1,2}}/?\Z)[^/{FORBIDDEN}]+/?")


class OtherResource(NotFound):
    """The service answers about another path than was asked for."""


class Listing(NamedTuple):
    """What the service says of one path.

    Attributes
    ----------
    own : Entry
        The resource itself.
    children : list of Entry
        What is in it, in the service's order, where it is a directory.
    refused : list of InvalidPath
        What the service listed but nobody should ask for: other hosts, ``..``.
    """

    own: Entry
    children: list[Entry]
    refused: list[InvalidPath]

    @property
    def fingerprint(self) -> int:
        """Differs between listings that differ in any name, size or date."""
        fingerprint = 0
        for entry in self.children:
            fingerprint ^= _hash(entry, self.own.path)
        return fingerprint


def parse_listing(raw: bytes, content_type: str, segments: list[str]) -> Listing:
    """Turn the service's listing into entries.

    Parameters
    ----------
    raw : bytes
        The JSON as the service sent it: a list of objects.
    content_type : str
        Its content type; a page for people is not a listing.
    segments : list of str
        The path that was asked for.

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
    items = json_answer(raw, content_type, path)
    if not isinstance(items, list):
        raise _no_listing(path)
    own: list[Entry] = []
    refused: list[InvalidPath] = []
    children = list(_children(items, path, own, refused))
    listing = Listing(_own(own, path, bool(children), refused), children, refused)
    for error in refused:
        logger.warning("%s and is left out", error)
    return listing


class SpooledListing:
    """A listing that is too long to be held as entries: read again from a temporary file.

    Parameters
    ----------
    content : iterable of lists of bytes
        The JSON as the service sends it; read to its end at once.
    content_type : str
        Its content type.
    segments : list of str
        The path that was asked for.

    Attributes
    ----------
    own : Entry
        The resource itself.
    fingerprint : int
        Differs between listings that differ in any name, size or date.

    Raises
    ------
    NotFound, StorageException
        As `parse_listing`.
    """

    def __init__(
        self, content: Iterable[list[Block]], content_type: str, segments: list[str]
    ) -> None:
        self._path = "/".join(segments)
        # It lives as long as its entries are read, which no block of code spans.
        self._file: IO[bytes] = tempfile.SpooledTemporaryFile(SPOOL)  # noqa: SIM115
        _refuse_page(content_type, self._path)
        for blocks in content:
            self._file.writelines(blocks)
        self._check()

    def entries(self) -> Iterator[Entry | InvalidPath]:
        """Yield what is in the directory, and an error for what nobody should ask for."""
        refused: list[InvalidPath] = []
        yield from _children(self._items(), self._path, [], refused)
        yield from refused

    def __del__(self) -> None:
        # Whoever gives up reading entries does not tell.
        self._file.close()

    def _check(self) -> None:
        own: list[Entry] = []
        refused: list[InvalidPath] = []
        children = False
        self.fingerprint = 0
        for entry in _children(self._items(), self._path, own, refused):
            children = True
            self.fingerprint ^= _hash(entry, self._path)
        self.own = _own(own, self._path, children, refused)

    def _items(self) -> Iterator[Any]:
        """Yield the items of the list, of which only one at a time is in memory."""
        decode = json.JSONDecoder().raw_decode
        self._file.seek(0)
        text = codecs.getreader("utf-8")(self._file)
        try:
            buffer, position = text.read(BLOCK), 0
            if buffer[:1] != "[":
                raise _no_listing(self._path)
            position = end = 1
            while True:
                try:
                    position = SPACE.match(buffer, end).end()  # type: ignore[union-attr]
                    if buffer[position : position + 1] == "]":
                        return
                    item, end = decode(buffer, position)
                    end = SPACE.match(buffer, end).end()  # type: ignore[union-attr]
                    if buffer[end] == ",":
                        end += 1
                    elif buffer[end] != "]":
                        raise _damaged(self._path)
                except (ValueError, IndexError):
                    # An item that has not come yet to its end, or that has none.
                    more = text.read(BLOCK)
                    if not more or len(buffer) - position > LONGEST:
                        raise
                    buffer, end = buffer[position:] + more, 0
                    continue
                yield item
        except (ValueError, IndexError, RecursionError) as error:
            raise _damaged(self._path) from error


def _hash(entry: Entry, directory: str) -> int:
    facts = str(entry)[len(directory) :], str(entry.get("size")), str(entry.get("mtime"))
    return hash(facts)


def _own(own: list[Entry], path: str, children: bool, refused: list[InvalidPath]) -> Entry:
    """Return the resource itself; an answer about another one is none (docs/protocol.md)."""
    if not own and not children and path:
        missing = f"There is nothing at {path!r} in the storage"
        if refused:
            raise OtherResource(
                f"{missing}: the service answers about {refused[0].path!r}", path=path
            )
        raise NotFound(missing, path=path)
    prefix = f"{path}/" if path else ""
    if not own:
        return Entry(prefix, {"href": prefix, "type": "directory"})
    # What holds others is a directory, whatever the service calls it.
    return Entry(prefix, own[0].facts) if children or not path else own[0]


def _children(
    items: Iterable[Any], path: str, own: list[Entry], refused: list[InvalidPath]
) -> Iterator[Entry]:
    """Yield what is in a directory; to the lists goes the directory, and what cannot be in it."""
    prefix = f"{path}/" if path else ""
    start = len(prefix)
    child = CHILD.fullmatch
    # A name with the token in it would carry that to the browser, or into a file.
    tokens = known_tokens()
    for item in items:
        try:
            name = unquote(item["href"])
        except (TypeError, KeyError, AttributeError):
            raise _damaged(path) from None
        # Some storages leave out the slash of directories, which the service then calls files;
        # what has no size is none.
        entry = Entry(name if "size" in item or name[-1:] == "/" else f"{name}/", item)
        shows_token = any(token in name for token in tokens)
        if child(name, start) and name.startswith(prefix) and not shows_token:
            yield entry
        elif name.removesuffix("/") == path:
            own.append(entry)
        else:
            refused.append(_refused(name, path))


def _refused(name: str, path: str) -> InvalidPath:
    if found := re.search(f"[{FORBIDDEN}]", name):
        why = (
            f"it has the character {found[0]!r}, which no name may have here; have it renamed in "
            "the storage"
        )
    elif any(token in name for token in known_tokens()):
        why = "it has your hub token in it"
    else:
        why = "it does not lie in that directory"
    told = hushed(name)
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
