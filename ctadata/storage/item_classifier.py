"""What each item of a listing is: the resource itself, an entry of it, or a name to refuse."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from urllib.parse import unquote

from .._secrets import known_tokens, without_plain_secrets
from ..entries import Entry
from ..errors import InvalidPath, NotFound, StorageException
from .json_items import Damaged, Items
from .paths import FORBIDDEN

__all__ = ["ItemClassifier", "OtherResource"]

# Characters of a name: the usual file systems store 255 bytes.
LONGEST_NAME = 1024
# What may follow the directory's own path: one segment, and a slash if it is a directory.
CHILD = re.compile(rf"(?!\.{{1,2}}/?\Z)[^/{FORBIDDEN}]{{1,{LONGEST_NAME}}}/?")
# Names of one listing that are refused one by one, and the characters of them that are shown.
MAX_REFUSED = 100
SHOWN = 300
# Bytes that are no entries of the directory, and bytes beside them that each entry may have: to
# read on would take minutes, and give nothing.
MAX_WASTE = 8 << 20
LONGEST_ENTRY = 4 << 10


class OtherResource(NotFound):
    """The service answers about another path than was asked for."""


class ItemClassifier:
    """Classifies the items of one listing; names with one of the tokens in them are refused.

    Attributes
    ----------
    own : Entry or None
        The item of the path itself, once it has come.
    count : int
        The entries that have come.
    refused : list of InvalidPath
        An error for each of the first names that cannot be in the directory.
    """

    def __init__(self, path: str, tokens: Sequence[str] = ()) -> None:
        self._path = path
        self._tokens = tokens
        self._found_token = False
        self._prefix = f"{path}/" if path else ""
        self.own: Entry | None = None
        self.count = 0
        self.refused: list[InvalidPath] = []
        self._more_refused = 0
        self._received = 0

    @property
    def is_wasteful(self) -> bool:
        """Whether too many of the received bytes are not entries of the directory."""
        return self._received > MAX_WASTE + self.count * LONGEST_ENTRY

    def entries(self, items: Items) -> list[Entry]:
        """Return those of some items that are in the directory.

        Raises
        ------
        Damaged
            If an item has no ``href``.
        """
        entries = []
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
                entries.append(entry)
            elif name.removesuffix("/") == path:
                self.own = entry if self.own is None else self.own
            elif len(self.refused) < MAX_REFUSED:
                self.refused.append(_refused(name, path))
            else:
                self._more_refused += 1
        self._received += len(items.raw)
        self.count += len(entries)
        return entries

    def text(self, items: Items, entries: list[Entry]) -> bytes:
        """Return a text that has these entries, for when there may be other tokens."""
        if not self._found_token:
            return items.raw
        return ", ".join(json.dumps(entry.facts) for entry in entries).encode()

    def all_refused(self) -> list[InvalidPath]:
        """Return an error for each refused name; after many, one for all others."""
        if not self._more_refused:
            return self.refused
        path = self._path
        rest = InvalidPath(
            f"The listing of {path or '/'!r} has {self._more_refused} more names that cannot be in "
            "it",
            path=path,
        )
        return [*self.refused, rest]

    def resource(self, cut: StorageException | None) -> Entry:
        """Return the resource itself, once all items have come.

        Raises
        ------
        OtherResource, NotFound
            If the listing is about another path (docs/protocol.md), or is empty.
        StorageException
            `cut`, which says why the rest was not read, if the resource may be in the rest.
        """
        path, own = self._path, self.own
        if own is None and not self.count and path:
            if cut is not None:
                raise cut
            missing = f"There is nothing at {path!r} in the storage"
            if self.refused:
                raise OtherResource(
                    f"{missing}: the service answers about {self.refused[0].path!r}", path=path
                )
            raise NotFound(missing, path=path)
        if own is None:
            return Entry(self._prefix, {"href": self._prefix, "type": "directory"})
        # What holds others is a directory, whatever the service calls it.
        return Entry(self._prefix, own.facts) if self.count or not path else own


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
    told = without_plain_secrets(name)
    if len(told) > SHOWN + len(path):
        told = f"{told[: SHOWN + len(path)]}…"
    return InvalidPath(f"The listing of {path or '/'!r} has {told!r}: {why}", path=told)
