"""Uploads: files and directories into the user's own directory, compared with a listing."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from .._files import local_path
from .._printable import logger_of
from ..entries import Entry
from ..errors import (
    AlreadyExists,
    CTADataError,
    InvalidPath,
    LocalFileError,
    NotFound,
    TransferError,
)
from ..http.watchdog import Watchdog
from ..storage import home_directory
from ..storage.download_service import DownloadService
from ..storage.paths import check_remote_path, path_text
from .local.credentials import refused_credential
from .local.upload_tree import DIRECTORY, FILE, LINK, Item, LeftOut, UploadTree, left_out_text
from .options import TransferOptions
from .pool import Pool, Task
from .progress import CallbackDispatcher, FileProgress
from .progress_bars import above_bars, watching
from .results import ResultCollector, budget
from .target_conflicts import PlannedUpload, refuse_folded, refuse_meeting
from .upload_file import UploadBody, file_size, name_of, open_source, send
from .upload_history import IMPATIENCE, UploadHistory
from .upload_targets import name_in_directory, receiving_directory, stored_entry

__all__ = ["Uploads", "uploading"]

logger = logger_of(__name__)


@dataclass(frozen=True)
class _Directory:
    """A local directory, and the segments of the remote one that receives what is in it."""

    tree: UploadTree
    below: tuple[str, ...]
    remote: tuple[str, ...]


@dataclass(frozen=True)
class _File:
    """A local file and where it goes.

    Attributes
    ----------
    opening : callable
        Opens it.
    local : str
        Its name.
    size : int or None
        Its bytes, where they are known.
    path : str
        The target, relative to the user's own directory.
    own : str
        The user's own directory.
    existing : Entry or None
        What has this name in the storage, where that matters.
    named : bool
        Whether it was asked for by itself: if it holds a private key, that is an error then.
    """

    opening: Callable[[], AbstractContextManager[IO[bytes]]]
    local: str
    size: int | None
    path: str
    own: str
    existing: Entry | None
    named: bool

    @property
    def stored(self) -> str:
        """The target, from the storage's root."""
        return f"{self.own}/{self.path}"


@contextmanager
def uploading(
    service: DownloadService, options: TransferOptions, history: UploadHistory
) -> Iterator[Uploads]:
    """Make the uploads of one call, with progress bars where they are wanted."""
    with watching(options) as dispatcher:
        yield Uploads(service, options, history, dispatcher)


class Uploads:
    """One call's uploads of one user to one service.

    Parameters
    ----------
    service : DownloadService
        Where the files go.
    options : TransferOptions
        How they are uploaded.
    history : UploadHistory
        What was uploaded from this account before.
    dispatcher : CallbackDispatcher
        Is told of everything.
    """

    def __init__(
        self,
        service: DownloadService,
        options: TransferOptions,
        history: UploadHistory,
        dispatcher: CallbackDispatcher,
    ) -> None:
        self._service = service
        self._options = options
        self._history = history
        self._dispatcher = dispatcher
        self._pool = Pool(options, service.http)
        self._results = ResultCollector(dispatcher, options.jobs)
        # A directory above those that are uploaded: no component below it may be a link.
        self._root: Path | None = None
        self._display_paths: Mapping[str, str] = {}
        # Whether files that are no directory's were each asked for.
        self._named = True
        self._answers: list[dict[str, Any]] | None = [] if options.answers else None

    def file(
        self, local: str | os.PathLike[str] | IO[bytes], path: str, *, into: bool = True
    ) -> dict[str, Any]:
        """Upload one file.

        Parameters
        ----------
        local : str, path or binary file
            The file; one that is open is read from where it is.
        path : str
            Where to, relative to the user's own directory; with a trailing slash, or where it
            is a directory, what receives the file under its own name.
        into : bool, optional
            Whether a directory that is there receives it.

        Returns
        -------
        dict
            ``path`` in the storage, ``status`` and ``total_written`` in bytes.

        Raises
        ------
        IntegrityError
            If what is stored is not what was sent, or the file changed meanwhile.
        AccessDenied
            If the user may not write there.
        """
        if isinstance(local, (str, os.PathLike)) or not hasattr(local, "read"):
            opened, name = None, os.fspath(local_path(local))
        else:
            opened, name = local, name_of(local)
        path = path_text(path)
        self._results.single = True
        self._pool.add_listing(partial(self._find, opened, name, path, into))
        return self._run(path)[0]

    def directory(
        self, local: Path, path: str, *, root: Path | None = None, display_path: str | None = None
    ) -> list[dict[str, Any]]:
        """Upload all files in a directory and below it.

        Links, pipes, sockets, devices, private keys and certificates are left out and, unless they
        are asked for, hidden files and directories.

        Parameters
        ----------
        local : Path
            The local directory.
        path : str
            The remote directory that receives what is in it, relative to the user's own.
        root : Path, optional
            A directory above `local`; no component of its path below this one may be a link.
        display_path : str, optional
            What errors and results call the local one.

        Returns
        -------
        list of dict
            For each file what `file` returns, sorted by path.

        Raises
        ------
        AlreadyExists
            If two names may be one in the storage; nothing is sent then.
        TransferError
            If some files failed; its ``failures`` name each of them.
        """
        source = os.fspath(local)
        if not os.path.isdir(local):
            raise TransferError(f"{source!r} is not a directory", path=source)
        self._root = root
        if display_path is not None:
            self._display_paths = {source: display_path}
        placed = PlannedUpload(source, tuple(check_remote_path(path)), directory=True)
        self._pool.add_listing(partial(self._plan, [placed]))
        return self._run(display_path or source)

    def many(
        self,
        placed: list[PlannedUpload],
        display_paths: Mapping[str, str] | None = None,
        *,
        leave_out: bool = False,
    ) -> list[dict[str, Any]]:
        """Upload files and directories to where each of them is to be.

        Parameters
        ----------
        placed : list of PlannedUpload
            Local files and directories; the targets are relative to the user's own directory.
            What is in a directory is treated as in `directory`; a file is sent in any case.
        display_paths : mapping of str to str, optional
            What errors call a local file, by its path.
        leave_out : bool, optional
            Whether private keys and certificates among the files are left out, and no error.

        Returns
        -------
        list of dict
            For each file what `file` returns, sorted by path.

        Raises
        ------
        AlreadyExists
            If two of them have the same target, or may have it; nothing is sent then.
        TransferError
            If some files failed; its ``failures`` name each of them.
        """
        self._display_paths = display_paths or {}
        self._named = not leave_out
        self._pool.add_listing(partial(self._plan, placed))
        return self._run(None)

    def _run(self, path: str | None) -> list[dict[str, Any]]:
        try:
            self._pool.run()
        except BaseException:
            self._history.close(IMPATIENCE)
            raise
        finally:
            self._dispatcher.close()
            self._tell_left_out(path)
        self._history.close()
        self._results.raise_failures(path)
        return sorted(self._answers or [], key=lambda answer: str(answer["path"]))

    def _tell_left_out(self, path: str | None) -> None:
        if not self._results.left_out:
            return
        with above_bars(sys.stderr):
            # Who is told of each of them needs no warning.
            logger.log(
                logging.INFO if self._dispatcher.tells_results else logging.WARNING,
                "%s left out of %s (hidden=True takes hidden ones; links are never followed)",
                left_out_text(self._results.left_out),
                repr(path) if path else "the directories",
            )

    def _own(self, service: DownloadService, target: str) -> str:
        """Return the user's own directory; an error is about what the user wants to upload to."""
        try:
            return home_directory.find(service)
        except CTADataError as error:
            error.path = target or None
            raise

    def _find(
        self, file: IO[bytes] | None, local: str, path: str, into: bool, watchdog: Watchdog
    ) -> None:
        """Find out where one file goes to, and make the directory that receives it."""
        watchdog.on_notice = partial(self._dispatcher.notice, path)
        with self._results.collect():
            service = self._service.watched_by(watchdog)
            own = self._own(service, path)
            segments = home_directory.relative_to_home(own, check_remote_path(path))
            nameless = not segments or path.endswith("/")
            existing = None if nameless else stored_entry(service, own, segments)
            if existing and existing.is_directory and not into:
                raise AlreadyExists(f"{path!r} is a directory; name the file to write", path=path)
            if nameless or (existing and existing.is_directory):
                segments.append(name_in_directory(local, path))
                existing = (
                    stored_entry(service, own, segments) if self._options.skip_existing else None
                )
            if existing is None and not self._options.dry_run:
                receiving_directory(service, own, segments[:-1], make=True)
            if not self._options.skip_existing:
                existing = None
            size = file_size(local) if file is None else None
            target = "/".join(segments)
            self._dispatcher.progress(target, 0, size, "waiting")
            opening = partial(open_source, file, local, local)
            found = _File(opening, local, size, target, own, existing, named=True)
            self._pool.add(size or 0, partial(self._file, found))

    def _plan(self, placed: list[PlannedUpload], watchdog: Watchdog) -> None:
        """Begin with all sources, if their targets do not meet."""
        refuse_meeting(placed, "uploaded")
        own = self._own(
            self._service.watched_by(watchdog), "/".join(placed[0].target) if placed else ""
        )
        placed = [
            one._replace(target=tuple(home_directory.relative_to_home(own, one.target)))
            for one in placed
        ]
        # One may have been given by its whole path, another one by a part of it.
        refuse_meeting(placed, "uploaded")
        for one in placed:
            if not (one.target or one.directory):
                raise InvalidPath(f"{one.source!r} is given no name in the storage")
        files: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        directories = []
        for source, target, is_directory in placed:
            if is_directory:
                display_path = self._display_paths.get(source)
                tree = UploadTree(
                    Path(source), self._root, hidden=self._options.hidden, display_path=display_path
                )
                refuse_folded(tree, self._options.patterns, watchdog.check)
                directories.append(_Directory(tree, (), target))
            else:
                files.setdefault(target[:-1], []).append((target[-1], source))
        # The last one comes first.
        for directory in reversed(directories):
            self._pool.add_listing(partial(self._directory, directory))
        for remote, inside in files.items():
            self._pool.add_listing(partial(self._into, remote, inside))

    def _into(
        self, remote: tuple[str, ...], files: list[tuple[str, str]], watchdog: Watchdog
    ) -> None:
        """Make a remote directory, and upload files into it under these names."""
        watchdog.on_notice = partial(self._dispatcher.notice, "/".join(remote))
        with self._results.collect():
            service = self._service.watched_by(watchdog)
            own = self._own(service, "/".join(remote))
            names = {name for name, _ in files}
            there = receiving_directory(
                service,
                own,
                remote,
                names,
                make=not self._options.dry_run,
                whole=self._options.skip_existing,
            )
            tasks: list[tuple[int, Task]] = []
            for name, local in files:
                path = "/".join([*remote, name])
                with self._results.collect():
                    existing = there.get(name)
                    if existing and not (existing.is_directory or self._options.skip_existing):
                        existing = None
                    size = file_size(local, self._display_paths.get(local))
                    self._dispatcher.progress(path, 0, size, "waiting")
                    opening = partial(
                        open_source, None, local, self._display_paths.get(local, local)
                    )
                    file = _File(opening, local, size, path, own, existing, self._named)
                    tasks.append((size, partial(self._file, file)))
            self._pool.add_all(iter(tasks))

    def _directory(self, directory: _Directory, watchdog: Watchdog) -> None:
        """Make the remote directory, and upload what is in the local one."""
        watchdog.on_notice = partial(self._dispatcher.notice, "/".join(directory.remote))
        with self._results.collect():
            service = self._service.watched_by(watchdog)
            own = self._own(service, "/".join(directory.remote))
            remote = "/".join([own, *directory.remote])
            try:
                items = directory.tree.items(directory.below)
            except LeftOut as error:
                local = directory.tree.display_path(directory.below)
                if not directory.below:
                    raise LocalFileError(
                        f"{local!r} cannot be read: a part of its path is a symbolic link; give "
                        "the path that it leads to",
                        path=local,
                    ) from error
                self._results.leave_out(remote, local, error.kind)
                return
            made = False
            if not self._options.dry_run:
                if not directory.below:
                    receiving_directory(service, own, directory.remote[:-1], make=True)
                made = service.make_collection(remote)
            existing: dict[str, Entry] = {}
            if self._options.skip_existing and not made:
                names = {name for name, _ in items}
                existing = receiving_directory(
                    service, own, directory.remote, names, make=False, whole=True
                )
            self._pool.add_all(self._tasks(directory, items, own, existing))

    def _tasks(
        self, directory: _Directory, items: list[Item], own: str, existing: dict[str, Entry]
    ) -> Iterator[tuple[int, Task]]:
        """Yield a task for each file of a directory; those below it come later."""
        tree = directory.tree
        for name, kind in items:
            below = (*directory.below, name)
            local = tree.display_path(below)
            path = "/".join([*directory.remote, name])
            with self._results.collect():
                if not self._takes_part(kind, "/".join(below)):
                    continue
                if kind not in {FILE, DIRECTORY}:
                    self._results.leave_out(f"{own}/{path}", local, kind)
                    continue
                check_remote_path(name)
                if kind == DIRECTORY:
                    inner = _Directory(tree, below, (*directory.remote, name))
                    self._pool.add_listing(partial(self._directory, inner))
                    continue
                try:
                    size = tree.size(below)
                except LeftOut as error:
                    self._results.leave_out(f"{own}/{path}", local, error.kind)
                    continue
                self._dispatcher.progress(path, 0, size, "waiting")
                opening = partial(tree.open, below)
                file = _File(opening, local, size, path, own, existing.get(name), named=False)
                yield size, partial(self._file, file)

    def _takes_part(self, kind: str, relative: str) -> bool:
        """Whether the globs let something take part, be it only to be counted."""
        if kind.endswith(DIRECTORY):
            return not self._options.patterns.prunes(relative)
        if kind == LINK:
            # What it leads to, a file or a directory, is not looked at.
            return not self._options.patterns.excludes(relative)
        return self._options.patterns.takes(relative)

    def _file(self, file: _File, watchdog: Watchdog) -> None:
        try:
            self._send(file, watchdog)
        except LeftOut as error:
            # It was a file when its directory was listed, and nothing was known of its content.
            self._dispatcher.progress(file.path, 0, file.size, "left out")
            self._results.leave_out(file.stored, file.local, error.kind)

    def _send(self, file: _File, watchdog: Watchdog) -> None:
        path, stored, existing = file.path, file.stored, file.existing
        progress = FileProgress(self._dispatcher, path, None)
        watchdog.on_notice = partial(self._dispatcher.notice, path)
        display_path = self._display_paths.get(file.local, file.local)
        with (
            self._results.for_file(progress, file.local, stored) as done,
            file.opening() as opened,
        ):
            source = UploadBody(opened, display_path, progress, watchdog)
            if source.credential is not None:
                if file.named:
                    raise refused_credential(display_path, source.credential)
                raise LeftOut(source.credential)
            service = self._service.watched_by(watchdog)
            answer: dict[str, Any] = {"path": stored, "status": "exists", "total_written": 0}
            if existing is not None and existing.is_directory:
                raise AlreadyExists(f"{path!r} is a directory; name the file to write", path=path)
            if existing is not None and source.is_stored(service, existing, self._history):
                done("skipped")
            elif self._options.dry_run:
                answer["status"] = "planned"
                done("planned")
            else:
                progress.step(0)
                watchdog.set_deadline(*budget(display_path, source.size, watchdog.timeout))
                try:
                    answer, entry = send(service, source, file.own, path)
                except BaseException as error:
                    self._history.forget(stored)
                    if isinstance(error, NotFound):
                        # The directory above it was there a moment ago.
                        home_directory.forget(self._service)
                    raise
                self._history.remember(answer["path"], source.state, entry.modified)
                # The service chooses; what it tells is certain.
                told = answer["path"].removesuffix(f"/{path}")
                home_directory.learn(self._service, told)
                done("finished")
            if self._answers is not None:
                self._answers.append(answer)
