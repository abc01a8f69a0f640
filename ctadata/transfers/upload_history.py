"""A record of uploads: tells whether a stored file is the local one, without comparing clocks.

The record has the local state and the stored date of each uploaded file. If neither has changed,
the stored file is the local one. A lost line only causes another upload, so the record needs no
locks: each process appends to it.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from .._files import atomic_write, open_regular
from .._printable import logger_of
from ..errors import CTADataError

__all__ = ["IMPATIENCE", "FileState", "UploadHistory"]

logger = logger_of(__name__)

NAME = "uploads.txt"
# Maximum bytes of the record, about 120,000 files, and how much of a longer one is kept.
MAX_BYTES = 4 << 20
KEPT_BYTES = 3 << 20
# Digits of a file's key and of its state; both are hashes, so that the record has no paths.
DIGITS = 16
LINE = 2 * DIGITS + 2
# Seconds between two writes of new lines.
INTERVAL = 1.0
# Seconds that the end of a transfer waits for the disk, and the end of a stopped one.
PATIENCE = 5.0
IMPATIENCE = 0.2


class FileState(NamedTuple):
    """The state of a local file; each change of the file changes it.

    Attributes
    ----------
    size : int
        Its size in bytes.
    mtime_ns, ctime_ns : int
        When its content changed last, and when anything did, which nobody can set; nanoseconds.
    inode : int
        Its number on its disk.
    """

    size: int
    mtime_ns: int
    ctime_ns: int
    inode: int

    @classmethod
    def from_stat(cls, found: os.stat_result) -> FileState:
        """Return the state in a result of `os.stat`."""
        return cls(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)

    @property
    def telling(self) -> bool:
        """Whether a change within the same second is visible; some disks have whole seconds."""
        return self.ctime_ns % 10**9 != 0


class UploadHistory:
    """The record of one account and service; threads and processes may share it."""

    def __init__(self, directory: Callable[[], Path], service: str) -> None:
        self._directory = directory
        self._service = service
        self._lock = threading.Lock()
        self._known: dict[bytes, bytes] | None = None
        self._pending: list[bytes] = []
        # A thread of its own, since the disk may hang.
        self._writer: threading.Thread | None = None
        self._closing = threading.Event()
        self._warned = False

    def remember(self, path: str, state: FileState | None, stored: datetime | None) -> None:
        """Record that a file has been stored at a remote path.

        `state` is that of the local file, the same before and after the upload; `stored` is its
        date in a listing after the upload.
        """
        facts = _facts(state, stored)
        self._add(self._key(path), facts or bytes(DIGITS // 2).hex().encode())

    def forget(self, path: str) -> None:
        """Record that the file at a path is no longer known."""
        self.remember(path, None, None)

    def has(self, path: str, state: FileState | None, stored: datetime | None) -> bool:
        """Return whether a stored file is this local one; the parameters are `remember`'s."""
        facts = _facts(state, stored)
        if facts is None:
            return False
        with self._lock:
            if self._known is None:
                self._known = self._read()
            return self._known.get(self._key(path)) == facts

    def close(self, patience: float = PATIENCE) -> None:
        """Write the remaining lines, within at most `patience` seconds."""
        self._closing.set()
        if self._writer is not None:
            self._writer.join(patience)

    def _key(self, path: str) -> bytes:
        return _hash(f"{self._service}\n{path}")

    def _add(self, key: bytes, facts: bytes) -> None:
        with self._lock:
            if self._known is not None:
                self._known[key] = facts
            self._pending.append(key + b" " + facts + b"\n")
            if self._writer is None:
                self._writer = threading.Thread(
                    target=self._keep_writing, name="ctadata-sent", daemon=True
                )
                try:
                    self._writer.start()
                except RuntimeError as error:
                    self._writer = None
                    self._warn(error)

    def _keep_writing(self) -> None:
        while not self._closing.wait(INTERVAL):
            self._write()
        self._write()

    def _write(self) -> None:
        """Append the lines that are new since the last time."""
        with self._lock:
            pending, self._pending = self._pending, []
        if not pending:
            return
        try:
            directory = self._directory()
            os.makedirs(directory, 0o700, exist_ok=True)
            length = _append(directory / NAME, b"".join(pending))
            if length > MAX_BYTES:
                _shorten(directory / NAME)
        except (OSError, RuntimeError, CTADataError) as error:
            self._warn(error)

    def _warn(self, error: Exception) -> None:
        if not self._warned:
            self._warned = True
            logger.warning(
                "The record of uploads cannot be written (%s); skip_existing will send files again",
                error,
            )

    def _read(self) -> dict[bytes, bytes]:
        try:
            return _entries(_content(self._directory() / NAME))
        except FileNotFoundError:
            return {}
        except (OSError, RuntimeError, CTADataError) as error:
            logger.warning(
                "The record of uploads cannot be read (%s); all files are sent again", error
            )
            return {}


def _facts(state: FileState | None, stored: datetime | None) -> bytes | None:
    """Return a hash of the states; None if a change might be invisible."""
    if state is None or stored is None or not state.telling:
        return None
    return _hash(f"{tuple(state)} {stored.timestamp():.0f}")


def _hash(text: str) -> bytes:
    raw = text.encode("utf-8", "surrogateescape")
    return hashlib.blake2b(raw, digest_size=DIGITS // 2).hexdigest().encode()


def _append(path: Path, lines: bytes) -> int:
    """Append lines in one write; return the length of the file."""
    descriptor = open_regular(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        # First end a line that another process may have left unfinished.
        os.write(descriptor, b"\n" + lines)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)


def _content(path: Path) -> bytes:
    with os.fdopen(open_regular(path), "rb") as file:
        # The newest lines, should the record have become longer than it may be.
        file.seek(max(0, os.fstat(file.fileno()).st_size - 2 * MAX_BYTES))
        return file.read(2 * MAX_BYTES)


def _entries(content: bytes) -> dict[bytes, bytes]:
    """Return the state of each key; the last of several lines counts."""
    entries: dict[bytes, bytes] = {}
    for line in content.split(b"\n"):
        if len(line) == LINE - 1 and line[DIGITS : DIGITS + 1] == b" ":
            key = line[:DIGITS]
            # Keep the newest at the end.
            entries.pop(key, None)
            entries[key] = line[DIGITS + 1 :]
    return entries


def _shorten(path: Path) -> None:
    """Keep only the newest lines."""
    lines = [key + b" " + facts + b"\n" for key, facts in _entries(_content(path)).items()]
    atomic_write(path, b"".join(lines[-(KEPT_BYTES // LINE) :]))
