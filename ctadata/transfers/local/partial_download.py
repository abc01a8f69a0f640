"""The state of an unfinished download, and what a later process needs to resume it."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ..._local_errors import TRANSIENT, local_error
from ..._printable import logger_of
from ...errors import CTADataError
from ...http.watchdog import Watchdog
from ..checksum import Checksum, Digest
from ..progress import FileProgress
from ..ranges import RangeLease, RangeMap
from ..remote_file import FileChanged, RemoteFile
from .part_file import PartFile

if TYPE_CHECKING:
    from ...http.body import Block
    from .directories import LocalDirectory
    from .journal import Journal

__all__ = ["PartialDownload"]

logger = logger_of(__name__)

MiB = 1 << 20
# The journal is written after so many bytes or seconds; the part is synced after SYNC bytes.
NOTE = 8 * MiB
NOTE_SECONDS = 1.0
SYNC = 256 * MiB
# A beginning that /fetch sent may be an error page if it is shorter than this. One that is shorter
# than SHORT is not worth keeping.
ERROR_PAGE = 16 * MiB
SHORT = 64 << 10


class PartialDownload:
    """The part file, its downloaded ranges, their journal and their checksum.

    Several threads may write to it.

    Parameters
    ----------
    folder : LocalDirectory
        The directory that receives the file.
    name : str
        Its name there.
    remote : RemoteFile
        The remote file.
    journal : Journal, optional
        The record for a later process.
    progress : FileProgress
        Receives the progress.

    Attributes
    ----------
    ranges : RangeMap
        The downloaded ranges.
    unverified : int
        The number of bytes at the beginning that may belong to an error page or another file.
    """

    def __init__(
        self,
        folder: LocalDirectory,
        name: str,
        remote: RemoteFile,
        journal: Journal | None,
        progress: FileProgress,
    ) -> None:
        self._folder = folder
        self._name = name
        self._display_path = folder.display_path(name)
        self._remote = remote
        self._journal = journal
        self._progress = progress
        self._lock = threading.Lock()
        self._size = 0
        self._part: PartFile
        self._checksum: Checksum | None
        self._noted = self._synced = 0
        self._noted_at = 0.0
        self.unverified = 0
        self.ranges: RangeMap
        self._open()

    def restart(self) -> None:
        """Discard what has been downloaded; no thread may write meanwhile."""
        self._part.discard()
        if self._journal is not None:
            self._journal.restart(self._remote.entry)
        self._open()

    def expect(self, digest: Digest | None) -> None:
        """Compute the checksum that the storage offers, from now on."""
        if digest is not None and self._checksum is None:
            self._checksum = Checksum(digest)

    def write(self, lease: RangeLease, blocks: Sequence[Block]) -> None:
        """Write the next bytes of a lease.

        Raises
        ------
        IntegrityError
            If these are more bytes than the file has.
        """
        size = sum(map(len, blocks))
        room = max(lease.stop - lease.position, 0)
        if size > room:
            if lease.stop == self._size:
                raise FileChanged.wrong_size(self._remote.path, None, self._size)
            # Another stream has taken over the rest.
            blocks, size = [b"".join(blocks)[:room]], room
        if not size:
            return
        self._part.write(lease.position, blocks)
        if self._checksum is not None:
            self._checksum.feed(lease.position, blocks)
        self.ranges.advance(lease, size)
        self._progress.step(size)
        self.note()

    def take_back(self, lease: RangeLease, position: int) -> None:
        """Discard what was written for a lease from `position` on."""
        self._progress.step(position - lease.position)
        lease.position = position

    def read(self, start: int, stop: int) -> bytes:
        """Read bytes that were written."""
        return self._part.read(start, stop - start)

    def note(self, *, force: bool = False) -> None:
        """Write the ranges to the journal, every few megabytes unless forced.

        Raises
        ------
        TransferError
            If another process has taken over the download.
        """
        if self._journal is None:
            return
        with self._lock:
            ranges = self.ranges.done()
            count = sum(stop - start for start, stop in ranges)
            now = time.monotonic()
            if not force and count < self._noted + NOTE and now < self._noted_at + NOTE_SECONDS:
                return
            self._noted, self._noted_at = count, now
            synced = count >= self._synced + SYNC
            if synced:
                self._synced = count
                self._part.sync()
            self._journal.record(self._part.name, ranges, synced=synced)

    def check(self, watchdog: Watchdog) -> None:
        """Raise `IntegrityError` if the checksum differs from the storage's."""
        if self._checksum is not None:
            self._checksum.check(
                self._part.descriptor, self._size, self._remote.path, watchdog.check
            )

    def finish(self, *, replace: bool) -> None:
        """Give the complete file its name and date; raises as `PartFile.finish` does."""
        self._part.finish(
            self._remote.entry.modified, replace=replace, commit_gate=self._folder.commit_gate
        )

    def leave(self) -> None:
        """Leave the part to a later process, or discard it if it is not worth keeping."""
        worthless = self.unverified if self.unverified < SHORT else 0
        if self._journal is None or self.ranges.count() <= worthless:
            self.discard()
            return
        with contextlib.suppress(CTADataError):
            # The quick write comes first: the process may be about to end.
            self.note(force=True)
            self._part.sync()
            self._journal.record(self._part.name, self.ranges.done(), synced=True)
        self._part.close()

    def discard(self) -> None:
        """Remove the part and the journal."""
        self._part.discard()
        if self._journal is not None:
            self._journal.remove()

    def _open(self) -> None:
        """Open the part of an earlier download, or a new one."""
        self._size = self._remote.size
        self._checksum = None
        self._noted = self._synced = 0
        self._noted_at = time.monotonic()
        self.unverified = 0
        if self._reopened():
            return
        self.ranges = RangeMap(self._size)
        try:
            self._part = PartFile(
                self._folder.descriptor,
                self._name,
                display_path=self._display_path,
                size=self._size,
                announce=self._announce,
            )
        except BaseException:
            if self._journal is not None:
                self._journal.remove()
            raise
        try:
            self._folder.take(self._name, self._part.name)
        except BaseException:
            self.discard()
            raise

    def _announce(self, part: str) -> None:
        # Recorded first, so that a killed process leaves no part without a journal.
        if self._journal is not None:
            self._journal.record(part, [])

    def _reopened(self) -> bool:
        journal = self._journal
        if journal is None or journal.part is None:
            return False
        try:
            self._part = PartFile(
                self._folder.descriptor,
                self._name,
                display_path=self._display_path,
                size=self._size,
                part=journal.part,
            )
        except OSError as error:
            if error.errno in TRANSIENT:
                # The error will pass; the part is kept.
                raise local_error(error, self._display_path, "resumed") from error
            logger.info("%r cannot be resumed: %s", self._display_path, error)
            return False
        self.ranges = RangeMap(self._size, journal.ranges)
        start, stop = journal.ranges[0]
        # Of any length: it may belong to a file that was replaced by one of the same size and date.
        self.unverified = stop if start == 0 else 0
        return True
