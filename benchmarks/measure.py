"""Runs a client as a process of its own and measures that process alone."""

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
LIMIT = 900.0  # seconds until a client counts as hung


@dataclass(frozen=True)
class Command:
    """What a contestant is asked to run."""

    words: list[str]
    settings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """What a run cost: seconds of the clock and of the processor, and resident bytes.

    A process counts as at least as large as the one that started it was: `smallest_memory`.
    """

    wall: float
    cpu: float
    memory: int


class Failed(Exception):
    """A client that did not do its work; its time does not count."""


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
    """Return the bytes below which the memory of a client is not seen."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * KILOBYTE


def _environment() -> dict[str, str]:
    """Return the environment of a user: no proxies, and compiled modules are kept."""
    unwanted = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    return {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and name not in unwanted
    }
