"""A service whose answers never come to their end: all else goes on, and nothing waits for ever."""

from __future__ import annotations

import asyncio
import json
import signal
import threading
import time
from collections.abc import Awaitable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from tornado.iostream import IOStream

from ctadata_labext import download_slots, service_calls
from ctadata_labext.app import CALL_THREADS, STATUS_THREADS
from tests.faults.storage import DRIPS, MIB, Fault, Storage

from .described import Api
from .handlers.test_files import open_request
from .handlers.test_transfers import config
from .handlers.test_uploads import Tus
from .running import JupyterServer

# More than there are threads for any kind of calls.
MANY = CALL_THREADS + 8
# Seconds that an answer may take which waits for nothing, on a machine that has other things to do.
SOON = 15
HANGS = [Fault(drip=drip) for drip in DRIPS.values()]

T = TypeVar("T")


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    with Storage() as storage:
        monkeypatch.setenv("CTADS_URL", storage.url)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", "token-of-the-storage")
        monkeypatch.delenv("CTACS_URL", raising=False)
        storage.put("lst/well/file", 100_000)
        yield storage


async def soon(answer: Awaitable[T]) -> T:
    return await asyncio.wait_for(answer, SOON)


async def asked(storage: Storage, endpoint: str, count: int) -> None:
    """Wait until the storage has got so many requests."""
    until = time.monotonic() + 60
    while len(storage.asked(endpoint)) < count:
        assert time.monotonic() < until
        await asyncio.sleep(0.01)


@asynccontextmanager
async def browsers(api: Api, addresses: list[str]) -> Any:
    """Ask as browsers do that wait for the answers; in the end they go."""
    streams: list[IOStream] = []
    try:
        for address in addresses:
            streams.append(await open_request(api, address))
        yield streams
    finally:
        for stream in streams:
            stream.close()


async def what_concerns_this_machine_alone(api: Api, root: Path) -> None:
    (root / "file").write_bytes(b"content")
    folder = await soon(api.json("workspace/"))
    assert "file" in folder["files"]["names"]
    assert await soon(api.json("transfers"))
    assert (await soon(api("openapi.yaml"))).code == 200
    assert await soon(api.json("certificates"))
    assert await soon(api.json("certificates/found"))
    inspected = await soon(api("certificates/inspect", "POST", body=b"no certificate"))
    assert inspected.code == 200
    tus = Tus(api)
    upload = await soon(tus.create(7))
    assert (await soon(tus.patch(upload, 0, b"content"))).code == 204
    assert len((await soon(api.json("uploads")))["uploads"]) >= 1
    assert (await soon(api(f"transfers/{'0' * 32}", "DELETE"))).code == 404


@pytest.mark.parametrize("jp_server_config", [config(request_timeout=600, timeout=600)])
async def test_listings_that_hang_hold_up_nothing_of_this_machine(
    api: Api, storage: Storage, jp_root_dir: Path
) -> None:
    storage.fails("list", "lst/hangs", *HANGS, always=HANGS[0])
    async with browsers(api, ["resources/lst/hangs"] * MANY):
        await asked(storage, "list", CALL_THREADS)
        await what_concerns_this_machine_alone(api, jp_root_dir)
        status = await soon(api.json("status"))
        assert status["service"]["reachable"]
    # Who has gone waits no more, and holds no thread.
    listing = await soon(api.json("resources/lst/well"))
    assert listing["entries"]["names"] == ["file"]


@pytest.mark.parametrize("jp_server_config", [config(request_timeout=1, timeout=600)])
async def test_a_request_has_a_deadline(api: Api, storage: Storage) -> None:
    storage.fails("list", "lst/hangs", *HANGS * 4, always=HANGS[0])
    host = storage.origin.rpartition("/")[2]
    async with browsers(api, ["resources/lst/hangs"] * MANY) as streams:
        for stream in streams:
            head = await soon(stream.read_until(b"\r\n\r\n"))
            assert head.startswith(b"HTTP/1.1 504 ")
            said = json.loads(await soon(stream.read_until(b"}")))
            assert said["code"] == "service-timeout"
            assert host in said["message"]
    assert (await soon(api.json("resources/lst/well")))["type"] == "directory"


@pytest.mark.parametrize("jp_server_config", [config(request_timeout=1, status_timeout=600)])
@pytest.mark.parametrize(
    ("kind", "path", "method", "order"),
    [
        ("calls", "resources/lst/well", "GET", None),
        ("walk_calls", "search/lst/well?pattern=x", "GET", None),
        ("walk_calls", "archives", "POST", {"paths": ["lst/well"]}),
        ("status_calls", "status", "GET", None),
    ],
)
async def test_what_could_not_be_sent_says_so(
    api: Api,
    storage: Storage,
    extension: Any,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    path: str,
    method: str,
    order: object,
) -> None:
    monkeypatch.setattr(service_calls, "PATIENCE", 0.2)
    gate = threading.Event()
    threads = getattr(extension.services, kind).threads
    for _ in range(MANY):
        threads.submit(gate.wait, 60)
    try:
        answer = await soon(api(path, method, json_body=order))
    finally:
        gate.set()
    said = json.loads(answer.body)
    if path == "status":
        said = said["service"]
    else:
        assert (answer.code, said["code"]) == (504, "service-timeout")
    assert "earlier requests" in said["message"]
    assert storage.asked("list") == storage.asked("health") == []


@pytest.mark.parametrize("jp_server_config", [config(request_timeout=1, timeout=600)])
@pytest.mark.parametrize(
    ("path", "method", "order"),
    [
        ("files/lst/hangs", "GET", None),
        ("home-directory", "GET", None),
        ("search/lst/hangs?pattern=x", "GET", None),
        ("totals", "POST", {"paths": ["lst/hangs"]}),
        ("archives", "POST", {"paths": ["lst/hangs"]}),
    ],
)
async def test_all_kinds_of_requests_have_one(
    api: Api, storage: Storage, path: str, method: str, order: object
) -> None:
    storage.fails("list", "*", always=Fault(drip=DRIPS["chunks"]))
    assert await soon(api.error(path, method, json_body=order)) == (504, "service-timeout")


@pytest.mark.parametrize("jp_server_config", [config(request_timeout=600, status_timeout=0.5)])
async def test_the_status_is_true_and_quick(api: Api, storage: Storage) -> None:
    storage.fails("health", "", *HANGS * 2, always=HANGS[0])
    async with browsers(api, ["status"] * 2 * STATUS_THREADS) as streams:
        for stream in streams:
            assert b" 200 " in await soon(stream.read_until(b"\r\n"))
            assert b'"reachable": false' in await soon(stream.read_until(b"versions"))
    storage.heal()
    assert (await soon(api.json("status")))["service"]["reachable"]


@pytest.mark.parametrize("jp_server_config", [config(request_timeout=600, timeout=600)])
async def test_walks_that_hang_end_with_their_browsers(api: Api, storage: Storage) -> None:
    for n in range(8):
        storage.put(f"lst/walk/{n}/file", 10)
        storage.fails("list", f"lst/walk/{n}", always=HANGS[n])
    storage.put("lst/well/deep/file", 10)
    async with browsers(api, ["search/lst/walk?pattern=x"] * 20):
        await asked(storage, "list", 20 + 20)
        assert (await soon(api.json("resources/lst/well")))["type"] == "directory"
    found = await soon(api.lines("search/lst/well?pattern=file"))
    assert found[-1] == {"done": True, "truncated": False, "directories": 2, "failures": []}
    totals = await soon(api.lines("totals", "POST", json_body={"paths": ["lst/well"]}))
    assert totals[-1]["files"] == 2
    planned = await soon(api.json("archives", "POST", json_body={"paths": ["lst/well"]}))
    assert planned["files"] == 2


@pytest.mark.parametrize("jp_server_config", [config(timeout=600)])
@pytest.mark.parametrize("resource", ["files", "archives"])
async def test_downloads_that_hang_make_way(
    api: Api, storage: Storage, monkeypatch: pytest.MonkeyPatch, resource: str
) -> None:
    monkeypatch.setattr(download_slots, "SERVICE_PATIENCE", 0.2)
    addresses = []
    for n, fault in enumerate([*HANGS, Fault(stop=200_000, then="drip")]):
        storage.put(f"lst/{n}/file", MIB)
        storage.fails("fetch", f"lst/{n}/file", always=fault)
        addresses.append(f"files/lst/{n}/file")
        if resource == "archives":
            planned = await api.json("archives", "POST", json_body={"paths": [f"lst/{n}"]})
            addresses[-1] = f"archives/{planned['id']}"
    async with browsers(api, addresses):
        await asked(storage, "fetch", len(addresses))
        assert len((await soon(api("files/lst/well/file"))).body) == 100_000
    assert len((await soon(api("files/lst/well/file"))).body) == 100_000


async def test_browsers_that_read_nothing_make_way(
    api: Api, storage: Storage, extension: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download_slots, "BROWSER_PATIENCE", 0.2)
    body = storage.put("lst/large", 24 * MIB)
    # None may wait for the service beside those that run, but these hold no thread.
    extension.services.download_slots.waiting = 0
    count = 2 * extension.max_downloads
    async with browsers(api, ["files/lst/large"] * count) as streams:
        await asked(storage, "fetch", count)
        assert len((await soon(api("files/lst/well/file"))).body) == 100_000
        # One that reads again gets all of it.
        await streams[0].read_until(b"\r\n\r\n")
        assert await soon(streams[0].read_bytes(len(body))) == body


@pytest.mark.parametrize("jp_server_config", [config(timeout=0.5)])
@pytest.mark.parametrize("kind", ["status line", "body"])
async def test_a_download_that_hangs_ends(api: Api, storage: Storage, kind: str) -> None:
    storage.put("lst/hangs", MIB)
    storage.fails("fetch", "*", always=Fault(drip=DRIPS[kind]))
    storage.fails("webdav", "*", always=Fault(drip=DRIPS[kind]))
    code = "service-timeout" if kind == "status line" else "transfer-failed"
    assert (await asyncio.wait_for(api.error("files/lst/hangs"), 60))[1] == code


@pytest.mark.parametrize("jp_server_config", [config(timeout=600)])
@pytest.mark.parametrize("endpoint", ["list", "fetch"])
async def test_transfers_that_hang_hold_up_nothing_and_are_cancelled_at_once(
    api: Api, storage: Storage, extension: Any, jp_root_dir: Path, endpoint: str
) -> None:
    names = [f"lst/{n}" for n in range(len(HANGS))]
    for name, fault in zip(names, HANGS, strict=True):
        storage.put(name, MIB)
        storage.fails(endpoint, name, always=fault)
    transfers = await api.start("download", *names, to="to")
    await asked(storage, endpoint, extension.max_transfers)
    await what_concerns_this_machine_alone(api, jp_root_dir)
    assert (await soon(api.json("resources/lst/well")))["type"] == "directory"
    for transfer in transfers:
        cancelled = await soon(api.json(f"transfers/{transfer['id']}/cancel", "POST"))
        assert (await soon(api.ended(cancelled)))["state"] == "cancelled"
    assert (await soon(api.transfer("download", "lst/well")))["state"] == "finished"


def test_the_server_ends_in_time(storage: Storage, tmp_path: Path) -> None:
    root = tmp_path / "workspace"
    root.mkdir()
    for name in ("lst/hangs/file", *(f"lst/{n}" for n in range(8))):
        storage.put(name, MIB)
    storage.fails("list", "lst/hangs", *HANGS, always=HANGS[0])
    storage.fails("fetch", "*", *HANGS, always=HANGS[0])
    storage.fails("health", "", always=HANGS[0])
    with JupyterServer(root, tmp_path / "home", timeout=600, request_timeout=600) as server:
        order = {"kind": "download", "paths": [f"lst/{n}" for n in range(8)], "destination": ""}
        server("transfers", "POST", order)
        with server.asking(
            "resources/lst/hangs", "search/lst/hangs?pattern=x", "files/lst/0", "status"
        ):
            until = time.monotonic() + 30
            while len(storage.asked("list", "lst/hangs")) < 2 or len(storage.asked("fetch")) < 5:
                assert time.monotonic() < until
                time.sleep(0.01)
            started = time.monotonic()
            server.stop(signal.SIGTERM)
        assert time.monotonic() - started < SOON
        assert "Traceback" not in server.log.read_text()
