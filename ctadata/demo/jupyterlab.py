"""Run JupyterLab with the panel and an embedded data service, without a hub.

All files are in a temporary directory; the user's settings, kernels and histories are neither read
nor written.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import urllib3
from jupyterlab_server.workspaces_handler import WorkspacesManager
from OpenSSL.crypto import X509

from ..cli.output import say
from ..embedded_service import Service
from ..errors import CTADataError
from .authority import Authority, Name
from .sample_data import make_sample_data
from .voms_server import VOMSServer

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_START_TIMEOUT = 120.0
_STOP_TIMEOUT = 10.0

_AUTHORITIES = "certificates"
_PROXY = "x509up"
_USER: Name = [("DC", "org"), ("DC", "ctadata-demo"), ("CN", "Ada Demo")]
_SETTINGS = {
    "@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False}
}
_LAYOUT = {
    "data": {
        "layout-restorer:data": {
            "left": {"collapsed": False, "visible": True, "current": "ctadata-panel"},
            "relativeSizes": [0.3, 0.7, 0],
        }
    },
    "metadata": {"id": "default"},
}
_NOTEBOOK = (
    "# CTA data from Python\n\nThe panel on the left and the functions below use the same service.",
    """\
import ctadata

for entry in ctadata.list_dir("cta/DL1/20241114/v0.1"):
    print(entry, entry.size)""",
    """\
path = "cta/DL1/20241114/v0.1/dl1_LST-1.Run11111.0100.h5"
print("stored", ctadata.fetch_and_save_file(path) / 1024 / 1024, "MB")""",
    """\
import h5py

with h5py.File("dl1_LST-1.Run11111.0100.h5") as file:
    print(file["dl1/event/telescope/parameters/tel_001"][:3])""",
)


class _Stopped(BaseException):
    """A signal asked the demo to stop."""


def run(data: Path | None, workspace: Path | None, port: int, browser: bool) -> int:
    """Serve data and run JupyterLab until Ctrl-C or SIGTERM; then remove all temporary files.

    Parameters
    ----------
    data : Path or None
        The directory to serve; None creates sample data.
    workspace : Path or None
        The directory for JupyterLab's files, which are kept; None uses a temporary one.
    port : int
        JupyterLab's port; 0 selects a free one.
    browser : bool
        Whether to open a browser.

    Returns
    -------
    int
        The exit status, 0.

    Raises
    ------
    CTADataError
        If the port is in use, or JupyterLab does not start or fails.
    """
    with contextlib.suppress(_Stopped), _stop_on_signals(), contextlib.ExitStack() as stack:
        port = _free_port(port)
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="ctadata-demo-")))
        if data is None:
            say("Creating sample data ...")
            data = home / "storage"
            data.mkdir()
            make_sample_data(data)
        keep = workspace is not None
        workspace = workspace or home / "workspace"
        _create_workspace(workspace)
        _create_proxy(home)
        service = stack.enter_context(Service(data, ca_bundle=home / _AUTHORITIES))
        say(f"Data        {data}, served at {service.downloadservice_url}")
        say(f"Proxy       {home / _PROXY} (a certificate for trying delegation)")
        say(f"Workspace   {workspace}" + ("" if keep else " (removed at the end)"))
        say("Starting JupyterLab ...")
        return _run_jupyterlab(stack, home, workspace, service, port, browser)
    return 0


@contextlib.contextmanager
def _stop_on_signals() -> Iterator[None]:
    """Turn the first signal into an exception; later ones do not interrupt the clean-up."""

    def stop(signum: int, frame: FrameType | None) -> None:
        for number in _SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        raise _Stopped

    previous = {number: signal.signal(number, stop) for number in _SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _free_port(port: int) -> int:
    try:
        with socket.create_server(("127.0.0.1", port)) as probe:
            return int(probe.getsockname()[1])
    except OSError as error:
        raise CTADataError(
            f"Port {port} cannot be used ({os.strerror(error.errno or 0)}):"
            " choose another with --port."
        ) from error


def _create_proxy(home: Path) -> None:
    """Create a proxy certificate for 12 hours, and the directory with its authority."""
    authority = Authority.create(key_type="rsa")
    user = authority.issue(_USER, key_type="rsa")
    attributes = VOMSServer.create(authority, key_type="rsa").attributes(user)
    authorities, proxy = home / _AUTHORITIES, home / _PROXY
    authorities.mkdir()
    # OpenSSL and the grid's tools find an authority by the hash of its name.
    name = X509.from_cryptography(authority.credential.certificate).subject_name_hash()
    (authorities / f"{name:08x}.0").write_bytes(authority.pem())
    proxy.touch(0o600)
    proxy.write_bytes(user.delegate(attributes=attributes, key_type="rsa").pem())


def _create_workspace(workspace: Path) -> None:
    """Create the directory and an example notebook, unless they exist."""
    example = workspace / "example.ipynb"
    try:
        workspace.mkdir(parents=True, exist_ok=True)
        if not example.exists():
            example.write_text(json.dumps(_notebook(), indent=1), encoding="utf-8")
    except OSError as error:
        raise CTADataError(
            f"{workspace} cannot be used as the workspace: {error.strerror}."
        ) from error


def _notebook() -> dict[str, object]:
    """Return the example notebook in nbformat 4.5."""
    cells: list[dict[str, object]] = [
        {"id": f"cell-{number}", "cell_type": "code", "source": source, "metadata": {}}
        | {"outputs": [], "execution_count": None}
        for number, source in enumerate(_NOTEBOOK[1:], 1)
    ]
    text = {"id": "cell-0", "cell_type": "markdown", "source": _NOTEBOOK[0], "metadata": {}}
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {
        "cells": [text, *cells],
        "metadata": {"kernelspec": kernel},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _run_jupyterlab(
    stack: contextlib.ExitStack,
    home: Path,
    workspace: Path,
    service: Service,
    port: int,
    browser: bool,
) -> int:
    token = secrets.token_urlsafe(24)
    log = home / "jupyterlab.log"
    command = [
        *(sys.executable, "-m", "jupyterlab", "--ServerApp.ip=127.0.0.1"),
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        f"--ServerApp.root_dir={workspace.absolute()}",
        f"--ServerApp.open_browser={browser}",
        f"--ServerApp.allow_root={os.geteuid() == 0}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    with open(log, "wb") as output:
        # A new session: Ctrl-C in the terminal must reach only this process, which then stops it.
        process = subprocess.Popen(
            command,
            env=_environment(home, service, token),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    stack.callback(_stop, process)
    address = f"http://127.0.0.1:{port}"
    _wait_until_ready(process, address, token, log)
    print(f"\nOpen        {address}/lab?token={token}\n\nCtrl-C stops everything.", flush=True)
    status = process.wait()
    if status:
        raise CTADataError(f"JupyterLab ended with status {status}{_last_line(log)}")
    return status


def _environment(home: Path, service: Service, token: str) -> dict[str, str]:
    """Return the environment of a user on the platform, with Jupyter's directories in `home`."""
    config = home / "config"
    overrides = config / "labconfig/default_setting_overrides.json"
    overrides.parent.mkdir(parents=True)
    overrides.write_text(json.dumps(_SETTINGS), encoding="utf-8")
    WorkspacesManager(str(home / "workspaces")).save("default", json.dumps(_LAYOUT))
    return os.environ | {
        "CTADS_URL": service.downloadservice_url,
        "CTACS_URL": service.certificateservice_url,
        "JUPYTERHUB_API_TOKEN": service.token,
        "JUPYTERHUB_USER": service.user,
        "X509_USER_PROXY": str(home / _PROXY),
        "X509_CERT_DIR": str(home / _AUTHORITIES),
        "JUPYTER_TOKEN": token,
        "JUPYTER_CONFIG_DIR": str(config),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "IPYTHONDIR": str(home / "ipython"),
    }


def _wait_until_ready(
    process: subprocess.Popen[bytes], address: str, token: str, log: Path
) -> None:
    deadline = time.monotonic() + _START_TIMEOUT
    headers = {"Authorization": f"token {token}"}
    with urllib3.PoolManager(headers=headers, retries=False, timeout=5) as http:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if http.request("GET", f"{address}/api/status").status == 200:
                    return
            except urllib3.exceptions.HTTPError:
                time.sleep(0.1)  # not listening yet
    raise CTADataError(f"JupyterLab did not start{_last_line(log)}")


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    return f": {lines[-1].strip()}" if lines else "."


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Let JupyterLab stop its kernels and itself; kill it if that takes too long."""
    process.terminate()
    try:
        process.wait(_STOP_TIMEOUT)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
