from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from ctadata_labext.app import WALK_THREADS
from ctadata_labext.browse.walk import LISTINGS, ConcurrentWalk

from ..described import Api
from ..handlers.test_files import in_thread, open_download
from ..test_access import log_in
from ..tiny_service import Answer, TinyService


async def search(api: Api, path: str, pattern: str) -> tuple[list[Any], Any]:
    """Return what a search finds, and its last line."""
    *lines, last = await api.lines(f"search/{path}?pattern={quote(pattern)}")
    return [entry for line in lines for entry in line["entries"]], last


async def test_what_is_found(api: Api, storage: Path) -> None:
    found, last = await search(api, "lst", "NEST")
    nested = storage / "lst/some-data-dir/deep/er/nested.txt"
    assert found == [
        {
            "path": "lst/some-data-dir/deep/er/nested.txt",
            "name": "nested.txt",
            "type": "file",
            "size": 6,
            "modified": int(nested.stat().st_mtime),
        }
    ]
    assert last == {"done": True, "truncated": False, "directories": 6, "failures": []}
    found, _ = await search(api, "", "d*")
    assert {entry["path"]: (entry["type"], entry["size"]) for entry in found} == {
        "cta/DL1": ("directory", None),
        "cta/DL1/20241114/v0.1/dl1_LST-1.Run11111.0100.h5": ("file", 1 << 20),
        "cta/DL1/20241114/v0.1/datacheck_dl1_LST-1.Run11111.0100.h5": ("file", 9),
        "lst/some-data-dir/deep": ("directory", None),
    }
    assert (await search(api, "lst", "nowhere"))[0] == []


async def test_errors_before_anything_is_found(
    api: Api, storage: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await api.error("search/lst") == (400, "bad-request")
    assert await api.error("search/lst?pattern=%20") == (400, "bad-request")
    assert await api.error("search/lst/nothing?pattern=x") == (404, "not-found")
    assert await api.error("search/lst/some-data-dir/small.txt?pattern=x") == (400, "invalid-path")
    assert await api.error("search/lst/..?pattern=x") == (400, "invalid-path")
    monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "wrong")
    assert await api.error("search/lst?pattern=x") == (424, "token-refused")


async def test_the_nearest_come_first(api: Api, tiny: TinyService) -> None:
    tiny.files = {"d/" + "a/" * depth + "x": b"" for depth in (3, 1, 2, 0)}
    found, _ = await search(api, "d", "x")
    assert [entry["path"] for entry in found] == ["d/x", "d/a/x", "d/a/a/x", "d/a/a/a/x"]


async def test_directories_that_cannot_be_listed(api: Api, tiny: TinyService) -> None:
    tiny.files = {f"d/{name}/file": b"" for name in ("bad", "good", "gone")}
    listing = Answer.list

    def partly(answer: Answer, name: str) -> None:
        if name == "d/bad":
            answer.reply(403, b"Access denied", "text/plain")
        elif name == "d/gone":
            answer.reply(404, b"Error: 404", "text/plain")
        else:
            listing(answer, name)

    tiny.misbehave["list"] = partly
    found, last = await search(api, "d", "file")
    assert [entry["path"] for entry in found] == ["d/good/file"]
    failures = {failure["path"]: failure["code"] for failure in last["failures"]}
    assert failures == {"d/bad": "access-denied", "d/gone": "not-found"}
    assert not last["truncated"]


async def test_a_token_that_ends_meanwhile_ends_the_search(api: Api, tiny: TinyService) -> None:
    tiny.files = {f"d/{n}/{m}/file": b"" for n in range(50) for m in range(3)}
    listing = Answer.list

    def once(answer: Answer, name: str) -> None:
        if name == "d":
            listing(answer, name)
        else:
            answer.reply(401, b"{}", "application/json")

    tiny.misbehave["list"] = once
    _, last = await search(api, "d", "file")
    assert last["truncated"]
    assert {failure["code"] for failure in last["failures"]} == {"token-refused"}
    assert len(tiny.requests) < 20


async def test_loops_come_to_an_end(api: Api, tiny: TinyService) -> None:
    def endless(answer: Answer, name: str) -> None:
        entries = f'[{{"href": "{name}/"}}, {{"href": "{name}/d/"}}, {{"href": "{name}/e/"}}]'
        answer.reply(200, entries.encode(), "application/json")

    tiny.misbehave["list"] = endless
    found, last = await search(api, "top", "d")
    assert 3 <= len(found) < 20
    assert last["directories"] < 20
    assert last["failures"]
    assert all("loop" in failure["message"] for failure in last["failures"])


CAPPED = {
    "ServerApp": {"jpserver_extensions": {"ctadata_labext": True}},
    "CTADataExtension": {"max_results": 5},
}


@pytest.mark.parametrize("jp_server_config", [CAPPED])
async def test_enough_is_enough(api: Api, tiny: TinyService) -> None:
    tiny.files = {f"d/file{n}": b"" for n in range(5)}
    found, last = await search(api, "d", "file")
    assert (len(found), last["truncated"]) == (5, False)
    tiny.files |= {f"d/{n}/{m}/file": b"" for n in range(20) for m in range(20)}
    found, last = await search(api, "d", "file")
    assert (len(found), last["truncated"]) == (5, True)
    assert last["directories"] < 40


class Held:
    """Lists directories of one name only when it is told to."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.reached = threading.Semaphore(0)
        self.open = threading.Event()

    def __call__(self, answer: Answer, name: str) -> None:
        if name.endswith(self.name):
            self.reached.release()
            self.open.wait(30)
        Answer.list(answer, name)


async def test_what_is_found_comes_at_once_and_other_listings_do_not_wait(
    api: Api, tiny: TinyService
) -> None:
    tiny.files = {"d/file": b""} | {f"d/{n}/held/file": b"" for n in range(10)}
    held = Held("held")
    tiny.misbehave["list"] = held
    stream = await open_download(api, "d?pattern=file", "search")
    head = await stream.read_until(b"\r\n\r\n")
    assert b"application/x-ndjson" in head
    assert b'"d/file"' in await stream.read_until(b"\n", 10_000) + await stream.read_until(b"\n")
    for _ in range(LISTINGS):
        assert await in_thread(held.reached.acquire, True, 20)
    assert (await api.json("resources/d/1"))["entries"]["names"] == ["held"]
    held.open.set()
    rest = await stream.read_until(b'"done": true', 1_000_000)
    assert rest.count(b"held/file") == 10
    stream.close()


async def test_a_browser_that_goes_away_ends_the_search(
    api: Api, tiny: TinyService, extension: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended = asyncio.Event()
    results = ConcurrentWalk.results

    async def watched(walk: ConcurrentWalk[str], *args: Any) -> AsyncGenerator[list[str], None]:
        try:
            async with aclosing(results(walk, *args)) as lists:
                async for found in lists:
                    yield found
        finally:
            ended.set()

    monkeypatch.setattr(ConcurrentWalk, "results", watched)
    tiny.files = {f"d/{n}/held/file": b"" for n in range(100)}
    held = Held("held")
    tiny.misbehave["list"] = held
    stream = await open_download(api, "d?pattern=file", "search")
    assert await in_thread(held.reached.acquire, True, 20)
    stream.close()
    # While listings hang, too.
    await asyncio.wait_for(ended.wait(), 20)
    everyone = threading.Barrier(WALK_THREADS)
    waiting = [
        extension.services.walk_calls.threads.submit(everyone.wait, 20) for _ in range(WALK_THREADS)
    ]
    assert {await in_thread(each.result, 20) for each in waiting} == set(range(WALK_THREADS))
    held.open.set()
    assert len(tiny.requests) < 120


async def test_a_search_by_get_needs_the_xsrf_token(
    api: Api,
    storage: Path,
    http_server_client: Any,
    jp_base_url: str,
    jp_auth_header: dict[str, str],
) -> None:
    browser = await log_in(http_server_client, jp_base_url, jp_auth_header)

    async def get(**headers: str) -> int:
        path = "search/lst?pattern=nested"
        return (await api(path, anonymous=True, headers=browser.headers(**headers))).code

    assert await get() == 403
    assert await get(X_XSRFToken="wrong") == 403
    assert await get(X_XSRFToken=browser.xsrf) == 200
