"""FileDownload: the bytes of one file, by one stream or several, until they are whole."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Generator
from typing import TYPE_CHECKING

from .._files import local_error
from .._printable import logger_of
from ..entries import Entry
from ..errors import CTADataError, IntegrityError, ServiceUnreachable
from ..http.errors import StreamInterrupted
from ..http.watchdog import Watchdog
from ..storage.download_service import DownloadService, RangesUnusable
from .adaptive import AdaptiveStreams
from .checksum import offered
from .download_small_file import SMALL, SmallFileDownload
from .local.journal import Journal
from .local.overwrite import keeps_existing
from .local.part_file import check_space
from .local.partial_download import PAGE, PartialDownload
from .local.temp_names import has_journal
from .options import TransferOptions
from .progress import FileProgress
from .ranges import RangeLease
from .remote_file import Changed, RemoteFile
from .results import FATAL, budget

if TYPE_CHECKING:
    from ..http.body import Block
    from .local.directories import LocalDirectory
    from .pool import Pool

__all__ = ["FileDownload"]

logger = logger_of(__name__)

MiB = 1 << 20
# Larger files are resumed by a later process too.
RESUMABLE = 8 * MiB
# Each ranged answer is held in the service's memory; a shorter one is not worth a request, but
# at the end of a file for streams that would be idle.
RANGE = 16 * MiB
MIN_RANGE = 8 * MiB
LAST_RANGE = 2 * MiB
# Blocks are gathered to this size, number, or time in seconds, before they are written.
WRITE = MiB
GATHERED = 256
LINGER = 0.5
# What is read again to see whether it is the file.
PROOF = 2048
# As many new bytes make the tries after a break count anew.
PROGRESS = 64 << 10


class FileDownload:
    """The download of one file into a local directory.

    The whole file comes as one stream of ``/fetch``. What is missing after a break comes by
    closed ranges, and so do the parts that other threads bring (docs/architecture.md,
    "Transfers").

    Parameters
    ----------
    service : DownloadService
        Where it comes from.
    entry : Entry
        The file, as a listing gave it.
    folder : LocalDirectory
        The directory that receives it.
    name : str
        Its name there.
    options : TransferOptions
        How it is downloaded.
    progress : FileProgress
        Is told how far it is.
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
        self._there: PartialDownload
        self._ranges_work = True
        self._helpers: set[Watchdog] = set()
        self._growth = AdaptiveStreams(options.streams)
        self._smallest = MIN_RANGE if options.streams is None else LAST_RANGE
        self._stale: CTADataError | None = None

    def run(self, watchdog: Watchdog, pool: Pool) -> str:
        """Download the file, and let idle threads of `pool` help.

        Returns
        -------
        str
            ``finished``, or ``skipped`` where the local file is kept.
        """
        # In an empty directory nothing is in the way; what comes meanwhile is seen in the end.
        if self._folder.had_files and self._keeps():
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
                if not self._keeps():
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
            # Another process may have brought it meanwhile.
            if self._keeps():
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
            and self._there.spans.longest_claim() >= 2 * self._smallest
            and self._growth.wants_more(self._progress.done, 1 + len(self._helpers))
        )

    def help(self, watchdog: Watchdog) -> None:
        """Bring a part of the file, by closed ranges."""
        with self._lock:
            self._helpers.add(watchdog)
        try:
            self._range_stream(self._service.watched_by(watchdog))
        except Changed as error:
            # What the others bring belongs to another state of the file.
            self._stale = error
        except RangesUnusable:
            self._ranges_work = False
        except (StreamInterrupted, ServiceUnreachable) as error:
            logger.info("A stream of %r ends: %s", self._remote.path, error)
            self._growth.failed()
        except FATAL:
            raise
        except (CTADataError, OSError) as error:
            # Of this file alone: the stream that waits for the others raises it.
            self._stale = (
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

    def _keeps(self) -> bool:
        return keeps_existing(
            self._folder.descriptor,
            self._name,
            self._remote.entry,
            self._options.overwrite,
            self._folder.display_path(self._name),
        )

    def _transfer(self, service: DownloadService, pool: Pool) -> None:
        there = self._there = PartialDownload(
            self._folder, self._name, self._remote, self._journal, self._progress
        )
        self._progress.step(there.spans.count())
        if self._journal is not None:
            pool.assist(self)
        try:
            try:
                self._bring(service, pool)
            finally:
                if self._journal is not None:
                    pool.unassist(self)
                self._end_helpers()
        except BaseException:
            there.leave()
            raise
        watchdog = service.http.watchdog
        try:
            self._finish(there, watchdog)
        except BaseException:
            if watchdog.stopped:
                # Whole, but for its name: the next call resumes it.
                there.leave()
            else:
                there.discard()
            raise

    def _bring(self, service: DownloadService, pool: Pool) -> None:
        """Bring all bytes, with new tries after each break."""
        retrier = service.http.retrier()
        best = self._there.spans.count()
        # Others may have brought all that follows an error page.
        while self._there.unproven or not self._there.spans.complete():
            try:
                if self._there.spans.done() and self._ranges_work:
                    self._there.expect(self._remote.digest(service))
                    self._prove(service)
                    self._range_stream(service)
                else:
                    if self._there.spans.done():
                        self._start_over()
                    self._stream(service, pool)
                self._wait_for_helpers(service)
            except RangesUnusable as error:
                logger.info("No ranges of %r: %s", self._remote.path, error)
                self._ranges_work = False
                self._look_again(service)
                self._start_over()
            except (StreamInterrupted, IntegrityError) as error:
                logger.info("%s", error)
                if (count := self._there.spans.count()) > best + PROGRESS:
                    best = count
                    retrier.reset()
                if isinstance(error, Changed):
                    # Now: what is there must not be resumed, should there be no other try.
                    self._start_over()
                self._there.note(force=True)
                retrier.wait(error)
                self._look_again(service)

    def _stream(self, service: DownloadService, pool: Pool) -> None:
        """Bring the whole file, but for what others have claimed of its end meanwhile."""
        there = self._there
        claim = there.spans.claim(self._remote.size, self._remote.size)
        if claim is None:
            return
        if claim.start:
            # Another stream was quicker.
            there.spans.release(claim)
            return
        if self._journal is not None:
            # Those who help begin meanwhile; what they bring before the checksum is known is read
            # again for it.
            pool.wake()
        try:
            remote, chunk_size = self._remote, self._options.chunk_size
            there.expect(remote.digest(service))
            content = service.fetch(remote.path, chunk_size, remote.wanted)
            if remote.wanted:
                there.expect(offered(content.headers.get("Digest", "")))
            self._write_all(claim, content.blocks)
            if claim.position < claim.stop:
                raise remote.other(f"{claim.position} bytes")
        except BaseException:
            there.unproven = claim.position if claim.position < PAGE else 0
            raise
        finally:
            there.spans.release(claim)

    def _range_stream(self, service: DownloadService) -> None:
        """Bring pieces that nobody brings yet, until there are none."""
        spans = self._there.spans
        while (claim := spans.claim(self._piece(), self._smallest)) is not None:
            try:
                while claim.position < claim.stop:
                    start = claim.position
                    stop = min(start + RANGE, claim.stop)
                    content = service.read_range(self._remote.path, start, stop)
                    with contextlib.closing(content.blocks):
                        self._remote.check_same(content.headers)
                        try:
                            self._write_all(claim, content.blocks)
                        except RangesUnusable:
                            # Its length shows only now that something else came.
                            self._there.take_back(claim, start)
                            raise
                # While the claim is held: afterwards the part may be closed.
                self._there.note(force=True)
            finally:
                spans.release(claim)

    def _piece(self) -> int:
        streams = max(self._options.streams or 1, 1 + len(self._helpers))
        missing = self._remote.size - self._there.spans.count()
        return max(MIN_RANGE, min(RANGE, missing // (2 * streams)))

    def _write_all(self, claim: RangeLease, content: Generator[list[Block]]) -> None:
        """Write what comes to its place, until the claim's end."""
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
                        size < WRITE
                        and len(gathered) < GATHERED
                        and now - written < LINGER
                        and isinstance(blocks[-1], bytes)
                    ):
                        continue
                    ready, gathered = gathered, []
                    size, written = 0, now
                    self._there.write(claim, ready)
                    # At the file's end one waits for the end of the stream too.
                    if claim.position >= claim.stop < self._remote.size:
                        return
            finally:
                # What came before a break is of use.
                self._there.write(claim, gathered)

    def _prove(self, service: DownloadService) -> None:
        """Make sure that what came by /fetch is the beginning of the file.

        The service sends an error page with status 200 in place of a file that it cannot read
        (docs/protocol.md, "Fetch").
        """
        there = self._there
        length = there.unproven
        for start in {0, max(0, length - PROOF)} if length else ():
            stop = min(start + PROOF, length)
            content = service.read_range(self._remote.path, start, stop)
            with contextlib.closing(content.blocks):
                self._remote.check_same(content.headers)
                came = b"".join(b"".join(blocks) for blocks in content.blocks)
                if came != there.read(start, stop):
                    raise Changed(
                        f"What came for {self._remote.path!r} is not the file; try again",
                        path=self._remote.path,
                    )
        # Only now: a proof that broke off has shown nothing.
        there.unproven = 0

    def _look_again(self, service: DownloadService) -> None:
        """Start over if the file has changed."""
        if self._remote.look_again(service):
            self._progress.total = self._remote.size
            self._start_over()

    def _start_over(self) -> None:
        """Throw away what is there."""
        self._end_helpers()
        self._progress.step(-self._progress.done)
        self._stale = None
        self._remote.forget()
        self._there.restart()

    def _wait_for_helpers(self, service: DownloadService) -> None:
        """Wait for one of the other streams; what it leaves undone is this one's."""
        if self._there.spans.wait(LINGER):
            service.http.watchdog.check()
        if self._stale is not None:
            raise self._stale

    def _end_helpers(self) -> None:
        self._there.spans.end()
        while self._there.spans.wait(0.05):
            with self._lock:
                helpers = list(self._helpers)
            for watchdog in helpers:
                watchdog.interrupt(StreamInterrupted("The other streams have ended"))

    def _finish(self, there: PartialDownload, watchdog: Watchdog) -> None:
        there.check(watchdog)
        watchdog.check()
        if self._keeps():
            there.discard()
        else:
            there.finish(replace=self._replaces)
