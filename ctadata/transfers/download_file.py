"""Downloads one file, by one stream or several, until it is complete."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Generator
from typing import TYPE_CHECKING

from .._local_errors import local_error
from .._printable import logger_of
from ..entries import Entry
from ..errors import CTADataError, IntegrityError, ServiceUnreachable
from ..http.errors import StreamInterrupted
from ..http.watchdog import Watchdog
from ..storage.download_service import DownloadService
from ..storage.responses import RangesUnusable
from .adaptive import AdaptiveStreams
from .checksum import parse_digest
from .download_small_file import SMALL, SmallFileDownload
from .local.journal import Journal
from .local.overwrite import keeps_existing
from .local.part_file import check_space
from .local.partial_download import ERROR_PAGE, PartialDownload
from .local.temp_names import has_journal
from .options import TransferOptions
from .progress import FileProgress
from .ranges import RangeLease
from .remote_file import FileChanged, RemoteFile
from .results import FATAL, budget

if TYPE_CHECKING:
    from ..http.body import Block
    from .local.directories import LocalDirectory
    from .pool import Pool

__all__ = ["FileDownload"]

logger = logger_of(__name__)

MiB = 1 << 20
# Larger files can be resumed by a later process, too.
RESUMABLE = 8 * MiB
# The service holds each range in memory. A range below MIN_RANGE is not worth a request, except at
# the end of a file, where its stream would be idle otherwise.
RANGE = 16 * MiB
MIN_RANGE = 8 * MiB
LAST_RANGE = 2 * MiB
# Blocks are written once they reach this size, this number, or this age in seconds.
WRITE_SIZE = MiB
WRITE_BLOCKS = 256
WRITE_AGE = 0.5
# Bytes that are read again to verify that the received beginning is the file.
SAMPLE = 2048
# New bytes after which the count of retries is reset.
PROGRESS = 64 << 10


class FileDownload:
    """The download of one file into a local directory.

    The whole file comes as one stream of ``/fetch``. After an interruption the rest comes by
    closed ranges, and so do the parts that other threads download (docs/architecture.md,
    "Transfers").

    `folder` receives the file as `name`.
    """

    def __init__(
        self,
        service: DownloadService,
        entry: Entry,
        folder: LocalDirectory,
        name: str,
        options: TransferOptions,
        progress: FileProgress,
    ) -> None:
        self._service = service
        self._remote = RemoteFile(entry, checksum=options.checksum)
        self._folder = folder
        self._name = name
        self._options = options
        self._progress = progress
        self._lock = threading.Lock()
        self._journal: Journal | None = None
        self._partial: PartialDownload
        self._ranges_work = True
        self._helpers: set[Watchdog] = set()
        self._adaptive = AdaptiveStreams(options.streams)
        self._smallest = MIN_RANGE if options.streams is None else LAST_RANGE
        self._helper_error: CTADataError | None = None

    def run(self, watchdog: Watchdog, pool: Pool) -> str:
        """Download the file; idle threads of `pool` may help.

        Returns
        -------
        str
            ``finished``, or ``skipped`` if the local file is kept.
        """
        # An empty directory needs no check; what appears meanwhile is noticed at the end.
        if self._folder.had_files and self._keeps_existing():
            return "skipped"
        service = self._service.watched_by(watchdog)
        watchdog.set_deadline(*budget(self._remote.path, self._remote.size, watchdog.timeout))
        directory, name = self._folder.descriptor, self._name
        resumed = self._folder.had_journals and has_journal(directory, name)
        if self._remote.size <= SMALL and not resumed:
            if self._folder.tight:
                check_space(directory, self._remote.size, self._folder.display_path(name))
            small = SmallFileDownload.fetch(
                service, self._remote, self._progress, self._options.chunk_size
            )
            if small is not None:
                if not self._keeps_existing():
                    small.save(self._folder, name, replace=self._replaces)
                return "finished"
        if self._remote.size <= RESUMABLE and not resumed:
            self._transfer(service, pool)
            return "finished"
        entry = self._remote.entry
        self._journal = Journal.claim(
            directory,
            name,
            service.url,
            entry,
            watchdog.pause,
            display_path=self._folder.display_path(name),
        )
        try:
            # Another process may have downloaded it meanwhile.
            if self._keeps_existing():
                self._journal.remove()
                return "skipped"
            self._transfer(service, pool)
            self._journal.remove()
        finally:
            self._journal.leave()
        return "finished"

    def wants_help(self) -> bool:
        """Whether another stream would be of use now."""
        return (
            self._ranges_work
            and self._partial.ranges.longest_lease() >= 2 * self._smallest
            and self._adaptive.wants_more(self._progress.done, 1 + len(self._helpers))
        )

    def help(self, watchdog: Watchdog) -> None:
        """Download a part of the file by closed ranges, as an additional stream."""
        with self._lock:
            self._helpers.add(watchdog)
        try:
            self._fetch_ranges(self._service.watched_by(watchdog))
        except FileChanged as error:
            # The other streams download another version of the file.
            self._helper_error = error
        except RangesUnusable:
            self._ranges_work = False
        except (StreamInterrupted, ServiceUnreachable) as error:
            logger.info("A stream of %r ends: %s", self._remote.path, error)
            self._adaptive.failed()
        except FATAL:
            raise
        except (CTADataError, OSError) as error:
            # The main stream, which waits for the others, raises it: it concerns this file alone.
            self._helper_error = (
                error
                if isinstance(error, CTADataError)
                else local_error(error, self._folder.display_path(self._name))
            )
        finally:
            with self._lock:
                self._helpers.discard(watchdog)

    @property
    def _replaces(self) -> bool:
        return self._options.overwrite in {"update", "replace"}

    def _keeps_existing(self) -> bool:
        return keeps_existing(
            self._folder.descriptor,
            self._name,
            self._remote.entry,
            self._options.overwrite,
            self._folder.display_path(self._name),
        )

    def _transfer(self, service: DownloadService, pool: Pool) -> None:
        partial = self._partial = PartialDownload(
            self._folder, self._name, self._remote, self._journal, self._progress
        )
        self._progress.step(partial.ranges.count())
        if self._journal is not None:
            pool.assist(self)
        try:
            try:
                self._download_missing(service, pool)
            finally:
                if self._journal is not None:
                    pool.unassist(self)
                self._end_helpers()
        except BaseException:
            partial.leave()
            raise
        watchdog = service.http.watchdog
        try:
            self._finish(partial, watchdog)
        except BaseException:
            if watchdog.stopped:
                # The file is complete but for its name: the next call resumes it.
                partial.leave()
            else:
                partial.discard()
            raise

    def _download_missing(self, service: DownloadService, pool: Pool) -> None:
        """Download all missing bytes, with retries after interruptions."""
        retrier = service.http.retrier()
        best = self._partial.ranges.count()
        # After an error page, other streams may have downloaded everything else.
        while self._partial.unverified or not self._partial.ranges.complete():
            try:
                if self._partial.ranges.done() and self._ranges_work:
                    self._partial.expect(self._remote.digest(service))
                    self._verify_beginning(service)
                    self._fetch_ranges(service)
                else:
                    if self._partial.ranges.done():
                        self._start_over()
                    self._fetch_whole(service, pool)
                self._wait_for_helpers(service)
            except RangesUnusable as error:
                logger.info("No ranges of %r: %s", self._remote.path, error)
                self._ranges_work = False
                self._refresh(service)
                self._start_over()
            except (StreamInterrupted, IntegrityError) as error:
                logger.info("%s", error)
                if (count := self._partial.ranges.count()) > best + PROGRESS:
                    best = count
                    retrier.reset()
                if isinstance(error, FileChanged):
                    # At once: the wrong bytes must not be resumed if this was the last try.
                    self._start_over()
                self._partial.note(force=True)
                retrier.wait(error)
                self._refresh(service)

    def _fetch_whole(self, service: DownloadService, pool: Pool) -> None:
        """Download the whole file, except for the end that other streams have leased meanwhile."""
        partial = self._partial
        lease = partial.ranges.lease(self._remote.size, self._remote.size)
        if lease is None:
            return
        if lease.start:
            # Another stream was quicker.
            partial.ranges.release(lease)
            return
        if self._journal is not None:
            # Helpers begin meanwhile. What they write before the checksum is known is read again
            # for it.
            pool.wake()
        try:
            remote, chunk_size = self._remote, self._options.chunk_size
            partial.expect(remote.digest(service))
            content = service.fetch(remote.path, chunk_size, remote.digest_headers)
            if remote.digest_headers:
                partial.expect(parse_digest(content.headers.get("Digest", "")))
            self._write_blocks(lease, content.blocks)
            if lease.position < lease.stop:
                raise IntegrityError.wrong_size(remote.path, lease.position, remote.size)
        except BaseException:
            partial.unverified = lease.position if lease.position < ERROR_PAGE else 0
            raise
        finally:
            partial.ranges.release(lease)

    def _fetch_ranges(self, service: DownloadService) -> None:
        """Download ranges that no stream downloads yet, until there are none."""
        ranges = self._partial.ranges
        while (lease := ranges.lease(self._lease_size(), self._smallest)) is not None:
            try:
                while lease.position < lease.stop:
                    start = lease.position
                    stop = min(start + RANGE, lease.stop)
                    content = service.read_range(self._remote.path, start, stop)
                    with contextlib.closing(content.blocks):
                        self._remote.check_same(content.headers)
                        try:
                            self._write_blocks(lease, content.blocks)
                        except RangesUnusable:
                            # Only now its length shows that this was something else.
                            self._partial.take_back(lease, start)
                            raise
                # While the lease is held: afterwards the part file may be closed.
                self._partial.note(force=True)
            finally:
                ranges.release(lease)

    def _lease_size(self) -> int:
        streams = max(self._options.streams or 1, 1 + len(self._helpers))
        missing = self._remote.size - self._partial.ranges.count()
        return max(MIN_RANGE, min(RANGE, missing // (2 * streams)))

    def _write_blocks(self, lease: RangeLease, content: Generator[list[Block]]) -> None:
        """Write the received blocks, until the lease ends."""
        gathered: list[Block] = []
        size = 0
        written = time.monotonic()
        with contextlib.closing(content):
            try:
                for blocks in content:
                    gathered += blocks
                    size += sum(map(len, blocks))
                    now = time.monotonic()
                    if (
                        size < WRITE_SIZE
                        and len(gathered) < WRITE_BLOCKS
                        and now - written < WRITE_AGE
                        and isinstance(blocks[-1], bytes)
                    ):
                        continue
                    ready, gathered = gathered, []
                    size, written = 0, now
                    self._partial.write(lease, ready)
                    # At the end of the file the stream has to end, too.
                    if lease.position >= lease.stop < self._remote.size:
                        return
            finally:
                # The bytes before an interruption are kept.
                self._partial.write(lease, gathered)

    def _verify_beginning(self, service: DownloadService) -> None:
        """Verify that what ``/fetch`` sent is the beginning of the file.

        The service sends an error page with status 200 in place of a file that it cannot read
        (docs/protocol.md, "Fetch").
        """
        partial = self._partial
        length = partial.unverified
        for start in {0, max(0, length - SAMPLE)} if length else ():
            stop = min(start + SAMPLE, length)
            content = service.read_range(self._remote.path, start, stop)
            with contextlib.closing(content.blocks):
                self._remote.check_same(content.headers)
                received = b"".join(b"".join(blocks) for blocks in content.blocks)
                if received != partial.read(start, stop):
                    raise FileChanged(
                        f"The bytes received for {self._remote.path!r} are not the file; try again",
                        path=self._remote.path,
                    )
        # Only now: an interrupted verification has shown nothing.
        partial.unverified = 0

    def _refresh(self, service: DownloadService) -> None:
        """List the file again, and start over if it has changed."""
        if self._remote.refresh(service):
            self._progress.total = self._remote.size
            self._start_over()

    def _start_over(self) -> None:
        """Discard what has been downloaded."""
        self._end_helpers()
        self._progress.step(-self._progress.done)
        self._helper_error = None
        self._remote.forget()
        self._partial.restart()

    def _wait_for_helpers(self, service: DownloadService) -> None:
        """Wait for another stream to end; this stream downloads what that one leaves undone."""
        if self._partial.ranges.wait(WRITE_AGE):
            service.http.watchdog.check()
        if self._helper_error is not None:
            raise self._helper_error

    def _end_helpers(self) -> None:
        self._partial.ranges.end()
        while self._partial.ranges.wait(0.05):
            with self._lock:
                helpers = list(self._helpers)
            for watchdog in helpers:
                watchdog.interrupt(StreamInterrupted("The other streams have ended"))

    def _finish(self, partial: PartialDownload, watchdog: Watchdog) -> None:
        partial.check(watchdog)
        watchdog.check()
        if self._keeps_existing():
            partial.discard()
        else:
            partial.finish(replace=self._replaces)
