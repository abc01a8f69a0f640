"""ProcessOwner: the process that a temporary file belongs to, and whether it still lives.

Locks (flock) do nothing on many network file systems. So a file names its owner, and whoever
finds it looks for that process, where it would be on the same machine.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import os
import platform
import re
import secrets
import threading
from typing import Any

__all__ = ["ProcessOwner"]

_alive: set[str] = set()
_lock = threading.Lock()


class ProcessOwner:
    """What has files and belongs to this process: a download, or a server.

    Attributes
    ----------
    token : str
        Tells it from all others.
    """

    def __init__(self) -> None:
        self.token = secrets.token_hex(8)
        with _lock:
            _alive.add(self.token)

    def end(self) -> None:
        """Take note that it has ended, in whatever way."""
        with _lock:
            _alive.discard(self.token)

    def describe(self) -> dict[str, Any]:
        """Return what other processes need to know."""
        return {
            "token": self.token,
            "host": self.host(),
            "pid": os.getpid(),
            "started": _started(os.getpid()),
        }

    @staticmethod
    def host() -> str:
        """Return eight digits that stand for this machine, since it was started, and container."""
        return _host(os.getpid())

    @staticmethod
    def boot() -> str:
        """Return what changes when this machine is started again."""
        return _read("/proc/sys/kernel/random/boot_id") or platform.node()

    @staticmethod
    def lives(owner: Any) -> bool | None:
        """Whether a described owner lives; None where this cannot be seen from here."""
        if not isinstance(owner, dict) or not isinstance(owner.get("pid"), int):
            return False
        host = owner.get("host")
        if not isinstance(host, str) or not re.fullmatch("[0-9a-f]{8}", host):
            return False
        if host != ProcessOwner.host():
            return None
        pid = owner["pid"]
        if pid == os.getpid() and owner.get("started") == _started(pid):
            return owner.get("token") in _alive
        return ProcessOwner.may_live(ProcessOwner.host(), pid) and owner.get("started") == _started(
            pid
        )

    @staticmethod
    def may_live(host: str, pid: int) -> bool:
        """Whether there may be a process of this number on that machine."""
        if host != ProcessOwner.host():
            return True
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except OSError:
            return True
        # One that has died, but that nobody has asked for its end.
        return pid > 0 and _fields(pid)[:1] not in (["Z"], ["X"])


@functools.lru_cache(maxsize=1)
def _host(pid: int) -> str:
    """Return the machine and container; `pid`, since a child of fork may be in another one."""
    namespace = ""
    with contextlib.suppress(OSError):
        namespace = os.readlink("/proc/self/ns/pid")
    text = f"{ProcessOwner.boot()} {platform.node()} {namespace}"
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _started(pid: int) -> str | None:
    fields = _fields(pid)
    return fields[19] if len(fields) > 19 else None


def _fields(pid: int) -> list[str]:
    """Return what proc(5) says of a process: its state first, its start as the twentieth."""
    # The command, the field before, may have spaces.
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""
