"""The service as a process: its start, memory and end."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import urllib3

from ctadata.embedded_service import Service
from ctadata.errors import CTADataError
from tests.support.certificates import proxy

MIB = 1024**2
LIMIT = 150 * MIB


class Running:
    """A running `ctadata serve`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        self.line = process.stdout.readline()
        found = re.fullmatch(
            r"ctadata service ready: CTADS_URL=(http://127\.0\.0\.1:\d+/services/downloadservice/)"
            r" CTACS_URL=http://127\.0\.0\.1:\d+/services/certificateservice/"
            r" JUPYTERHUB_API_TOKEN=(\S+)\n",
            self.line,
        )
        assert found is not None, self.line
        self.url = found[1]
        self.http = urllib3.PoolManager(headers={"Authorization": f"Bearer {found[2]}"})

    def peak_memory(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+) kB", status)
        assert found is not None
        return int(found[1]) * 1024


@contextmanager
def serving(directory: Path, *options: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "ctadata", "serve", str(directory), "--user", "alice"]
    command += options
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            running = Running(process)
            with running.http:
                yield running
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_and_leave_nothing(tmp_path: Path, number: signal.Signals) -> None:
    own = tmp_path / "lst/users/alice"
    own.mkdir(parents=True)
    with serving(tmp_path) as running:

        def endless() -> Iterator[bytes]:
            while True:
                yield bytes(MIB)

        def upload() -> None:
            with pytest.raises(urllib3.exceptions.HTTPError):
                running.http.request(
                    "POST", f"{running.url}upload/file", body=endless(), retries=False
                )

        thread = threading.Thread(target=upload)
        thread.start()
        while not list(own.iterdir()):
            time.sleep(0.01)
        running.process.send_signal(number)
        _, errors = running.process.communicate(timeout=20)
        # The client notices it too, even if it is blocked in sending.
        thread.join(20)
    assert not thread.is_alive()
    assert running.process.returncode == 0
    assert errors == ""
    assert list(own.iterdir()) == []


@pytest.mark.parametrize(("options", "decoding"), [([], "once"), (["--quirks"], None)])
def test_quirks_are_an_option(tmp_path: Path, options: list[str], decoding: str | None) -> None:
    with serving(tmp_path, *options) as running:
        answer = running.http.request("GET", f"{running.url}list")
    assert answer.status == 200
    assert answer.headers.get("CTAData-Path-Decoding") == decoding


def test_ready_soon(tmp_path: Path) -> None:
    start = time.monotonic()
    with serving(tmp_path) as running:
        # Normally much less, but a busy machine may be slow.
        assert time.monotonic() - start < 10
        assert running.http.request("GET", f"{running.url}list").status == 200


def test_large_files_pass_through_small_memory(tmp_path: Path) -> None:
    size = 1024 * MIB
    with open(tmp_path / "large", "wb") as file:
        file.truncate(size)
    with serving(tmp_path) as running:
        for endpoint in ("fetch", "webdav"):
            answer = running.http.request(
                "GET", f"{running.url}{endpoint}/large", preload_content=False
            )
            assert sum(len(block) for block in answer.stream(MIB)) == size
        block = bytes(64 * MIB)  # as one chunk, which must not be held whole
        body = (block for _ in range(4))
        answer = running.http.request("POST", f"{running.url}upload/one", body=body, chunked=True)
        assert answer.json()["total_written"] == 256 * MIB
        with open(tmp_path / "large", "rb") as file:
            file.seek(-256 * MIB, os.SEEK_END)
            # refused, and its body discarded
            answer = running.http.request(
                "POST",
                f"{running.url}upload/missing/two",
                body=file,
                headers=running.http.headers | {"Content-Length": str(256 * MIB)},
            )
        assert answer.status == 409
        assert running.peak_memory() < LIMIT


def test_certificates_are_kept_where_it_is_told(tmp_path: Path, ca_bundle: Path) -> None:
    (tmp_path / "served").mkdir()
    kept = tmp_path / "kept"
    options = ["--ca-bundle", str(ca_bundle), "--certificates", str(kept), "--admin"]
    pem = proxy().pem().decode()
    with serving(tmp_path / "served", *options) as running:
        address = running.url.replace("downloadservice", "certificateservice")
        for name, user in [("certificate", "bob"), ("main-certificate", None)]:
            fields = {"certificate": pem, "certificate_key": "lst", "user": user}
            answer = running.http.request("POST", f"{address}{name}", json=fields)
            assert answer.status == 200, answer.data
    assert sorted(path.name for path in kept.rglob("*.pem")) == ["lst.pem", "shared.pem"]


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with Service(tmp_path) as first:
        port = int(first.downloadservice_url.split(":")[2].split("/")[0])
        with pytest.raises(CTADataError, match=f"port {port}: Address already in use"):
            Service(tmp_path, port=port).start()


def test_a_directory_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(CTADataError, match="No such file"):
        Service(tmp_path / "nothing")
    (tmp_path / "file").touch()
    with pytest.raises(CTADataError, match="Not a directory"):
        Service(tmp_path / "file")


def test_no_thread_stays_behind(tmp_path: Path) -> None:
    before = set(threading.enumerate())
    with Service(tmp_path) as service:
        assert service.token
        assert re.fullmatch("[a-z01_]+", service.user)
        with urllib3.PoolManager() as http:
            assert http.request("GET", f"{service.downloadservice_url}health").status == 200
    assert set(threading.enumerate()) == before


def test_ipv6_and_any_address(tmp_path: Path) -> None:
    with Service(tmp_path, host="::1") as service:
        assert service.downloadservice_url.startswith("http://[::1]:")
    with Service(tmp_path, host="0.0.0.0") as service:
        assert service.downloadservice_url.startswith("http://127.0.0.1:")


def test_streams_and_listings_side_by_side(tmp_path: Path) -> None:
    with open(tmp_path / "large", "wb") as file:
        file.truncate(256 * MIB)
    with Service(tmp_path, token="t") as service, urllib3.PoolManager(maxsize=9) as http:
        headers = {"Authorization": "Bearer t"}
        url = service.downloadservice_url
        # Eight clients that have stopped reading block their threads, but no other client.
        readers = [
            http.request("GET", f"{url}fetch/large", headers=headers, preload_content=False)
            for _ in range(8)
        ]
        assert http.request("GET", f"{url}list", headers=headers, timeout=5).status == 200
        for reader in readers:
            reader.close()
