"""`ctadata demo`, as a process."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
import pytest
import urllib3

from ctadata import demo
from ctadata.errors import CTADataError
from ctadata.service import Service


@contextmanager
def running(tmp_path: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running demo, and what it has printed when it was ready."""
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with subprocess.Popen(
        [sys.executable, "-m", "ctadata", "demo", "--no-browser", *arguments],
        env=os.environ | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            printed = ""
            while "Ctrl-C" not in printed:
                line = process.stdout.readline()
                assert line, printed
                printed += line
            yield process, printed
        finally:
            process.terminate()


def test_it_runs_and_leaves_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "file").write_text("mine")
    with running(tmp_path, "--data", str(data)) as (process, printed):
        found = re.search(r"(http://127\.0\.0\.1:\d+)/lab\?token=(\S+)", printed)
        assert found is not None
        address, headers = found[1], {"Authorization": f"token {found[2]}"}
        with urllib3.PoolManager(headers=headers) as http:
            lab = http.request("GET", f"{address}/lab")
            assert lab.status == 200
            layout = http.request("GET", f"{address}/lab/api/workspaces/default").json()
            left = layout["data"]["layout-restorer:data"]["left"]
            assert left["current"] == "ctadata-panel"
            contents = http.request("GET", f"{address}/api/contents").json()["content"]
            assert [item["name"] for item in contents] == ["example.ipynb"]
            name = "@jupyterlab/apputils-extension:notification"
            schema = http.request("GET", f"{address}/lab/api/settings/{name}").json()["schema"]
            assert schema["properties"]["fetchNews"]["default"] == "false"
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        # The address no longer answers, so JupyterLab is gone too.
        with (
            urllib3.PoolManager(retries=False) as http,
            pytest.raises(urllib3.exceptions.HTTPError),
        ):
            http.request("GET", f"{address}/api")
    assert list((tmp_path / "tmp").iterdir()) == []
    assert [path.name for path in data.iterdir()] == ["file"]


def test_a_workspace_of_ones_own_is_kept(tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    (workspace / "mine.txt").write_text("mine")
    with running(tmp_path, "--data", str(tmp_path), "--workspace", str(workspace)) as (
        process,
        printed,
    ):
        assert "removed" not in printed
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert (workspace / "mine.txt").read_text() == "mine"
    nbformat.validate(json.loads((workspace / "example.ipynb").read_text()))


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with Service(tmp_path) as other:
        port = int(other.downloadservice_url.split(":")[2].split("/")[0])
        with pytest.raises(CTADataError, match=f"Port {port} .*Address already in use.* --port"):
            demo.run(tmp_path, None, port, browser=False)


def test_a_jupyterlab_that_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = tmp_path / "python"
    stub.write_text("#!/bin/sh\necho something is missing\nexit 3\n")
    stub.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stub))
    with pytest.raises(CTADataError, match="JupyterLab did not start: something is missing"):
        demo.run(tmp_path, tmp_path / "workspace", 0, browser=False)
