"""`ctadata demo`, as a process."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from pathlib import Path

import nbformat
import pytest
import urllib3
from cryptography import x509

from ctadata.certificates.authorities import load_authorities
from ctadata.demo import jupyterlab
from ctadata.embedded_service import Service
from ctadata.errors import CTADataError


@contextmanager
def running(tmp_path: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """A running demo, and its output until it was ready."""
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
        the_proxy_can_be_delegated(process, printed)
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


def the_proxy_can_be_delegated(process: subprocess.Popen[str], printed: str) -> None:
    """The proxy is where the demo says and JupyterLab looks, and its service accepts it."""
    found = re.search(r"^Proxy       (/\S+/x509up) \(a certificate", printed, re.MULTILINE)
    assert found is not None
    proxy = Path(found[1])
    environment = environment_of_jupyterlab(process)
    assert environment["X509_USER_PROXY"] == str(proxy)
    assert stat.S_IMODE(proxy.stat().st_mode) == 0o600
    assert proxy.parent.name.startswith("ctadata-demo-")
    first, user = x509.load_pem_x509_certificates(proxy.read_bytes())
    names = [part.value for part in user.subject]
    assert names == ["org", "ctadata-demo", "Ada Demo"]
    assert {"1.3.6.1.5.5.7.1.14", "1.3.6.1.4.1.8005.100.100.5"} <= {
        extension.oid.dotted_string for extension in first.extensions
    }
    (authority,) = load_authorities(Path(environment["X509_CERT_DIR"]))
    assert authority.subject == user.issuer
    with urllib3.PoolManager(
        headers={"Authorization": f"Bearer {environment['JUPYTERHUB_API_TOKEN']}"}
    ) as http:
        service = environment["CTACS_URL"]
        fields = {"certificate": proxy.read_text(), "certificate_key": "cta"}
        answer = http.request("POST", f"{service}certificate", json=fields)
        assert answer.status == 200
        left = parsedate_to_datetime(answer.json()["validity"]) - datetime.now(timezone.utc)
        assert timedelta(hours=11) < left < timedelta(hours=12)
        assert http.request("POST", f"{service}main-certificate", json=fields).status == 401


def environment_of_jupyterlab(demo: subprocess.Popen[str]) -> dict[str, str]:
    """The environment of the demo's child process (proc(5))."""
    (child,) = Path(f"/proc/{demo.pid}/task/{demo.pid}/children").read_text().split()
    variables = Path(f"/proc/{child}/environ").read_text().split("\0")
    return dict(variable.split("=", 1) for variable in variables if variable)


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
            jupyterlab.run(tmp_path, None, port, browser=False)


def test_a_jupyterlab_that_does_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stub = tmp_path / "python"
    stub.write_text("#!/bin/sh\necho something is missing\nexit 3\n")
    stub.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(stub))
    with pytest.raises(CTADataError, match="JupyterLab did not start: something is missing"):
        jupyterlab.run(tmp_path, tmp_path / "workspace", 0, browser=False)
