"""Uploads: files and directories into the user's own directory, compared with a listing."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, Any

from .. import _own_directory
from .._guard import Guard
from .._paths import check_remote_path
from .._protocol import DownloadService
from ..entries import Entry
from ..errors import AlreadyExists, CTADataError, InvalidPath, NotFound, TransferError
from .globs import Globs
from .meeting import Placed, refuse_folded, refuse_meeting
from .outcome import Outcome, budget
from .pool import Pool, Task
from .progress import Cancel, Reports, Watch
from .sending import NAMELESS, Source, file_size, open_source, send
from .sent import IMPATIENCE, SentFiles

__all__ = ["Uploads"]


@dataclass(frozen=True)
class _Directory:
    """A local directory, and the segments of the remote one that receives what is in it."""

    local: Path
    remote: tuple[str, ...]
    relative: str


class Uploads:
    """One call's uploads of one user to one service.

    Parameters
    ----------
    service : DownloadService
        Where the files go.
    token : str or None
        Whose directory they go to.
    root : Path, optional
        Resolved; links to files outside of it are not followed.
    globs : Globs
        Which files of a directory take part.
    sent : SentFiles
        What was sent from this account.
    skip_existing : bool
        Whether files are left out that are there already (`Source.is_stored`).
    dry_run : bool
        Whether it is only said what would be done.
    answers : bool, optional
        Whether the answers are kept.
    jobs : int
        Files at a time.
    reports : Reports
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
        globs: Globs,
        sent: SentFiles,
        skip_existing: bool,
        dry_run: bool,
        answers: bool = True,
        jobs: int,
        reports: Reports,
        cancel: Cancel | None,
    ) -> None:
        self._service = service
        self._token = token
        self._root = root
        self._globs = globs
        self._sent = sent
        self._skip_existing = skip_existing
        self._dry_run = dry_run
        self._reports = reports
        http = service.http
        self._pool = Pool(jobs, timeout=http.timeout, min_speed=http.min_speed, cancel=cancel)
        self._outcome = Outcome(reports, jobs)
        self._shown: Mapping[str, str] = {}
        self._answers: list[dict[str, Any]] | None = [] if answers else None

    def file(self, file: IO[bytes] | None, local: str, path: str) -> dict[str, Any]:
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
        self._outcome.single = True
        self._pool.add_listing(partial(self._find, file, local, path))
        return self._run(path)[0]

    def directory(self, local: Path, path: str) -> list[dict[str, Any]]:
        """Upload all that is in a directory; links to other directories are not followed.

        Parameters
        ----------
        local : Path
            The local directory.
        path : str
            The remote directory that receives what is in it, relative to the user's own.

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
        placed = Placed(os.fspath(local), tuple(check_remote_path(path)), directory=True)
        self._pool.add_listing(partial(self._plan, [placed]))
        return self._run(os.fspath(local))

    def many(
        self, placed: list[Placed], shown: Mapping[str, str] | None = None
    ) -> list[dict[str, Any]]:
        """Upload files and directories to where each of them is to be.

        Parameters
        ----------
        placed : list of Placed
            Local files and directories; the targets are relative to the user's own directory.
            Links to other directories are not followed.
        shown : mapping of str to str, optional
            What errors call a local file, by its path.

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
        self._shown = shown or {}
        self._pool.add_listing(partial(self._plan, placed))
        return self._run(None)

    def _run(self, path: str | None) -> list[dict[str, Any]]:
        try:
            self._pool.run()
        except BaseException:
            self._sent.close(IMPATIENCE)
            raise
        finally:
            self._reports.close()
        self._sent.close()
        self._outcome.raise_failures(path)
        return sorted(self._answers or [], key=lambda answer: str(answer["path"]))

    def _own(self, service: DownloadService, target: str) -> str:
        """Return the user's own directory; an error is about what the user wants to upload to."""
        try:
            return _own_directory.find(service, self._token)
        except CTADataError as error:
            error.path = target or None
            raise

    def _find(self, file: IO[bytes] | None, local: str, path: str, guard: Guard) -> None:
        """Find out where one file goes to, and make the directory that receives it."""
        guard.on_notice = partial(self._reports.notice, path)
        with self._outcome.collect():
            service = self._service.guarded(guard)
            own = self._own(service, path)
            segments = _own_directory.below(own, check_remote_path(path))
            into = not segments or path.endswith("/")
            existing = None if into else _entry(service, own, segments)
            if into or (existing and existing.is_directory):
                segments.append(_name(local, path))
                existing = _entry(service, own, segments) if self._skip_existing else None
            if existing is None and not self._dry_run:
                _receiving(service, own, segments[:-1], make=True)
            if not self._skip_existing:
                existing = None
            size = file_size(local) if file is None else None
            target = "/".join(segments)
            self._reports.progress(target, 0, size, "waiting")
            self._pool.add(size or 0, partial(self._file, file, local, target, own, existing))

    def _plan(self, placed: list[Placed], guard: Guard) -> None:
        """Begin with all sources, if their targets do not meet."""
        refuse_meeting(placed, "uploaded")
        own = self._own(self._service.guarded(guard), "/".join(placed[0].target) if placed else "")
        placed = [
            one._replace(target=tuple(_own_directory.below(own, one.target))) for one in placed
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
                refuse_folded(Path(source), self._globs, guard.check)
                directories.append(_Directory(Path(source), target, ""))
            else:
                files.setdefault(target[:-1], []).append((target[-1], source))
        # The last one comes first.
        for directory in reversed(directories):
            self._pool.add_listing(partial(self._directory, directory))
        for remote, inside in files.items():
            self._pool.add_listing(partial(self._into, remote, inside))

    def _into(self, remote: tuple[str, ...], files: list[tuple[str, str]], guard: Guard) -> None:
        """Make a remote directory, and upload files into it under these names."""
        guard.on_notice = partial(self._reports.notice, "/".join(remote))
        with self._outcome.collect():
            service = self._service.guarded(guard)
            own = self._own(service, "/".join(remote))
            there = _receiving(service, own, remote, make=not self._dry_run)
            tasks: list[tuple[int, Task]] = []
            for name, local in files:
                path = "/".join([*remote, name])
                with self._outcome.collect():
                    existing = there.get(name)
                    if existing and not (existing.is_directory or self._skip_existing):
                        existing = None
                    size = file_size(local, self._shown.get(local))
                    self._reports.progress(path, 0, size, "waiting")
                    tasks.append((size, partial(self._file, None, local, path, own, existing)))
            self._pool.add_all(iter(tasks))

    def _directory(self, directory: _Directory, guard: Guard) -> None:
        """Make the remote directory, and upload what is in the local one."""
        guard.on_notice = partial(self._reports.notice, "/".join(directory.remote))
        with self._outcome.collect():
            service = self._service.guarded(guard)
            own = self._own(service, "/".join(directory.remote))
            remote = "/".join([own, *directory.remote])
            made = False
            if not self._dry_run:
                if not directory.relative:
                    _receiving(service, own, directory.remote[:-1], make=True)
                made = service.make_collection(remote)
            existing: dict[str, Entry] = {}
            if self._skip_existing and not made:
                with suppress(NotFound):
                    existing = {e.name: e for e in service.listing(remote).children}
            try:
                names = sorted(os.listdir(directory.local))
            except OSError as error:
                raise self._left_out(
                    directory.local, f"cannot be read ({error.strerror})"
                ) from error
            self._pool.add_all(self._tasks(directory, names, own, existing))

    def _tasks(
        self, directory: _Directory, names: list[str], own: str, existing: dict[str, Entry]
    ) -> Iterator[tuple[int, Task]]:
        """Yield a task for each file of a directory; those below it come later."""
        for name in names:
            local = directory.local / name
            relative = f"{directory.relative}/{name}".lstrip("/")
            with self._outcome.collect():
                if local.is_dir():
                    if self._globs.prunes(relative):
                        continue
                    if local.is_symlink():
                        raise self._left_out(local, "is a link to a directory")
                    check_remote_path(name)
                    below = _Directory(local, (*directory.remote, name), relative)
                    self._pool.add_listing(partial(self._directory, below))
                    continue
                if not self._globs.takes(relative):
                    continue
                if self._root is not None and not local.resolve().is_relative_to(self._root):
                    raise self._left_out(local, f"is a link out of {str(self._root)!r}")
                if not local.is_file():
                    raise self._left_out(local, "is not a regular file")
                check_remote_path(name)
                path = "/".join([*directory.remote, name])
                size = file_size(os.fspath(local))
                self._reports.progress(path, 0, size, "waiting")
                yield (
                    size,
                    partial(self._file, None, os.fspath(local), path, own, existing.get(name)),
                )

    def _left_out(self, local: Path, why: str) -> CTADataError:
        return TransferError(f"{str(local)!r} {why} and was left out", path=str(local))

    def _file(
        self,
        file: IO[bytes] | None,
        local: str,
        path: str,
        own: str,
        existing: Entry | None,
        guard: Guard,
    ) -> None:
        watch = Watch(self._reports, path, None)
        guard.on_notice = partial(self._reports.notice, path)
        shown = self._shown.get(local, local)
        stored = f"{own}/{path}"
        with (
            self._outcome.of_file(watch, local, stored) as done,
            open_source(file, local, shown) as opened,
        ):
            source = Source(opened, shown, watch, guard)
            service = self._service.guarded(guard)
            answer: dict[str, Any] = {"path": stored, "status": "exists", "total_written": 0}
            if existing is not None and existing.is_directory:
                raise AlreadyExists(f"{path!r} is a directory; name the file to write", path=path)
            if existing is not None and source.is_stored(service, existing, self._sent):
                done("skipped")
            elif self._dry_run:
                answer["status"] = "planned"
                done("planned")
            else:
                watch.step(0)
                guard.limit(*budget(shown, source.size, guard.timeout))
                try:
                    answer, entry = send(service, source, own, path)
                except BaseException:
                    self._sent.forget(stored)
                    raise
                self._sent.remember(answer["path"], source.state, entry.modified)
                # The service chooses; what it tells is certain.
                told = answer["path"].removesuffix(f"/{path}")
                _own_directory.learn(self._service, self._token, told)
                done("finished")
            if self._answers is not None:
                self._answers.append(answer)


def _entry(service: DownloadService, own: str, segments: list[str]) -> Entry | None:
    """Return what is at a path of the user's own directory, if anything is."""
    with suppress(NotFound):
        return service.listing("/".join([own, *segments])).own
    return None


def _name(local: str, path: str) -> str:
    """Return the name that a file gets in a directory, which is its own.

    Raises
    ------
    InvalidPath
        If it has none, as an open file may, or one that no remote file may have.
    """
    if local == NAMELESS:
        raise InvalidPath(
            f"{path or '/'!r} is a directory, and the open file has no name; give the whole path "
            "of the remote file",
            path=path,
        )
    name = os.path.basename(local)
    if check_remote_path(name) != [name]:
        raise InvalidPath(f"{local!r} has no name under which it could be uploaded", path=local)
    return name


def _receiving(
    service: DownloadService, own: str, segments: Sequence[str], *, make: bool
) -> dict[str, Entry]:
    """Return what is in a directory that receives files; make it where it is missing."""
    target = "/".join([own, *segments])
    try:
        listing = service.listing(target)
    except NotFound:
        if make:
            for end in range(1, len(segments) + 1):
                service.make_collection("/".join([own, *segments[:end]]))
        return {}
    if not listing.own.is_directory:
        raise InvalidPath(f"{target!r} is a file and cannot hold others", path=target)
    return {entry.name: entry for entry in listing.children}
