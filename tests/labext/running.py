"""A Jupyter server in a process of its own, that can be killed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

TOKEN = "token-of-jupyter"


class JupyterServer:
    """The server, at one workspace and one data directory of Jupyter.

    Parameters
    ----------
    root : Path
        The workspace.
    home : Path
        Jupyter's own directories are below it.
    **settings
        Those of the extension.
    """

    def __init__(self, root: Path, home: Path, **settings: object) -> None:
        home.mkdir(exist_ok=True)
        environment = {
            **os.environ,
            "JUPYTER_NO_CONFIG": "1",
            **{f"JUPYTER_{kind}_DIR": str(home / kind.lower()) for kind in
               ("CONFIG", "DATA", "RUNTIME")},
        }  # fmt: skip
        self.log = home / f"log-{len(list(home.glob('log-*')))}"
        options = {
            "ServerApp.jpserver_extensions": "{'ctadata_labext': True}",
            "ServerApp.ip": "127.0.0.1",
            # One that is free when it listens: others in parallel look for one, too.
            "ServerApp.port": 0,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": root,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "IdentityProvider.token": TOKEN,
            **{f"CTADataExtension.{name}": value for name, value in settings.items()},
        }
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyter_server",
                 *(f"--{name}={value}" for name, value in options.items())],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment,
            )  # fmt: skip
        about = home / f"runtime/jpserver-{self._process.pid}.json"
        until = time.monotonic() + 60
        while not _listens(port := _port(about)):
            assert self._process.poll() is None, self.log.read_text()
            assert time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)
        self.url = f"http://127.0.0.1:{port}/ctadata/"

    def __enter__(self) -> JupyterServer:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop(signal.SIGKILL)

    def stop(self, how: signal.Signals) -> None:
        """End it, and wait for its end."""
        self._process.send_signal(how)
        self._process.wait(30)

    def __call__(self, path: str, method: str = "GET", body: object = None) -> Any:
        """Return what it answers, which must be no error."""
        content = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"token {TOKEN}"}
        request = Request(self.url + path, content, headers, method=method)
        with urlopen(request, timeout=30) as answer:
            return json.load(answer)

    @contextmanager
    def asking(self, *paths: str) -> Iterator[None]:
        """Ask, and wait for no answer."""
        address = urlsplit(self.url)
        with ExitStack() as stack:
            for path in paths:
                connection = socket.create_connection((address.hostname, address.port), 30)
                stack.enter_context(connection)
                head = f"GET {address.path}{path} HTTP/1.1\r\nHost: {address.netloc}\r\n"
                connection.sendall(f"{head}Authorization: token {TOKEN}\r\n\r\n".encode())
            yield

    def transfers(self) -> list[dict[str, Any]]:
        return self("transfers")["transfers"]

    def ended(self, transfer: dict[str, Any]) -> dict[str, Any]:
        """Watch a transfer until it has ended."""
        until = time.monotonic() + 60
        while transfer["state"] in {"queued", "running", "cancelling"}:
            assert time.monotonic() < until, transfer
            time.sleep(0.02)
            transfer = self(f"transfers/{transfer['id']}")
        return transfer


def _port(about: Path) -> int | None:
    """Return the port that a server has taken, once it has written that down."""
    try:
        return json.loads(about.read_text())["port"]
    except (FileNotFoundError, ValueError):
        return None


def _listens(port: int | None) -> bool:
    if port is None:
        return False
    with socket.socket() as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
