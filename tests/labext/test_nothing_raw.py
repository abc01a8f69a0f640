"""Each route, while the storage lists what no storage should: JSON errors, and no traceback."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from .described import Api
from .tiny_service import MODIFIED, Answer, TinyService

OWN = {"href": "lst/d/", "type": "directory", "mtime": MODIFIED}


def file(name: str, size: Any = "5", mtime: Any = MODIFIED) -> dict[str, Any]:
    return {"href": f"lst/d/{name}", "type": "file", "size": size, "mtime": mtime}


LISTINGS: dict[str, bytes] = {
    name: json.dumps(items).encode() if not isinstance(items, bytes) else items
    for name, items in {
        "sizes of 400 digits": [OWN, file("a", "9" * 400)],
        "sizes of 9,000 digits": [OWN, file("a", "9" * 9000)],
        "a number of 9,000 digits": b'[{"href": "lst/d/a", "size": %s}]' % (b"9" * 9000),
        "sizes beyond 2^63": [OWN, file("a", str(1 << 63)), file("b", str(1 << 64))],
        "sizes that add up to more": [OWN, *(file(f"{n}", str((1 << 63) - 1)) for n in range(5))],
        "sizes of all types": [
            OWN,
            *(file(f"{n}", size) for n, size in enumerate([None, -1, 1.5, 1e300, [], {}, True])),
        ],
        "dates out of range": [
            OWN,
            *(
                file(f"{n}", mtime=f"Sun, 22 Nov {year} 06:28:06 GMT")
                for n, year in enumerate(["0000", "0001", "9999", "9999999", "-1"])
            ),
        ],
        "dates of all types": [
            OWN,
            *(file(f"{n}", mtime=date) for n, date in enumerate([None, 5, 1e300, [], {}, True])),
        ],
        "names of all types": [OWN, {"href": 5}, {"href": None}, {"href": ["x"]}],
        "items of all types": [OWN, 5, None, "x", ["href"], True],
        "names that must not be": [
            OWN,
            *(
                file(name)
                for name in ["..", "%2e%2e", "%5c", "%00", "%0a", "\ud800", "a/b", "%ff", "x" * 300]
            ),
            {"href": "/etc/passwd", "size": "5"},
            {"href": "http://example.org/x", "size": "5"},
        ],
        "nothing": b"",
        "no list": {"href": "lst/d/"},
        "an empty list": [],
        "a deep list": b"[" * 100_000,
        "not JSON": b"[{]",
        "not UTF-8": b'[{"href": "lst/d/\xff"}]',
        "NaN": b'[{"href": "lst/d/a", "size": NaN, "mtime": Infinity}]',
    }.items()
}


def routes() -> dict[str, tuple[str, str, Any]]:
    paths = {"paths": ["lst/d"]}
    return {
        "resources": ("resources/lst/d", "GET", None),
        "files": ("files/lst/d/a", "GET", None),
        "archives": ("archives", "POST", paths),
        "search": ("search/lst/d?pattern=a", "GET", None),
        "totals": ("totals", "POST", paths),
        "home-directory": ("home-directory", "GET", None),
        "transfers": ("transfers", "POST", {"kind": "download", "destination": "", **paths}),
        "status": ("status", "GET", None),
        "workspace": ("workspace/", "GET", None),
    }


@pytest.mark.parametrize("listing", LISTINGS.values(), ids=LISTINGS)
async def test_hostile_listings(
    api: Api, tiny: TinyService, listing: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)

    def answer(request: Answer, name: str) -> None:
        request.reply(200, listing, "application/json")

    tiny.misbehave["list"] = answer
    for path, method, body in routes().values():
        response = await api(path, method, json_body=body)
        assert response.code != 500, (path, response.body)
        assert b"Traceback" not in response.body
        if response.code >= 400:
            error = json.loads(response.body)
            assert error["message"]
            assert error["code"] not in {"internal", "error"}
    for transfer in (await api.json("transfers"))["transfers"]:
        ended = await api.ended(transfer)
        assert ended["state"] in {"finished", "failed"}
        assert "unexpected" not in json.dumps(ended)
    assert "Traceback" not in caplog.text


async def test_a_spool_that_cannot_be_used(
    api: Api, storage: Path, extension: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A file has its place: each route of the uploads says so."""
    directory = Path(extension.data_dir, "uploads")
    directory.parent.mkdir(parents=True, exist_ok=True)
    directory.write_bytes(b"")
    tus = {"Tus-Resumable": "1.0.0"}
    create = {**tus, "Upload-Length": "5", "Upload-Metadata": "filename cnVu"}
    piece = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    order = {"kind": "upload", "name": "x", "uploads": [{"id": "0" * 32, "path": "x"}]}
    for path, method, headers, body in [
        ("uploads", "POST", create, b""),
        ("uploads", "GET", {}, None),
        (f"uploads/{'0' * 32}", "PATCH", piece, b"12345"),
        (f"uploads/{'0' * 32}", "DELETE", tus, None),
        ("transfers", "POST", {}, json.dumps(order).encode()),
    ]:
        response = await api(path, method, headers=headers, body=body)
        assert 400 <= response.code < 600, (path, method)
        error = json.loads(response.body)
        assert error["code"] in {"already-exists", "local-file"}, (path, method, error)
        assert "uploads" in error["message"]
    assert "Traceback" not in caplog.text


async def test_a_workspace_that_is_gone(
    api: Api, storage: Path, jp_root_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    jp_root_dir.rmdir()
    jp_root_dir.write_bytes(b"")
    for path, method, body in [
        ("workspace/", "GET", None),
        ("workspace/folder", "GET", None),
        ("transfers", "POST", {"kind": "upload", "paths": ["x"], "destination": ""}),
        ("transfers", "POST", {"kind": "download", "paths": ["lst/x"], "destination": ""}),
    ]:
        status, code = await api.error(path, method, json_body=body)
        assert status < 500 or code == "local-file", (path, status, code)
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT"])
@pytest.mark.parametrize(
    "path", ["", "/", "/nothing", "/transfers/~", "/transfers/%ff", "/archives/%00", "/uploads/x/y"]
)
async def test_addresses_of_nothing(
    http_server_client: Any, jp_base_url: str, jp_auth_header: dict[str, str],
    path: str, method: str, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """JSON as everywhere, and not Jupyter's page."""
    response = await http_server_client.fetch(
        f"{jp_base_url}ctadata{path}",
        method=method,
        headers=jp_auth_header,
        raise_error=False,
        allow_nonstandard_methods=True,
    )
    assert response.code in {400, 404, 405}
    answer = json.loads(response.body)
    assert answer["code"] in {"bad-request", "method-not-allowed", "not-found", "not-offered"}
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CTADS_URL", "http://[x/"), ("CTADS_URL", "\udcff"), ("CTADS_URL", "http://[::1]:99999/"),
        ("HTTP_PROXY", "http://[x"),
    ],
)  # fmt: skip
async def test_wrong_settings(
    api: Api, storage: Path, monkeypatch: pytest.MonkeyPatch, variable: str, value: str,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    """An error that names what is set wrongly; it is none of this server's program."""
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv(variable, value)
    for path in ("resources/lst", "files/lst/some-data-dir/small.txt", "search/lst?pattern=a"):
        response = await api(path)
        assert response.code == 424, path
        assert variable in json.loads(response.body)["message"]
    assert (await api("status")).code == 200
    assert "Traceback" not in caplog.text
