from __future__ import annotations

import pytest

from ctadata_labext.handlers.files import parse_range


@pytest.mark.parametrize(
    ("header", "size", "expected"),
    [
        ("bytes=0-9", 100, (0, 10)),
        ("bytes=0-0", 100, (0, 1)),
        ("BYTES=90-", 100, (90, 100)),
        ("bytes=90-1000", 100, (90, 100)),
        ("bytes=-10", 100, (90, 100)),
        ("bytes=-1000", 100, (0, 100)),
        ("bytes=99-99", 100, (99, 100)),
    ],
)
def test_one_range(header: str, size: int, expected: tuple[int, int]) -> None:
    assert parse_range(header, size) == expected


@pytest.mark.parametrize(
    "header",
    ["", "bytes=-", "bytes=9-5", "bytes=0-1,5-6", "bytes=a-b", "items=0-9", "bytes 0-9",
     "bytes=+1-2", "bytes=1-2-3", "bytes=\u0661-\u0662", "bytes=0-9 junk", f"bytes={10**40}-"],
)  # fmt: skip
def test_what_is_ignored(header: str) -> None:
    assert parse_range(header, 100) is None


@pytest.mark.parametrize(
    ("header", "size"), [("bytes=100-", 100), ("bytes=-0", 100), ("bytes=0-", 0)]
)
def test_what_cannot_be_satisfied(header: str, size: int) -> None:
    start, _ = parse_range(header, size) or (-1, -1)
    assert start >= size


def test_the_end_of_an_empty_file_is_the_file() -> None:
    assert parse_range("bytes=-5", 0) is None
