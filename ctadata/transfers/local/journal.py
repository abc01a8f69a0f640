"""Journal: which bytes of a large file are downloaded, and which process downloads it.

The journal of ``NAME`` is ``.NAME.ctadata-journal``. Whoever creates it has claimed the target:
one process downloads, the others wait. If the owner dies, or is silent for too long, another
process takes over. If two ever hold the same claim, as on a file system that shows old content,
they write the same bytes to the same places.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from ..._files import NotARegularFile, read_json, write_new
from ..._local_errors import local_error, local_errors
from ..._printable import logger_of
from ...entries import Entry
from ...errors import TransferError
from ..ranges import merge_ranges
from .process_owner import ProcessOwner
from .temp_names import JOURNAL, is_part_of, journal_name, temporary_name

__all__ = ["Journal"]

logger = logger_of(__name__)

MAX_BYTES = 1 << 20
# Seconds between two signs of life of an owner, and of silence until it counts as dead.
BEAT = 15.0
SILENCE = 60.0
# Errors if something other than a journal has its name.
UNUSABLE = {errno.EEXIST, errno.ELOOP, errno.EISDIR, errno.ENXIO}
# Seconds between two looks at another process's journal.
LOOK = 0.3
# Seconds within which another process that takes over the same journal replaces ours.
SETTLE = 0.1
# Seconds that `leave` waits for a sign of life on a disk that hangs.
PATIENCE = 0.2


class Journal:
    """The claim to one target, and the state of its download; created by `claim`.

    Attributes
    ----------
    part : str or None
        The name of the part file to resume.
    ranges : list of pairs of int
        The half-open ranges of bytes that it has.
    """

    def __init__(
        self, directory: int, name: str, source: dict[str, Any], display_path: str
    ) -> None:
        self._directory = directory
        self._target = name
        self._display_path = display_path
        self._name = journal_name(name)
        self._source = source
        self._owner = ProcessOwner()
        self._lock = threading.Lock()
        self._written = time.monotonic()
        self._ended = threading.Event()
        self._beating: threading.Thread | None = None
        self._synced: list[tuple[int, int]] = []
        self.part: str | None = None
        self.ranges: list[tuple[int, int]] = []

    @classmethod
    def claim(
        cls,
        directory: int,
        name: str,
        service: str,
        entry: Entry,
        pause: Callable[[float], None],
        *,
        display_path: str | None = None,
    ) -> Journal:
        """Wait until no other process downloads a target, and claim it.

        Parameters
        ----------
        directory : int
            Descriptor of the directory.
        name : str
            The target's name in the directory.
        service : str
            The address of the service.
        entry : Entry
            The remote file. The part file of another version is removed.
        pause : callable
            Waits for a number of seconds, or raises.
        display_path : str, optional
            The target's local path, for errors.
        """
        source = {
            "service": service,
            "path": entry.path,
            "size": entry.size,
            "mtime": entry.get("mtime"),
        }
        journal = cls(directory, name, source, display_path or name)
        try:
            journal._claim(pause)
            journal._start_beating()
        except OSError as error:
            journal._owner.end()
            denied = error.errno == errno.EACCES and journal._exists()
            unusable = error.errno in UNUSABLE or isinstance(error, NotARegularFile)
            if not unusable and not denied:
                raise local_error(error, journal._display_path) from error
            raise TransferError(
                f"The journal {journal._name!r} of {name!r} cannot be used ({error.strerror}); "
                "remove it, or save under another name",
                path=journal._display_path,
            ) from error
        except BaseException:
            journal._owner.end()
            raise
        return journal

    def record(self, part: str, ranges: Sequence[tuple[int, int]], *, synced: bool = False) -> None:
        """Record which bytes are downloaded.

        Parameters
        ----------
        part : str
            The name of the part file.
        ranges : sequence of pairs of int
            The bytes that it has.
        synced : bool, optional
            Whether they are on the disk, not only in the memory of this machine.

        Raises
        ------
        TransferError
            If another process has taken over the download.
        """
        with self._lock:
            self.part, self.ranges = part, list(ranges)
            if synced:
                self._synced = self.ranges
            with local_errors(self._display_path):
                if self._token() not in {self._owner.token, None}:
                    raise TransferError(
                        f"Another process has taken over the download of {self._source['path']!r}",
                        path=self._source["path"],
                    )
                self._replace()

    def restart(self, entry: Entry) -> None:
        """Discard the recorded state: the remote file has changed."""
        with self._lock:
            self._source |= {"size": entry.size, "mtime": entry.get("mtime")}
            self.part, self.ranges, self._synced = None, [], []

    def remove(self) -> None:
        """Give up the claim and remove the journal."""
        with self._lock, contextlib.suppress(OSError):
            if self._token() == self._owner.token:
                os.unlink(self._name, dir_fd=self._directory)
        self.leave()

    def leave(self) -> None:
        """Give up the claim; the next owner may resume."""
        self._owner.end()
        self._ended.set()
        if self._beating is not None:
            self._beating.join(PATIENCE)

    def _start_beating(self) -> None:
        """Start a thread that shows regularly that the owner is alive.

        A thread of its own, since the disk may hang; with its own descriptor, since the directory
        may be closed meanwhile.
        """
        directory = os.dup(self._directory)
        beating = threading.Thread(
            target=self._beat, args=(directory,), name="ctadata-journal", daemon=True
        )
        try:
            beating.start()
        except RuntimeError as error:
            os.close(directory)
            logger.info("%r shows a sign of life only when it is written: %s", self._name, error)
        else:
            self._beating = beating

    def _beat(self, directory: int) -> None:
        try:
            while not self._ended.wait(BEAT):
                if time.monotonic() - self._written >= BEAT:
                    with contextlib.suppress(OSError):
                        os.utime(self._name, dir_fd=directory, follow_symlinks=False)
        finally:
            os.close(directory)

    def _claim(self, pause: Callable[[float], None]) -> None:
        waiting = False
        while True:
            if self._create():
                return
            found, age = self._found()
            if found is None:
                continue
            # Do not wait for a stopped process, which may never continue, nor for a journal with a
            # date in the future, which would never seem silent.
            if ProcessOwner.lives(found.get("owner")) is not False and abs(age) < SILENCE:
                if not waiting:
                    waiting = True
                    logger.warning(
                        "%r is being downloaded by another process; waiting for it", self._target
                    )
                pause(LOOK)
                continue
            self._take_over(found)
            pause(SETTLE)
            if self._token() == self._owner.token:
                return

    def _exists(self) -> bool:
        try:
            os.stat(self._name, dir_fd=self._directory, follow_symlinks=False)
        except OSError:
            return False
        return True

    def _create(self) -> bool:
        """Create the journal with its whole content at once; return False if it exists."""
        temporary = self._write()
        here = {"src_dir_fd": self._directory, "dst_dir_fd": self._directory}
        try:
            try:
                os.link(temporary, self._name, **here, follow_symlinks=False)
            except FileExistsError:
                raise
            except OSError:
                # This disk has no links: a reader may find the journal empty for a moment.
                write_new(self._name, b"", directory=self._directory)
                self._rename(temporary)
        except FileExistsError:
            return False
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=self._directory)
        return True

    def _take_over(self, found: dict[str, Any]) -> None:
        ranges = (
            found.get("ranges") if found.get("boot") == ProcessOwner.boot() else found.get("synced")
        )
        usable = _valid_ranges(ranges, self._source["size"])
        part = found.get("part")
        if isinstance(part, str) and is_part_of(part, self._target):
            if found.get("source") == self._source and usable:
                self.part, self.ranges = part, usable
                self._synced = _valid_ranges(found.get("synced"), self._source["size"])
            else:
                with contextlib.suppress(OSError):
                    os.unlink(part, dir_fd=self._directory)
        self._replace()

    def _found(self) -> tuple[dict[str, Any] | None, float]:
        """Return the existing journal and its age in seconds by the clock of the disk."""
        try:
            content, changed = self._read()
        except FileNotFoundError:
            return None, 0.0
        temporary = self._write()
        try:
            now = os.stat(temporary, dir_fd=self._directory).st_mtime
        finally:
            os.unlink(temporary, dir_fd=self._directory)
        return content, now - changed

    def _token(self) -> str | None:
        try:
            owner = self._read()[0].get("owner")
        except FileNotFoundError:
            return None
        return owner.get("token") if isinstance(owner, dict) else None

    def _read(self) -> tuple[dict[str, Any], float]:
        """Return the content, empty if it is damaged, and the time of the last change."""
        content, found = read_json(self._name, MAX_BYTES, directory=self._directory)
        return content, found.st_mtime

    def _replace(self) -> None:
        self._rename(self._write())
        self._written = time.monotonic()

    def _rename(self, temporary: str) -> None:
        os.replace(temporary, self._name, src_dir_fd=self._directory, dst_dir_fd=self._directory)

    def _write(self) -> str:
        """Write the journal under a temporary name."""
        content = {
            "source": self._source,
            "part": self.part,
            "ranges": self.ranges,
            "synced": self._synced,
            "boot": ProcessOwner.boot(),
            "owner": self._owner.describe(),
        }
        name = temporary_name(self._name.removesuffix(JOURNAL), JOURNAL)
        write_new(name, json.dumps(content).encode(), directory=self._directory)
        return name


def _valid_ranges(found: Any, size: int) -> list[tuple[int, int]]:
    """Return the ranges of a journal, or none if one of them does not fit a file of this size."""
    if not isinstance(found, list):
        return []
    for pair in found:
        if not (
            isinstance(pair, list)
            and len(pair) == 2
            and all(type(end) is int for end in pair)
            and 0 <= pair[0] < pair[1] <= size
        ):
            return []
    return merge_ranges(found)
