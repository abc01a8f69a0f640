from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import json
import os
import re
import socket
import stat
import struct
import threading
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3
from tornado.httpclient import HTTPResponse
from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpclient import TCPClient

from ..described import Api
from ..running import TOKEN, JupyterServer
from ..test_access import log_in

TUS = {"Tus-Resumable": "1.0.0"}
PIECE = {**TUS, "Content-Type": "application/offset+octet-stream"}
MIB = 1 << 20


def config(**traits: Any) -> dict[str, Any]:
    return {
        "ServerApp": {"jpserver_extensions": {"ctadata_labext": True}},
        "CTADataExtension": traits,
    }


def encoded(**values: str) -> str:
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items()
    )


def announcement(size: int, path: str = "run42/a.fits", **values: str) -> dict[str, str]:
    return {
        **TUS,
        "Upload-Length": str(size),
        "Upload-Metadata": encoded(filename=path, **values),
    }


class Tus:
    """The uploads as a client of tus sees them."""

    def __init__(self, api: Api) -> None:
        self.api = api

    async def create(self, size: int, path: str = "run42/a.fits", **values: str) -> str:
        headers = announcement(size, path, **values)
        created = await self.api("uploads", "POST", headers=headers, body=b"")
        assert created.code == 201, created.body
        return self.id_of(created)

    def id_of(self, created: HTTPResponse) -> str:
        base, _, upload_id = created.headers["Location"].rpartition("/")
        assert base == f"{self.api._base_url}ctadata/uploads"
        return upload_id

    async def patch(self, upload_id: str, offset: int, body: bytes, **headers: str) -> HTTPResponse:
        response = await self.api(
            f"uploads/{upload_id}",
            "PATCH",
            body=body,
            headers={**PIECE, "Upload-Offset": str(offset), **headers},
        )
        assert response.headers["Tus-Resumable"] == "1.0.0"
        return response

    async def offset(self, upload_id: str) -> int:
        head = await self.api(f"uploads/{upload_id}", "HEAD", headers=TUS)
        assert head.code == 200
        return int(head.headers["Upload-Offset"])

    async def waiting(self) -> list[dict[str, Any]]:
        return (await self.api.json("uploads"))["uploads"]


@pytest.fixture
def tus(api: Api) -> Tus:
    return Tus(api)


@pytest.fixture
def spooled(extension: Any) -> Path:
    """The directory of the received files."""
    return extension.services.spool.data("x").parent


async def connect(
    api: Api, method: str, path: str, headers: dict[str, str], body: bytes = b""
) -> IOStream:
    """Send a request over a connection of one's own, and not more of its body than `body`."""
    stream = await TCPClient().connect("127.0.0.1", api._client.get_http_port())
    lines = [f"{method} {api._base_url}ctadata/{path} HTTP/1.1", "Host: localhost"]
    lines += [f"{name}: {value}" for name, value in {**api._auth, **headers}.items()]
    await stream.write("\r\n".join([*lines, "", ""]).encode() + body)
    return stream


async def answer(stream: IOStream) -> str:
    return (await asyncio.wait_for(stream.read_until(b"\r\n\r\n"), 20)).decode()


async def begin_piece(api: Api, upload_id: str, offset: int, length: int, body: bytes) -> IOStream:
    headers = {**PIECE, "Upload-Offset": str(offset), "Content-Length": str(length)}
    return await connect(api, "PATCH", f"uploads/{upload_id}", headers, body)


async def arrived(extension: Any, upload_id: str) -> None:
    """Wait until the server receives a piece of an upload."""
    writers = extension.services.upload_writers
    while upload_id not in writers or not writers[upload_id]._buffer:
        await asyncio.sleep(0)


async def let_go(extension: Any, upload_id: str) -> None:
    """Wait until it does so no more."""
    while upload_id in extension.services.upload_writers:
        await asyncio.sleep(0)


async def test_what_the_server_can(api: Api) -> None:
    response = await api("uploads", "OPTIONS")
    assert (response.code, response.body) == (204, b"")
    assert response.headers["Tus-Version"] == response.headers["Tus-Resumable"] == "1.0.0"
    assert response.headers["Tus-Extension"] == (
        "creation,creation-with-upload,termination,expiration"
    )
    assert "Tus-Max-Size" not in response.headers


@pytest.mark.parametrize("jp_server_config", [config(max_upload_size=100)])
async def test_the_largest_size(api: Api, tus: Tus) -> None:
    assert (await api("uploads", "OPTIONS")).headers["Tus-Max-Size"] == "100"
    assert await api.error("uploads", "POST", headers=announcement(101), body=b"") == (
        413,
        "too-large",
    )
    await tus.create(100)


async def test_pieces_of_any_size(tus: Tus, extension: Any) -> None:
    content = os.urandom(5 * MIB + 77)
    upload_id = await tus.create(len(content))
    offset = 0
    for size in (1, MIB, 0, 3 * MIB + 5, len(content)):
        piece = content[offset : offset + size]
        response = await tus.patch(upload_id, offset, piece)
        offset += len(piece)
        assert (response.code, response.headers["Upload-Offset"]) == (204, str(offset))
        assert await tus.offset(upload_id) == offset
    assert extension.services.spool.data(upload_id).read_bytes() == content


async def test_what_head_says(api: Api, tus: Tus) -> None:
    metadata = encoded(filename="run42/ä.fits", destination="a/b", item="run42", other="x") + ",is"
    headers = {**TUS, "Upload-Length": "10", "Upload-Metadata": metadata}
    created = await api("uploads", "POST", headers=headers, body=b"")
    assert created.headers["Upload-Offset"] == "0"
    head = await api(f"uploads/{tus.id_of(created)}", "HEAD", headers=TUS)
    assert (head.code, head.body) == (200, b"")
    assert head.headers["Upload-Length"] == "10"
    assert head.headers["Upload-Offset"] == "0"
    assert head.headers["Upload-Metadata"] == metadata
    assert head.headers["Cache-Control"] == "no-store"
    assert head.headers["Upload-Expires"] == created.headers["Upload-Expires"]
    (listed,) = await tus.waiting()
    expires = parsedate_to_datetime(head.headers["Upload-Expires"])
    assert head.headers["Upload-Expires"].endswith(" GMT")
    assert listed == {
        "id": tus.id_of(created),
        "path": "run42/ä.fits",
        "destination": "a/b",
        "item": "run42",
        "fingerprint": "",
        "size": 10,
        "offset": 0,
        "expires": int(expires.timestamp()),
    }


async def test_the_first_piece_comes_with_the_creation(api: Api, tus: Tus, extension: Any) -> None:
    headers = {**announcement(10), **PIECE}
    created = await api("uploads", "POST", headers=headers, body=b"0123")
    assert (created.code, created.headers["Upload-Offset"]) == (201, "4")
    upload_id = tus.id_of(created)
    assert (await tus.patch(upload_id, 4, b"456789")).code == 204
    assert extension.services.spool.data(upload_id).read_bytes() == b"0123456789"
    wrong = await api("uploads", "POST", headers=announcement(10), body=b"0123")
    assert (wrong.code, json.loads(wrong.body)["code"]) == (415, "unsupported-media-type")
    assert await api.error("uploads", "POST", headers=headers, body=bytes(11)) == (413, "too-large")
    # Nothing was created for what was refused.
    assert [each["id"] for each in await tus.waiting()] == [upload_id]


async def test_an_empty_file(tus: Tus) -> None:
    upload_id = await tus.create(0)
    assert await tus.offset(upload_id) == 0
    assert (await tus.patch(upload_id, 0, b"")).code == 204


async def test_a_body_of_unknown_length(tus: Tus, api: Api, extension: Any) -> None:
    upload_id = await tus.create(10)
    headers = {**PIECE, "Upload-Offset": "0", "Transfer-Encoding": "chunked"}
    body = b"4\r\n0123\r\n6\r\n456789\r\n0\r\n\r\n"
    stream = await connect(api, "PATCH", f"uploads/{upload_id}", headers, body)
    assert "Upload-Offset: 10\r\n" in await answer(stream)
    stream.close()
    assert extension.services.spool.data(upload_id).read_bytes() == b"0123456789"
    more = await tus.create(3)
    stream = await connect(api, "PATCH", f"uploads/{more}", headers, body)
    assert (await answer(stream)).startswith("HTTP/1.1 400 ")
    await let_go(extension, more)
    assert await tus.offset(more) <= 3


async def test_ended(api: Api, tus: Tus, spooled: Path) -> None:
    upload_id = await tus.create(10)
    await tus.patch(upload_id, 0, b"0123")
    response = await api(f"uploads/{upload_id}", "DELETE", headers=TUS)
    assert (response.code, response.headers["Tus-Resumable"]) == (204, "1.0.0")
    assert list(spooled.iterdir()) == []
    for method in ("HEAD", "PATCH", "DELETE"):
        headers = {**PIECE, "Upload-Offset": "4"}
        assert (await api(f"uploads/{upload_id}", method, headers=headers)).code == 404


async def test_another_version(api: Api, tus: Tus) -> None:
    upload_id = await tus.create(10)
    for version in ({}, {"Tus-Resumable": "0.2.2"}):
        for method in ("HEAD", "PATCH", "DELETE"):
            headers = {**PIECE, "Upload-Offset": "0", "Tus-Resumable": "", **version}
            response = await api(f"uploads/{upload_id}", method, headers=headers)
            assert (response.code, response.headers["Tus-Version"]) == (412, "1.0.0")
        refused = await api(
            "uploads", "POST", headers={**announcement(1), "Tus-Resumable": "2"}, body=b""
        )
        assert (refused.code, refused.headers["Tus-Version"]) == (412, "1.0.0")
    assert await tus.offset(upload_id) == 0


async def test_refused_pieces(api: Api, tus: Tus) -> None:
    upload_id = await tus.create(10)
    await tus.patch(upload_id, 0, b"0123")
    path = f"uploads/{upload_id}"

    async def refused(body: bytes = b"4", **headers: str) -> tuple[int, str]:
        sent = {**PIECE, **{key.replace("_", "-"): value for key, value in headers.items()}}
        return await api.error(path, "PATCH", headers=sent, body=body)

    for offset in ("0", "3", "5", "10"):
        assert await refused(Upload_Offset=offset) == (409, "upload-conflict")
    for offset in ("", "-1", "4.0", "four", "٤".encode().decode("latin1"), "9" * 400):
        assert await refused(Upload_Offset=offset) == (400, "bad-request")
    assert await refused() == (400, "bad-request")
    assert await refused(Upload_Offset="4", Content_Type="application/json") == (
        415,
        "unsupported-media-type",
    )
    assert await refused(bytes(7), Upload_Offset="4") == (413, "too-large")
    assert await tus.offset(upload_id) == 4
    assert await api.error("uploads/abc", "DELETE", headers=TUS) == (404, "no-such-upload")


@pytest.mark.parametrize(
    ("length", "metadata"),
    [
        ("10", ""),
        ("10", encoded(destination="a")),
        ("", encoded(filename="a")),
        ("-1", encoded(filename="a")),
        ("1e3", encoded(filename="a")),
        ("9" * 30, encoded(filename="a")),
        ("10", "filename !!!"),
        ("10", "filename YQ=="[:-1]),
        ("10", "filename /w=="),
        ("10", "filename YQ==,filename YQ=="),
        ("10", ",,"),
        ("10", encoded(filename="")),
        ("10", encoded(filename="a", other="x" * 20_000)),
        *(
            ("10", encoded(**{"filename": "a", key: value}))
            for key in ("filename", "destination", "item")
            for value in ("../a", "a/../../b", "a//b", "a\\b", "a\nb", "nul\0", "./a", "x" * 256)
        ),
    ],
)
async def test_hostile_announcements(
    api: Api, tus: Tus, length: str, metadata: str, tmp_path: Path
) -> None:
    headers = {**TUS, "Upload-Length": length, "Upload-Metadata": metadata}
    status, code = await api.error("uploads", "POST", headers=headers, body=b"")
    assert (status, code) in {(400, "bad-request"), (400, "invalid-path")}
    assert await tus.waiting() == []


async def test_no_length_in_advance(api: Api) -> None:
    headers = {**announcement(1), "Upload-Defer-Length": "1"}
    assert await api.error("uploads", "POST", headers=headers, body=b"") == (400, "bad-request")


async def test_only_the_owner_can_read_what_came(tus: Tus, spooled: Path) -> None:
    await tus.patch(await tus.create(10), 0, b"0123")
    assert stat.S_IMODE(spooled.stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in spooled.iterdir()] == [0o600, 0o600]


async def test_what_came_before_a_break_is_kept(api: Api, tus: Tus, extension: Any) -> None:
    content = os.urandom(3 * MIB)
    upload_id = await tus.create(len(content))
    stream = await begin_piece(api, upload_id, 0, len(content), content[: 2 * MIB + 1])
    # All of it, also what is not a whole block and still in memory.
    writers = extension.services.upload_writers
    while writers.get(upload_id) is None or (
        writers[upload_id].piece.offset + len(writers[upload_id]._buffer) < 2 * MIB + 1
    ):
        await asyncio.sleep(0)
    stream.close()
    await let_go(extension, upload_id)
    assert await tus.offset(upload_id) == 2 * MIB + 1
    response = await tus.patch(upload_id, 2 * MIB + 1, content[2 * MIB + 1 :])
    assert response.code == 204
    assert extension.services.spool.data(upload_id).read_bytes() == content


async def test_a_break_in_the_first_piece(api: Api, tus: Tus, extension: Any) -> None:
    headers = {**announcement(10), **PIECE, "Content-Length": "10"}
    stream = await connect(api, "POST", "uploads", headers, b"0123")
    while not (waiting := await tus.waiting()):
        pass
    await arrived(extension, waiting[0]["id"])
    stream.close()
    await let_go(extension, waiting[0]["id"])
    assert await tus.offset(waiting[0]["id"]) == 4


async def test_two_at_once(api: Api, tus: Tus, extension: Any) -> None:
    upload_id = await tus.create(10)
    stream = await begin_piece(api, upload_id, 0, 10, b"0123")
    await arrived(extension, upload_id)
    assert (await tus.patch(upload_id, 0, b"xxxxxxxxxx")).code == 423
    assert extension.current_activity() == 1
    await stream.write(b"456789")
    assert "Upload-Offset: 10\r\n" in await answer(stream)
    stream.close()
    assert extension.services.spool.data(upload_id).read_bytes() == b"0123456789"
    assert extension.current_activity() == 0


async def test_a_silent_sender_makes_way(
    api: Api, tus: Tus, extension: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = await tus.create(10)
    stream = await begin_piece(api, upload_id, 0, 10, b"0123")
    await arrived(extension, upload_id)
    monkeypatch.setattr("ctadata_labext.handlers.uploads.SILENCE", 0.0)
    # The sender has lost its connection without a word, and asks over another.
    assert await tus.offset(upload_id) == 4
    assert (await tus.patch(upload_id, 4, b"456789")).code == 204
    with pytest.raises(StreamClosedError):
        await answer(stream)
    assert extension.services.spool.data(upload_id).read_bytes() == b"0123456789"


async def test_ended_while_a_piece_comes(api: Api, tus: Tus, extension: Any, spooled: Path) -> None:
    upload_id = await tus.create(10)
    stream = await begin_piece(api, upload_id, 0, 10, b"0123")
    await arrived(extension, upload_id)
    assert (await api(f"uploads/{upload_id}", "DELETE", headers=TUS)).code == 204
    with pytest.raises(StreamClosedError):
        await answer(stream)
    assert list(spooled.iterdir()) == []


async def test_what_is_refused_is_refused_before_the_body(
    api: Api, tus: Tus, extension: Any
) -> None:
    upload_id = await tus.create(5 << 30)
    for offset, length, status in ((0, (5 << 30) + 1, 413), (1, 5 << 30, 409)):
        stream = await begin_piece(api, upload_id, offset, length, b"")
        assert (await answer(stream)).startswith(f"HTTP/1.1 {status} ")
        stream.close()
    headers = {**announcement(6 << 30), **PIECE, "Content-Length": str(5 << 30)}
    stream = await connect(api, "POST", "uploads", {**headers, "Authorization": "token x"})
    assert (await answer(stream)).startswith("HTTP/1.1 403 ")
    stream.close()
    assert len(await tus.waiting()) == 1
    # A piece of the usual size is read first, for browsers hear no answer before.
    stream = await begin_piece(api, upload_id, 1, 8 * MIB, bytes(8 * MIB - 1))
    await stream.write(b"\0")
    assert (await answer(stream)).startswith("HTTP/1.1 409 ")
    stream.close()
    assert await tus.offset(upload_id) == 0


async def test_no_room(api: Api, tus: Tus, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctadata_labext.uploads.spool_files.free_space", lambda directory: 100)
    await tus.create(60)
    assert await api.error("uploads", "POST", headers=announcement(41), body=b"") == (
        507,
        "no-space",
    )


@pytest.mark.parametrize("large", [False, True])
async def test_the_disk_fills_up(
    api: Api, tus: Tus, extension: Any, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    monkeypatch.setattr("ctadata_labext.uploads.spool_files.free_space", lambda directory: 1 << 40)
    upload_id = await tus.create(1 << 30)
    pwrite = os.pwrite

    def nearly_full(file: int, data: Any, offset: int) -> int:
        if offset >= MIB:
            raise OSError(errno.ENOSPC, "No space left on device")
        return pwrite(file, data, offset)

    monkeypatch.setattr(os, "pwrite", nearly_full)
    length = 1 << 30 if large else 4 * MIB
    stream = await begin_piece(api, upload_id, 0, length, bytes(4 * MIB))
    assert (await answer(stream)).startswith("HTTP/1.1 507 ")
    stream.close()
    await let_go(extension, upload_id)
    assert MIB <= await tus.offset(upload_id) < 3 * MIB


@pytest.mark.parametrize(
    "header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override", None]
)
async def test_another_method_than_that_of_the_request(
    api: Api, tus: Tus, extension: Any, header: str | None
) -> None:
    upload_id = await tus.create(4)
    headers = {**PIECE, "Upload-Offset": "0"}
    for method, wanted in (("POST", "PATCH"), ("POST", "DELETE"), ("GET", "DELETE")):
        query = "" if header else f"?_method={wanted}"
        response = await api.raw(
            f"uploads/{upload_id}{query}",
            method,
            body=b"0123" if method == "POST" else None,
            headers={**headers, header: wanted} if header else headers,
        )
        assert response.code == 405
    assert await tus.offset(upload_id) == 0
    headers = {**announcement(4), **({header: "GET"} if header else {})}
    path = "uploads" if header else "uploads?_method=GET"
    created = await api.raw(path, "POST", body=b"", headers=headers)
    assert created.code == 201


@pytest.mark.parametrize("jp_server_config", [config(upload_timeout=0.3)])
@pytest.mark.parametrize("drips", [False, True])
async def test_a_piece_that_stops_coming_is_ended(
    api: Api, tus: Tus, extension: Any, drips: bool
) -> None:
    upload_id = await tus.create(1 << 20)
    stream = await begin_piece(api, upload_id, 0, 1 << 20, b"0123")
    sent = 4
    # Nobody else asks for it meanwhile.
    with contextlib.suppress(StreamClosedError):
        while drips:
            await stream.write(b"x")
            sent += 1
            await asyncio.sleep(0.02)
    with pytest.raises(StreamClosedError):
        await answer(stream)
    await let_go(extension, upload_id)
    offset = await tus.offset(upload_id)
    assert 4 <= offset <= sent
    assert (await tus.patch(upload_id, offset, bytes((1 << 20) - offset))).code == 204


@pytest.mark.parametrize("jp_server_config", [config(upload_timeout=0.2)])
async def test_a_disk_that_takes_its_time_ends_no_piece(
    api: Api, tus: Tus, extension: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = await tus.create(2 * MIB)
    pwrite = os.pwrite

    def slow(*args: Any) -> int:
        time.sleep(0.5)
        return pwrite(*args)

    monkeypatch.setattr(os, "pwrite", slow)
    assert (await tus.patch(upload_id, 0, bytes(2 * MIB))).code == 204


@pytest.mark.parametrize("reset", [False, True])
async def test_a_browser_that_goes_frees_its_upload_at_once(
    api: Api, tus: Tus, extension: Any, reset: bool
) -> None:
    upload_id = await tus.create(10)
    stream = await begin_piece(api, upload_id, 0, 10, b"0123")
    await arrived(extension, upload_id)
    if reset:
        stream.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()
    await let_go(extension, upload_id)
    assert (await tus.patch(upload_id, 4, b"456789")).code == 204


async def test_errors_to_the_anonymous_and_without_the_xsrf_token(
    api: Api,
    tus: Tus,
    http_server_client: Any,
    jp_base_url: str,
    jp_auth_header: dict[str, str],
) -> None:
    upload_id = await tus.create(4)
    browser = await log_in(http_server_client, jp_base_url, jp_auth_header)
    other = await log_in(http_server_client, jp_base_url, jp_auth_header)
    requests = [
        ("uploads", "POST", announcement(4), b""),
        (f"uploads/{upload_id}", "PATCH", {**PIECE, "Upload-Offset": "0"}, b"0123"),
        (f"uploads/{upload_id}", "DELETE", TUS, None),
    ]
    for path, method, headers, body in requests:
        for hostile in (
            headers,
            {**browser.headers(), **headers},
            {**browser.headers(X_XSRFToken=other.xsrf), **headers},
            {**browser.headers(), **headers, "X-HTTP-Method-Override": "PATCH"},
        ):
            response = await api(path, method, headers=hostile, body=body, anonymous=True)
            assert response.code == 403
            assert response.headers["Tus-Resumable"] == "1.0.0"
            assert json.loads(response.body)["code"] == "forbidden"
    assert await tus.offset(upload_id) == 0
    assert len(await tus.waiting()) == 1
    for path, method, headers, body in requests:
        mine = {**browser.headers(X_XSRFToken=browser.xsrf), **headers}
        assert (await api(path, method, headers=mine, body=body, anonymous=True)).code < 300
    assert len(await tus.waiting()) == 1


def peak_memory() -> int:
    """Return the most memory that this process had since it was last reset, in bytes."""
    (found,) = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(found) * 1024


async def test_a_large_upload_needs_little_memory(api: Api, tus: Tus, extension: Any) -> None:
    size = 512 * MIB
    upload_id = await tus.create(size)
    block = bytes(MIB)
    Path("/proc/self/clear_refs").write_text("5")
    before = peak_memory()
    stream = await begin_piece(api, upload_id, 0, size, b"")
    for _ in range(size // MIB):
        await stream.write(block)
    assert "Upload-Offset: 536870912\r\n" in await answer(stream)
    stream.close()
    assert peak_memory() - before < 80 * MIB
    assert extension.services.spool.data(upload_id).stat().st_size == size


async def test_the_server_answers_while_the_disk_hangs(
    api: Api, tus: Tus, extension: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = await tus.create(2 * MIB)
    pwrite = os.pwrite
    reached, go_on = threading.Event(), threading.Event()

    def slow(file: int, data: Any, offset: int) -> int:
        reached.set()
        assert go_on.wait(20)
        return pwrite(file, data, offset)

    monkeypatch.setattr(os, "pwrite", slow)
    sending = asyncio.ensure_future(tus.patch(upload_id, 0, bytes(2 * MIB)))
    assert await asyncio.get_running_loop().run_in_executor(None, reached.wait, 20)
    assert await tus.offset(upload_id) == 0
    assert not sending.done()
    go_on.set()
    assert (await sending).code == 204


def test_the_server_is_killed_between_pieces(tmp_path: Path, storage: Path) -> None:
    content = os.urandom(3 * MIB)
    root = tmp_path / "workspace"
    root.mkdir()
    login = {"Authorization": f"token {TOKEN}"}
    with urllib3.PoolManager(retries=False) as pool:
        with JupyterServer(root, tmp_path / "home") as server:
            created = pool.request(
                "POST",
                f"{server.url}uploads",
                headers={**login, **announcement(len(content)), **PIECE},
                body=content[:MIB],
            )
            assert created.status == 201, created.data
            upload_id = created.headers["Location"].removeprefix("/ctadata/uploads/")
        with JupyterServer(root, tmp_path / "home") as server:
            (waiting,) = server("uploads")["uploads"]
            assert (waiting["id"], waiting["offset"]) == (upload_id, MIB)
            sent = pool.request(
                "PATCH",
                f"{server.url}uploads/{upload_id}",
                headers={**login, **PIECE, "Upload-Offset": str(MIB)},
                body=content[MIB:],
            )
            assert (sent.status, sent.headers["Upload-Offset"]) == (204, str(len(content)))
            uploads = [{"id": upload_id, "path": "run42/a.fits"}]
            order = {"kind": "upload", "name": "run42", "uploads": uploads}
            (transfer,) = server("transfers", "POST", order)["transfers"]
            assert server.ended(transfer)["state"] == "finished"
    assert (storage / "lst/users/alice/run42/a.fits").read_bytes() == content
