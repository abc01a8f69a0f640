"""The commands of the compared clients."""

from __future__ import annotations

import sys
from pathlib import Path

from .measure import Command
from .servers import TOKEN

BIN = Path(sys.executable).parent
OLD = BIN.parent / "ctadata-0.3.0" / "bin" / "cta-data"
AUTHORIZATION = f"Authorization: Bearer {TOKEN}"

_WITHOUT_ZLIB_NG = (
    "import sys; sys.modules['zlib_ng'] = None; from ctadata.cli import main; sys.exit(main())"
)


def get(service: str, *words: str, zlib_ng: bool = True) -> Command:
    """Return ``ctadata get WORDS`` for a service."""
    start = [str(BIN / "ctadata")] if zlib_ng else [sys.executable, "-c", _WITHOUT_ZLIB_NG]
    return Command([*start, "get", "-q", *words], _settings(service))


def put(service: str, *words: str) -> Command:
    """Return ``ctadata put WORDS`` for a service."""
    return Command([str(BIN / "ctadata"), "put", "-q", *words], _settings(service))


def old_get(service: str, *words: str) -> Command:
    """Return ``cta-data get WORDS`` of ctadata 0.3.0."""
    return Command([str(OLD), "get", *words], _settings(service))


def curl(*words: str) -> Command:
    """Return ``curl WORDS`` without progress output."""
    return Command(["curl", "--silent", "--show-error", "--fail", *words])


def rclone(command: str, source: str, target: str, *words: str) -> Command:
    """Return ``rclone COMMAND SOURCE TARGET`` with its fastest settings.

    Its default pause of 10 ms between requests would dominate the result.
    """
    fast = ["--transfers", "16", "--webdav-pacer-min-sleep", "0.01ms"]
    quiet = ["--config", "/dev/null", "--log-level", "ERROR"]
    return Command([str(BIN / "rclone"), command, source, target, *fast, *quiet, *words])


def webdav(port: int, path: str = "") -> str:
    """Return rclone's name for a directory or file of the storage."""
    return f":webdav,url='http://127.0.0.1:{port}/dav/':{path}"


def _settings(service: str) -> dict[str, str]:
    return {"CTADS_URL": service, "JUPYTERHUB_API_TOKEN": TOKEN, "JUPYTERHUB_USER": "bench"}
