from __future__ import annotations

import asyncio
import json
import os
import threading
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from tornado.iostream import IOStream
from tornado.simple_httpclient import HTTPStreamClosedError
from tornado.tcpclient import TCPClient

from ..described import Api, quoted
from ..tiny_service import Answer, Gate, TinyService, cut

RUN = "cta/DL1/20241114/v0.1/dl1_LST-1.Run11111.0100.h5"


async def test_the_bytes_and_the_headers(api: Api, storage: Path) -> None:
    response = await api(f"files/{RUN}")
    assert response.code == 200
    assert response.body == (storage / RUN).read_bytes()
    headers = response.headers
    assert headers["Content-Length"] == str(len(response.body))
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == (
        "attachment; filename*=utf-8''dl1_LST-1.Run11111.0100.h5"
    )
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Accept-Ranges"] == "bytes"


async def test_longer_than_a_block(api: Api, storage: Path) -> None:
    content = os.urandom(5_000_001)
    (storage / "lst/long").write_bytes(content)
    assert (await api("files/lst/long")).body == content
    part = await api("files/lst/long", headers={"Range": "bytes=1000000-3999999"})
    assert part.body == content[1_000_000:4_000_000]


@pytest.mark.parametrize(
    "name", ["two words", "h#x", "50%", "%41", "?a&b;c=d", "Ü λ", 'quo"te', "a.html"]
)
async def test_odd_names(api: Api, storage: Path, name: str) -> None:
    (storage / "lst" / name).write_bytes(name.encode())
    response = await api("files/" + quoted(f"lst/{name}"))
    assert response.body == name.encode()
    disposition = response.headers["Content-Disposition"]
    assert disposition.lower() == f"attachment; filename*=utf-8''{quote(name, safe='')}".lower()
    assert response.headers["Content-Type"] == "application/octet-stream"


async def test_an_empty_file(api: Api, storage: Path) -> None:
    response = await api("files/lst/some-data-dir/empty")
    assert (response.code, response.body) == (200, b"")
    assert response.headers["Content-Length"] == "0"
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert response.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


@pytest.mark.parametrize(
    ("asked", "start", "stop"),
    [("bytes=0-9", 0, 10), ("bytes=1000-", 1000, 1 << 20), ("bytes=-7", (1 << 20) - 7, 1 << 20),
     ("bytes=5-5", 5, 6), ("bytes=1000000-9999999", 1_000_000, 1 << 20)],
)  # fmt: skip
async def test_a_range(api: Api, storage: Path, asked: str, start: int, stop: int) -> None:
    response = await api(f"files/{RUN}", headers={"Range": asked})
    assert response.code == 206
    assert response.body == (storage / RUN).read_bytes()[start:stop]
    assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/{1 << 20}"
    assert response.headers["Content-Length"] == str(stop - start)
    assert response.headers["Content-Disposition"].startswith("attachment;")


@pytest.mark.parametrize(
    "headers",
    [
        {"Range": "bytes=0-1,5-6"},
        {"Range": "nonsense"},
        {"Range": "bytes=9-5"},
        {"Range": "bytes=0-9", "If-Range": '"etag"'},
    ],
)
async def test_other_ranges_are_ignored(api: Api, storage: Path, headers: dict[str, str]) -> None:
    response = await api("files/lst/some-data-dir/small.txt", headers=headers)
    assert (response.code, response.body) == (200, b"small")
    assert "Content-Range" not in response.headers


@pytest.mark.parametrize(("path", "size"), [("small.txt", 5), ("empty", 0)])
async def test_a_range_behind_the_end(api: Api, storage: Path, path: str, size: int) -> None:
    response = await api(f"files/lst/some-data-dir/{path}", headers={"Range": "bytes=5-"})
    assert response.code == 416
    assert response.headers["Content-Range"] == f"bytes */{size}"


async def test_errors(api: Api, storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert await api.error("files/lst/nothing") == (404, "not-found")
    assert await api.error("files/lst/some-data-dir") == (400, "invalid-path")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "wrong")
    assert await api.error("files/lst/some-data-dir/small.txt") == (424, "token-refused")


async def test_a_stream_that_breaks_is_aborted_and_not_ended(api: Api, tiny: TinyService) -> None:
    tiny.files["lst/file"] = bytes(8_000_000)
    tiny.misbehave["fetch"] = cut
    with pytest.raises(HTTPStreamClosedError):
        await api("files/lst/file")


def breaks_before_the_first_byte(answer: Answer, name: str) -> None:
    answer.send_response(200)
    answer.send_header("Content-Length", "1000")
    answer.end_headers()
    answer.close_connection = True


@pytest.mark.parametrize("size", [1000, 200_000, 8_000_000])
@pytest.mark.parametrize(
    "fault",
    [
        lambda answer, name: answer.reply(200, b"Oops", "text/plain"),
        lambda answer, name: answer.reply(200, b"<html>" * 5000, "application/octet-stream"),
        lambda answer, name: answer.reply(200, b"", "application/octet-stream"),
        breaks_before_the_first_byte,
    ],
)
@pytest.mark.parametrize("resource", ["files", "archives"])
async def test_an_error_page_in_place_of_the_file(
    api: Api, tiny: TinyService, fault: Any, resource: str, size: int
) -> None:
    """Before the first byte has been sent an error is answered, and nothing is broken off."""
    tiny.files["lst/d/file"] = bytes(size)
    address = "files/lst/d/file"
    if resource == "archives":
        planned = await api.json("archives", "POST", json_body={"paths": ["lst/d"]})
        address = f"archives/{planned['id']}"
    tiny.misbehave["fetch"] = fault
    response = await api(address)
    assert response.code == 502
    assert response.headers["Content-Type"].startswith("application/json")
    assert "Content-Disposition" not in response.headers
    assert json.loads(response.body)["code"] in {"integrity-error", "transfer-failed"}


async def test_a_storage_that_fails_at_once(api: Api, tiny: TinyService) -> None:
    tiny.files["lst/file"] = bytes(1000)
    tiny.misbehave["fetch"] = lambda answer, name: answer.reply(500, b"", "text/plain")
    response = await api("files/lst/file")
    assert response.code == 502
    assert response.headers["Content-Type"].startswith("application/json")
    assert "Content-Disposition" not in response.headers


async def open_download(api: Api, path: str, resource: str = "files") -> IOStream:
    """Ask for a file as a browser that reads nothing of it."""
    return await open_request(api, f"{resource}/{path}")


async def open_request(api: Api, address: str) -> IOStream:
    """Ask as a browser that does not read the answer yet."""
    stream = await TCPClient().connect("127.0.0.1", api._client.get_http_port())
    request = f"GET {api._base_url}ctadata/{address} HTTP/1.1\r\nHost: localhost\r\n"
    request += f"Authorization: {api._auth['Authorization']}\r\n\r\n"
    await stream.write(request.encode())
    return stream


async def in_thread(call: Callable[..., Any], *args: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, call, *args)


async def test_a_browser_that_goes_away_ends_the_stream(
    api: Api, tiny: TinyService, extension: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = threading.Event()
    iter_bytes = extension.services.client.iter_bytes

    def watched(*args: Any, **options: Any) -> Any:
        try:
            yield from iter_bytes(*args, **options)
        finally:
            closed.set()

    monkeypatch.setattr(extension.services.client, "iter_bytes", watched)
    tiny.files["lst/file"] = bytes(64_000_000)
    stream = await open_download(api, "lst/file")
    await stream.read_bytes(100_000)
    assert not closed.is_set()
    stream.close()
    assert await in_thread(closed.wait, 20)
    # Its place is free again.
    assert len((await api("files/lst/file")).body) == 64_000_000


async def test_no_more_at_once_than_configured(api: Api, tiny: TinyService, extension: Any) -> None:
    gate = Gate()
    tiny.misbehave["fetch"] = gate
    tiny.files["lst/file"] = bytes(10)
    answers: list[Awaitable[Any]] = [
        asyncio.ensure_future(api("files/lst/file")) for _ in range(extension.max_downloads + 2)
    ]
    for _ in range(extension.max_downloads):
        assert await in_thread(gate.reached.acquire, True, 20)
    # All places are taken, but neither listings nor the server wait for that.
    assert (await api.json("resources/lst/file"))["size"] == 10
    fetched = [request for request in tiny.requests if request[0] == "fetch"]
    assert len(fetched) == extension.max_downloads
    gate.open.set()
    assert [(await answer).body for answer in answers] == [bytes(10)] * len(answers)


async def test_nobody_is_told_of_an_answer_that_came_too_late(
    api: Api, tiny: TinyService, extension: Any, caplog: pytest.LogCaptureFixture
) -> None:
    gate = Gate()
    listing = Answer.list
    tiny.files["lst/file"] = bytes(10)

    def late(answer: Answer, name: str) -> None:
        gate.reached.release()
        gate.open.wait(20)
        listing(answer, name)

    tiny.misbehave["list"] = late
    stream = await open_download(api, "lst/file")
    assert await in_thread(gate.reached.acquire, True, 20)
    stream.close()
    gate.open.set()
    assert (await api.json("resources/lst/file"))["size"] == 10
    assert "Traceback" not in caplog.text
