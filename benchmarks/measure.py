"""Run a client in a separate process, and measure only that process."""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

KILOBYTE = 1024  # unit of ru_maxrss
LIMIT = 900.0  # seconds until a client counts as stuck


@dataclass(frozen=True)
class Command:
    """A command and its environment."""

    words: list[str]
    settings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """The cost of a run: elapsed and processor seconds, and resident bytes.

    A process is never reported smaller than the one that started it: `smallest_memory`.
    """

    wall: float
    cpu: float
    memory: int


class Failed(Exception):
    """A client failed its task; its time does not count."""


def run(command: Command, folder: Path) -> Measured:
    """Run a client in `folder` and wait for its end."""
    with tempfile.TemporaryFile() as said:
        begin = time.perf_counter()
        process = subprocess.Popen(
            command.words,
            cwd=folder,
            env={**_environment(), **command.settings},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        watchdog = threading.Timer(LIMIT, process.kill)
        watchdog.start()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        watchdog.cancel()
        process.returncode = os.waitstatus_to_exitcode(status)
        if status:
            said.seek(0)
            text = said.read(2000).decode(errors="replace").strip()
            raise Failed(f"{Path(command.words[0]).name} ended with {process.returncode}: {text}")
    return Measured(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * KILOBYTE)


def smallest_memory() -> int:
    """Return the bytes below which the memory of a client cannot be measured."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE


def _environment() -> dict[str, str]:
    """Return the environment of a user: without proxies, and with compiled modules cached."""
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and name not in unwanted
    }
