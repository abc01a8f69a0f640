from __future__ import annotations

import io
import struct
import time
import zipfile
from collections.abc import Callable, Iterable

import pytest

from ctadata_labext.browse.zip_stream import Member, zip_length, zip_pieces

SUMMER = "Mon, 15 Jun 2026 12:34:57 GMT"
SUMMER_SECONDS = 1_781_526_897


@pytest.fixture(params=["UTC", "Europe/Zurich", "America/Los_Angeles"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterable[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


def made(*members: Member, of: Callable[[Member], Iterable[bytes]] | None = None) -> bytes:
    whole = b"".join(zip_pieces(members, of or (lambda member: [bytes(member.size)])))
    assert len(whole) == zip_length(members)
    return whole


def opened(*members: Member) -> zipfile.ZipFile:
    archive = zipfile.ZipFile(io.BytesIO(made(*members)))
    assert archive.testzip() is None
    return archive


def test_members_have_their_dates(zone: str) -> None:
    whole = made(Member("d/a.txt", "lst/d/a.txt", 3, SUMMER), Member("é/", "lst/é", 0, SUMMER))
    exactly = struct.pack("<HHBl", 0x5455, 5, 1, SUMMER_SECONDS)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        for info in archive.infolist():
            local = time.localtime(SUMMER_SECONDS)
            # In steps of two seconds.
            assert info.date_time == (*local[:5], local[5] // 2 * 2)
            # In UTC, for whoever unpacks it in another time zone.
            assert info.extra == exactly
            header = whole[info.header_offset :][: 30 + len(info.filename.encode()) + 9]
            assert header.endswith(exactly)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("Sun, 01 Jan 1905 00:00:00 GMT", (1980, 1, 1, 0, 0, 0)),
        ("Mon, 31 Dec 1979 23:59:59 GMT", (1980, 1, 1, 0, 0, 0)),
        ("Sat, 01 Jan 2107 12:00:00 GMT", (2107, 1, 1, 12, 0, 0)),
        ("Tue, 01 Jan 2199 00:00:00 GMT", (2107, 12, 31, 23, 59, 58)),
        ("Fri, 31 Dec 9999 00:00:00 GMT", (2107, 12, 31, 23, 59, 58)),
    ],
)
def test_dates_that_a_zip_file_cannot_have(
    date: str, expected: tuple[int, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    (info,) = opened(Member("a", "a", 1, date)).infolist()
    monkeypatch.undo()
    time.tzset()
    assert info.date_time == expected
    # The other date is exact, or left out.
    if info.extra:
        assert struct.unpack("<HHBl", info.extra)[:3] == (0x5455, 5, 1)


@pytest.mark.parametrize("date", ["", "x", "Sun, 99 Jan 2026 00:00:00 GMT"])
def test_without_a_date_it_is_as_old_as_the_archive(date: str) -> None:
    before = time.localtime(time.time() - 2)[:6]
    (info,) = opened(Member("a", "a", 1, date)).infolist()
    assert before <= info.date_time <= time.localtime()[:6]
    assert info.extra == b""


def test_the_length_is_exact() -> None:
    assert zip_length([]) == len(made())
    names = ["a", "dir/é" * 20, "🔭", "deep/" * 50 + "x", "back\\slash", "empty/"]
    dates = ["", SUMMER, "Fri, 31 Dec 9999 00:00:00 GMT"]
    members = [
        Member(f"{place}{name}", name, 0 if name.endswith("/") else place * 1000, dates[place % 3])
        for place, name in enumerate(names * 3)
    ]
    archive = opened(*members)
    assert archive.namelist() == [member.name for member in members]
    assert [info.file_size for info in archive.infolist()] == [m.size for m in members]


@pytest.mark.parametrize(
    "sizes",
    [
        # At the bounds from which a header, an offset and the end need 64 bits.
        [(1 << 31) * 100 // 105],
        [(1 << 31) * 100 // 105 + 2],
        [(1 << 31) - 1],
        [1 << 31],
        [(1 << 31) - 1 - 30 - 1 - 16, 1],
        [1 << 30, 1 << 30, 1, 1],
        [1 << 32, 0],
    ],
)
def test_the_length_of_much(sizes: list[int]) -> None:
    """Count only; the bytes of the data are holes in memory, made once."""
    block = bytes(1 << 24)

    def zeros(member: Member) -> Iterable[bytes]:
        for left in range(member.size, 0, -len(block)):
            yield block if left >= len(block) else block[:left]

    members = [Member(str(n), str(n), size, "") for n, size in enumerate(sizes)]
    assert sum(map(len, zip_pieces(members, zeros))) == zip_length(members)


def test_nothing_is_kept_that_was_taken() -> None:
    largest = 0
    taken = []

    def blocks(member: Member) -> Iterable[bytes]:
        for n in range(100):
            taken.append(n)
            yield bytes(1000)

    for piece in zip_pieces([Member("a", "a", 100_000, "")], blocks):
        largest = max(largest, len(piece))
    assert largest <= 1000
    assert len(taken) == 100
