"""What is taken from a browser, and from a service, has limits."""

from __future__ import annotations

import asyncio
import json
import resource
import sys
from typing import Any

import pytest

from .described import Api
from .tiny_service import Answer, TinyService

MODIFIED = "Sun, 22 Nov 2026 06:28:06 GMT"


def config(**traits: Any) -> dict[str, Any]:
    return {
        "ServerApp": {"jpserver_extensions": {"ctadata_labext": True}},
        "CTADataExtension": traits,
    }


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("archives", "POST"),
        ("totals", "POST"),
        ("transfers", "POST"),
        ("certificates/inspect", "POST"),
        ("certificates/cta", "PUT"),
        ("certificates/cta/found", "PUT"),
    ],
)
async def test_a_body_that_is_too_long(api: Api, tiny: TinyService, path: str, method: str) -> None:
    body = json.dumps({"paths": ["x" * (17 << 20)]})
    assert await api.error(path, method, body=body) == (413, "too-large")

    async def pieces(write: Any) -> None:
        for _ in range(17):
            await write(b"x" * (1 << 20))

    assert await api.error(path, method, body_producer=pieces) == (413, "too-large")
    assert tiny.requests == []


async def test_nobody_unknown_fills_the_memory(api: Api, tiny: TinyService) -> None:
    response = await api.raw("totals", "POST", anonymous=True, body=b"x" * (1 << 20))
    assert response.code == 403


@pytest.mark.parametrize("jp_server_config", [config(max_listing_entries=3)])
async def test_a_listing_that_is_cut_is_told_of_everywhere(api: Api, tiny: TinyService) -> None:
    tiny.files = {f"d/long/{n}": b"1" for n in range(9)} | {"d/short/1": b"1"}
    listed = await api.json("resources/d/long")
    assert (listed["entries"]["names"], listed["truncated"]) == (["0", "1", "2"], True)
    assert (await api.json("resources/d/short"))["truncated"] is False
    *_, last = await api.lines("totals", "POST", json_body={"paths": ["d"]})
    assert (last["files"], [failure["path"] for failure in last["failures"]]) == (4, ["d/long"])
    *found, last = await api.lines("search/d?pattern=1", headers={"X-XSRFToken": "x"})
    assert last["truncated"]
    assert [failure["path"] for failure in last["failures"]] == ["d/long"]
    assert len([entry for line in found for entry in line["entries"]]) == 2
    body = {"paths": ["d/long"]}
    assert await api.error("archives", "POST", json_body=body) == (502, "storage-error")
    transfer = await api.transfer("download", "d/long")
    assert transfer["state"] == "failed"
    assert "too long" in transfer["error"]["message"]


async def test_a_directory_of_endless_directories(api: Api, tiny: TinyService) -> None:
    """More wait to be listed than are remembered."""
    items = ",".join(f'{{"href": "d/{n}/"}}' for n in range(100_100))
    answered = []

    def endless(answer: Answer, name: str) -> None:
        answered.append(name)
        if name == "d":
            answer.reply(200, f"[{items}]".encode(), "application/json")
        else:
            answer.reply(401, b"{}", "application/json")

    tiny.misbehave["list"] = endless
    *_, last = await api.lines("totals", "POST", json_body={"paths": ["d"]})
    assert "100,000 directories" in last["failures"][0]["message"]


async def test_four_long_listings_take_little_memory(api: Api, tiny: TinyService) -> None:
    """Each of 150,000 entries, which as a list would take 120 MB."""
    item = '{"href": "d/%d/dl1.Run%06d.h5", "type": "file", "size": "4711", "mtime": "%s"}'

    def long(answer: Answer, name: str) -> None:
        number = int(name.rpartition("/")[2])
        answer.send_response(200)
        answer.send_header("Content-Type", "application/json")
        answer.send_header("Connection", "close")
        answer.end_headers()
        answer.wfile.write(b"[")
        for start in range(0, 150_000, 5000):
            some = ", ".join(item % (number, n, MODIFIED) for n in range(start, start + 5000))
            answer.wfile.write((", " * bool(start) + some).encode())
        answer.wfile.write(b"]")

    tiny.misbehave["list"] = long
    before = _peak()
    answers = await asyncio.gather(*(api.raw(f"resources/d/{number}") for number in range(4)))
    assert _peak() - before < 250
    for answer in answers:
        listed = json.loads(answer.body)
        assert len(listed["entries"]["names"]) == 150_000
        assert listed["entries"]["names"][-1] == "dl1.Run149999.h5"
        assert not listed["truncated"]


def _peak() -> float:
    unit = 1 << 20 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
