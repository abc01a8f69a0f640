"""Transfers survive the end of the server, in whatever way it ends."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.outcome import files, leftovers
from tests.faults.storage import MIB, Storage
from tests.faults.wire import Wire

from ..running import JupyterServer

TOKEN = "token-of-the-storage"


@pytest.fixture
def storage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Storage]:
    with Storage() as storage:
        yield storage


@pytest.fixture
def wire(storage: Storage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    """A wire to the storage that can be slow; the environment speaks of it."""
    with Wire(storage.url) as wire:
        monkeypatch.setenv("CTADS_URL", wire.url)
        monkeypatch.setenv("JUPYTERHUB_API_TOKEN", TOKEN)
        monkeypatch.delenv("CTACS_URL", raising=False)
        yield wire


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "workspace"
    root.mkdir()
    return root


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_what_ran_is_interrupted_and_goes_on(
    storage: Storage, wire: Wire, root: Path, tmp_path: Path, how: signal.Signals
) -> None:
    large = storage.put("lst/large", 40 * MIB)
    directory = {f"d/{n}": storage.put(f"lst/d/{n}", 100_000 + n) for n in range(3)}
    directory["d/9"] = storage.put("lst/d/9", 20 * MIB)
    done = storage.put("lst/done", 1000)
    home = tmp_path / "home"
    with JupyterServer(root, home) as server:
        order = {"kind": "download", "paths": ["lst/done", "lst/gone"], "destination": "in"}
        ended = [server.ended(each) for each in server("transfers", "POST", order)["transfers"]]
        assert [each["state"] for each in ended] == ["finished", "failed"]
        wire.rate = 16 * MIB
        order["paths"] = ["lst/large", "lst/d"]
        started = server("transfers", "POST", order)["transfers"]
        running = [server(f"transfers/{each['id']}") for each in started]
        while not all(each["bytes_done"] > 12 * MIB for each in running):
            running = [server(f"transfers/{each['id']}") for each in started]
        server.stop(how)
    wire.rate = None
    before = wire.passed
    mine = root / "in/d/mine"
    mine.write_bytes(b"mine")
    with JupyterServer(root, home) as server:
        *earlier, one, other = server.transfers()
        assert earlier == ended
        assert {one["state"], other["state"]} == {"interrupted"}
        assert {one["error"]["code"], other["error"]["code"]} == {"interrupted"}
        assert [one["id"], other["id"]] == [each["id"] for each in started]
        assert one["ended"] >= one["created"]
        assert "CTAData" not in str(one["error"])
        if how == signal.SIGTERM:
            assert one["bytes_done"] > 12 * MIB
        again = [server(f"transfers/{each['id']}/retry", "POST") for each in (one, other)]
        assert [server.ended(each)["state"] for each in again] == ["finished", "finished"]
        assert [each["id"] for each in server.transfers()] == [
            each["id"] for each in (*ended, *started)
        ]
    assert files(root / "in") == {"large": large, "done": done, "d/mine": b"mine", **directory}
    assert not leftovers(root)
    # Of 60 MiB more than 24 had come, of which a journal may not know the latest.
    assert wire.passed - before < 60 * MIB - 2 * (12 - 10) * MIB
    stores = list((home / "data/ctadata/transfers").iterdir())
    assert len(stores) == 1
    assert stores[0].stat().st_mode & 0o777 == 0o600
    assert TOKEN not in stores[0].read_text()


def test_what_comes_into_the_way_meanwhile_stays(
    storage: Storage, wire: Wire, root: Path, tmp_path: Path
) -> None:
    storage.put("lst/d/a", 20 * MIB)
    storage.put("lst/d/b", 1000)
    wire.rate = 16 * MIB
    with JupyterServer(root, tmp_path / "home") as server:
        order = {"kind": "download", "paths": ["lst/d"], "destination": ""}
        (transfer,) = server("transfers", "POST", order)["transfers"]
        while transfer["bytes_done"] < 9 * MIB:
            transfer = server(f"transfers/{transfer['id']}")
    wire.rate = None
    (root / "d/a").write_bytes(b"mine")
    with JupyterServer(root, tmp_path / "home") as server:
        failed = server.ended(server(f"transfers/{transfer['id']}/retry", "POST"))
        assert (failed["state"], failed["resumable"]) == ("failed", True)
        assert [each["code"] for each in failed["failures"]] == ["already-exists"]
    assert files(root)["d/a"] == b"mine"
    assert len(files(root)["d/b"]) == 1000


def test_two_servers_at_one_workspace(
    storage: Storage, wire: Wire, root: Path, tmp_path: Path
) -> None:
    large = storage.put("lst/large", 20 * MIB)
    wire.rate = 8 * MIB
    home = tmp_path / "home"
    order = {"kind": "download", "paths": ["lst/large"], "destination": ""}
    with JupyterServer(root, home) as first:
        (transfer,) = first("transfers", "POST", order)["transfers"]
        with JupyterServer(root, home) as second:
            assert second.transfers() == []
            order["destination"] = "second"
            second("transfers", "POST", order)
            assert len(first.transfers()) == len(second.transfers()) == 1
        # The second one was killed; the next one takes over its transfers, and only these.
        wire.rate = None
        with JupyterServer(root, home) as third:
            (interrupted,) = third.transfers()
            assert (interrupted["state"], interrupted["target"]) == ("interrupted", "second/large")
            assert first.ended(transfer)["state"] == "finished"
            again = third(f"transfers/{interrupted['id']}/retry", "POST")
            assert third.ended(again)["state"] == "finished"
    assert files(root) == {"large": large, "second/large": large}
