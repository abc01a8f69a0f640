"""The service's JSON: lists are read while they come, so that only a part of them is in memory."""

from __future__ import annotations

import codecs
import json
import re
import threading
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import ServiceUnreachable, StorageException

if TYPE_CHECKING:
    from ..http.body import Block

__all__ = [
    "Damaged",
    "Items",
    "ItemsReader",
    "NoList",
    "json_answer",
    "parsed",
    "refuse_page",
]

# Bytes that are parsed together, and that one item may have.
PIECE = 256 << 10
MAX_ITEM = 1 << 20
SPACE = b" \t\n\r"
BYTE_ORDER_MARK = codecs.BOM_UTF8
# Bytes of the shortest item.
MIN_ITEM = 8
# Keys of an item that are kept; the service sends five.
MAX_KEYS = 32
# Quotation marks around so many keys and values.
MAX_QUOTES = 4 * MAX_KEYS
# Seconds that a list waits at most for others before its next items are parsed.
PATIENCE = 5.0

_space = re.compile(r"[ \t\n\r]*")
_decode = json.JSONDecoder().raw_decode
_turn = threading.Lock()


class NoList(ValueError):
    """The answer is not a list."""


class Damaged(ValueError):
    """The list is not well-formed, ends too early, or has an item that is too long."""


def refuse_page(content_type: str, path: str) -> None:
    """Raise `ServiceUnreachable` where the service answers with a page for people."""
    if "json" not in content_type:
        raise ServiceUnreachable(
            f"The service sends no data for {path or '/'!r} but a page of type {content_type!r}; "
            "is CTADS_URL the address of a download service?",
            path=path,
        )


def json_answer(raw: bytes, content_type: str, path: str) -> Any:
    """Read an answer of the service that should be JSON.

    Raises
    ------
    ServiceUnreachable
        If it is a page for people.
    StorageException
        If it is damaged.
    """
    refuse_page(content_type, path)
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        raise StorageException(
            f"The service's answer for {path or '/'!r} is damaged", path=path
        ) from error


class Items(NamedTuple):
    """Items that follow each other.

    Attributes
    ----------
    raw : bytes
        The items as they came, with the commas between them.
    parsed : list
        The items. Objects have only members that are text, numbers, booleans or null.
    """

    raw: bytes
    parsed: list[Any]


class ItemsReader:
    """Reads the items of one list.

    Parameters
    ----------
    content : iterable of lists of bytes
        The JSON, in pieces; each is only valid until the next one is asked for.
    max_size : int
        Bytes that are read; a longer list is cut there.

    Attributes
    ----------
    cut : bool
        Whether the list was cut.
    """

    def __init__(self, content: Iterable[list[Block]], max_size: int) -> None:
        self._content = content
        self._max_size = max_size
        self.cut = False

    def __iter__(self) -> Generator[Items]:
        """Yield the items, many at a time; close this generator where not all are taken.

        Raises
        ------
        NoList, Damaged
            If this is not a JSON list.
        """
        # What may come next: the beginning, an item or the end, an item, a comma or the end.
        expected = b"["
        rest = b""
        for piece in self._pieces():
            buffer = rest + piece
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
                    elif len(buffer) > MAX_ITEM:
                        raise Damaged("an item is not well-formed, or too long")
                    else:
                        break
            rest = buffer
        if expected != b"" and not self.cut:
            missing = NoList if expected == b"[" else Damaged
            raise missing("the list does not come to its end")

    def _pieces(self) -> Iterator[bytes]:
        """Yield the content up to the limit, in pieces that are worth parsing."""
        pieces: list[bytes] = []
        size = received = 0
        for blocks in self._content:
            piece = b"".join(blocks)
            room = self._max_size - received
            received += len(piece)
            pieces.append(piece[:room])
            if len(piece) > room:
                self.cut = True
                break
            size += len(piece)
            if size >= PIECE:
                yield b"".join(pieces)
                pieces, size = [], 0
        if pieces:
            yield b"".join(pieces)


@contextmanager
def _in_turn() -> Iterator[None]:
    """Let one thread at a time parse: many would hold up everything that is not a list.

    The interpreter runs one of them at a time in any case, and those that wait here do not
    compete with an event loop.
    """
    mine = _turn.acquire(timeout=PATIENCE)
    try:
        yield
    finally:
        if mine:
            _turn.release()


def parsed(raw: bytes) -> list[Any]:
    """Parse the raw text of `Items` again."""
    return _plain(raw, json.loads(f"[{raw.decode('utf-8', 'surrogatepass')}]"))


def _items_of(buffer: bytes) -> Items | None:
    """Return the complete items at the beginning of a buffer; None if there is none.

    Text that ends in a brace, and is well-formed once it is closed as a list, consists of
    complete items: if the brace lay within a text or another object, it would not be well-formed.
    """
    raw = buffer[: buffer.rfind(b"}") + 1]
    if not raw and buffer[:1] == b"{":
        return None
    try:
        # Nested items take ten times as long, during which no other thread runs.
        if raw and raw.count(b"[") + raw.count(b"{") <= len(raw) // MIN_ITEM:
            return Items(raw, parsed(raw))
    except (ValueError, RecursionError):
        # A brace in a name, most likely.
        pass
    try:
        # The last character may be incomplete.
        text = codecs.getincrementaldecoder("utf-8")("surrogatepass").decode(buffer)
    except UnicodeDecodeError as error:
        raise Damaged("a text is no UTF-8") from error
    found, end = _one_by_one(text)
    raw = text[:end].encode("utf-8", "surrogatepass")
    return Items(raw, _plain(raw, found)) if found else None


def _one_by_one(text: str) -> tuple[list[Any], int]:
    """Return the complete items at the beginning of a text, and where the last of them ends."""
    items: list[Any] = []
    end = position = 0
    try:
        while True:
            item, after = _decode(text, position)
            separator = _space.match(text, after).end()  # type: ignore[union-attr]
            # A number at the end may have more digits.
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
    """Return items without members that could take thirty times the memory of their text."""
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
