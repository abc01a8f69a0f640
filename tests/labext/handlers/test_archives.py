from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from tornado.simple_httpclient import HTTPStreamClosedError

from ctadata.api import APIClient
from ctadata_labext.browse import archives as zip_archives
from ctadata_labext.browse.archives import Archive, Archives, content
from ctadata_labext.browse.zip_stream import Member

from ..described import Api
from ..handlers.test_files import in_thread, open_download
from ..test_access import log_in
from ..tiny_service import Answer, Gate, TinyService, cut


async def plan(api: Api, *paths: str, **options: Any) -> Any:
    return await api.json("archives", "POST", json_body={"paths": paths}, **options)


async def unzipped(api: Api, *paths: str) -> dict[str, bytes]:
    """Return what is in the archive of some paths."""
    planned = await plan(api, *paths)
    response = await api(f"archives/{planned['id']}")
    assert response.code == 200
    assert int(response.headers["Content-Length"]) == planned["bytes"] == len(response.body)
    with zipfile.ZipFile(io.BytesIO(response.body)) as archive:
        assert archive.testzip() is None
        members = {name: archive.read(name) for name in archive.namelist()}
        assert len(members) == len(archive.namelist())
    assert planned["files"] == sum(not name.endswith("/") for name in members)
    return members


async def test_a_directory(api: Api, storage: Path) -> None:
    (storage / "lst/some-data-dir/hollow").mkdir()
    assert await unzipped(api, "lst/some-data-dir") == {
        "some-data-dir/small.txt": b"small",
        "some-data-dir/empty": b"",
        "some-data-dir/deep/er/nested.txt": b"nested",
        "some-data-dir/hollow/": b"",
    }


async def test_the_headers(api: Api, storage: Path) -> None:
    planned = await plan(api, "lst/some-data-dir")
    assert planned["name"] == "some-data-dir.zip"
    headers = (await api(f"archives/{planned['id']}")).headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"] == "attachment; filename*=utf-8''some-data-dir.zip"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


async def test_several_files_and_odd_names(api: Api, storage: Path) -> None:
    names = sorted(path.name for path in (storage / "lst/odd").iterdir())
    paths = [f"lst/odd/{name}" for name in names]
    assert await unzipped(api, *paths) == {name: name.encode() for name in names}
    assert (await plan(api, *paths))["name"] == "odd.zip"


async def test_names_that_are_the_same(api: Api, tiny: TinyService) -> None:
    tiny.files = {"a/run": b"1", "b/run": b"2", "b/dir/x": b"3"}
    expected = {"a/run": b"1", "b/run": b"2", "b/dir/x": b"3"}
    assert await unzipped(api, "a/run", "b/run", "b/dir") == expected
    assert (await plan(api, "a/run", "b/run"))["name"] == "ctadata.zip"
    assert await unzipped(api, "b/dir", "b/run", "b/dir/x", "b/run") == {
        "dir/x": b"3", "run": b"2",
    }  # fmt: skip


async def test_what_cannot_be_an_archive(api: Api, tiny: TinyService) -> None:
    def listing(answer: Answer, name: str) -> None:
        entries = [{"href": f"{name}/{inner}", "type": "file"} for inner in ("../../x", "good")]
        good = [{**entry, "size": "1", "mtime": "x"} for entry in entries]
        unknown = [{"href": f"{name}/"}, {"href": f"{name}/file", "size": "x"}]
        answer.reply(
            200, json.dumps(good if name == "bad" else unknown).encode(), "application/json"
        )

    async def refused(*paths: str) -> tuple[int, str]:
        return await api.error("archives", "POST", json_body={"paths": paths})

    tiny.files = {"d/bad/file": b"", "d/good/file": b""}
    assert await refused("d", "gone") == (404, "not-found")
    assert await refused() == (400, "bad-request")
    assert await refused("") == (400, "invalid-path")
    assert await refused("d", "..") == (400, "invalid-path")
    tiny.misbehave["list"] = listing
    assert await refused("bad") == (400, "invalid-path")
    assert await refused("unknown") == (502, "integrity-error")


async def test_too_many_files(api: Api, tiny: TinyService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ctadata_labext.browse.archives.MAX_MEMBERS", 3)
    tiny.files = {f"d/{n}": b"" for n in range(4)}
    assert (await plan(api, "d/0", "d/1", "d/2"))["files"] == 3
    body = {"paths": ["d"]}
    assert await api.error("archives", "POST", json_body=body) == (400, "bad-request")


@pytest.mark.parametrize("fault", [cut, lambda answer, name: answer.reply(200, b"x", "text/plain")])
async def test_a_file_that_breaks_off_breaks_the_archive_off(
    api: Api, tiny: TinyService, caplog: pytest.LogCaptureFixture, fault: Any
) -> None:
    # What has been sent of the first one cannot be taken back.
    tiny.files = {"d/a": bytes(300_000), "d/b": bytes(300_000)}
    planned = await plan(api, "d")

    def second(answer: Answer, name: str) -> None:
        if name == "d/b":
            fault(answer, name)
        else:
            answer.reply(200, tiny.files[name], "application/octet-stream")

    tiny.misbehave["fetch"] = second
    with pytest.raises(HTTPStreamClosedError):
        await api(f"archives/{planned['id']}")
    assert "the download of 'd.zip' failed at 'd/b': " in caplog.text
    # It is still there for another try.
    del tiny.misbehave["fetch"]
    assert len((await api(f"archives/{planned['id']}")).body) == planned["bytes"]


async def test_a_browser_that_goes_away_ends_it(
    api: Api, tiny: TinyService, extension: Any
) -> None:
    gate = Gate()
    tiny.files = {f"d/{n}": bytes(2_000_000) for n in range(20)}
    planned = await plan(api, "d")
    tiny.misbehave["fetch"] = gate
    stream = await open_download(api, planned["id"], "archives")
    assert await in_thread(gate.reached.acquire, True, 20)
    stream.close()
    gate.open.set()
    assert await in_thread(gate.ended.acquire, True, 20)
    for _ in range(extension.max_downloads):
        await extension.services.download_slots.free.acquire()
    assert len([request for request in tiny.requests if request[0] == "fetch"]) < 20


async def test_the_user_who_prepared_it(
    api: Api,
    storage: Path,
    http_server_client: Any,
    jp_base_url: str,
    jp_auth_header: dict[str, str],
) -> None:
    browser = await log_in(http_server_client, jp_base_url, jp_auth_header)
    other = await log_in(http_server_client, jp_base_url, jp_auth_header)
    planned = await plan(
        api,
        "lst/some-data-dir",
        anonymous=True,
        headers=browser.headers(X_XSRFToken=browser.xsrf),
    )

    async def get(who: Any, xsrf: str) -> int:
        path = f"archives/{planned['id']}?_xsrf={xsrf}"
        return (await api(path, anonymous=True, headers=who.headers())).code

    assert await get(browser, browser.xsrf) == 200
    assert await get(browser, other.xsrf) == 403
    assert await get(browser, "") == 403
    assert await get(other, other.xsrf) == 404


async def test_one_that_does_not_exist(api: Api, storage: Path) -> None:
    assert await api.error("archives/0123") == (404, "not-found")


def archive(*names: str, size: int = 0) -> Archive:
    return Archive("x.zip", [Member(name, f"lst/{name}", size, "") for name in names], "ada")


def test_archives_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    archives = Archives()
    many = [archive("a") for _ in range(zip_archives.MAX_ARCHIVES + 1)]
    for one in many:
        archives.add(one)
    assert archives.get(many[-1].id, "ada") is many[-1]
    assert archives.get(many[1].id, None) is many[1]
    for gone in (many[0].id, "0"):
        with pytest.raises(zip_archives.NotFound):
            archives.get(gone, "ada")
    monkeypatch.setattr(zip_archives, "MAX_KEPT_MEMBERS", 3)
    archives.add(archive("a", "b", "c"))
    with pytest.raises(zip_archives.NotFound):
        archives.get(many[-1].id, "ada")
    monkeypatch.setattr(zip_archives, "LIFETIME", -1.0)
    archives.add(short := archive("a"))
    with pytest.raises(zip_archives.NotFound):
        archives.get(short.id, "ada")


def test_more_files_than_old_zip_files_have() -> None:
    """Nothing is fetched, since all are empty."""
    large = archive(*(f"dir/file{n}" for n in range(70_000)))
    made = b"".join(content(APIClient(downloadservice="http://127.0.0.1:1/"), large))
    assert len(made) == large.length
    assert len(zipfile.ZipFile(io.BytesIO(made)).namelist()) == 70_000


@pytest.mark.parametrize("size", [4_000_000_000, 5_000_000_000])
def test_the_length_of_large_files(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    class Zeros(APIClient):
        def iter_bytes(self, path: str, *args: Any, **options: Any) -> Any:
            yield from [bytes(1 << 20)] * (size >> 20)
            yield bytes(size % (1 << 20))

    large = archive("file", size=size)
    assert sum(map(len, content(Zeros(), large))) == large.length
