"""TransferStore: the file in which a server records its transfers for the next server.

Each server has its own file, and a new server takes over the files of servers that have ended, so
that two servers of one workspace never write to the same file. Locks do nothing on many network
file systems: instead, a file names its owner (`ProcessOwner`), and a server touches its file to
show servers on other machines that it is alive.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import os
import threading
import time
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ctadata._files import atomic_write, read_json
from ctadata.transfers.local.journal import SILENCE
from ctadata.transfers.local.process_owner import ProcessOwner

from .job import Transfer

__all__ = ["TransferStore"]

VERSION = 1
MAX_BYTES = 64 << 20
SUFFIX = ".json"


class TransferStore:
    """The transfers of one server and workspace on the disk, without the token.

    Parameters
    ----------
    directory : Path
        The directory of these files; created, for the user alone, if it is missing.
    root : Path
        The workspace.
    log : logging.Logger
        For warnings about unusable files.
    """

    def __init__(self, directory: Path, root: Path, log: logging.Logger) -> None:
        self._directory = directory
        self._root = str(root)
        self._log = log
        self._owner = ProcessOwner()
        self._prefix = hashlib.sha256(os.fsencode(root)).hexdigest()[:16] + "-"
        self._path = directory / f"{self._prefix}{self._owner.token}{SUFFIX}"
        self._lock = threading.Lock()
        self._records: list[dict[str, Any]] = []
        self._writable = True
        self._closed = False
        # The time of the last change of each file whose owner may be alive on another machine.
        self._unsure: dict[Path, int] = {}
        self._began = time.monotonic()

    def write(self, records: list[dict[str, Any]]) -> None:
        """Write the records of all transfers; if that fails, warn once."""
        with self._lock:
            if not self._closed:
                self._records = records
                self._store(records)

    def close(self) -> None:
        """Leave the transfers to the next server."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._store(self._records)
                self._owner.end()

    def take_over(self) -> list[Transfer]:
        """Return the transfers of servers of this workspace that have ended."""
        try:
            names = sorted(os.listdir(self._directory))
        except OSError:
            return []
        paths = [
            self._directory / name
            for name in names
            if name.startswith(self._prefix) and name.endswith(SUFFIX)
        ]
        return [transfer for path in paths for transfer in self._taken(path, None)]

    def beat(self) -> list[Transfer]:
        """Show that this server is alive; return the transfers of servers that turn out dead.

        Call this every few seconds.
        """
        with contextlib.suppress(OSError):
            os.utime(self._path)
        if time.monotonic() - self._began < SILENCE:
            return []
        unsure, self._unsure = self._unsure, {}
        return [
            transfer for path, changed in unsure.items() for transfer in self._taken(path, changed)
        ]

    def _taken(self, path: Path, changed: int | None) -> list[Transfer]:
        """Take over a file, unless its owner is alive.

        `changed` is the time of its last change when it was first seen; None if that is now.
        """
        try:
            content, found = read_json(path, MAX_BYTES)
        except OSError as error:
            if error.errno != errno.ENOENT:
                self._log.warning("ctadata: %s cannot be read (%s)", path, error.strerror)
            return []
        now = found.st_mtime_ns
        lives = ProcessOwner.lives(content.get("owner"))
        if lives is None and changed is None:
            self._unsure[path] = now
        if lives or (lives is None and now != changed):
            return []
        try:
            if content["version"] != VERSION:
                raise ValueError("another version")
            # A wrong clock may have dated it beyond the range of `datetime`.
            seconds = max(0.0, min(now / 1e9, time.time()))
            moment = datetime.fromtimestamp(seconds, timezone.utc)
            records = content["transfers"]
            transfers = [Transfer.from_record(record, moment) for record in records]
        except (LookupError, TypeError, ValueError, AttributeError, OverflowError, OSError):
            self._set_aside(path)
            return []
        return transfers if self._moved(path, records) else []

    def _moved(self, path: Path, records: list[dict[str, Any]]) -> bool:
        """Move the records of another file into this one; return False if another server did."""
        with self._lock:
            merged = [*self._records, *records]
            if not self._store(merged):
                # Show them although they cannot be moved.
                return True
            try:
                os.unlink(path)
            except FileNotFoundError:
                self._store(self._records)
                return False
            except OSError as error:
                self._log.warning("ctadata: %s cannot be removed (%s)", path, error.strerror)
            self._records = merged
            return True

    def _set_aside(self, path: Path) -> None:
        aside = path.with_suffix(".damaged")
        self._log.warning(
            "ctadata: %s is damaged, or of another version; its transfers are not shown, and it "
            "is kept as %s", path, aside.name,
        )  # fmt: skip
        with contextlib.suppress(OSError):
            os.replace(path, aside)

    def _store(self, records: list[dict[str, Any]]) -> bool:
        try:
            if records:
                self._replace(records)
            else:
                self._path.unlink(missing_ok=True)
        except OSError as error:
            if self._writable:
                self._log.warning(
                    "ctadata: %s cannot be written (%s): the list of transfers will not survive a "
                    "restart of the server", self._path, error.strerror,
                )  # fmt: skip
            self._writable = False
            return False
        self._writable = True
        return True

    def _replace(self, records: list[dict[str, Any]]) -> None:
        content = {
            "version": VERSION,
            "root": self._root,
            "owner": None if self._closed else self._owner.describe(),
            "transfers": records,
        }
        os.makedirs(self._directory, 0o700, exist_ok=True)
        atomic_write(self._path, json.dumps(content).encode())
