"""The body of a response, in all framings and pieces, as http.client itself reads it."""

from __future__ import annotations

import io
from http.client import HTTPException, HTTPResponse, IncompleteRead
from itertools import pairwise
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ctadata.http import body
from ctadata.http.watchdog import Watchdog


class Pieces(io.RawIOBase):
    """Returns bytes in pieces, as a socket does."""

    def __init__(self, pieces: list[bytes]) -> None:
        self.pieces = [piece for piece in pieces if piece]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:
        if not self.pieces:
            return 0
        piece = self.pieces.pop(0)
        size = min(len(piece), len(buffer))
        buffer[:size] = piece[:size]
        if size < len(piece):
            self.pieces.insert(0, piece[size:])
        return size


def body_of(head: bytes, pieces: list[bytes]) -> HTTPResponse:
    file = io.BufferedReader(Pieces([head, *pieces]))
    response = HTTPResponse(SimpleNamespace(makefile=lambda mode: file))
    response.begin()
    return response


def read(head: bytes, pieces: list[bytes]) -> bytes:
    response = SimpleNamespace(_fp=body_of(head, pieces))
    # A memoryview is only valid until the next ones are asked for.
    return b"".join([b"".join(blocks) for blocks in body.read_body(response, Watchdog())])


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CLOSED = b"HTTP/1.1 200 OK\r\n\r\n"


def length(size: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size


def cut(raw: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({place % (len(raw) + 1) for place in places} | {0, len(raw)})
    return [raw[start:stop] for start, stop in pairwise(ends)]


@pytest.fixture(params=[True, False], ids=["fast", "slow"], autouse=True, scope="module")
def speed(request):
    """Read as from a fast link from the first byte on, or never."""
    patch = pytest.MonkeyPatch()
    patch.setattr(body, "MEASURED", 1 if request.param else 1 << 60)
    patch.setattr(body, "FAST_LINK", 1e-9)
    yield
    patch.undo()


extensions = st.sampled_from([b"", b";a=b", b" ;x", b" "])
trailers = st.sampled_from([b"", b"Digest: adler32=00000001\r\n", b"a: b\r\nc: d\r\n"])


@given(
    st.lists(st.tuples(st.binary(min_size=1, max_size=300), extensions), max_size=8),
    trailers,
    st.lists(st.integers(0, 10_000), max_size=20),
)
def test_chunks_however_they_arrive(chunks, trailer, places):
    raw = b"".join(b"%x%s\r\n%s\r\n" % (len(data), ext, data) for data, ext in chunks)
    raw += b"0\r\n" + trailer + b"\r\n"
    pieces = cut(raw, places)
    content = b"".join(data for data, _ in chunks)
    assert read(CHUNKED, pieces) == content == body_of(CHUNKED, pieces).read()


@given(st.binary(max_size=1000), st.lists(st.integers(0, 1000), max_size=20))
def test_a_length_and_an_end(content, places):
    pieces = cut(content, places)
    assert read(length(len(content)), pieces) == content
    assert read(CLOSED, pieces) == content
    # What follows belongs to nobody.
    assert read(length(len(content)), [*pieces, b"HTTP/1.1 500"]) == content


def test_more_than_one_buffer():
    content = bytes(range(256)) * 12_000
    chunked = b"".join(
        b"10000\r\n%s\r\n" % content[at : at + 65536]
        for at in range(0, len(content) - 65536, 65536)
    )
    tail = content[len(content) // 65536 * 65536 :]
    chunked += b"%x\r\n%s\r\n0\r\n\r\n" % (len(tail), tail)
    assert read(CHUNKED, cut(chunked, list(range(0, len(chunked), 70_001)))) == content
    assert read(length(len(content)), [content]) == content


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"5\r\nab",
        b"5\r\nabcde",
        b"5\r\nabcde\r\n",
        b"5\r\nabcde\r\n0\r\n",
        b"5\r\nabcde\r\n0\r\nDigest: x\r\n",
    ],
)
def test_chunks_that_end_early(raw):
    with pytest.raises(IncompleteRead):
        read(CHUNKED, [raw])


@pytest.mark.parametrize(
    "raw",
    [
        b"x\r\n",
        b"-1\r\n",
        b"1_0\r\n",
        b"\r\n",
        b"<html>\r\n",
        b"5\r\nabcdefgh\r\n0\r\n\r\n",
        b"f" * 20 + b"\r\n",
        b"1" * 200_000,
    ],
)
def test_chunks_that_are_none(raw):
    with pytest.raises(HTTPException):
        read(CHUNKED, [raw])


def test_a_trailer_without_end():
    endless = [b"1\r\nx\r\n0\r\n", *[b"a: b\r\n" * 1000] * 20]
    with pytest.raises(HTTPException, match="trailer is too long"):
        read(CHUNKED, endless)


def test_many_chunks_are_no_trailer():
    assert read(CHUNKED, [b"1\r\nx\r\n" * 100_000, b"0\r\n\r\n"]) == b"x" * 100_000


@pytest.mark.parametrize("chunk", [b"1\r\nx\r\n" * 1000, b"1;" + b"x" * 60_000 + b"\r\nx\r\n"])
def test_chunks_without_end_that_hold_nearly_nothing(chunk):
    with pytest.raises(HTTPException, match="more framing"):
        read(CHUNKED, [chunk] * ((4 << 20) // len(chunk)))


def test_what_came_before_a_break_is_given():
    blocks = body.read_body(SimpleNamespace(_fp=body_of(length(10), [b"abc", b"def"])), Watchdog())
    came = b""
    while len(came) < 6:
        came += b"".join(next(blocks))
    assert came == b"abcdef"
    with pytest.raises(IncompleteRead):
        next(blocks)
