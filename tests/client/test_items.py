from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ctadata import _items
from ctadata._items import Damaged, ItemsReader, NoList

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
    assert all(_items.parsed(some.raw) == some.parsed for some in found)
    return [item for some in found for item in some.parsed]


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    monkeypatch.setattr(_items, "GATHERED", 20)


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
