"""Uploads files and directories into the user's home directory."""

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
from .target_conflicts import PlannedTransfer, refuse_conflicts, refuse_equivalent_names
from .upload_file import UploadBody, local_size, name_of, open_local, upload_file
from .upload_history import IMPATIENCE, UploadHistory
from .upload_targets import name_in_directory, prepare_directory, stored_entry

__all__ = ["Uploads", "uploading"]

logger = logger_of(__name__)


@dataclass(frozen=True)
class _Directory:
    """A local directory, and the segments of the remote directory that receives its content."""

    tree: UploadTree
    below: tuple[str, ...]
    remote: tuple[str, ...]


@dataclass(frozen=True)
class _File:
    """A local file and its target.

    Attributes
    ----------
    open : callable
        Opens the file.
    local : str
        Its name.
    size : int or None
        Its size in bytes, if known.
    path : str
        The target, relative to `home`.
    home : str
        The user's home directory.
    existing : Entry or None
        The entry with this name in the storage, if that matters.
    named : bool
        Whether the caller named this file. A private key in it is an error then, and otherwise the
        file is left out.
    """

    open: Callable[[], AbstractContextManager[IO[bytes]]]
    local: str
    size: int | None
    path: str
    home: str
    existing: Entry | None
    named: bool

    @property
    def stored(self) -> str:
        """The target as a path from the storage's root."""
        return f"{self.home}/{self.path}"


@contextmanager
def uploading(
    service: DownloadService, options: TransferOptions, history: UploadHistory
) -> Iterator[Uploads]:
    """Make the uploads of one call, with progress bars if they are wanted."""
    with watching(options) as dispatcher:
        yield Uploads(service, options, history, dispatcher)


class Uploads:
    """The uploads of one call.

    Parameters
    ----------
    service : DownloadService
        The service that receives the files.
    options : TransferOptions
        How to upload them.
    history : UploadHistory
        The earlier uploads from this account.
    dispatcher : CallbackDispatcher
        Receives progress, results and notices.
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
        # A directory above the uploaded ones; no path component below it may be a link.
        self._root: Path | None = None
        self._display_paths: Mapping[str, str] = {}
        # Whether the caller named each single file.
        self._named = True
        self._answers: list[dict[str, Any]] | None = [] if options.answers else None

    def file(
        self, local: str | os.PathLike[str] | IO[bytes], path: str, *, into: bool = True
    ) -> dict[str, Any]:
        """Upload one file.

        Parameters
        ----------
        local : str, path or binary file
            The file; an open file is read from its current position.
        path : str
            The target, relative to the user's home directory. A path with a trailing slash, or of a
            directory, receives the file under its own name.
        into : bool, optional
            Whether an existing directory receives the file.

        Returns
        -------
        dict
            ``path`` in the storage, ``status`` and ``total_written`` in bytes.

        Raises
        ------
        IntegrityError
            If something else is stored than was sent, or the file changed meanwhile.
        AccessDenied
            If the user is not allowed to write there.
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
        """Upload all files in a directory and below it; returns and raises as `many` does.

        Links, pipes, sockets, devices, private keys and certificates are left out, and hidden files
        and directories unless they are wanted.

        Parameters
        ----------
        local : Path
            The local directory.
        path : str
            The remote directory that receives its content, relative to the user's home directory.
        root : Path, optional
            A directory above `local`; no component of its path below this one may be a link.
        display_path : str, optional
            The name of the local directory in errors and results.
        """
        source = os.fspath(local)
        if not os.path.isdir(local):
            raise TransferError(f"{source!r} is not a directory", path=source)
        self._root = root
        if display_path is not None:
            self._display_paths = {source: display_path}
        planned = PlannedTransfer(source, tuple(check_remote_path(path)), directory=True)
        self._pool.add_listing(partial(self._plan, [planned]))
        return self._run(display_path or source)

    def many(
        self,
        planned: list[PlannedTransfer],
        display_paths: Mapping[str, str] | None = None,
        *,
        leave_out: bool = False,
    ) -> list[dict[str, Any]]:
        """Upload files and directories to their targets.

        Parameters
        ----------
        planned : list of PlannedTransfer
            Local files and directories; the targets are relative to the user's home directory. A
            named file is uploaded even if `directory` would leave it out.
        display_paths : mapping of str to str, optional
            The names of local files in errors, by their paths.
        leave_out : bool, optional
            Whether private keys and certificates among the files are left out and not an error.

        Returns
        -------
        list of dict
            One result of `file` for each file, sorted by path.

        Raises
        ------
        AlreadyExists
            If two targets are the same, or may be; nothing is sent then.
        TransferError
            If some files failed; its ``failures`` name each of them.
        """
        self._display_paths = display_paths or {}
        self._named = not leave_out
        self._pool.add_listing(partial(self._plan, planned))
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
            # A caller that receives each result needs no warning.
            logger.log(
                logging.INFO if self._dispatcher.tells_results else logging.WARNING,
                "%s left out of %s (hidden=True takes hidden ones; links are never followed)",
                left_out_text(self._results.left_out),
                repr(path) if path else "the directories",
            )

    def _home(self, service: DownloadService, target: str) -> str:
        """Return the user's home directory; an error names the target that the user gave."""
        try:
            return home_directory.find(service)
        except CTADataError as error:
            error.path = target or None
            raise

    def _find(
        self, file: IO[bytes] | None, local: str, path: str, into: bool, watchdog: Watchdog
    ) -> None:
        """Find the target of one file, and make the directory that receives it."""
        watchdog.on_notice = partial(self._dispatcher.notice, path)
        with self._results.collect():
            service = self._service.watched_by(watchdog)
            home = self._home(service, path)
            segments = home_directory.relative_to_home(home, check_remote_path(path))
            nameless = not segments or path.endswith("/")
            existing = None if nameless else stored_entry(service, home, segments)
            if existing and existing.is_directory and not into:
                raise AlreadyExists.directory(path)
            if nameless or (existing and existing.is_directory):
                segments.append(name_in_directory(local, path))
                existing = (
                    stored_entry(service, home, segments) if self._options.skip_existing else None
                )
            if existing is None and not self._options.dry_run:
                prepare_directory(service, home, segments[:-1], make=True)
            if not self._options.skip_existing:
                existing = None
            size = local_size(local) if file is None else None
            target = "/".join(segments)
            self._dispatcher.progress(target, 0, size, "waiting")
            opened = partial(open_local, file, local, local)
            found = _File(opened, local, size, target, home, existing, named=True)
            self._pool.add(size or 0, partial(self._file, found))

    def _plan(self, planned: list[PlannedTransfer], watchdog: Watchdog) -> None:
        """Begin with all sources, if their targets do not conflict."""
        refuse_conflicts(planned, "uploaded")
        home = self._home(
            self._service.watched_by(watchdog), "/".join(planned[0].target) if planned else ""
        )
        planned = [
            one._replace(target=tuple(home_directory.relative_to_home(home, one.target)))
            for one in planned
        ]
        # Again: some targets may have been whole paths, others relative ones.
        refuse_conflicts(planned, "uploaded")
        for one in planned:
            one.check_named()
        files: dict[tuple[str, ...], list[tuple[str, str]]] = {}
        directories = []
        for source, target, is_directory in planned:
            if is_directory:
                display_path = self._display_paths.get(source)
                tree = UploadTree(
                    Path(source), self._root, hidden=self._options.hidden, display_path=display_path
                )
                refuse_equivalent_names(tree, self._options.patterns, watchdog.check)
                directories.append(_Directory(tree, (), target))
            else:
                files.setdefault(target[:-1], []).append((target[-1], source))
        # The last one added runs first.
        for directory in reversed(directories):
            self._pool.add_listing(partial(self._directory, directory))
        for remote, inside in files.items():
            self._pool.add_listing(partial(self._into_directory, remote, inside))

    def _into_directory(
        self, remote: tuple[str, ...], files: list[tuple[str, str]], watchdog: Watchdog
    ) -> None:
        """Make a remote directory, and upload single files into it."""
        watchdog.on_notice = partial(self._dispatcher.notice, "/".join(remote))
        with self._results.collect():
            service = self._service.watched_by(watchdog)
            home = self._home(service, "/".join(remote))
            names = {name for name, _ in files}
            there = prepare_directory(
                service,
                home,
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
                    size = local_size(local, self._display_paths.get(local))
                    self._dispatcher.progress(path, 0, size, "waiting")
                    opened = partial(open_local, None, local, self._display_paths.get(local, local))
                    file = _File(opened, local, size, path, home, existing, self._named)
                    tasks.append((size, partial(self._file, file)))
            self._pool.add_all(iter(tasks))

    def _directory(self, directory: _Directory, watchdog: Watchdog) -> None:
        """Make the remote directory, and upload the content of the local one."""
        watchdog.on_notice = partial(self._dispatcher.notice, "/".join(directory.remote))
        with self._results.collect():
            service = self._service.watched_by(watchdog)
            home = self._home(service, "/".join(directory.remote))
            remote = "/".join([home, *directory.remote])
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
                    prepare_directory(service, home, directory.remote[:-1], make=True)
                made = service.make_collection(remote)
            existing: dict[str, Entry] = {}
            if self._options.skip_existing and not made:
                names = {name for name, _ in items}
                existing = prepare_directory(
                    service, home, directory.remote, names, make=False, whole=True
                )
            self._pool.add_all(self._tasks(directory, items, home, existing))

    def _tasks(
        self, directory: _Directory, items: list[Item], home: str, existing: dict[str, Entry]
    ) -> Iterator[tuple[int, Task]]:
        """Yield a task for each file of a directory; directories below it are listed later."""
        tree = directory.tree
        for name, kind in items:
            below = (*directory.below, name)
            local = tree.display_path(below)
            path = "/".join([*directory.remote, name])
            with self._results.collect():
                if not self._matches(kind, "/".join(below)):
                    continue
                if kind not in {FILE, DIRECTORY}:
                    self._results.leave_out(f"{home}/{path}", local, kind)
                    continue
                check_remote_path(name)
                if kind == DIRECTORY:
                    inner = _Directory(tree, below, (*directory.remote, name))
                    self._pool.add_listing(partial(self._directory, inner))
                    continue
                try:
                    size = tree.size(below)
                except LeftOut as error:
                    self._results.leave_out(f"{home}/{path}", local, error.kind)
                    continue
                self._dispatcher.progress(path, 0, size, "waiting")
                opened = partial(tree.open, below)
                file = _File(opened, local, size, path, home, existing.get(name), named=False)
                yield size, partial(self._file, file)

    def _matches(self, kind: str, relative: str) -> bool:
        """Whether the patterns select something, even if it is only counted."""
        if kind.endswith(DIRECTORY):
            return not self._options.patterns.prunes(relative)
        if kind == LINK:
            # It is not checked whether the link leads to a file or a directory.
            return not self._options.patterns.excludes(relative)
        return self._options.patterns.takes(relative)

    def _file(self, file: _File, watchdog: Watchdog) -> None:
        try:
            self._send(file, watchdog)
        except LeftOut as error:
            # It was a file when its directory was listed, but its content was not known then.
            self._dispatcher.progress(file.path, 0, file.size, "left out")
            self._results.leave_out(file.stored, file.local, error.kind)

    def _send(self, file: _File, watchdog: Watchdog) -> None:
        path, stored, existing = file.path, file.stored, file.existing
        progress = FileProgress(self._dispatcher, path, None)
        watchdog.on_notice = partial(self._dispatcher.notice, path)
        display_path = self._display_paths.get(file.local, file.local)
        with (
            self._results.for_file(progress, file.local, stored) as done,
            file.open() as opened,
        ):
            body = UploadBody(opened, display_path, progress, watchdog)
            if body.credential is not None:
                if file.named:
                    raise refused_credential(display_path, body.credential)
                raise LeftOut(body.credential)
            service = self._service.watched_by(watchdog)
            answer: dict[str, Any] = {"path": stored, "status": "exists", "total_written": 0}
            if existing is not None and existing.is_directory:
                raise AlreadyExists.directory(path)
            if existing is not None and body.is_stored(service, existing, self._history):
                done("skipped")
            elif self._options.dry_run:
                answer["status"] = "planned"
                done("planned")
            else:
                progress.step(0)
                watchdog.set_deadline(*budget(display_path, body.size, watchdog.timeout))
                try:
                    answer, entry = upload_file(service, body, file.home, path)
                except BaseException as error:
                    self._history.forget(stored)
                    if isinstance(error, NotFound):
                        # The directory above existed a moment ago: the home may have changed.
                        home_directory.forget(self._service)
                    raise
                self._history.remember(answer["path"], body.state, entry.modified)
                # The service chooses the home directory, and its answer proves it.
                home_directory.learn(self._service, answer["path"].removesuffix(f"/{path}"))
                done("finished")
            if self._answers is not None:
                self._answers.append(answer)
