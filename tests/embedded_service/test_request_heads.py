"""Requests that parsers could read in different ways, and connections without a request."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from ctadata.embedded_service import Service, connection

from ..conftest import TOKEN, serving
from .conftest import DOWNLOADS, Http, read_all

UPLOAD = f"POST {DOWNLOADS}/upload"
BEARER = f"Authorization: Bearer {TOKEN}"
SMUGGLED = f"{UPLOAD}/smuggled HTTP/1.1\r\nHost: x\r\n{BEARER}\r\nContent-Length: 1\r\n\r\nx"


@pytest.fixture(params=["kind", "quirky"])
def service(request: pytest.FixtureRequest, tmp_path: Path, ca_bundle: Path) -> Iterator[Service]:
    quirks = request.param == "quirky"
    with serving(tmp_path / "storage", ca_bundle, quirks=quirks) as running:
        yield running


def first(head: str, *fields: str, body: str = "") -> str:
    """A request for an upload with an additional line."""
    return "\r\n".join([head, *fields, "", body])


def upload(*fields: str, body: str = "12345", host: str | None = "Host: x") -> str:
    return first(f"{UPLOAD}/first HTTP/1.1", *filter(None, [host]), BEARER, *fields, body=body)


def get(target: str = f"{DOWNLOADS}/health", *fields: str, version: str = "HTTP/1.1") -> str:
    return first(f"GET {target} {version}", *(fields or ("Host: x",)))


CHUNKED = "Transfer-Encoding: chunked"
SIX = "5\r\n12345\r\n0\r\n\r\n"

REFUSED = {
    "two-lengths": upload("Content-Length: 5", "Content-Length: 6"),
    "same-lengths": upload("Content-Length: 5", "content-length: 5"),
    "list-of-lengths": upload("Content-Length: 5, 5"),
    "plus": upload("Content-Length: +5"),
    "minus": upload("Content-Length: -1"),
    "hexadecimal": upload("Content-Length: 0x5"),
    "space-behind": upload("Content-Length: 5 "),
    "tab-before": upload("Content-Length:\t5"),
    "empty-length": upload("Content-Length:"),
    "huge-length": upload("Content-Length: " + "9" * 30),
    "underscores": upload("Content-Length: 1_0"),
    "other-digits": upload("Content-Length: \u0665"),
    "fraction": upload("Content-Length: 5.0"),
    "both": upload("Content-Length: 5", CHUNKED, body=SIX),
    "both-turned": upload(CHUNKED, "Content-Length: 5", body=SIX),
    "chunked-identity": upload("Transfer-Encoding: chunked, identity", body=SIX),
    "identity-chunked": upload("Transfer-Encoding: identity, chunked", body=SIX),
    "gzip-chunked": upload("Transfer-Encoding: gzip, chunked", body=SIX),
    "identity": upload("Transfer-Encoding: identity"),
    "xchunked": upload("Transfer-Encoding: xchunked", body=SIX),
    "chunked-twice": upload(CHUNKED, CHUNKED, body=SIX),
    "chunked-list": upload("Transfer-Encoding: chunked, chunked", body=SIX),
    "chunked-quoted": upload('Transfer-Encoding: "chunked"', body=SIX),
    "chunked-parameter": upload("Transfer-Encoding: chunked;q=1", body=SIX),
    "chunked-vertical-tab": upload("Transfer-Encoding: \x0bchunked", body=SIX),
    "empty-coding": upload("Transfer-Encoding:"),
    "space-before-colon": upload("Content-Length : 5"),
    "tab-before-colon": upload("Transfer-Encoding\t: chunked", body=SIX),
    "folded": upload("X-A: 1", " Content-Length: 5"),
    "folded-value": upload("Transfer-Encoding:", "\tchunked", body=SIX),
    "folded-first": upload(host=" Host: x"),
    "bare-lf": upload("Content-Length: 5").replace("\r\n", "\n"),
    "bare-lf-in-a-head": upload("X-A: 1\nContent-Length: 5"),
    "bare-cr-in-a-head": upload("X-A: 1\rContent-Length: 5"),
    "bare-lf-at-the-end": upload("Content-Length: 5").replace("\r\n\r\n", "\r\n\n"),
    "cr-cr-lf": upload("X-A: 1\r", "Content-Length: 5"),
    "nul": upload("X-A: 1\0", "Content-Length: 5"),
    "control-character": upload("X-A: \x01", "Content-Length: 5"),
    "name-with-a-space": upload("X A: 1", "Content-Length: 5"),
    "name-with-a-parenthesis": upload("X(A): 1", "Content-Length: 5"),
    "name-beyond-ascii": upload("Content-Lengthé: 5"),
    "no-name": upload(": 5"),
    "no-colon": upload("Content-Length 5"),
    "no-host": upload("Content-Length: 5", host=None),
    "two-hosts": upload("Host: x", "Content-Length: 5"),
    "two-other-hosts": upload("HOST: y", "Content-Length: 5"),
    "empty-host": upload("Content-Length: 5", host="Host:"),
    "host-with-a-slash": upload("Content-Length: 5", host="Host: x/y"),
    "host-with-a-user": upload("Content-Length: 5", host="Host: a@x"),
    "list-of-hosts": upload("Content-Length: 5", host="Host: x, y"),
    "host-with-a-word-as-port": upload("Content-Length: 5", host="Host: x:http"),
    "two-tokens": upload("Authorization: Bearer other", "Content-Length: 5"),
    "old-and-chunked": first(f"{UPLOAD}/first HTTP/1.0", "Host: x", BEARER, CHUNKED, body=SIX),
    "absolute": get(f"http://y{DOWNLOADS}/health"),
    "absolute-same": get(f"http://x{DOWNLOADS}/health"),
    "absolute-options": first(f"OPTIONS http://y{DOWNLOADS}/health HTTP/1.1", "Host: x"),
    "authority": first("CONNECT x:80 HTTP/1.1", "Host: x"),
    "asterisk": get("*"),
    "relative": get("health"),
    "fragment": get(f"{DOWNLOADS}/health#x"),
    "two-spaces": get(f" {DOWNLOADS}/health"),
    "space-in-the-path": get(f"{DOWNLOADS}/he alth"),
    "space-at-the-end": get(version="HTTP/1.1 "),
    "tab": get().replace(" ", "\t", 1),
    "lower-case": get().replace("GET", "get"),
    "mixed-case": get().replace("GET", "Get"),
    "version-in-lower-case": get(version="http/1.1"),
    "version-1.10": get(version="HTTP/1.10"),
    "version-1.2": get(version="HTTP/1.2"),
    "no-version": f"GET {DOWNLOADS}/health\r\n\r\n",
    "two-empty-lines": "\r\n\r\n" + get(),
    "a-body-behind-none": get() + "12345",
}

BROKEN_CHUNKS = {
    "0x": "0x5\r\n12345\r\n0\r\n\r\n",
    "plus": "+5\r\n12345\r\n0\r\n\r\n",
    "minus": "-5\r\n12345\r\n0\r\n\r\n",
    "underscore": "0_5\r\n12345\r\n0\r\n\r\n",
    "space-before": " 5\r\n12345\r\n0\r\n\r\n",
    "space-behind": "5 \r\n12345\r\n0\r\n\r\n",
    "empty": "\r\n12345\r\n0\r\n\r\n",
    "huge": "F" * 17 + "\r\n12345\r\n0\r\n\r\n",
    "bare-lf": "5\n12345\r\n0\r\n\r\n",
    "bare-lf-in-an-extension": "5;a\nb\r\n12345\r\n0\r\n\r\n",
    "bare-cr-in-an-extension": "5;a\rb\r\n12345\r\n0\r\n\r\n",
    "nul-in-an-extension": "5;\0\r\n12345\r\n0\r\n\r\n",
    "long-extension": "5;" + "a" * 10_000 + "\r\n12345\r\n0\r\n\r\n",
    "no-end": "5\r\n123450\r\n\r\n",
    "lf-as-end": "5\r\n12345\n0\r\n\r\n",
    "longer": "5\r\n1234567\r\n0\r\n\r\n",
    "length-in-the-trailer": "5\r\n12345\r\n0\r\nContent-Length: 5\r\n\r\n",
    "host-in-the-trailer": "5\r\n12345\r\n0\r\nhost: y\r\n\r\n",
    "folded-trailer": "5\r\n12345\r\n0\r\nX-A: 1\r\n folded\r\n\r\n",
    "bare-lf-in-the-trailer": "5\r\n12345\r\n0\r\nX-A: 1\n\r\n\r\n",
    "no-name-in-the-trailer": "5\r\n12345\r\n0\r\n: 1\r\n\r\n",
    "endless-trailer": "5\r\n12345\r\n0\r\n" + "X-A: 1\r\n" * 200 + "\r\n",
}


def answered(http: Http, *parts: str) -> bytes:
    with http.connect() as sender:
        for part in parts:
            sender.sendall(part.encode())
        return read_all(sender)


def stored(storage: Path) -> list[str]:
    return sorted(path.name for path in (storage / "lst/users").rglob("*") if path.is_file())


@pytest.mark.parametrize("case", REFUSED)
def test_what_can_be_read_in_two_ways_is_refused(http: Http, storage: Path, case: str) -> None:
    answer = answered(http, REFUSED[case] + SMUGGLED)
    # The last request is not refused, but ends where its length says.
    before = 1 if case == "a-body-behind-none" else 0
    head, *others = answer.split(b"HTTP/1.1 ")[before + 1 :]
    assert head.startswith(b"400 "), answer
    assert b"\r\nConnection: close\r\n" in head
    assert others == []
    assert stored(storage) == []


@pytest.mark.parametrize("case", BROKEN_CHUNKS)
def test_broken_chunks_end_the_connection(http: Http, storage: Path, case: str) -> None:
    answer = answered(http, upload(CHUNKED, body=BROKEN_CHUNKS[case]) + SMUGGLED)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in answer
    assert "smuggled" not in stored(storage)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (get(version="HTTP/2.0"), 505),
        (get(version="HTTP/3"), 505),
        (get("/" + "a" * 1_000_000), 414),
        (get(f"{DOWNLOADS}/health", "Host: x", "X-A: " + "a" * 1_000_000), 431),
        (get(f"{DOWNLOADS}/health", "Host: x", *["X-A: 1"] * 200), 431),
        (upload("Content-Length: 5", "Expect: 200-ok"), 417),
        (upload("Content-Length: 5", "Expect: 100-continue, x"), 417),
    ],
    ids=["preface", "2.0", "3", "address", "field", "fields", "expectation", "expectations"],
)
def test_other_refusals(http: Http, storage: Path, request_: str, status: int) -> None:
    answer = answered(http, request_ + SMUGGLED)
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in answer
    assert stored(storage) == []


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("upload/first?token=wrong", 302),
        ("nothing", 404),
        ("list", 405),
        ("upload", 405),
    ],
)
def test_the_body_of_a_refused_request_is_no_request(
    http: Http, storage: Path, path: str, status: int
) -> None:
    # The announced body has not been sent when the answer arrives.
    head = f"PUT {DOWNLOADS}/{path} HTTP/1.1\r\nHost: x\r\n"
    head += "" if status == 302 else f"{BEARER}\r\n"
    with http.connect() as sender:
        sender.sendall(f"{head}Content-Length: {len(SMUGGLED)}\r\n\r\n".encode())
        begin = sender.recv(65536)
        sender.sendall(SMUGGLED.encode())
        answer = begin + read_all(sender)
    assert answer.startswith((b"HTTP/1.1 %d " % status, b"HTTP/1.1 405 "))
    assert b"\r\nConnection: close\r\n" in answer
    assert answer.count(b"HTTP/1.1 ") == 1
    assert stored(storage) == []


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_body_where_none_is_expected_is_passed_over(
    http: Http, storage: Path, method: str
) -> None:
    head = f"{method} {DOWNLOADS}/health HTTP/1.1\r\nHost: x\r\n"
    answer = answered(
        http,
        f"{head}Content-Length: {len(SMUGGLED)}\r\n\r\n{SMUGGLED}",
        f"{head}Connection: close\r\n\r\n",
    )
    assert answer.count(b"HTTP/1.1 200 ") == 2
    assert stored(storage) == []


@pytest.mark.parametrize(
    "fields",
    [
        ["Content-Length: 5"],
        ["content-length:5"],
        ["Content-Length: 5", "Content_Length: 9", "X-Odd: é\t "],
        ["Content-Length: 5", "Expect: 100-Continue"],
        ["Content-Length: 5", "Transfer_Encoding: chunked"],
        ["Transfer-Encoding: CHUNKED"],
    ],
    ids=["usual", "lower-case", "underscore", "expect", "underscored-coding", "upper-case"],
)
def test_what_is_legal_is_taken(http: Http, storage: Path, fields: list[str]) -> None:
    body = SIX if "CHUNKED" in fields[0] else "12345"
    octets = "Content-Type: application/octet-stream"
    last = get(f"{DOWNLOADS}/health", "Host: [::1]:80", "Connection: Close")
    answer = answered(http, "\r\n" + upload(octets, *fields, body=body) + last)
    assert answer.count(b"HTTP/1.1 200 ") == 2
    assert answer.count(b"HTTP/1.1 100 ") == ("Expect" in fields[-1])
    assert (storage / "lst/users/alice/first").read_bytes() == b"12345"


@pytest.mark.parametrize(
    "override",
    ["X-HTTP-Method-Override: ", "X-HTTP-Method: ", "X-Method-Override: ", "_method"],
)
def test_no_other_method_than_that_of_the_request(http: Http, storage: Path, override: str) -> None:
    target = f"{DOWNLOADS}/webdav/lst/users/alice/made"
    fields = [BEARER, "Connection: close"]
    if override == "_method":
        target += "?_method=MKCOL"
    else:
        fields.append(f"{override}MKCOL")
    answer = answered(http, get(target, "Host: x", *fields))
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert not (storage / "lst/users/alice/made").exists()


HALF = {
    "nothing": "",
    "a-line": f"GET {DOWNLOADS}/health HTTP/1.1\r\n",
    "a-head": f"{UPLOAD}/half HTTP/1.1\r\nHost: x\r\n{BEARER}\r\nContent-Length: 9\r\n",
    "no-body": f"{UPLOAD}/half HTTP/1.1\r\nHost: x\r\n{BEARER}\r\nContent-Length: 9\r\n\r\n",
    "half-a-body": upload("Content-Length: 9"),
    "half-a-chunk": upload(CHUNKED, body="9\r\n123"),
    "no-token": f"{UPLOAD}/half HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n",
    "tls": "\x16\x03\x01\x02",
}


@pytest.mark.parametrize("half", HALF)
def test_half_requests_hold_nobody_up(http: Http, half: str) -> None:
    with ExitStack() as stack:
        for _ in range(40):
            sender = stack.enter_context(http.connect())
            sender.sendall(HALF[half].encode())
        assert http.get("list", timeout=5).status == 200


def test_many_connections_hold_nobody_up(http: Http) -> None:
    with ExitStack() as stack:
        for _ in range(400):
            stack.enter_context(http.connect()).sendall(b"GET")
        assert http.get("list", timeout=5).status == 200


def test_a_head_that_drips_is_given_up(http: Http, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "HEAD_TIMEOUT", 0.5)
    with http.connect() as sender:
        began = time.monotonic()
        sender.setblocking(False)
        answer = b""
        while not answer and time.monotonic() < began + 20:
            try:
                sender.sendall(b"G")
                answer = sender.recv(1000)
            except BlockingIOError:
                time.sleep(0.05)
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_reset_in_a_head_leaves_nothing(http: Http) -> None:
    with http.connect() as sender:
        sender.sendall(b"GET / HTTP/1.1\r\n")
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert http.get("health").status == 200
