"""ProcessOwner: the process that owns a file, and whether it is still alive.

Locks (flock) do nothing on many network file systems. Instead, a file names its owner, and
whoever finds the file looks for that process if it should be on the same machine.
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
    """The owner of files within this process: a download, or a server.

    Attributes
    ----------
    token : str
        Identifies the owner.
    """

    def __init__(self) -> None:
        self.token = secrets.token_hex(8)
        with _lock:
            _alive.add(self.token)

    def end(self) -> None:
        """Mark the owner as ended."""
        with _lock:
            _alive.discard(self.token)

    def describe(self) -> dict[str, Any]:
        """Return what other processes need to recognize the owner."""
        return {
            "token": self.token,
            "host": self.host(),
            "pid": os.getpid(),
            "started": _started(os.getpid()),
        }

    @staticmethod
    def host() -> str:
        """Return eight digits that identify this machine since its last boot, and the container."""
        return _host(os.getpid())

    @staticmethod
    def boot() -> str:
        """Return an id of the last boot of this machine."""
        return _read("/proc/sys/kernel/random/boot_id") or platform.node()

    @staticmethod
    def lives(owner: Any) -> bool | None:
        """Return whether a described owner is alive; None if this machine cannot tell."""
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
        """Return whether that machine may have a process of this number."""
        if host != ProcessOwner.host():
            return True
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except OSError:
            return True
        # A zombie is dead, although its parent has not collected its exit status.
        return pid > 0 and _fields(pid)[:1] not in (["Z"], ["X"])


@functools.lru_cache(maxsize=1)
def _host(pid: int) -> str:
    """Return an id of machine and container; a forked child (`pid`) may be in another one."""
    namespace = ""
    with contextlib.suppress(OSError):
        namespace = os.readlink("/proc/self/ns/pid")
    text = f"{ProcessOwner.boot()} {platform.node()} {namespace}"
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def _started(pid: int) -> str | None:
    fields = _fields(pid)
    return fields[19] if len(fields) > 19 else None


def _fields(pid: int) -> list[str]:
    """Return the fields of proc(5) from the state on; the start time is the twentieth."""
    # The command, the field before the state, may contain spaces.
    return _read(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read().strip()
    except OSError:
        return ""
