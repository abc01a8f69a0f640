"""Uploads: files and directories into the user's own directory, compared with a listing."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from .._printable import logger_of
from ..entries import Entry
from ..errors import AlreadyExists, CTADataError, InvalidPath, LocalFileError, NotFound
from ..http.watchdog import Watchdog
from ..storage import home_directory
from ..storage.download_service import DownloadService
from ..storage.paths import check_remote_path
from .local.credentials import refused_credential
from .local.upload_tree import DIRECTORY, FILE, LINK, Item, LeftOut, UploadTree, left_out_text
from .patterns import FilePatterns
from .pool import Pool, Task
from .progress import CallbackDispatcher, Cancel, FileProgress
from .results import ResultCollector, budget
from .target_conflicts import PlannedUpload, refuse_folded, refuse_meeting
from .upload_file import UploadBody, file_size, open_source, send
from .upload_history import IMPATIENCE, UploadHistory
from .upload_targets import name_in_directory, receiving_directory, stored_entry

__all__ = ["Uploads"]

logger = logger_of(__name__)


@dataclass(frozen=True)
class _Directory:
    """A local directory, and the segments of the remote one that receives what is in it."""

    tree: UploadTree
    below: tuple[str, ...]
    remote: tuple[str, ...]


class Uploads:
    """One call's uploads of one user to one service.

    Parameters
    ----------
    service : DownloadService
        Where the files go.
    token : str or None
        Whose directory they go to.
    root : Path, optional
        A directory above the ones that are uploaded: no component below it may be a link.
    hidden : bool, optional
        Whether hidden files and directories below a directory take part.
    globs : FilePatterns
        Which files of a directory take part.
    sent : UploadHistory
        What was sent from this account.
    skip_existing : bool
        Whether files are left out that are there already (`UploadBody.is_stored`).
    dry_run : bool
        Whether it is only said what would be done.
    answers : bool, optional
        Whether the answers are kept.
    jobs : int
        Files at a time.
    dispatcher : CallbackDispatcher
        Is told of everything.
    cancel : threading.Event or callable, optional
        Says when to stop.
    """

    def __init__(
        self,
        service: DownloadService,
        token: str | None,
        *,
        root: Path | None = None,
        hidden: bool = False,
        globs: FilePatterns,
        sent: UploadHistory,
        skip_existing: bool,
        dry_run: bool,
        answers: bool = True,
        jobs: int,
        dispatcher: CallbackDispatcher,
        cancel: Cancel | None,
    ) -> None:
        self._service = service
        self._token = token
        self._root = root
        self._hidden = hidden
        self._globs = globs
        self._sent = sent
        self._skip_existing = skip_existing
        self._dry_run = dry_run
        self._dispatcher = dispatcher
        http = service.http
        self._pool = Pool(jobs, timeout=http.timeout, min_speed=http.min_speed, cancel=cancel)
        self._results = ResultCollector(dispatcher, jobs)
        self._display_paths: Mapping[str, str] = {}
        # Whether files that are no directory's were each asked for.
        self._named = True
        self._answers: list[dict[str, Any]] | None = [] if answers else None

    def file(
        self, file: IO[bytes] | None, local: str, path: str, *, into: bool = True
    ) -> dict[str, Any]:
        """Upload one file.

        Parameters
        ----------
        file : binary file, optional
            It, opened at its beginning; by default it is opened here.
        local : str
            Its name.
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
        self._results.single = True
        self._pool.add_listing(partial(self._find, file, local, path, into))
        return self._run(path)[0]

    def directory(
        self, local: Path, path: str, display_path: str | None = None
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
            self._sent.close(IMPATIENCE)
            raise
        finally:
            self._dispatcher.close()
            self._tell_left_out(path)
        self._sent.close()
        self._results.raise_failures(path)
        return sorted(self._answers or [], key=lambda answer: str(answer["path"]))

    def _tell_left_out(self, path: str | None) -> None:
        if not self._results.left_out:
            return
        from .progress_bars import above_bars

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
            return home_directory.find(service, self._token)
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
            segments = home_directory.below(own, check_remote_path(path))
            nameless = not segments or path.endswith("/")
            existing = None if nameless else stored_entry(service, own, segments)
            if existing and existing.is_directory and not into:
                raise AlreadyExists(f"{path!r} is a directory; name the file to write", path=path)
            if nameless or (existing and existing.is_directory):
                segments.append(name_in_directory(local, path))
                existing = stored_entry(service, own, segments) if self._skip_existing else None
            if existing is None and not self._dry_run:
                receiving_directory(service, own, segments[:-1], make=True)
            if not self._skip_existing:
                existing = None
            size = file_size(local) if file is None else None
            target = "/".join(segments)
            self._dispatcher.progress(target, 0, size, "waiting")
            opening = partial(open_source, file, local, local)
            task = partial(self._file, opening, local, size, target, own, existing, True)
            self._pool.add(size or 0, task)

    def _plan(self, placed: list[PlannedUpload], watchdog: Watchdog) -> None:
        """Begin with all sources, if their targets do not meet."""
        refuse_meeting(placed, "uploaded")
        own = self._own(
            self._service.watched_by(watchdog), "/".join(placed[0].target) if placed else ""
        )
        placed = [
            one._replace(target=tuple(home_directory.below(own, one.target))) for one in placed
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
                    Path(source), self._root, hidden=self._hidden, display_path=display_path
                )
                refuse_folded(tree, self._globs, watchdog.check)
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
                service, own, remote, names, make=not self._dry_run, whole=self._skip_existing
            )
            tasks: list[tuple[int, Task]] = []
            for name, local in files:
                path = "/".join([*remote, name])
                with self._results.collect():
                    existing = there.get(name)
                    if existing and not (existing.is_directory or self._skip_existing):
                        existing = None
                    size = file_size(local, self._display_paths.get(local))
                    self._dispatcher.progress(path, 0, size, "waiting")
                    opening = partial(
                        open_source, None, local, self._display_paths.get(local, local)
                    )
                    named = self._named
                    task = partial(self._file, opening, local, size, path, own, existing, named)
                    tasks.append((size, task))
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
            if not self._dry_run:
                if not directory.below:
                    receiving_directory(service, own, directory.remote[:-1], make=True)
                made = service.make_collection(remote)
            existing: dict[str, Entry] = {}
            if self._skip_existing and not made:
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
                there = existing.get(name)
                yield size, partial(self._file, opening, local, size, path, own, there, False)

    def _takes_part(self, kind: str, relative: str) -> bool:
        """Whether the globs let something take part, be it only to be counted."""
        if kind.endswith(DIRECTORY):
            return not self._globs.prunes(relative)
        if kind == LINK:
            # What it leads to, a file or a directory, is not looked at.
            return not self._globs.excludes(relative)
        return self._globs.takes(relative)

    def _file(
        self,
        opening: Callable[[], AbstractContextManager[IO[bytes]]],
        local: str,
        size: int | None,
        path: str,
        own: str,
        existing: Entry | None,
        named: bool,
        watchdog: Watchdog,
    ) -> None:
        try:
            self._send(opening, local, path, own, existing, named, watchdog)
        except LeftOut as error:
            # It was a file when its directory was listed, and nothing was known of its content.
            self._dispatcher.progress(path, 0, size, "left out")
            self._results.leave_out(f"{own}/{path}", local, error.kind)

    def _send(
        self,
        opening: Callable[[], AbstractContextManager[IO[bytes]]],
        local: str,
        path: str,
        own: str,
        existing: Entry | None,
        named: bool,
        watchdog: Watchdog,
    ) -> None:
        progress = FileProgress(self._dispatcher, path, None)
        watchdog.on_notice = partial(self._dispatcher.notice, path)
        display_path = self._display_paths.get(local, local)
        stored = f"{own}/{path}"
        with (
            self._results.for_file(progress, local, stored) as done,
            opening() as opened,
        ):
            source = UploadBody(opened, display_path, progress, watchdog)
            if source.credential is not None:
                if named:
                    raise refused_credential(display_path, source.credential)
                raise LeftOut(source.credential)
            service = self._service.watched_by(watchdog)
            answer: dict[str, Any] = {"path": stored, "status": "exists", "total_written": 0}
            if existing is not None and existing.is_directory:
                raise AlreadyExists(f"{path!r} is a directory; name the file to write", path=path)
            if existing is not None and source.is_stored(service, existing, self._sent):
                done("skipped")
            elif self._dry_run:
                answer["status"] = "planned"
                done("planned")
            else:
                progress.step(0)
                watchdog.set_deadline(*budget(display_path, source.size, watchdog.timeout))
                try:
                    answer, entry = send(service, source, own, path)
                except BaseException as error:
                    self._sent.forget(stored)
                    if isinstance(error, NotFound):
                        # The directory above it was there a moment ago.
                        home_directory.forget(self._service, self._token)
                    raise
                self._sent.remember(answer["path"], source.state, entry.modified)
                # The service chooses; what it tells is certain.
                told = answer["path"].removesuffix(f"/{path}")
                home_directory.learn(self._service, self._token, told)
                done("finished")
            if self._answers is not None:
                self._answers.append(answer)
