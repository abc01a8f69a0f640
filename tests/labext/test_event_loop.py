"""The event loop of the Jupyter server never waits for the storage."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .described import Api
from .tiny_service import MODIFIED, TinyService

FILES = 4
SIZE = 200_000_000
ENTRIES = 100_000


@pytest.fixture
def storage_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The embedded service in a process of its own, as in real life."""
    storage = tmp_path / "storage"
    (storage / "lst").mkdir(parents=True)
    for n in range(FILES):
        with open(storage / f"lst/{n}", "wb") as file:
            file.truncate(SIZE)
    program = (
        "import sys; from ctadata.embedded_service import serve; "
        "serve(sys.argv[1], token='a-token', user='alice')"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(storage)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        for variable, value in re.findall(r"(\w+)=(\S+)", process.stdout.readline()):
            monkeypatch.setenv(variable, value)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=20)


async def test_the_server_answers_while_transfers_run(
    api: Api, storage_elsewhere: None, jp_fetch: Any, jp_root_dir: Path
) -> None:
    transfers = await api.start("download", *(f"lst/{n}" for n in range(FILES)))
    latencies = []
    while True:
        started = time.perf_counter()
        await jp_fetch("api", "status")
        latency = time.perf_counter() - started
        states = {t["state"] for t in (await api.json("transfers"))["transfers"]}
        if states != {"running"} and "queued" not in states:
            break
        if states == {"running"}:
            latencies.append(latency)
    for transfer in transfers:
        assert (await api.ended(transfer))["state"] == "finished"
    assert [(jp_root_dir / str(n)).stat().st_size for n in range(FILES)] == [SIZE] * FILES
    assert len(latencies) >= 10
    assert statistics.median(latencies) < 0.1


async def test_the_server_answers_while_a_long_listing_is_made(
    tiny: TinyService, jp_fetch: Any
) -> None:
    hrefs = [f"lst/dl1_LST-1.Run{n // 100:05}.{n % 100:04}.h5" for n in range(ENTRIES)]
    facts = {"type": "file", "size": "4711", "mtime": MODIFIED}
    raw = json.dumps([{"href": href, **facts} for href in hrefs]).encode()
    tiny.misbehave["list"] = lambda answer, name: answer.reply(200, raw, "application/json")
    gzipped = {"headers": {"Accept-Encoding": "gzip"}, "decompress_response": False}
    listing = asyncio.ensure_future(jp_fetch("ctadata", "resources", "lst", **gzipped))
    latencies = []
    while not listing.done():
        started = time.perf_counter()
        await jp_fetch("api", "status")
        latencies.append(time.perf_counter() - started)
    body = gzip.decompress((await listing).body)
    assert len(json.loads(body)["entries"]["names"]) == ENTRIES
    assert len(latencies) >= 5
    assert statistics.median(latencies) < 0.1
    assert max(latencies) < 1
