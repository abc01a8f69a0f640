from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ..described import Api
from ..tiny_service import Answer, TinyService


async def totals(api: Api, *paths: str) -> Any:
    lines = await api.lines("totals", "POST", json_body={"paths": paths})
    assert [line.get("done") for line in lines] == [None] * (len(lines) - 1) + [True]
    return lines[-1]


async def test_directories_and_files(api: Api, storage: Path) -> None:
    run = "cta/DL1/20241114/v0.1/dl1_LST-1.Run11111.0100.h5"
    assert await totals(api, "lst/some-data-dir", run) == {
        "files": 4, "bytes": 11 + (1 << 20), "directories": 3, "done": True, "failures": [],
    }  # fmt: skip
    assert await totals(api, run) == {
        "files": 1, "bytes": 1 << 20, "directories": 0, "done": True, "failures": [],
    }  # fmt: skip


async def test_nothing_counts_twice(api: Api, storage: Path) -> None:
    paths = [
        "lst/some-data-dir/deep",
        "lst/some-data-dir/small.txt",
        "lst",
        "/lst/",
        "lst/some-data-dir",
    ]
    assert await totals(api, *paths) == await totals(api, "lst")
    assert await totals(api, "", "lst") == await totals(api, "")


async def test_what_cannot_be_listed_is_told(api: Api, tiny: TinyService) -> None:
    tiny.files = {"d/bad/file": b"123", "d/good/file": b"12"}

    def partly(answer: Answer, name: str) -> None:
        if name == "d/bad":
            answer.reply(500, b"broken", "text/plain")
        else:
            Answer.list(answer, name)

    tiny.misbehave["list"] = partly
    last = await totals(api, "d", "gone")
    assert (last["files"], last["bytes"], last["directories"]) == (1, 2, 2)
    failures = {failure["path"]: failure["code"] for failure in last["failures"]}
    assert failures == {"d/bad": "storage-error", "gone": "not-found"}


async def test_errors(api: Api, storage: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for body in ({}, {"paths": []}, {"paths": "lst"}, {"paths": [1]}, ["lst"]):
        assert await api.error("totals", "POST", json_body=body) == (400, "bad-request")
    body = {"paths": ["lst/nothing", "lst/nothing-else"]}
    assert await api.error("totals", "POST", json_body=body) == (404, "not-found")
    assert await api.error("totals", "POST", json_body={"paths": [".."]}) == (400, "invalid-path")
    monkeypatch.delenv("JUPYTERHUB_API_TOKEN")
    assert await api.error("totals", "POST", json_body={"paths": ["lst"]}) == (424, "no-token")
