"""Whatever bytes a service sends: ctadata errors, without control characters, and soon."""

from __future__ import annotations

import gzip
import io
import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from ctadata import APIClient, errors

from ..support.certificates import write_proxy
from ..support.scripted import Scripted

ITEM = {"href": "lst/a", "type": "file", "size": "5", "mtime": "Sun, 22 Nov 2026 06:28:06 GMT"}
OWN = {"href": "lst/users/alice/", "type": "directory"}
LIST = json.dumps([ITEM]).encode()
TOKEN = "the-token"


def raw(head: str, body: bytes = b"", status: str = "200 OK") -> bytes:
    """Return a response exactly as written, without corrections."""
    lines = [f"HTTP/1.1 {status}", "Connection: close", *head.splitlines(), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def json_of(content: object) -> bytes:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return raw(f"Content-Type: application/json\nContent-Length: {len(body)}", body)


TYPE = "Content-Type: application/json\n"
CHUNKED = f"{TYPE}Transfer-Encoding: chunked"
ANSWERS: dict[str, bytes] = {
    "nothing": b"",
    "no HTTP": bytes(range(256)) * 4,
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Ty",
    **{
        f"length {length[:20]}": raw(f"{TYPE}Content-Length: {length}", LIST)
        for length in [
            "-5", "x", "5, 5", "", "4611686018427387904", "9223372036854775808", "9" * 400,
            "9" * 6000,
        ]
    },
    **{
        f"chunk {size[:20]!r}": raw(CHUNKED, size + b"\r\nhello")
        for size in [b"-5", b"-1", b"zz", b"fffffffffffffff", b"f" * 40, b"5" + b" " * 70_000]
    },
    "more than it can have to say": raw(TYPE, b'["' + b"x" * (2 << 20) + b'"]'),
    "more of an error": raw("Content-Type: text/plain", b"x" * (2 << 20), "500 Error"),
    **{
        f"location {location[:20]!r}": raw(f"Location: {location}", status="302 Found")
        for location in ["http://[bad", "http://x:99999/", "\xff\xfe", "x" * 60_000, ""]
    },
    **{
        f"reason {reason[:20]!r}": raw("Content-Length: 2", b"no", reason)
        for reason in [
            "403 \x1b[31m\x07\x00", "500 a\rb", "403 \xff\xfe", "500 " + "x" * 30_000,
            f"403 {TOKEN}", "403", "599 x", "999 x", "103 Early", "206 Part", "205 x", "304 x",
        ]
    },
    "a page": raw("Content-Type: text/html", b"<p>certificate \x1b[31m</p>", "400 Bad"),
    "words": raw("", f"certificate \x1b[31m {TOKEN}".encode() + b"\xff" * 5000, "400 Bad"),
    **{
        f"JSON {str(content)[:20]}": json_of(content)
        for content in [
            None, 5, "x", [], {}, [None], [[]], b"NaN", b"[Infinity]", b"[" * 100_000,
            b'{"a":' * 100_000, b"[" + b"9" * 6000 + b"]", b'["\xff"]', "\ufeff[]".encode(),
        ]
    },
    **{
        f"{key} {str(value)[:20]}": json_of([{**ITEM, key: value}])
        for key in ITEM
        for value in [None, 5, -1, 1.5, 1e300, 10**400, "9" * 6000, [], {}, "\ud800", "\u0665"]
    },
    **{
        f"date {date[:32]}": json_of([{**ITEM, "mtime": date}])
        for date in [
            "Sun, 22 Nov 0000 06:28:06 GMT", "Mon, 01 Jan 0001 00:00:00 +1400",
            "Fri, 31 Dec 9999 23:59:59 -1400", "Sun, 22 Nov 2026 06:28:06 +99999999999999",
            "Sun, 30 Feb 2026 06:28:60 GMT", "1" * 5000,
        ]
    },
    **{
        f"{key} of an upload: {str(value)[:20]}": json_of(
            {"path": "lst/users/alice/x", "status": "uploaded", "total_written": 1, key: value}
        )
        for key in ("path", "status", "total_written")
        for value in [None, -1, 10**400, 1e300, float("nan"), "x", "\ud800", [], {}]
    },
    **{
        f"validity {str(value)[:32]}": json_of({"message": "stored", "validity": value})
        for value in [
            None, 5, [], {}, [None], ["too long", 400], "x", "9" * 6000, "\ud800",
            "Fri, 31 Dec 9999 23:59:59 -1400", "Mon, 01 Jan 0001 00:00:00 +1400",
        ]
    },
    "Content-Encoding": raw(f"{TYPE}Content-Encoding: gzip\nContent-Length: {len(LIST)}", LIST),
    "digests": raw("Digest: adler32=zz, md5=\xff, sha=, ====\nContent-Length: 5", b"hello"),
    "a sign of decoding": raw(f"{TYPE}CTAData-Path-Decoding: \xff", LIST),
    "many heads": b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + json_of([ITEM]),
    "more heads": b"HTTP/1.1 100 Continue\r\n\r\n" * 50_000 + json_of([ITEM]),
    "many headers": raw("\n".join(f"X-{n}: x" for n in range(101)), LIST),
    "long headers": raw("\n".join(f"X-{n}: {'x' * 60_000}" for n in range(90)), LIST),
    "many chunks": raw(CHUNKED, b"1\r\n \r\n" * 200_000 + b"0\r\n\r\n"),
    "many trailers": raw(CHUNKED, b"0\r\n" + b"X: x\r\n" * 200_000 + b"\r\n"),
    "a bomb": raw(
        f"{TYPE}Content-Encoding: gzip", gzip.compress(b"[" + b" " * (64 << 20) + b"]", 9)
    ),
}  # fmt: skip


def client() -> APIClient:
    return APIClient(retries=0, timeout=10)


CALLS: dict[str, tuple[str, str, Callable[[], Any]]] = {
    "list_dir": ("GET", "list/", lambda: [
        (entry.size, entry.modified, entry.name) for entry in client().list_dir("lst/a")
    ]),
    "fetch_and_save_file": ("GET", "fetch/", lambda: client().fetch_and_save_file(
        "lst/a", "file", overwrite="replace"
    )),
    "fetch_and_save_file, listing": ("GET", "list/", lambda: client().fetch_and_save_file(
        "lst/a", "file", overwrite="replace"
    )),
    "fetch_and_save_file, checksum": ("HEAD", "webdav/", lambda: client().fetch_and_save_file(
        "lst/a", "file", overwrite="replace"
    )),
    "iter_bytes, a part": ("GET", "webdav/", lambda: list(client().iter_bytes("lst/a", 1, 3))),
    "upload_file": ("POST", "upload/", lambda: client().upload_file("x", "x")),
    "upload_file, a stream": (
        "POST", "upload/", lambda: client().upload_file(io.BytesIO(b"x"), "x")
    ),
    "upload_file, a directory": ("MKCOL", "webdav/", lambda: client().upload_file("x", "new/x")),
    "health": ("GET", "health", lambda: client().health()),
    "upload_certificate": ("POST", "certificate", lambda: client().upload_certificate("p.pem")),
    "delegations": ("POST", "certificate", lambda: (
        client().upload_certificate("p.pem"), client().delegations()
    )),
    "upload_shared_certificate": (
        "POST", "main-certificate", lambda: client().upload_shared_certificate("p.pem")
    ),
    "shared_certificate_status": (
        "GET", "shared-certificate-status", lambda: client().shared_certificate_status()
    ),
}  # fmt: skip


class Hostile(Scripted):
    """Answers one kind of request with given bytes, and all others normally."""

    hostile = ("", "")
    content = b""

    def answer(self, handler: Any, path: str) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        handler.close_connection = True
        method, below = handler.command, path.partition("service/")[2]
        if method == self.hostile[0] and below.startswith(self.hostile[1]):
            handler.wfile.write(self.content)
        elif below.startswith("list/lst/users"):
            items = [OWN, {**ITEM, "href": "lst/users/alice/x", "size": "1"}]
            named = [items[1]] if below.endswith("/x") else items
            users = [{**OWN, "href": "lst/users/"}, OWN]
            handler.wfile.write(json_of(users if below.endswith("users") else named))
        elif below.startswith("list/"):
            handler.wfile.write(json_of([ITEM]))
        elif below.startswith("upload/"):
            path = f"lst/users/alice/{below.removeprefix('upload/')}"
            answer = {"path": path, "status": "uploaded", "total_written": len(body)}
            handler.wfile.write(json_of(answer))
        elif method == "MKCOL":
            handler.wfile.write(raw("Content-Length: 0", status="405 There"))
        else:
            handler.wfile.write(raw("Content-Length: 5", b"hello"))


@pytest.fixture
def hostile(monkeypatch, work):
    with Hostile() as script:
        monkeypatch.setenv("CTADS_URL", script.url)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
        monkeypatch.setenv("JUPYTERHUB_USER", "alice")
        monkeypatch.delenv("CTACS_URL", raising=False)
        (work / "x").write_bytes(b"x")
        write_proxy(work / "p.pem")
        yield script


@pytest.mark.parametrize("name", CALLS)
def test_only_errors_of_ctadata_come_out(hostile, name, caplog):
    caplog.set_level(logging.INFO, "ctadata")
    method, path, call = CALLS[name]
    hostile.hostile = method, path
    for what, hostile.content in ANSWERS.items():
        try:
            call()
        except errors.CTADataError as error:
            said = [str(error), *map(str, getattr(error, "failures", []))]
            for sentence in said:
                assert sentence.isprintable(), (what, sentence)
                assert TOKEN not in sentence, (what, sentence)
        except Exception as error:
            raise AssertionError(f"{name}: {what}") from error
    ours = [record for record in caplog.records if record.name.startswith("ctadata")]
    assert not [record for record in ours if record.exc_info]


def test_an_endless_answer_is_given_up(hostile):
    hostile.hostile, hostile.content = ("GET", "health"), ANSWERS["more than it can have to say"]
    with pytest.raises(errors.ServiceUnreachable, match="CTADS_URL"):
        client().health()


def test_a_page_that_speaks_of_certificates_asks_for_none(hostile):
    hostile.hostile, hostile.content = ("GET", "list/"), ANSWERS["a page"]
    with pytest.raises(errors.StorageException, match="400 Bad") as caught:
        client().list_dir("lst/a")
    assert not isinstance(caught.value, errors.CertificateNeeded)
