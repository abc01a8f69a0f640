"""A service that repeats the token and sends what is not seen: neither browser nor log get it."""

from __future__ import annotations

import json
import logging
from datetime import datetime, timezone
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from ctadata_labext.errors import MAX_MESSAGE
from ctadata_labext.transfers.job import Transfer
from ctadata_labext.transfers.progress import Amounts

from .described import Api, quoted
from .tiny_service import Answer, TinyService

TOKEN = "token-of-the-tiny-service"
UNSEEN = "\x1b]0;owned\x07\x9b2J\u202e\u2066\u200b\ufeff"


def hostile(way: str, answer: Answer) -> bytes:
    """Return an answer that repeats the request's token in one way."""
    said = f"Authorization: {answer.headers['Authorization']} {UNSEEN}"
    listing = [{"href": "lst/", "type": "directory"}]
    status, content_type, body = "200 OK", "application/json", "[]"
    if way == "reason":
        status = f"403 {said}"
    elif way == "body":
        status, body = "418 No", f"certificate {said}"
    elif way == "type":
        content_type = said
    elif way == "status":
        status = said
    elif way == "header":
        content_type += f"\r\n{said}"
    elif way == "names":
        names = [f"lst/{said}", f"lst/{TOKEN}", f"lst/x{TOKEN}/", said, "lst/good"]
        body = json.dumps(listing + [{"href": name, "type": "file", "size": "1"} for name in names])
    elif way == "path":
        body = json.dumps({"path": f"lst/users/{TOKEN}/probe", "message": said, "validity": [said]})
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nConnection: close\r\n\r\n"
    return (head + body).encode()


@pytest.mark.parametrize("way", ["reason", "body", "type", "status", "header", "names", "path"])
async def test_neither_the_token_nor_what_is_not_seen(
    api: Api, tiny: TinyService, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    def misbehave(answer: Answer, name: str = "") -> None:
        answer.wfile.write(hostile(way, answer))
        answer.close_connection = True

    caplog.set_level(logging.DEBUG)
    tiny.misbehave = dict.fromkeys(["list", "fetch", "health", "webdav"], misbehave)
    tiny.writing = misbehave
    responses = [
        await api.raw(path, method, body=body and json.dumps(body))
        for path, method, body in [
            ("resources/lst", "GET", None), ("files/lst/a", "GET", None), ("status", "GET", None),
            ("search/lst?pattern=*", "GET", None), ("home-directory", "GET", None),
            ("totals", "POST", {"paths": ["lst"]}), ("archives", "POST", {"paths": ["lst"]}),
        ]
    ]  # fmt: skip
    transfer = await api.transfer("download", "lst", overwrite=True)
    responses.append(await api.raw(f"transfers/{transfer['id']}"))
    for response in responses:
        for text in (response.body.decode(), str(response.headers), str(response.reason)):
            assert TOKEN not in unquote(text)
            assert not set(json.dumps(text, ensure_ascii=False)) & set(UNSEEN) - set("0;owned]2J")
    if way == "names":
        assert b"good" in responses[0].body
    text = "\n".join(caplog.messages) + caplog.text
    assert TOKEN not in text
    assert not set(text) & set(UNSEEN) - set("0;owned]2J"), ascii(text)


async def test_the_name_of_a_saved_file_hides_nothing(api: Api, tiny: TinyService) -> None:
    emoji = "\U0001f469\u200d\U0001f680"
    saved = {"photo\u202egpj.exe": "photo_u202egpj.exe", emoji: emoji}
    tiny.files = {f"lst/{name}": b"x" for name in saved}
    for path, name in zip(tiny.files, saved.values(), strict=True):
        response = await api(f"files/{quoted(path)}")
        assert unquote(response.headers["Content-Disposition"]).endswith(f"''{name}")
    names = (await api.json("resources/lst"))["entries"]["names"]
    assert sorted(f"lst/{name}" for name in names) == sorted(tiny.files)


def test_what_another_server_has_written_down(tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
    error = {"code": f"x{UNSEEN}", "message": f"{UNSEEN} {TOKEN}" + "x" * 5000}
    record = {
        "id": "0" * 32, "job": {"kind": "download", "source": "lst", "target": "x"},
        "state": "failed", "cancelling": False, "target": "x", "error": error,
        "failures": [{"path": "lst/x", **error}], "created": 1.0, "ended": 2.0,
        "amounts": Amounts()._asdict(),
    }  # fmt: skip
    transfer = Transfer.from_record(record, datetime.now(timezone.utc)).describe()
    for told in (transfer["error"], *transfer["failures"]):  # type: ignore[misc]
        assert told["code"].isprintable()
        assert told["message"].isprintable()
        assert TOKEN not in told["message"]
        assert len(told["message"]) <= MAX_MESSAGE
