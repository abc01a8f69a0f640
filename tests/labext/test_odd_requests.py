"""Requests that no panel sends: each is answered with our JSON and a status that is described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .described import Api

ID = "0123456789abcdef" * 2
TUS = {
    "Tus-Resumable": "1.0.0",
    "Upload-Offset": "0",
    "Content-Type": "application/offset+octet-stream",
}
IDS = {
    "short": "abc",
    "long": "f" * 300,
    "longest": "f" * 30_000,
    "no hex": "zz",
    "upper case": ID.upper(),
    "up": "%2e%2e%2f%2e%2e%2f" + ID,
    "NUL": f"{ID}%00",
    "newline": f"{ID}%0a",
    "quoted": "%2561" * 32,
    "unknown": ID,
}
BODIES = {
    "empty": b"",
    "an array": b"[]",
    "a number": b"1",
    "null": b"null",
    "cut": b'{"paths": ["a"',
    "not UTF-8": b'{"paths": ["\xff"]}',
    "UTF-16": '{"paths": ["a"]}'.encode("utf-16"),
    "a lone surrogate": rb'{"paths": ["\ud800"], "fingerprint": ["\ud800"]}',
    "NaN": b'{"paths": ["a"], "fingerprint": "", "x": NaN}',
    "Infinity": b'{"paths": ["a"], "fingerprint": "", "x": -Infinity}',
    "a huge number": b'{"paths": ["a"], "fingerprint": "", "x": ' + b"9" * 10_000 + b"}",
    "deep arrays": b"[" * 100_000,
    "deep objects": b'{"paths":' * 100_000,
    "twice the same": b'{"paths": ["a"], "paths": ["b"], "fingerprint": "", "fingerprint": ""}',
    "a form": b"paths=a&fingerprint=a",
}
TAKERS = [
    ("POST", "transfers"),
    ("POST", "archives"),
    ("POST", "totals"),
    ("PUT", "certificates/cta/found"),
]


@pytest.mark.parametrize("kind", IDS)
async def test_ids_that_are_none(api: Api, storage: Path, kind: str) -> None:
    name = IDS[kind]
    for method, path, code in (
        ("GET", f"transfers/{name}", "not-found"),
        ("DELETE", f"transfers/{name}", "not-found"),
        ("POST", f"transfers/{name}/retry", "not-found"),
        ("GET", f"archives/{name}", "not-found"),
        ("DELETE", f"uploads/{name}", "no-such-upload"),
        ("PATCH", f"uploads/{name}", "no-such-upload"),
    ):
        body = b"" if method in {"POST", "PATCH"} else None
        assert await api.error(path, method, headers=TUS, body=body) == (404, code)
    assert (await api(f"uploads/{name}", "HEAD", headers=TUS)).code == 404


@pytest.mark.parametrize("kind", BODIES)
async def test_bodies_that_are_none(api: Api, storage: Path, kind: str) -> None:
    for method, path in TAKERS:
        status, code = await api.error(path, method, body=BODIES[kind])
        assert (status, code) in {(400, "bad-request"), (400, "invalid-path")}, path


@pytest.mark.parametrize(
    "path",
    ["a" * 300, "a/" * 5000 + "a", "é" * 200, "a/" + "b" * 20_000],
    ids=["long", "deep", "many bytes", "longest"],
)
async def test_long_paths(api: Api, storage: Path, path: str) -> None:
    assert (await api.error(f"resources/{path}"))[0] == 404
    assert (await api.error(f"files/{path}"))[0] == 404
    assert (await api.error(f"search/{path}?pattern=a"))[0] == 404
    assert await api.error(f"workspace/{path}") == (400, "invalid-path")
    for order in (
        {"kind": "download", "paths": ["lst/some-data-dir/small.txt"], "destination": path},
        {"kind": "upload", "paths": [path]},
    ):
        refused = await api("transfers", "POST", json_body=order)
        assert refused.code == 400, refused.body


@pytest.mark.parametrize(
    "query",
    ["token=%ff", "_xsrf=%ff", "no_track_activity=%ff", "pattern=%ff", "%ff=%ff", "a=%zz&a=%00&;="],
)
async def test_queries_that_are_no_text(api: Api, storage: Path, query: str) -> None:
    for path in ("status", "transfers", "resources/lst", "search/lst", "files/lst", "nowhere"):
        response = await api.raw(f"{path}?{query}")
        assert response.code in {200, 400, 404}
        assert response.headers["Content-Type"].startswith("application/json")
        assert {"code", "message"} <= json.loads(response.body).keys() or response.code == 200


@pytest.mark.parametrize("path", ["%ff", "%c3%28", "a/%ed%a0%80"])
async def test_paths_that_are_no_text(api: Api, storage: Path, path: str) -> None:
    for resource in ("resources", "files", "search", "workspace"):
        assert await api.error(f"{resource}/{path}") == (400, "bad-request")


async def test_methods_that_are_not_offered(api: Api, storage: Path) -> None:
    allowed = {
        "status": {"GET"},
        "transfers": {"GET", "POST"},
        f"transfers/{ID}": {"GET", "DELETE"},
        f"transfers/{ID}/retry": {"POST"},
        "uploads": {"GET", "POST", "OPTIONS"},
        f"uploads/{ID}": {"HEAD", "PATCH", "DELETE"},
        "certificates/cta": {"PUT"},
        "resources/lst": {"GET"},
    }
    methods = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"}
    for path, offered in allowed.items():
        for method in sorted(methods - offered):
            response = await api.raw(path, method, headers=TUS)
            assert response.code == 405, (path, method)
            assert {*response.headers["Allow"].split(", ")} == offered
            assert method == "HEAD" or json.loads(response.body)["code"] == "method-not-allowed"


async def test_addresses_that_are_none(api: Api) -> None:
    paths = (
        "",
        "nowhere",
        "status/",
        "/status",
        "%2e%2e/api/status",
        "openapi.yaml/",
        "transfers/",
    )
    for path in paths:
        for method in ("GET", "POST", "OPTIONS", "TRACE", "PROPFIND"):
            response = await api.raw(path, method)
            assert response.code == 404, (path, method)
            assert json.loads(response.body)["code"] == "not-offered"


async def test_answers_have_no_validator(api: Api) -> None:
    response = await api("transfers", headers={"If-None-Match": "*"})
    assert response.code == 200
    assert "ETag" not in response.headers


async def test_a_range_that_is_none_gets_the_whole_file(api: Api, storage: Path) -> None:
    ranges: list[Any] = ["bytes=", "bytes=a-b", "items=0-1", "bytes=0-0,2-3", "9" * 1000, "\xff"]
    for value in ranges:
        response = await api("files/lst/some-data-dir/small.txt", headers={"Range": value})
        assert (response.code, response.body) == (200, b"small")
