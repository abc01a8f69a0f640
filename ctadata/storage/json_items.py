"""The items of a JSON list, read while it comes: of a long list only a part is in memory."""

from __future__ import annotations

import codecs
import json
import re
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from ..http.body import Block

__all__ = ["Damaged", "Items", "ItemsReader", "NoList", "parsed"]

# Bytes that are looked at together, and that one item may have.
GATHERED = 256 << 10
LONGEST = 1 << 20
SPACE = b" \t\n\r"
BYTE_ORDER_MARK = codecs.BOM_UTF8
# Bytes that an item has at least, if it is one.
SHORTEST = 8
# What is kept of an item at most: keys, of which the service sends five.
MAX_KEYS = 32
# Quotation marks that the keys and values of an item need.
MAX_QUOTES = 4 * MAX_KEYS

# Seconds that a list waits for others at most before its next items are read.
PATIENCE = 5.0

_space = re.compile(r"[ \t\n\r]*")
_decode = json.JSONDecoder().raw_decode
_turn = threading.Lock()


class NoList(ValueError):
    """The answer is JSON perhaps, but no list."""


class Damaged(ValueError):
    """The list is not well-formed, or ends too early, or has an item that is too long."""


class Items(NamedTuple):
    """Some items that follow each other.

    Attributes
    ----------
    raw : bytes
        As they came, with the commas between them.
    parsed : list
        What they are. Objects have only members that are text, numbers, booleans or null.
    """

    raw: bytes
    parsed: list[Any]


class ItemsReader:
    """Reads the items of one list.

    Parameters
    ----------
    content : iterable of lists of bytes
        The JSON, in pieces; each is only valid until the next one is asked for.
    most : int
        Bytes that are read; a list that is longer is cut there.

    Attributes
    ----------
    cut : bool
        Whether the list was cut.
    """

    def __init__(self, content: Iterable[list[Block]], most: int) -> None:
        self._content = content
        self._most = most
        self.cut = False

    def __iter__(self) -> Generator[Items]:
        """Yield the items, many at a time; close this where not all of them are taken.

        Raises
        ------
        NoList, Damaged
            If this is no list of JSON.
        """
        # What may come next: the beginning, an item or the end, an item, a comma or the end.
        expected = b"["
        rest = b""
        for gathered in self._gathered():
            buffer = rest + gathered
            if expected == b"[":
                buffer = buffer.removeprefix(BYTE_ORDER_MARK)
            with _in_turn():
                while buffer := buffer.lstrip(SPACE):
                    if expected == b"":
                        raise Damaged("something follows the end of the list")
                    if expected == b"[":
                        if buffer[:1] != b"[":
                            raise NoList("the answer is no list")
                        buffer, expected = buffer[1:], b"item]"
                    elif buffer[:1] == b"]" and expected != b"item":
                        buffer, expected = buffer[1:], b""
                    elif expected == b",]":
                        if buffer[:1] != b",":
                            raise Damaged("there is no comma between two items")
                        buffer, expected = buffer[1:], b"item"
                    elif (items := _items_of(buffer)) is not None:
                        buffer, expected = buffer[len(items.raw) :], b",]"
                        yield items
                    elif len(buffer) > LONGEST:
                        raise Damaged("an item is not well-formed, or too long")
                    else:
                        break
            rest = buffer
        if expected != b"" and not self.cut:
            missing = NoList if expected == b"[" else Damaged
            raise missing("the list does not come to its end")

    def _gathered(self) -> Iterator[bytes]:
        """Yield what comes, in pieces that are worth looking at, up to the limit."""
        pieces: list[bytes] = []
        size = received = 0
        for blocks in self._content:
            piece = b"".join(blocks)
            room = self._most - received
            received += len(piece)
            pieces.append(piece[:room])
            if len(piece) > room:
                self.cut = True
                break
            size += len(piece)
            if size >= GATHERED:
                yield b"".join(pieces)
                pieces, size = [], 0
        if pieces:
            yield b"".join(pieces)


@contextmanager
def _in_turn() -> Iterator[None]:
    """Let one thread at a time work on what has come: many would hold up all that is not a list.

    The interpreter runs one of them at a time in any case, and those that wait here do not stand
    in the way of an event loop.
    """
    mine = _turn.acquire(timeout=PATIENCE)
    try:
        yield
    finally:
        if mine:
            _turn.release()


def parsed(raw: bytes) -> list[Any]:
    """Return what some items are that were read before."""
    return _plain(raw, json.loads(f"[{raw.decode('utf-8', 'surrogatepass')}]"))


def _items_of(buffer: bytes) -> Items | None:
    """Return the whole items at the beginning of what has come; None if there is none.

    What is well-formed up to a brace, and with the list's end behind it, is whole items: within
    a text or another object it would not be.
    """
    raw = buffer[: buffer.rfind(b"}") + 1]
    if not raw and buffer[:1] == b"{":
        return None
    try:
        # What is nested takes ten times as long, during which no other thread runs.
        if raw and raw.count(b"[") + raw.count(b"{") <= len(raw) // SHORTEST:
            return Items(raw, parsed(raw))
    except (ValueError, RecursionError):
        # A brace in a name, most likely.
        pass
    try:
        # The last character may not have come yet as a whole.
        text = codecs.getincrementaldecoder("utf-8")("surrogatepass").decode(buffer)
    except UnicodeDecodeError as error:
        raise Damaged("a text is no UTF-8") from error
    found, end = _one_by_one(text)
    raw = text[:end].encode("utf-8", "surrogatepass")
    return Items(raw, _plain(raw, found)) if found else None


def _one_by_one(text: str) -> tuple[list[Any], int]:
    """Return the whole items at the beginning of a text, and where the last of them ends."""
    items: list[Any] = []
    end = position = 0
    try:
        while True:
            item, after = _decode(text, position)
            separator = _space.match(text, after).end()  # type: ignore[union-attr]
            # A number at the end may go on.
            if separator == len(text) and text[after - 1] not in '}]"':
                return items, end
            items.append(item)
            end = after
            if text[separator : separator + 1] != ",":
                return items, end
            position = _space.match(text, separator + 1).end()  # type: ignore[union-attr]
    except (ValueError, RecursionError):
        return items, end


def _plain(raw: bytes, items: list[Any]) -> list[Any]:
    """Return items without what would take up to thirty times the memory of its text."""
    quotes = raw.count(b'"')
    if raw.count(b"{") == len(items) and b"[" not in raw and quotes <= MAX_QUOTES * len(items):
        return items
    return [_flat(item) if isinstance(item, dict) else item for item in items]


def _flat(item: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in item.items():
        if len(flat) < MAX_KEYS and not isinstance(value, (dict, list)):
            flat[key] = value
    return flat
