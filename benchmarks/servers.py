"""The servers: nginx as storage and as download service, and ``ctadata serve``."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TOKEN = "benchmark"
# The user's home directory.
OWN = "lst/users/bench"
STARTS = 10.0  # seconds that a server may take to start


@contextmanager
def running(command: list[str], **options: object) -> Iterator[subprocess.Popen[str]]:
    """Run a server until the end of the block."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, text=True, **options)
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
        if process.stdout:
            process.stdout.close()


@contextmanager
def nginx(folder: Path, files: Path, digests: Path) -> Iterator[int]:
    """Serve `files`, with the digests in files of the same names; return the port."""
    program = os.environ.get("CTADATA_NGINX") or shutil.which("nginx") or "/usr/sbin/nginx"
    port = _free_port()
    version = subprocess.run([program, "-V"], capture_output=True, text=True, check=True).stderr
    modules = re.search(r"--modules-path=(\S+)", version)
    values = {
        "USER": "user root;" if os.getuid() == 0 else "",
        "MODULES": modules[1] if modules else "modules",
        "RUN": folder,
        "PORT": port,
        "FILES": files,
        "DIGESTS": digests,
        "OWN": OWN,
    }
    template = Path(__file__).with_name("nginx.conf").read_text()
    config = folder / "nginx.conf"
    config.write_text(re.sub("@([A-Z]+)@", lambda name: str(values[name[1]]), template))
    with running([program, "-p", str(folder), "-c", str(config)]) as process:
        _wait_for(port, process)
        yield port


@contextmanager
def service(files: Path) -> Iterator[int]:
    """Serve `files` with ``ctadata serve``; return the port."""
    port = _free_port()
    program = str(Path(sys.executable).with_name("ctadata"))
    command = [program, "serve", str(files), "--port", str(port), "--token", TOKEN]
    with running(command, stdout=subprocess.PIPE) as process:
        if not process.stdout.readline().startswith("ctadata service ready"):
            raise SystemExit("'ctadata serve' does not start")
        yield port


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + STARTS
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.01)
    raise SystemExit("nginx does not start; it says why above")
