"""Downloads files and directories; a file gets its own name only when it is complete."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import NamedTuple

from .._files import local_path
from ..entries import Entry
from ..http.watchdog import Watchdog
from ..storage.download_service import DownloadService
from ..storage.listing import Listing
from ..storage.path_lookup import suggest_on_not_found
from ..storage.paths import local_name
from .download_file import FileDownload
from .local.directories import LocalDirectories
from .local.overwrite import check_overwrite, keeps_existing
from .local.upload_tree import DIRECTORY, FILE, HIDDEN
from .options import TransferOptions
from .pool import Pool, Task
from .progress import CallbackDispatcher, FileProgress
from .progress_bars import watching
from .remote_file import file_size
from .results import ResultCollector
from .target_conflicts import PlannedTransfer, refuse_conflicts
from .walk import Ancestors, LoopDetector

__all__ = ["DownloadRequest", "Downloads", "downloading", "local_target"]

# Entries up to which a listing is a list: the files of many listings wait at the same time.
FEW = 1000


@contextmanager
def downloading(service: DownloadService, options: TransferOptions) -> Iterator[Downloads]:
    """Make the downloads of one call, with progress bars where they are wanted."""
    with watching(options) as dispatcher:
        yield Downloads(service, options, dispatcher)


def local_target(given: str | os.PathLike[str] | None) -> tuple[Path, str | None]:
    """Return the directory that receives a file, and the file's name there if that is given.

    Parameters
    ----------
    given : str or path, optional
        A file, or a directory where it ends in a slash or a dot; by default the working directory.
    """
    if given is None:
        return Path(), None
    target = local_path(given)
    if os.path.basename(os.fspath(given)) in {"", ".", ".."}:
        return target, None
    return target.parent, target.name


@dataclass(frozen=True)
class DownloadRequest:
    """One file or directory to download.

    Attributes
    ----------
    source : str
        Its remote path; an `Entry` of a file is not listed again.
    root, parts : Path, tuple of str
        The local directory that receives it, as `LocalDirectories.use` takes it.
    name : str, optional
        The local name of a file; by default the remote one.
    recursive : bool
        Whether the source may be a directory.
    whole_path : bool
        Whether a directory keeps its whole remote path below the local directory, or only its
        name.
    """

    source: str
    root: Path
    parts: tuple[str, ...] = ()
    name: str | None = None
    recursive: bool = False
    whole_path: bool = False


@dataclass(frozen=True)
class _Target:
    """The local directory that receives the files of a remote one."""

    # As `LocalDirectories.use` takes it.
    root: Path
    parts: tuple[str, ...]
    # The remote directory's path below the one that was requested, and its ancestors.
    relative: str = ""
    ancestors: Ancestors = ()

    @cached_property
    def prefix(self) -> str:
        """The local directory's path, up to a file's name."""
        return str(self.root.joinpath(*self.parts, "_"))[:-1]


class _Resolved(NamedTuple):
    """A request whose source is known to be a file or a directory."""

    source: str
    local: Path
    is_directory: bool
    start: Callable[[], None]


class Downloads:
    """The downloads of one call."""

    def __init__(
        self, service: DownloadService, options: TransferOptions, dispatcher: CallbackDispatcher
    ) -> None:
        check_overwrite(options.overwrite)
        self._service = service
        self._options = options
        self._dispatcher = dispatcher
        self._pool = Pool(options, service.http)
        self._results = ResultCollector(dispatcher, options.jobs)
        self._directories = LocalDirectories()
        self._loops = LoopDetector()
        self._lock = threading.Lock()
        self._resolved: list[_Resolved | None] = []
        self._unresolved = 0

    def run(self, requests: Sequence[DownloadRequest]) -> int:
        """Download everything that is requested; a failure does not stop the rest.

        Returns
        -------
        int
            The bytes of all files that are at their targets now.

        Raises
        ------
        AlreadyExists
            If two requests have the same local path; nothing is transferred then.
        CTADataError
            What failed, where one file was requested.
        TransferError
            If some of several files failed; its ``failures`` name each of them.
        """
        self._resolved = [None] * len(requests)
        self._unresolved = len(requests)
        self._results.single = True
        listed: list[tuple[int, Entry, DownloadRequest]] = []
        for number, request in enumerate(requests):
            if isinstance(request.source, Entry) and request.source.size is not None:
                listed.append((number, request.source, request))
            else:
                self._pool.add_listing(partial(self._resolve, number, request))
        if listed:
            self._pool.add_listing(partial(self._resolve_listed, listed))
        try:
            self._pool.run()
        finally:
            self._directories.close()
            self._dispatcher.close()
        self._results.raise_failures(requests[0].source if len(requests) == 1 else None)
        return self._results.bytes

    def local_paths(self) -> list[Path]:
        """Return the local path of each request."""
        return [one.local for one in self._resolved if one is not None]

    def _resolve(self, number: int, request: DownloadRequest, watchdog: Watchdog) -> None:
        """Find out whether a request's source is a file or a directory."""
        watchdog.on_notice = partial(self._dispatcher.notice, request.source)
        with self._results.collect():
            service = self._service.watched_by(watchdog)
            with suggest_on_not_found(service, request.source):
                listing = service.listing(request.source, FEW)
            own = listing.own
            if own.is_directory and request.recursive:
                self._resolved[number] = self._resolved_directory(listing, request)
            else:
                self._resolved[number] = self._resolved_file(own, request)
        self._start_once_resolved()

    def _resolved_directory(self, listing: Listing, request: DownloadRequest) -> _Resolved:
        own = listing.own
        remote = own.path.split("/") if own.path else []
        names = remote if request.whole_path else remote[-1:]
        parts = (*request.parts, *(local_name(name, own.path) for name in names))
        target = _Target(request.root, parts)

        def start() -> None:
            self._results.single = False
            with self._results.collect():
                self._download_listed(listing, target)

        return _Resolved(own.path, request.root.joinpath(*parts), True, start)

    def _resolve_listed(
        self, listed: list[tuple[int, Entry, DownloadRequest]], watchdog: Watchdog
    ) -> None:
        """Resolve the requests for files that are not listed again."""
        for number, entry, request in listed:
            with self._results.collect():
                self._resolved[number] = self._resolved_file(entry, request)
            self._start_once_resolved()

    def _resolved_file(self, entry: Entry, request: DownloadRequest) -> _Resolved:
        size = file_size(entry)
        name = request.name or local_name(entry.name, entry.path)
        target = _Target(request.root, request.parts)

        def start() -> None:
            self._announce(entry)
            self._pool.add(size, partial(self._download_file, entry, target, name))

        return _Resolved(entry.path, Path(target.prefix + name), False, start)

    def _start_once_resolved(self) -> None:
        """Count a request; after the last one, start all downloads."""
        with self._lock:
            self._unresolved -= 1
            if self._unresolved:
                return
        resolved = [one for one in self._resolved if one is not None]
        # What differs in the storage differs on most disks; `LocalDirectory.take` sees to the rest.
        refuse_conflicts(
            (PlannedTransfer(one.source, one.local.parts, one.is_directory) for one in resolved),
            "saved",
            str,
        )
        for one in resolved:
            one.start()

    def _download_directory(self, entry: Entry, target: _Target, watchdog: Watchdog) -> None:
        watchdog.on_notice = partial(self._dispatcher.notice, entry.path)
        with self._results.collect():
            service = self._service.watched_by(watchdog)
            self._download_listed(service.listing(entry.path, FEW), target)

    def _download_listed(self, listing: Listing, target: _Target) -> None:
        """Queue everything that is in a directory."""
        if listing.cut is not None:
            # Nobody would notice which files are missing among so many.
            raise listing.cut
        ancestors = self._loops.check_for_loop(listing, target.ancestors)
        if not self._options.dry_run:
            # Empty directories are made, too.
            with self._directories.use(target.root, target.parts):
                pass
        self._pool.add_all(self._tasks(listing, target, ancestors))

    def _tasks(
        self, listing: Listing, target: _Target, ancestors: Ancestors
    ) -> Iterator[tuple[int, Task]]:
        """Yield a task for each file of a directory, and queue the directories in it."""
        patterns = self._options.patterns
        for entry in listing.children:
            relative = f"{target.relative}/{entry.name}".lstrip("/")
            if entry.is_directory and patterns.prunes(relative):
                continue
            if not entry.is_directory and not patterns.takes(relative):
                continue
            with self._results.collect():
                name = local_name(entry.name, entry.path)
                if name.startswith(".") and not self._options.hidden:
                    kind = HIDDEN + (DIRECTORY if entry.is_directory else FILE)
                    self._results.leave_out(entry.path, target.prefix + name, kind)
                elif entry.is_directory:
                    inner = _Target(target.root, (*target.parts, name), relative, ancestors)
                    self._pool.add_listing(partial(self._download_directory, entry, inner))
                else:
                    size = file_size(entry)
                    self._announce(entry)
                    yield size, partial(self._download_file, entry, target, name)
        for error in listing.refused:
            self._results.failed(error)

    def _announce(self, entry: Entry) -> None:
        self._dispatcher.progress(entry.path, 0, entry.size, "waiting")

    def _download_file(self, entry: Entry, target: _Target, name: str, watchdog: Watchdog) -> None:
        local = target.prefix + name
        progress = FileProgress(self._dispatcher, entry.path, entry.size)
        watchdog.on_notice = partial(self._dispatcher.notice, entry.path)
        with self._results.for_file(progress, local) as done:
            if self._options.dry_run:
                done(self._dry_run_state(entry, target, name, local))
                return
            with self._directories.use(target.root, target.parts) as directory:
                download = FileDownload(
                    self._service, entry, directory, name, self._options, progress
                )
                done(download.run(watchdog, self._pool))

    def _dry_run_state(self, entry: Entry, target: _Target, name: str, local: str) -> str:
        try:
            directory = os.open(target.root.joinpath(*target.parts), os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return "planned"
        try:
            kept = keeps_existing(directory, name, entry, self._options.overwrite, local)
        finally:
            os.close(directory)
        return "skipped" if kept else "planned"
