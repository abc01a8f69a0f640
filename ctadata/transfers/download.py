"""Downloads: files and directories, each file under its own name only when it is whole."""

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
from ..storage.path_lookup import suggesting
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
from .target_conflicts import PlannedUpload, refuse_meeting
from .walk import Ancestors, LoopDetector

__all__ = ["Downloads", "Request", "downloading", "local_target"]

# Entries of a listing that are held as a list; of many listings, all wait for their turn.
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
class Request:
    """One file or directory that is to be downloaded.

    Attributes
    ----------
    source : str
        Its remote path; an `Entry` of a file is not listed again.
    root, parts : Path, tuple of str
        The local directory that receives it, as `LocalDirectories.use` takes it.
    name : str, optional
        The local name of a file; by default the remote one.
    recursive : bool
        Whether it may be a directory.
    whole_path : bool
        Whether a directory keeps its remote path below the local directory, and not only its
        name.
    """

    source: str
    root: Path
    parts: tuple[str, ...] = ()
    name: str | None = None
    recursive: bool = False
    whole_path: bool = False


@dataclass(frozen=True)
class _Place:
    """A remote directory and the local one that stands for it."""

    root: Path
    parts: tuple[str, ...]
    relative: str
    ancestors: Ancestors = ()

    @cached_property
    def prefix(self) -> str:
        """The local directory as it stands before a name."""
        return str(self.root.joinpath(*self.parts, "_"))[:-1]


class _Found(NamedTuple):
    """What a request is about, where it is saved, and what lets it begin."""

    source: str
    local: Path
    directory: bool
    begin: Callable[[], None]


class Downloads:
    """One call's downloads from one service.

    Parameters
    ----------
    service : DownloadService
        Where the files come from.
    options : TransferOptions
        How they are downloaded.
    dispatcher : CallbackDispatcher
        Is told of everything.
    """

    def __init__(
        self, service: DownloadService, options: TransferOptions, dispatcher: CallbackDispatcher
    ) -> None:
        check_overwrite(options.overwrite)
        self._service = service
        self._options = options
        self._dispatcher = dispatcher
        self._pool = Pool(options, service.http)
        self._results = ResultCollector(dispatcher, options.jobs)
        self._folders = LocalDirectories()
        self._loops = LoopDetector()
        self._lock = threading.Lock()
        self._found: list[_Found | None] = []
        self._missing = 0

    def run(self, requests: Sequence[Request]) -> int:
        """Download all that is asked for; what fails does not stop the rest.

        Returns
        -------
        int
            The bytes of all files that are there now.

        Raises
        ------
        AlreadyExists
            If two of them would have the same local path; nothing is transferred then.
        CTADataError
            What failed, where one file was asked for.
        TransferError
            If some of several files failed; its ``failures`` name each of them.
        """
        self._found = [None] * len(requests)
        self._missing = len(requests)
        self._results.single = True
        listed: list[tuple[int, Entry, Request]] = []
        for number, request in enumerate(requests):
            if isinstance(request.source, Entry) and request.source.size is not None:
                listed.append((number, request.source, request))
            else:
                self._pool.add_listing(partial(self._find, number, request))
        if listed:
            self._pool.add_listing(partial(self._take_listed, listed))
        try:
            self._pool.run()
        finally:
            self._folders.close()
            self._dispatcher.close()
        self._results.raise_failures(requests[0].source if len(requests) == 1 else None)
        return self._results.bytes

    def local_paths(self) -> list[Path]:
        """Return where each of the requests has been saved."""
        return [found.local for found in self._found if found is not None]

    def _find(self, number: int, request: Request, watchdog: Watchdog) -> None:
        """Find out what is asked for."""
        watchdog.on_notice = partial(self._dispatcher.notice, request.source)
        with self._results.collect():
            service = self._service.watched_by(watchdog)
            with suggesting(service, request.source):
                listing = service.listing(request.source, FEW)
            own = listing.own
            if own.is_directory and request.recursive:
                self._found[number] = self._found_directory(listing, request)
            else:
                self._found[number] = self._found_file(own, request)
        self._count_found()

    def _found_directory(self, listing: Listing, request: Request) -> _Found:
        own = listing.own
        remote = own.path.split("/") if own.path else []
        names = remote if request.whole_path else remote[-1:]
        parts = (*request.parts, *(local_name(name, own.path) for name in names))
        place = _Place(request.root, parts, "")

        def begin() -> None:
            self._results.single = False
            with self._results.collect():
                self._tree(listing, place)

        return _Found(own.path, request.root.joinpath(*parts), True, begin)

    def _take_listed(self, listed: list[tuple[int, Entry, Request]], watchdog: Watchdog) -> None:
        """Take the files that are not listed again."""
        for number, entry, request in listed:
            with self._results.collect():
                self._found[number] = self._found_file(entry, request)
            self._count_found()

    def _found_file(self, entry: Entry, request: Request) -> _Found:
        size = file_size(entry)
        name = request.name or local_name(entry.name, entry.path)
        place = _Place(request.root, request.parts, name)

        def begin() -> None:
            self._announce(entry)
            self._pool.add(size, partial(self._file, entry, place, name))

        return _Found(entry.path, Path(place.prefix + name), False, begin)

    def _count_found(self) -> None:
        """Begin once it is known of all requests what they are about."""
        with self._lock:
            self._missing -= 1
            if self._missing:
                return
        found = [one for one in self._found if one is not None]
        # What differs in the storage differs on most disks; `LocalDirectory.take` sees to the rest.
        refuse_meeting(
            (PlannedUpload(one.source, one.local.parts, one.directory) for one in found),
            "saved",
            str,
        )
        for one in found:
            one.begin()

    def _list(self, entry: Entry, place: _Place, watchdog: Watchdog) -> None:
        watchdog.on_notice = partial(self._dispatcher.notice, entry.path)
        with self._results.collect():
            self._tree(self._service.watched_by(watchdog).listing(entry.path, FEW), place)

    def _tree(self, listing: Listing, place: _Place) -> None:
        """Let all be downloaded that is in a directory."""
        if listing.cut is not None:
            # What is missing would not be missed among so many files.
            raise listing.cut
        ancestors = self._loops.check_for_loop(listing, place.ancestors)
        if not self._options.dry_run:
            # An empty directory is made too.
            with self._folders.use(place.root, place.parts):
                pass
        self._pool.add_all(self._tasks(listing, place, ancestors))

    def _tasks(
        self, listing: Listing, place: _Place, ancestors: Ancestors
    ) -> Iterator[tuple[int, Task]]:
        """Yield a task for each file of a directory; directories below it are listed later."""
        for entry in listing.children:
            relative = f"{place.relative}/{entry.name}".lstrip("/")
            if not entry.is_directory and not self._options.patterns.takes(relative):
                continue
            if entry.is_directory and self._options.patterns.prunes(relative):
                continue
            with self._results.collect():
                name = local_name(entry.name, entry.path)
                if name.startswith(".") and not self._options.hidden:
                    kind = HIDDEN + (DIRECTORY if entry.is_directory else FILE)
                    self._results.leave_out(entry.path, place.prefix + name, kind)
                elif entry.is_directory:
                    inner = _Place(place.root, (*place.parts, name), relative, ancestors)
                    self._pool.add_listing(partial(self._list, entry, inner))
                else:
                    size = file_size(entry)
                    self._announce(entry)
                    yield size, partial(self._file, entry, place, name)
        for error in listing.refused:
            self._results.failed(error)

    def _announce(self, entry: Entry) -> None:
        self._dispatcher.progress(entry.path, 0, entry.size, "waiting")

    def _file(self, entry: Entry, place: _Place, name: str, watchdog: Watchdog) -> None:
        local = place.prefix + name
        progress = FileProgress(self._dispatcher, entry.path, entry.size)
        watchdog.on_notice = partial(self._dispatcher.notice, entry.path)
        with self._results.for_file(progress, local) as done:
            if self._options.dry_run:
                done(self._planned(entry, place, name, local))
                return
            with self._folders.use(place.root, place.parts) as folder:
                fetching = FileDownload(self._service, entry, folder, name, self._options, progress)
                done(fetching.run(watchdog, self._pool))

    def _planned(self, entry: Entry, place: _Place, name: str, local: str) -> str:
        try:
            directory = os.open(place.root.joinpath(*place.parts), os.O_RDONLY | os.O_DIRECTORY)
        except OSError:
            return "planned"
        try:
            kept = keeps_existing(directory, name, entry, self._options.overwrite, local)
        finally:
            os.close(directory)
        return "skipped" if kept else "planned"
