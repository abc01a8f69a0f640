from __future__ import annotations

import json
import threading
import time
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ctadata.errors import StorageException
from ctadata.storage import json_items
from ctadata.storage.json_items import Damaged, ItemsReader, NoList
from ctadata.storage.listing import EntryBuffer, read_listing

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
items = st.lists(st.dictionaries(st.text(max_size=5), scalars, max_size=4), max_size=30)


def read(raw: bytes, step: int = 7, most: int = 1 << 30) -> list[Any]:
    """The items, with what comes in small pieces of a buffer that is used again."""
    buffer = bytearray(step)

    def pieces():
        for start in range(0, len(raw), step):
            piece = raw[start : start + step]
            buffer[: len(piece)] = piece
            yield [memoryview(buffer)[: len(piece)]]

    found = list(ItemsReader(pieces(), most))
    assert all(json_items.parsed(some.raw) == some.parsed for some in found)
    return [item for some in found for item in some.parsed]


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    monkeypatch.setattr(json_items, "PIECE", 20)


@given(items, st.sampled_from([None, 1, "\t"]), st.booleans(), st.integers(1, 50))
@example([{"a": "}, {"}, {"b": '"}]'}, {"c": "\\"}], None, False, 3)
def test_it_reads_what_json_loads_does(found, indent, ascii_only, step):
    raw = json.dumps(found, indent=indent, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    assert read(b" \n" + raw + b"\r\n ", step) == json.loads(raw)


@pytest.mark.parametrize("raw", [b'[1, 23, 4.5e6, true, null, "x"]', b"[ ]", b"[[1], {}, 23]"])
def test_items_of_other_types(raw):
    assert read(raw, 3) == json.loads(raw)


@pytest.mark.parametrize(
    "raw",
    [
        b'[{"a": 1}', b'[{"a": 1},', b'[{"a": 1},]', b'[{"a": 1} {"b": 2}]', b'[{"a": 1}]]',
        b'[{"a": 1}],{"b": 2}]', b'[,{"a": 1}]', b'[{"a": 1},,{"b": 2}]', b'[{"a": "\xff"}]', b"[",
        b'[{"a": 1}] x', b'[{"a": }]', b"[x]", b"[" * 100_000, b'[{"a":' * 20_000, b"[1, 2",
        b'[{"a": ' + b"9" * 6000 + b"}]",
    ],
    ids=lambda raw: str(raw[:30]),
)  # fmt: skip
def test_what_is_damaged(raw):
    with pytest.raises(Damaged):
        read(raw, 1000)


@pytest.mark.parametrize("raw", [b"", b"  ", b"{}", b'{"a": [1]}', b"<html>", b"5", b"null"])
def test_what_is_no_list(raw):
    with pytest.raises(NoList):
        read(raw)


def test_a_byte_order_mark_is_no_part_of_the_list():
    assert read(b"\xef\xbb\xbf[1]", 100) == [1]


def test_an_item_that_never_ends_is_not_waited_for():
    came = 0

    def endless():
        nonlocal came
        yield [b'[{"a": "']
        while True:
            came += 1 << 16
            yield [b"x" * (1 << 16)]

    with pytest.raises(Damaged):
        list(ItemsReader(endless(), 1 << 40))
    assert came < 2 << 20


def test_a_list_is_cut_after_so_many_bytes():
    raw = json.dumps([{"a": number} for number in range(1000)]).encode()
    reader = ItemsReader(([raw[start : start + 10]] for start in range(0, len(raw), 10)), 500)
    found = [item["a"] for some in reader for item in some.parsed]
    assert reader.cut
    assert found == list(range(len(found)))
    assert 30 < len(found) < 60


def test_what_would_take_much_more_memory_than_its_text_is_not_kept():
    item = {"a": 1, "nested": [[]] * 100, "more": {"b": {}}, **{f"k{n}": n for n in range(1000)}}
    (kept,) = read(json.dumps([item]).encode(), 100_000)
    assert kept["a"] == 1
    assert len(kept) <= 40
    assert not {"nested", "more"} & kept.keys()


def test_one_list_at_a_time_is_worked_on(monkeypatch):
    """Many at once would hold up an event loop for seconds."""
    monkeypatch.setattr(json_items, "PATIENCE", 600)
    at_once: list[int] = []
    inside: set[int] = set()

    def work() -> None:
        for _ in ItemsReader([[b"["], *([b'{"a": 1234567890},'],) * 20, [b"1]"]], 1 << 20):
            inside.add(threading.get_ident())
            at_once.append(len(inside))
            # Lets others run.
            time.sleep(0.001)
            inside.discard(threading.get_ident())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(at_once) == {1}
    assert len(at_once) >= 40


def test_a_list_that_is_held_stops_no_other_for_ever(monkeypatch):
    monkeypatch.setattr(json_items, "PATIENCE", 0.01)
    held = iter(ItemsReader([[b'[{"a": 1},', b'{"b": 2}]']], 1 << 20))
    next(held)
    assert read(b"[1]", 10) == [1]
    held.close()


@pytest.mark.parametrize("raw", [b'{"a": 1}, x', b"5"])
def test_a_list_that_is_broken_off_is_held_no_longer(monkeypatch, raw):
    monkeypatch.setattr(json_items, "PATIENCE", 600)
    with pytest.raises(StorageException):
        read_listing([[b"[" + raw]], "application/json", ["lst"], EntryBuffer("lst"))
    assert read(b"[1]", 10) == [1]


def test_nested_items_are_read_one_by_one(monkeypatch):
    """A thousand of them at once would hold up all threads."""
    monkeypatch.setattr(json_items, "PIECE", 100_000)
    raw = json.dumps([{"a": [[[[[[[]]]]]]]}, {"b": "[" * 100}] * 1000).encode()
    decoded: list[str] = []
    monkeypatch.setattr(json_items.json, "loads", lambda text: decoded.append(text))
    assert [item for some in ItemsReader([[raw]], 1 << 20) for item in some.parsed] == [
        {},
        {"b": "[" * 100},
    ] * 1000
    assert decoded == []
