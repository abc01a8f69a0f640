from __future__ import annotations

import gzip
import json
import threading
from pathlib import Path
from typing import Any

import pytest

from ..described import Api, quoted
from ..tiny_service import Answer, TinyService

ODD_NAMES = [
    "two words.h5", "h#x.h5", "50%.h5", "%41.h5", "?a&b+c=d;e.h5", "Übermaß λόγος.h5", "(.h5",
]  # fmt: skip
TRAVERSALS = [
    "..", "../", "../etc/passwd", "%2e%2e", "%2E%2E/etc", "..%2fetc%2fpasswd", "lst/..",
    "lst/../cta", "lst/%2e%2e/cta", "lst%2f..%2fcta", ".", "lst/./odd", "lst//odd", "lst/%2Fodd",
    "..%5c..%5cetc", "lst%5codd", "%00", "lst/a%0Ab", "lst/%7F", "%ff%fe",
]  # fmt: skip


async def test_the_root(api: Api, storage: Path) -> None:
    root = await api.json("resources/")
    assert {key: root[key] for key in ("path", "name", "type", "size", "truncated")} == {
        "path": "", "name": "", "type": "directory", "size": None, "truncated": False,
    }  # fmt: skip
    entries = root["entries"]
    assert (entries["names"], entries["directories"]) == (["cta", "lst"], 2)


@pytest.mark.parametrize("slash", ["", "/"])
async def test_a_directory(api: Api, storage: Path, slash: str) -> None:
    resource = await api.json("resources/lst/some-data-dir" + slash)
    assert (resource["path"], resource["name"]) == ("lst/some-data-dir", "some-data-dir")
    entries = resource["entries"]
    assert entries["names"] == ["deep", "empty", "small.txt"]
    assert entries["directories"] == 1
    assert entries["sizes"] == [None, 0, 5]
    directory = storage / "lst/some-data-dir"
    assert entries["modified"] == [int((directory / n).stat().st_mtime) for n in entries["names"]]


async def test_a_file(api: Api, storage: Path) -> None:
    resource = await api.json("resources/lst/some-data-dir/small.txt")
    assert (resource["type"], resource["size"]) == ("file", 5)
    assert resource["entries"] == {"directories": 0, "names": [], "sizes": [], "modified": []}
    file = storage / "lst/some-data-dir/small.txt"
    assert resource["modified"] == int(file.stat().st_mtime)
    above = await api.json("resources/lst/some-data-dir")
    assert above["modified"] == int(file.parent.stat().st_mtime)


async def test_an_empty_directory_and_one_with_a_namesake(api: Api, storage: Path) -> None:
    (storage / "lst/hollow").mkdir()
    (storage / "lst/same").mkdir()
    (storage / "lst/same/same").write_bytes(b"x")
    assert (await api.json("resources/lst/hollow"))["type"] == "directory"
    same = await api.json("resources/lst/same")
    assert (same["type"], same["entries"]["names"]) == ("directory", ["same"])


@pytest.mark.parametrize("name", ODD_NAMES)
async def test_odd_names(api: Api, storage: Path, name: str) -> None:
    (storage / "lst" / name).write_bytes(name.encode())
    (storage / "lst" / f"{name} dir").mkdir()
    listed = (await api.json("resources/lst"))["entries"]
    assert f"{name} dir" in listed["names"][: listed["directories"]]
    assert name in listed["names"][listed["directories"] :]
    resource = await api.json("resources/" + quoted(f"lst/{name}"))
    assert (resource["name"], resource["size"]) == (name, len(name.encode()))
    directory = await api.json("resources/" + quoted(f"lst/{name} dir"))
    assert (directory["type"], directory["path"]) == ("directory", f"lst/{name} dir")


@pytest.mark.parametrize("path", TRAVERSALS)
@pytest.mark.parametrize("resource", ["resources", "files"])
async def test_no_path_leaves_the_storage(
    api: Api, tiny: TinyService, resource: str, path: str
) -> None:
    status, code = await api.error(f"{resource}/{path}")
    assert status == 400
    assert code in {"invalid-path", "bad-request"}
    assert tiny.requests == []


async def test_missing(api: Api, storage: Path) -> None:
    assert await api.error("resources/lst/nothing") == (404, "not-found")
    assert await api.error("resources/lst/odd/%25ZZ") == (404, "not-found")


async def test_credentials(api: Api, storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "wrong")
    assert await api.error("resources/lst") == (424, "token-refused")
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    assert await api.error("resources/lst") == (424, "no-token")


@pytest.mark.parametrize(
    ("status", "body", "content_type", "expected"),
    [
        (302, b"", "text/html", (424, "token-refused")),
        (401, b'{"message": "Invalid"}', "application/json", (424, "token-refused")),
        (403, b"Access denied", "text/plain", (424, "access-denied")),
        (403, b"token scopes are insufficient", "text/html", (424, "token-scope")),
        (404, b"Error: 404", "text/html", (404, "not-found")),
        (500, b"<html>broken</html>", "text/html", (502, "storage-error")),
        (200, b"<html>login</html>", "text/html", (502, "service-unreachable")),
        (200, b"{nonsense", "application/json", (502, "storage-error")),
    ],
)
async def test_what_the_service_refuses(
    api: Api,
    tiny: TinyService,
    status: int,
    body: bytes,
    content_type: str,
    expected: tuple[int, str],
) -> None:
    def refuse(answer: Answer, name: str) -> None:
        answer.reply(status, body, content_type, Location="/hub/api/oauth2/authorize")

    tiny.misbehave["list"] = refuse
    assert await api.error("resources/lst") == expected


async def test_a_hostile_answer_is_neither_believed_nor_repeated(
    api: Api, tiny: TinyService
) -> None:
    def echo(answer: Answer, name: str) -> None:
        said = f"\x1b[31m <script>{answer.headers['Authorization']}</script>\r\n" + "x" * 5000
        answer.reply(418, said.encode(), "text/plain")

    tiny.misbehave["list"] = echo
    response = await api("resources/lst")
    assert response.code == 502
    assert b"token-of-the-tiny-service" not in response.body
    assert "token-of-the-tiny-service" not in str(response.headers)
    message = json.loads(response.body)["message"]
    assert message.isprintable()
    assert len(message) <= 600
    assert response.headers["Content-Type"].startswith("application/json")
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


async def test_names_that_the_service_must_not_send(api: Api, tiny: TinyService) -> None:
    hostile = ["../../x", "/etc/passwd", "lst/../x", "http://other/lst/x", "cta/x", "lst/a/b"]

    def listing(answer: Answer, name: str) -> None:
        entries = [{"href": href, "type": "file", "size": "1"} for href in [*hostile, "lst/good"]]
        answer.reply(200, json.dumps(entries).encode(), "application/json")

    tiny.misbehave["list"] = listing
    resource = await api.json("resources/lst")
    assert resource["entries"]["names"] == ["good"]


def config(**traits: Any) -> dict[str, Any]:
    return {
        "ServerApp": {"jpserver_extensions": {"ctadata_labext": True}},
        "CTADataExtension": traits,
    }


@pytest.mark.parametrize("jp_server_config", [config(max_entries=3)])
async def test_long_listings_are_cut(api: Api, tiny: TinyService) -> None:
    tiny.files = {f"three/{n}": b"" for n in range(3)} | {f"four/{n}/x": b"" for n in range(4)}
    three = await api.json("resources/three")
    assert (len(three["entries"]["names"]), three["truncated"]) == (3, False)
    four = await api.json("resources/four")
    assert (four["entries"]["names"], four["truncated"]) == (["0", "1", "2"], True)
    assert four["entries"]["directories"] == 3


async def test_natural_order(api: Api, tiny: TinyService) -> None:
    files = [
        "Run10.h5",
        "run9.h5",
        "Run9.h5",
        "run 9",
        "Run009.h5",
        "z",
        "Ü",
        "_",
        "run9",
        "10",
        "9",
    ]
    tiny.files = {f"d/{name}": b"" for name in files} | {f"d/Dir{n}/x": b"" for n in (2, 10, 1)}
    entries = (await api.json("resources/d"))["entries"]
    directories = entries["directories"]
    assert entries["names"][:directories] == ["Dir1", "Dir2", "Dir10"]
    assert entries["names"][directories:] == [
        "9", "10", "_", "run 9", "run9", "Run009.h5", "Run9.h5", "run9.h5", "Run10.h5", "z", "Ü",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("accepted", "compressed"),
    [
        ("gzip", True),
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.5, *;q=0", True),
        ("*", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0, *", False),
        ("gzip; q=0.000", False),
    ],
)
async def test_compressed_where_the_browser_takes_it(
    api: Api, tiny: TinyService, accepted: str, compressed: bool
) -> None:
    tiny.files = {f"d/file{n:04}": bytes(n) for n in range(1000)}
    headers = {"Accept-Encoding": accepted}
    response = await api("resources/d", headers=headers, decompress_response=False)
    assert (response.headers.get("Content-Encoding") == "gzip") == compressed
    assert response.headers["Vary"] == "Accept-Encoding"
    body = gzip.decompress(response.body) if compressed else response.body
    assert json.loads(body)["entries"]["sizes"] == list(range(1000))


@pytest.mark.parametrize("jp_server_config", [config(timeout=0.2)])
async def test_a_service_that_is_silent(
    api: Api, tiny: TinyService, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    tiny.misbehave["list"] = lambda answer, name: release.wait(30) and None
    assert await api.error("resources/lst") == (504, "service-timeout")
    release.set()
